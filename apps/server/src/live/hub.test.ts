import { rmSync } from 'node:fs'
import { decodeLiveFrame } from '@vantage/model'
import type { MetricStore } from '@vantage/store/metrics'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestStore, storeSamples } from '../testing/open-store.ts'
import { LiveHub, type LiveSocket } from './hub.ts'

const LIMITS = { maxSubscriptions: 3, maxBacklogBytes: 1_000, maxFrameBytes: 64 * 1024 }

class Socket implements LiveSocket {
  readonly messages: Record<string, unknown>[] = []
  bufferedAmount = 0
  closed: number | undefined

  send(data: string | ArrayBuffer): void {
    this.messages.push(
      typeof data === 'string' ? JSON.parse(data) : { type: 'frame', ...decodeLiveFrame(data as ArrayBuffer) },
    )
  }

  close(code: number): void {
    this.closed = code
  }

  of(type: string): Record<string, unknown>[] {
    return this.messages.filter((one) => one['type'] === type)
  }
}

let store: MetricStore
let directory = ''
let hub: LiveHub
beforeEach(async () => {
  ;({ store, directory } = await openTestStore())
  hub = new LiveHub(store, 'default', LIMITS)
})
afterEach(async () => {
  hub.close()
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

const frameTime = () => new Promise((wake) => setTimeout(wake, 60))

function subscribe(session: { message(text: string): void }, id: number, matchers = '{__name__="up"}') {
  session.message(JSON.stringify({ type: 'subscribe', id, matchers, windowMs: 60_000 }))
}

test('two clients see their series only, each sample once', async () => {
  const now = Date.now()
  const [one, other] = [new Socket(), new Socket()]
  const [first, second] = [hub.connect(one), hub.connect(other)]
  storeSamples(store, { __name__: 'up', job: 'a' }, [[now, 1]])
  subscribe(first, 1)
  subscribe(first, 2, 'up{job="a"}')
  subscribe(second, 1, 'down')
  storeSamples(store, { __name__: 'up', job: 'a' }, [[now + 1, 2]])
  await frameTime()
  expect(one.of('frame')).toMatchObject([{ count: 1, baseMs: now + 1 }])
  expect(other.of('frame')).toEqual([])
  first.closed()
  second.closed()
  expect([hub.clientCount, hub.subscriptionCount]).toEqual([0, 0])
})

test('who does not read loses samples and is told how many; who asks without reading is sent away', async () => {
  const now = Date.now()
  const socket = new Socket()
  const session = hub.connect(socket)
  storeSamples(store, { __name__: 'up' }, [[now, 1]])
  subscribe(session, 1)
  socket.bufferedAmount = LIMITS.maxBacklogBytes + 1
  storeSamples(store, { __name__: 'up' }, [
    [now + 1, 2],
    [now + 2, 3],
  ])
  await frameTime()
  expect([socket.of('frame').length, hub.samplesDropped]).toEqual([0, 2])
  session.message('{"type":"format","value":"json"}')
  expect(socket.closed).toBe(1013)
  socket.bufferedAmount = 0
  storeSamples(store, { __name__: 'up' }, [[now + 3, 4]])
  await frameTime()
  expect(socket.of('gap')).toEqual([{ type: 'gap', dropped: 2, fromMs: now + 1, toMs: now + 3 }])
  expect(socket.of('frame')).toHaveLength(1)
})

test('a selector that takes too long is refused, with the word that another time may do', () => {
  const busy = new LiveHub(store, 'default', LIMITS, 0)
  const socket = new Socket()
  const session = busy.connect(socket)
  for (let i = 0; i < 1_500; i++) storeSamples(store, { __name__: 'up', i: String(i) }, [[Date.now(), 1]])
  const request = { type: 'subscribe', id: 7, matchers: '{__name__="up"}', maxSeries: 2_000 }
  session.message(JSON.stringify(request))
  expect(socket.messages).toMatchObject([{ type: 'error', id: 7, retry: true }])
  expect(busy.subscriptionCount).toBe(0)
  busy.close()
})

test('subscriptions have a limit, and so has the rate of requests', () => {
  const socket = new Socket()
  const session = hub.connect(socket)
  for (let id = 0; id < LIMITS.maxSubscriptions + 1; id++) subscribe(session, id)
  expect(socket.of('subscribed')).toHaveLength(LIMITS.maxSubscriptions)
  expect(socket.of('error')).toMatchObject([{ message: expect.stringContaining('live.maxSubscriptions') }])
  for (let i = 0; i < 1_000; i++) session.message('{"type":"format","value":"json"}')
  expect(socket.closed).toBe(1008)
})

test('after a seal the same series goes on', async () => {
  const now = Date.now()
  const socket = new Socket()
  const session = hub.connect(socket)
  storeSamples(store, { __name__: 'up' }, [[now, 1]])
  subscribe(session, 1)
  await store.seal()
  storeSamples(store, { __name__: 'up' }, [[now + 1, 2]])
  await frameTime()
  expect(socket.of('frame')).toMatchObject([{ count: 1, baseMs: now + 1 }])
})

test('how many series match is said, and once that more came than are let in', async () => {
  const now = Date.now()
  const socket = new Socket()
  const session = hub.connect(socket)
  const add = (job: string) => storeSamples(store, { __name__: 'up', job }, [[now, 1]])
  add('a')
  add('b')
  const request = { type: 'subscribe', matchers: '{__name__="up"}', windowMs: 60_000 }
  session.message(JSON.stringify({ ...request, id: 1, maxSeries: 1 }))
  session.message(JSON.stringify({ ...request, id: 2, maxSeries: 2 }))
  expect(socket.of('subscribed')).toMatchObject([
    { id: 1, total: 2, truncated: true },
    { id: 2, total: 2, truncated: false },
  ])
  add('c')
  add('d')
  storeSamples(store, { __name__: 'down', job: 'e' }, [[now, 1]])
  await frameTime()
  expect(socket.of('series')).toEqual([{ type: 'series', id: 2, series: [], truncated: true }])
})

import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeLiveFrame } from '../../packages/model/src/index.ts'
import { remoteWrite, series } from '../support/remote-write.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
})
afterAll(async () => {
  await server.stop()
})

type Message = Record<string, unknown>

/** A live socket and what it told, in order. */
async function connect(
  path = '/ws',
): Promise<{ socket: WebSocket; messages: Message[]; next(type: string): Promise<Message> }> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`)
  socket.binaryType = 'arraybuffer'
  const messages: Message[] = []
  const waiting: { type: string; resolve: (message: Message) => void }[] = []
  socket.addEventListener('message', (event: MessageEvent) => {
    const message =
      typeof event.data === 'string' ? JSON.parse(event.data) : { type: 'frame', frame: decodeLiveFrame(event.data) }
    const at = waiting.findIndex((one) => one.type === message.type)
    if (at < 0) messages.push(message)
    else waiting.splice(at, 1)[0]?.resolve(message)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  const next = (type: string): Promise<Message> => {
    const at = messages.findIndex((one) => one['type'] === type)
    if (at >= 0) return Promise.resolve(messages.splice(at, 1)[0] as Message)
    return new Promise((resolve) => waiting.push({ type, resolve }))
  }
  return { socket, messages, next }
}

test.each(['/ws', '/ws/metrics'])('%s: what is there, then each sample in a binary frame', async (path) => {
  const name = `live_${path.replaceAll('/', '_')}`
  const nowMs = Date.now()
  await remoteWrite(server.url, [series({ __name__: name, host: 'a' }, [[nowMs - 1000, 1.5]])])
  const { socket, next } = await connect(path)
  socket.send(JSON.stringify({ type: 'subscribe', id: 3, matchers: `{__name__="${name}"}`, windowMs: 60_000 }))
  const subscribed = await next('subscribed')
  const [one] = subscribed['series'] as { ref: number; labels: Record<string, string> }[]
  expect(one?.labels).toEqual({ __name__: name, host: 'a' })
  expect(subscribed['backfill']).toEqual([{ ref: one?.ref, times: [nowMs - 1000], values: [1.5] }])
  await remoteWrite(server.url, [series({ __name__: name, host: 'a' }, [[nowMs, 2.5]])])
  const { frame } = (await next('frame')) as { frame: ReturnType<typeof decodeLiveFrame> }
  expect([frame?.refs[0], (frame?.baseMs ?? 0) + (frame?.offsetsMs[0] ?? 0), frame?.values[0]]).toEqual([
    one?.ref,
    nowMs,
    2.5,
  ])
  socket.close()
})

test('a new series appears by itself, and JSON is the fallback', async () => {
  const { socket, next } = await connect()
  socket.send(JSON.stringify({ type: 'format', value: 'json' }))
  socket.send(JSON.stringify({ type: 'subscribe', id: 1, matchers: '{__name__="fresh"}' }))
  expect((await next('subscribed'))['series']).toEqual([])
  const nowMs = Date.now()
  await remoteWrite(server.url, [series({ __name__: 'fresh', host: 'b' }, [[nowMs, Number.NaN]])])
  const told = await next('series')
  const [one] = told['series'] as { ref: number; labels: Record<string, string> }[]
  expect(one?.labels).toEqual({ __name__: 'fresh', host: 'b' })
  await remoteWrite(server.url, [series({ __name__: 'fresh', host: 'b' }, [[nowMs + 1, 7]])])
  const samples = await next('samples')
  expect(samples['refs']).toContain(one?.ref)
  socket.close()
})

test('bad requests get a message, the socket stays', async () => {
  const { socket, next } = await connect()
  const cases: [string, RegExp][] = [
    ['{', /JSON object/],
    ['{"type":"dance"}', /want subscribe/],
    ['{"type":"subscribe","id":-1}', /whole number/],
    ['{"type":"subscribe","id":1,"matchers":"sum(x)"}', /series selector/],
    ['{"type":"subscribe","id":1,"matchers":"{a=~\\"(\\"}"}', /matchers/],
  ]
  for (const [text, message] of cases) {
    socket.send(text)
    expect((await next('error'))['message']).toMatch(message)
  }
  socket.close()
})

/** The answer's first line to an upgrade with these headers. */
function upgradeStatus(headers: Readonly<Record<string, string>>): Promise<number> {
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-version': '13',
  }
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}/ws`, { headers: { ...upgrade, ...headers } })
    asked.on('response', (answer) => resolve(answer.statusCode ?? 0))
    asked.on('upgrade', (_answer, socket) => {
      socket.destroy()
      resolve(101)
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('a page of another site may not listen, nor one that calls us by a foreign name', async () => {
  expect(await upgradeStatus({ origin: server.url })).toBe(101)
  expect(await upgradeStatus({})).toBe(101)
  expect(await upgradeStatus({ origin: 'http://evil.example' })).toBe(403)
  expect(await upgradeStatus({ host: 'evil.example' })).toBe(403)
})

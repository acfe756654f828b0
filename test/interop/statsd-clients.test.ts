import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StatsD } from 'hot-shots'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pointText, rawPoints } from '../support/query.ts'
import { freePorts, runToEnd, startServer, type TestServer } from '../support/server.ts'

/** The unmodified client `hot-shots` sends DogStatsD over UDP, TCP and a unix stream; what it counted must be found. */

const FLUSH_MS = 200
const WAIT_MS = 10_000

let server: TestServer
let port = 0
let folder = ''
const socketPath = () => join(folder, 'statsd.sock')
beforeAll(async () => {
  ;[port = 0] = await freePorts(1)
  folder = await mkdtemp(join(tmpdir(), 'vantage-statsd-'))
  server = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_STATSD_PORT: String(port),
      VANTAGE_STATSD_SOCKET: socketPath(),
      VANTAGE_STATSD_FLUSH_INTERVAL: `${FLUSH_MS}ms`,
    },
  })
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The newest value of every series of a name, without its time. */
async function newest(selector: string, url: string): Promise<string[]> {
  const points = await rawPoints(url, selector, Date.now() + 1_000)
  const texts = new Map(points.map((point) => [JSON.stringify(point.labels), pointText(point).replace(/ @.*$/, '')]))
  return [...texts.values()].sort()
}

/** Flushes come by themselves: asks until the answer is there, or shows the last one. */
async function eventually(selector: string, expected: readonly string[], url = server.url): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS
  let found: string[] = []
  while (performance.now() < deadlineMs) {
    found = await newest(selector, url)
    if (JSON.stringify(found) === JSON.stringify(expected)) return
    await new Promise((resume) => setTimeout(resume, FLUSH_MS / 2))
  }
  expect(found).toEqual(expected)
}

describe.each(['udp', 'tcp', 'stream'] as const)('hot-shots over %s', (protocol) => {
  test('counters, gauges, timers, histograms, distributions, sets and tags', async () => {
    const prefix = `${protocol}.shop.`
    const stream = protocol === 'stream' ? { stream: connect(socketPath()) } : {}
    const client = new StatsD({ host: '127.0.0.1', port, protocol, prefix, globalTags: { env: 'test' }, ...stream })
    const errors: Error[] = []
    client.socket.on('error', (error: Error) => errors.push(error))
    client.increment('orders', 2, ['route:/pay'])
    client.increment('orders', 3, ['route:/pay'])
    client.gauge('queue', 7.5)
    client.timing('latency', 250)
    client.histogram('size', 12)
    client.distribution('weight', 3)
    client.set('users', 'anna')
    client.event('deployed', 'version 2')
    await new Promise<void>((resolve) => client.close(() => resolve()))
    await eventually(`${protocol}_shop_orders`, [`${protocol}_shop_orders{env="test",route="/pay"} 5`])
    await eventually(`${protocol}_shop_queue`, [`${protocol}_shop_queue{env="test"} 7.5`])
    await eventually(`${protocol}_shop_latency_sum`, [`${protocol}_shop_latency_sum{env="test"} 0.25`])
    await eventually(`${protocol}_shop_size_count`, [`${protocol}_shop_size_count{env="test"} 1`])
    await eventually(`${protocol}_shop_weight_sum`, [`${protocol}_shop_weight_sum{env="test"} 3`])
    expect(errors).toEqual([])
  })
})

test('a mapping file names metrics; a wrong one, and a taken port, end the start', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'vantage-statsd-'))
  try {
    const mapping = join(dir, 'mapping.yml')
    await writeFile(mapping, 'mappings:\n- match: "app.*.hits"\n  name: hits_total\n  labels: { app: "$1" }\n')
    const [ownPort = 0, freePort = 0] = await freePorts(2)
    const env = {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_STATSD_PORT: String(ownPort),
      VANTAGE_STATSD_MAPPING: mapping,
      VANTAGE_STATSD_FLUSH_INTERVAL: '100ms',
    }
    const mapped = await startServer({ env })
    try {
      const client = new StatsD({ host: '127.0.0.1', port: ownPort, protocol: 'tcp' })
      client.increment('app.shop.hits', 2)
      await new Promise<void>((resolve) => client.close(() => resolve()))
      await eventually('hits_total', ['hits_total{app="shop"} 2'], mapped.url)
      const ports = { VANTAGE_OTLP_HTTP_PORT: '0', VANTAGE_OTLP_GRPC_PORT: '0', VANTAGE_STREAM_PORT: '0' }
      const args = ['--data', join(dir, 'data'), '--listen', `127.0.0.1:${freePort}`]
      const taken = await runToEnd(args, { ...ports, VANTAGE_STATSD_PORT: String(ownPort) })
      expect([taken.code, taken.output]).toEqual([2, expect.stringContaining(`port ${ownPort} of 127.0.0.1 is taken`)])
      await writeFile(mapping, 'mappings: [{ match: a }]')
      const wrong = await runToEnd(args, { ...env, ...ports, VANTAGE_STATSD_PORT: '8125' })
      expect([wrong.code, wrong.output]).toEqual([2, expect.stringContaining('mapping 1: want a name')])
    } finally {
      await mapped.stop()
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test('what was not a metric is counted', async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  expect(text).toMatch(/vantage_quiet_dropped_total\{receiver="statsd",reason="not_a_metric"\} [1-9]/)
})

test('what came last before the end is stored', async () => {
  const dataPort = (await freePorts(1))[0] as number
  const env = {
    VANTAGE_SELF_ENABLED: 'false',
    VANTAGE_STATSD_PORT: String(dataPort),
    VANTAGE_STATSD_FLUSH_INTERVAL: '1h',
  }
  const first = await startServer({ env })
  const client = new StatsD({ host: '127.0.0.1', port: dataPort, protocol: 'tcp' })
  client.increment('last_words', 4)
  await new Promise<void>((resolve) => client.close(() => resolve()))
  // TCP has taken it; the counter says when the server has read it.
  const deadlineMs = performance.now() + WAIT_MS
  for (;;) {
    const text = await (await fetch(`${first.url}/metrics`)).text()
    if (/vantage_datagrams_total\{receiver="statsd"\} [1-9]/.test(text) || performance.now() > deadlineMs) break
    await new Promise((resume) => setTimeout(resume, 25))
  }
  first.signal('SIGTERM')
  await first.ended
  const again = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' }, dataDir: first.dataDir })
  try {
    const points = await rawPoints(again.url, 'last_words', Date.now() + 1_000)
    expect(points.map(({ value }) => value)).toEqual(['4'])
  } finally {
    await again.stop()
    await first.stop()
  }
})

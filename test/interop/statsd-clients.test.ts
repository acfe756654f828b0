import { StatsD } from 'hot-shots'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pointText, rawPoints } from '../support/query.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

/** The unmodified client `hot-shots` sends DogStatsD over UDP and TCP; what it counted must be found. */

const FLUSH_MS = 200
const WAIT_MS = 10_000

let server: TestServer
let port = 0
beforeAll(async () => {
  ;[port = 0] = await freePorts(1)
  server = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_STATSD_PORT: String(port),
      VANTAGE_STATSD_FLUSH_INTERVAL: `${FLUSH_MS}ms`,
    },
  })
})
afterAll(async () => {
  await server.stop()
})

/** The newest value of every series of a name, without its time. */
async function newest(selector: string): Promise<string[]> {
  const points = await rawPoints(server.url, selector, Date.now() + 1_000)
  const texts = new Map(points.map((point) => [JSON.stringify(point.labels), pointText(point).replace(/ @.*$/, '')]))
  return [...texts.values()].sort()
}

/** Flushes come by themselves: asks until the answer is there, or shows the last one. */
async function eventually(selector: string, expected: readonly string[]): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS
  let found: string[] = []
  while (performance.now() < deadlineMs) {
    found = await newest(selector)
    if (JSON.stringify(found) === JSON.stringify(expected)) return
    await new Promise((resume) => setTimeout(resume, FLUSH_MS / 2))
  }
  expect(found).toEqual(expected)
}

describe.each(['udp', 'tcp'] as const)('hot-shots over %s', (protocol) => {
  test('counters, gauges, timers, histograms, distributions, sets and tags', async () => {
    const prefix = `${protocol}.shop.`
    const client = new StatsD({ host: '127.0.0.1', port, protocol, prefix, globalTags: { env: 'test' } })
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

/** Set: test, 15 s. Small promises to those who come from other products: fields, headers, ports, variables. */
import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pointText, rawPoints } from '../support/query.ts'
import { remoteWrite, series } from '../support/remote-write.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const NOW_MS = Date.now()
const KEY = 'k'.repeat(64)

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_INTERVAL: '200ms', API_CORS_ORIGINS: 'http://page.example' } })
})
afterAll(async () => {
  await server.stop()
})

function batch(metrics: unknown, headers: Record<string, string> = {}, url = server.url): Promise<Response> {
  const body = JSON.stringify({ metrics })
  return fetch(`${url}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

const item = { timestamp: NOW_MS, service_name: 'shop', metric_name: 'http.request.duration', value: 12.5 }

describe('JSON batch', () => {
  test('every field of a metric is found as it was sent', async () => {
    const full = { ...item, endpoint: '/pay', method: 'POST', status_code: 200, tags: { region: 'eu' } }
    expect((await batch([full])).status).toBe(200)
    const points = await rawPoints(server.url, '{__name__="http.request.duration"}', NOW_MS)
    expect(points.map(pointText)).toEqual([
      `http.request.duration{endpoint="/pay",method="POST",region="eu",service_name="shop",status_code="200"} 12.5 @${NOW_MS}`,
    ])
  })

  test('1,000 are taken, 1,001 are refused with the limit', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...item, metric_name: 'many', tags: { i } }))
    expect(await (await batch(many(1_000))).json()).toEqual({ accepted: 1_000 })
    const refused = await batch(many(1_001))
    expect(refused.status).toBe(413)
    expect(await refused.text()).toMatch(/1.?000/)
  })

  test('a bad item is named with its place and its reason, and nothing is stored', async () => {
    const answer = await batch([
      { ...item, metric_name: 'half' },
      { ...item, metric_name: 'half', value: 'x' },
    ])
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ rejected: [{ index: 1, reason: 'invalid_value' }] })
    expect(await rawPoints(server.url, 'half', NOW_MS)).toEqual([])
  })

  test('gzip is unpacked', async () => {
    const body = gzipSync(JSON.stringify({ metrics: [{ ...item, metric_name: 'packed' }] }))
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    expect((await fetch(`${server.url}/v1/metrics`, { method: 'POST', headers, body })).status).toBe(200)
    expect(await rawPoints(server.url, 'packed', NOW_MS)).toHaveLength(1)
  })
})

test('statistics tell what came in', async () => {
  const stats = (await (await fetch(`${server.url}/v1/stats`)).json()) as Record<string, number>
  expect(Object.keys(stats)).toEqual(
    expect.arrayContaining(['uptimeSeconds', 'samplesPerSecond', 'seriesActive', 'samplesTotal', 'diskBytes']),
  )
  expect(stats['samplesTotal']).toBeGreaterThan(0)
})

test('names of the reference metrics pass unchanged', async () => {
  const names = [
    ...['latency_p50', 'latency_p95', 'latency_p99', 'rps', 'error_rate', 'inflight', 'requests_total', 'errors_total'],
    ...['cpu_usage', 'messages_processed_total', 'log_entries_by_source_total', 'processing_errors_total'],
    ...['active_connections', 'http_requests_total'],
  ]
  const rows = names.map((name, i) => series({ __name__: name, job: 'names' }, [[NOW_MS, i]]))
  expect((await remoteWrite(server.url, rows)).status).toBe(204)
  const points = await rawPoints(server.url, '{job="names"}', NOW_MS)
  expect(points.map((one) => [one.labels['__name__'], one.value]).sort()).toEqual(
    names.map((name, i) => [name, String(i)]).sort(),
  )
})

test('classic histograms give their quantiles', async () => {
  const bucket = (name: string, le: string, count: number) =>
    series({ __name__: `${name}_bucket`, le, job: 'h' }, [[NOW_MS, count]])
  for (const name of [
    ...['latency', 'request_duration_seconds', 'http_request_duration_seconds', 'message_processing_duration_seconds'],
  ]) {
    await remoteWrite(server.url, [bucket(name, '1', 50), bucket(name, '2', 100), bucket(name, '+Inf', 100)])
    const query = new URLSearchParams({
      query: `histogram_quantile(0.75, ${name}_bucket)`,
      time: String(NOW_MS / 1000),
    })
    const { data } = (await (await fetch(`${server.url}/api/v1/query?${query}`)).json()) as {
      data: { result: { value: [number, string] }[] }
    }
    expect(data.result[0]?.value[1]).toBe('1.5')
  }
})

test('only named origins may read from a browser', async () => {
  const origin = async (name: string) =>
    (await fetch(`${server.url}/api/services`, { headers: { origin: name } })).headers.get(
      'access-control-allow-origin',
    )
  expect(await origin('http://page.example')).toBe('http://page.example')
  expect(await origin('http://evil.example')).toBeNull()
})

test('the server reports itself through its own store, each second or faster, and writes JSON lines', async () => {
  const found = async () => {
    const query = new URLSearchParams({ query: 'count({job=~"node|vantage/server"})' })
    const { data } = (await (await fetch(`${server.url}/api/v1/query?${query}`)).json()) as {
      data: { result: { value: [number, string] }[] }
    }
    return Number(data.result[0]?.value[1] ?? 0)
  }
  for (let i = 0; i < 100 && (await found()) < 20; i++) await new Promise((wake) => setTimeout(wake, 50))
  expect(await found()).toBeGreaterThan(20)
  server.signal('SIGTERM')
  await server.ended
  const lines = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    expect.arrayContaining([expect.objectContaining({ level: 'info', message: 'draining' })]),
  )
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
})

test('from the command to ready in seconds', async () => {
  const startedMs = performance.now()
  const one = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  expect(performance.now() - startedMs).toBeLessThan(15_000)
  await one.stop()
})

test.each([
  ['VANTAGE_AUTH_ENABLED', 'API_KEY'],
  ['API_AUTH_ENABLED', 'TELEMETRY_API_KEYS'],
])('%s with %s: the key in X-API-Key opens intake and queries', async (enabled, keys) => {
  const one = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      [enabled]: 'true',
      [keys]: keys === 'API_KEY' ? KEY : `${'z'.repeat(64)},${KEY}`,
    },
  })
  expect((await batch([item], {}, one.url)).status).toBe(401)
  expect((await batch([item], { 'x-api-key': 'w'.repeat(64) }, one.url)).status).toBe(401)
  expect((await batch([item], { 'x-api-key': KEY }, one.url)).status).toBe(200)
  expect((await fetch(`${one.url}/api/services`)).status).toBe(401)
  expect((await fetch(`${one.url}/api/services?range=86400`, { headers: { 'x-api-key': KEY } })).status).toBe(200)
  const path = '/api/metrics/timeseries?service=shop&range=3600'
  expect((await fetch(`${one.url}${path}`)).status).toBe(401)
  const asked = await fetch(`${one.url}${path}`, { headers: { 'x-api-key': KEY } })
  expect([asked.status, await asked.text()]).toEqual([200, expect.stringContaining('http.request.duration')])
  await one.stop()
})

test('throughput, lag and queues are metrics', async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  // What came and what of it was stored; what a restart would read again; what waits for the log, and for a query thread.
  const names = ['vantage_ingest_items_total', 'vantage_acked_items_total', 'vantage_wal_unsealed_bytes']
  for (const name of [...names, 'vantage_inflight_bytes', 'vantage_query_workers', 'vantage_connections']) {
    expect(text).toMatch(new RegExp(`^${name}(?:\\{.*\\})? \\d+$`, 'm'))
  }
})

test('limits.requestRate: writers that come too often are told when to come again, questions are answered', async () => {
  const one = await startServer({
    env: { VANTAGE_SELF_ENABLED: 'false' },
    config: 'limits: {requestRate: 1, requestBurst: 3}\n',
  })
  const answers = []
  for (let i = 0; i < 8; i++) answers.push(await batch([item], {}, one.url))
  expect(answers.slice(0, 3).map(({ status }) => status)).toEqual([200, 200, 200])
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(0)
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused[0]?.text()).toContain('more than 1 requests a second')
  expect((await fetch(`${one.url}/api/v1/query?query=1`)).status).toBe(200)
  await one.stop()
})

test('what a trend comes to is asked in PromQL: the volume that is full in four hours', async () => {
  const one = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const free = (mount: string, perMinute: number) =>
    series(
      { __name__: 'node_filesystem_avail_bytes', mountpoint: mount },
      Array.from({ length: 60 }, (_, i) => [NOW_MS - (59 - i) * 60_000, 1e9 - i * perMinute]),
    )
  expect((await remoteWrite(one.url, [free('/full', 5e6), free('/calm', 1e6)])).status).toBe(204)
  const query = 'predict_linear(node_filesystem_avail_bytes[1h], 4 * 3600) < 0'
  const asked = new URLSearchParams({ query, time: String(NOW_MS / 1000) })
  const { data } = (await (await fetch(`${one.url}/api/v1/query?${asked}`)).json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] }
  }
  expect(data.result.map(({ metric }) => metric['mountpoint'])).toEqual(['/full'])
  expect(Number(data.result[0]?.value[1])).toBeCloseTo(1e9 - 59 * 5e6 - 240 * 5e6, 0)
  await one.stop()
})

test('the ports of an all-in-one trace service set the OTLP doors', async () => {
  const [grpc, http] = (await freePorts(2)) as [number, number]
  const one = await startServer({
    env: {
      VANTAGE_OTLP_GRPC_PORT: '',
      VANTAGE_OTLP_HTTP_PORT: '',
      COLLECTOR_OTLP_GRPC_PORT: String(grpc),
      COLLECTOR_OTLP_HTTP_PORT: String(http),
    },
  })
  const body = JSON.stringify({ resourceMetrics: [] })
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(`http://127.0.0.1:${http}/v1/metrics`, { method: 'POST', headers, body })).status).toBe(200)
  await expect(freePort(grpc)).resolves.toBe(false)
  await one.stop()
})

function freePort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

test('with --compat the known ports answer with their faces', async () => {
  const faces: [number, string][] = [
    [8000, '/v1/stats'],
    [8000, '/docs'],
    [8001, '/api/services'],
    [8001, '/health'],
    [8001, '/metrics'],
    [8002, '/status'],
    [8002, '/health'],
    [8002, '/metrics'],
    [8003, '/status'],
    [8003, '/health'],
    [8003, '/metrics'],
    [8003, '/analytics/summary'],
    [9090, '/api/v1/query?query=1'],
    [5173, '/-/ready'],
    [8080, '/-/ready'],
    [3100, '/loki/api/v1/labels'],
    [3100, '/ready'],
    [3100, '/config'],
    [3100, '/metrics'],
    [3100, '/prometheus/api/v1/rules'],
    [3100, '/prometheus/api/v1/alerts'],
    [3200, '/api/echo'],
    [3200, '/status/config'],
    [3200, '/-/healthy'],
    [5778, '/sampling?service=shop'],
    [16686, '/api/services'],
    [9411, '/api/v2/services'],
    [9411, '/health'],
  ]
  const isFree = new Map<number, boolean>()
  for (const [port] of faces) if (!isFree.has(port)) isFree.set(port, await freePort(port))
  const one = await startServer({ args: ['--compat'], env: { VANTAGE_SELF_ENABLED: 'false' } })
  for (const [port, path] of faces) {
    if (isFree.get(port)) expect([port, (await fetch(`http://127.0.0.1:${port}${path}`)).status]).toEqual([port, 200])
    // Somebody else's: the server says so and goes on.
    else expect(one.output()).toContain(`compat port ${port}`)
  }
  expect([...isFree.values()]).toContain(true)
  if (isFree.get(3100)) {
    const line = [`${NOW_MS}000000`, 'hello']
    const body = JSON.stringify({ streams: [{ stream: { container: 'web', job: 'docker' }, values: [line] }] })
    const headers = { 'content-type': 'application/json' }
    const pushed = await fetch('http://127.0.0.1:3100/loki/api/v1/push', { method: 'POST', headers, body })
    expect(pushed.status).toBe(204)
  }
  if (isFree.get(8080)) {
    const socket = new WebSocket('ws://127.0.0.1:8080/ws')
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve)
      socket.addEventListener('error', reject)
    })
    socket.close()
  }
  await one.stop()
})

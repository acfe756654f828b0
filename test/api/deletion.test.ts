import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attributesJson, exportJson, idJson } from '../support/otlp-json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
const SPAN_METRICS_WAIT_MS = 20_000

function atNs(seconds: number): string {
  return `${BASE_MS + seconds * 1000}000000`
}

let dataDir = ''
let server: TestServer
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vantage-deletion-'))
  server = await startServer({ dataDir, env: { VANTAGE_SELF_ENABLED: 'false' } })
})
afterAll(async () => {
  await server.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** One line, one span and one metric of a service, and a span that calls it. */
async function send(service: string, namespace: string, seconds: number): Promise<void> {
  const resource = {
    attributes: attributesJson({ 'service.name': service, 'service.namespace': namespace, zone: 'eu' }),
  }
  const at = atNs(seconds)
  const record = { timeUnixNano: at, body: { stringValue: `line of ${service}` } }
  const span = (n: number, kind: number, more: object) => ({
    traceId: idJson(seconds + 1, 32),
    spanId: idJson(n),
    name: `${service} work`,
    kind,
    startTimeUnixNano: at,
    endTimeUnixNano: atNs(seconds + 1),
    ...more,
  })
  const called = attributesJson({ 'db.system.name': 'postgresql' })
  const spans = [
    span(1, 2, {}),
    span(2, 3, { parentSpanId: idJson(1), attributes: called }),
    span(3, 2, { parentSpanId: idJson(2) }),
  ]
  const metric = { name: 'queue', gauge: { dataPoints: [{ timeUnixNano: at, asInt: '1' }] } }
  await exportJson(server.url, 'logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] })
  await exportJson(server.url, 'traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
  await exportJson(server.url, 'metrics', { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] })
}

async function json<T>(path: string, params: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(`${server.url}${path}?${new URLSearchParams(params)}`)
  expect([path, answer.status]).toEqual([path, 200])
  return (await answer.json()) as T
}

async function lines(): Promise<string[]> {
  const params = { query: '{service_name=~".+"}', start: atNs(0), end: atNs(600) }
  const { data } = await json<{ data: { result: { values: [string, string][] }[] } }>(
    '/loki/api/v1/query_range',
    params,
  )
  return data.result.flatMap(({ values }) => values.map(([, line]) => line)).sort()
}

async function services(): Promise<string[]> {
  return (await json<{ data: string[] }>('/jaeger/api/services')).data
}

async function series(selector: string): Promise<Record<string, string>[]> {
  return (await json<{ data: Record<string, string>[] }>('/api/v1/series', { 'match[]': selector })).data
}

async function remove(path: string, params: [string, string][], method = 'POST'): Promise<[number, string]> {
  const answer = await fetch(`${server.url}${path}?${new URLSearchParams(params)}`, { method })
  return [answer.status, await answer.text()]
}

/** Metrics of spans are stated every few seconds. */
async function untilStated(selector: string): Promise<void> {
  const deadlineMs = performance.now() + SPAN_METRICS_WAIT_MS
  while ((await series(selector)).length === 0) {
    if (performance.now() > deadlineMs) throw new Error(`no ${selector} after ${SPAN_METRICS_WAIT_MS} ms`)
    await new Promise((wake) => setTimeout(wake, 200))
  }
}

/** When the metrics of the shop's spans were stated last, Unix seconds. */
async function lastStatement(): Promise<number> {
  const query = 'max(timestamp(traces_spanmetrics_calls_total{service="shop"}))'
  const { data } = await json<{ data: { result: { value: [number, string] }[] } }>('/api/v1/query', { query })
  return Number(data.result[0]?.value[1] ?? 0)
}

test('the demo is removed in one step: its metrics, lines and spans, and what was made of them', async () => {
  await send('atlan-api', 'vantage-demo', 10)
  await send('shop', 'ours', 20)
  await untilStated('traces_spanmetrics_calls_total{service="atlan-api"}')
  await untilStated('traces_service_graph_request_total{client="shop"}')
  expect(await services()).toEqual(['atlan-api', 'shop'])
  const [status, body] = await remove('/api/vantage/v1/delete', [['namespace', 'vantage-demo']])
  expect([status, JSON.parse(body)]).toMatchObject([200, { signals: ['metrics', 'logs', 'spans'] }])
  const check = async (): Promise<void> => {
    expect(await lines()).toEqual(['line of shop'])
    expect(await services()).toEqual(['shop'])
    const left = (await series('{__name__=~".+"}')).map((labels) => JSON.stringify(labels))
    expect(left.filter((labels) => labels.includes('atlan-api') || labels.includes('vantage-demo'))).toEqual([])
    expect(left.length).toBeGreaterThan(5)
  }
  await check()
  // The next statement of the metrics of spans must not bring them back.
  await send('shop', 'ours', 21)
  await remove('/api/vantage/v1/delete', [
    ['match[]', '{service_name="shop"}'],
    ['start', atNs(21)],
    ['signal', 'logs'],
    ['signal', 'metrics'],
  ])
  const deletedAt = Date.now() / 1_000
  await expect.poll(lastStatement, { timeout: SPAN_METRICS_WAIT_MS }).toBeGreaterThan(deletedAt)
  await check()
}, 60_000)

test('Loki: lines of a stream and a time go, at once and after a kill -9; others stay', async () => {
  await send('cart', 'ours', 30)
  await send('cart', 'ours', 40)
  await send('mail', 'ours', 50)
  const before = await lines()
  expect(before.filter((line) => line === 'line of cart')).toHaveLength(2)
  const wanted: [string, string][] = [
    ['query', '{service_name="cart"}'],
    ['start', atNs(35)],
    ['end', atNs(45)],
  ]
  expect(await remove('/loki/api/v1/delete', wanted)).toEqual([204, ''])
  const want = ['line of cart', 'line of mail', 'line of shop']
  expect(await lines()).toEqual(want)
  // Spans of the same time are another signal.
  expect(await services()).toContain('cart')
  for (const end of ['kill', 'stop'] as const) {
    if (end === 'kill') await server.kill()
    else expect(await server.stop()).toBe(0)
    server = await startServer({ dataDir, env: { VANTAGE_SELF_ENABLED: 'false' } })
    expect([end, await lines()]).toEqual([end, want])
  }
  const list =
    await json<{ request_id: string; query: string; status: string; start_time: number }[]>('/loki/api/v1/delete')
  expect(list[0]).toMatchObject({ query: '{service_name="cart"}', start_time: BASE_MS / 1000 + 35 })
  expect(['received', 'processed']).toContain(list[0]?.status)
  const id = list[0]?.request_id ?? ''
  expect(await remove('/loki/api/v1/delete', [['request_id', id]], 'DELETE')).toEqual([
    400,
    `deletion ${id} has taken effect and cannot be taken back`,
  ])
  const { deletions } = await json<{ deletions: { text: string }[] }>('/api/vantage/v1/delete')
  expect(deletions.map(({ text }) => text)).toContain('namespace=vantage-demo')
}, 60_000)

test('Loki: only lines that filters take go, values of bodies among them; also after a kill -9', async () => {
  const resource = { attributes: attributesJson({ 'service.name': 'cards' }) }
  const body = (value: object, seconds: number) => ({ timeUnixNano: atNs(seconds), body: value })
  const text = (stringValue: string, seconds: number) => body({ stringValue }, seconds)
  const logRecords = [
    text('card 4111 of a customer', 80),
    text('card 4111 of a test', 81),
    text('card 5555', 82),
    body({ kvlistValue: { values: attributesJson({ card: '4111' }) } }, 83),
  ]
  await exportJson(server.url, 'logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
  const ofCards = async () => (await lines()).filter((line) => line.includes('card'))
  expect(await ofCards()).toHaveLength(4)
  const query = '{service_name="cards"} |= "4111" !~ "(test|demo)$"'
  const wanted: [string, string][] = [
    ['query', query],
    ['start', atNs(0)],
  ]
  expect(await remove('/loki/api/v1/delete', wanted)).toEqual([204, ''])
  const want = ['card 4111 of a test', 'card 5555']
  expect(await ofCards()).toEqual(want)
  await server.kill()
  server = await startServer({ dataDir, env: { VANTAGE_SELF_ENABLED: 'false' } })
  expect(await ofCards()).toEqual(want)
  const counted = await json<{ data: { result: { value: [number, string] }[] } }>('/loki/api/v1/query', {
    query: 'sum(count_over_time({service_name="cards"}[1h]))',
  })
  expect(counted.data.result[0]?.value[1]).toBe('2')
})

test('spans alone, by their labels', async () => {
  await send('bank', 'ours', 60)
  const [status] = await remove('/api/vantage/v1/delete', [
    ['match[]', '{service_name="bank"}'],
    ['signal', 'spans'],
  ])
  expect(status).toBe(200)
  expect(await services()).not.toContain('bank')
  expect(await lines()).toContain('line of bank')
  await send('bank', 'ours', 70)
  expect(await services()).toContain('bank')
})

test.each<[path: string, params: [string, string][], message: string]>([
  ['/api/vantage/v1/delete', [], 'want namespace or match[], got neither'],
  [
    '/api/vantage/v1/delete',
    [
      ['namespace', 'a'],
      ['match[]', '{a="b"}'],
    ],
    'want namespace or match[], got both',
  ],
  [
    '/api/vantage/v1/delete',
    [
      ['match[]', '{a="b"}'],
      ['signal', 'profiles'],
    ],
    'signal: want metrics, logs, spans, got \\"profiles\\"',
  ],
  [
    '/api/vantage/v1/delete',
    [
      ['match[]', '{a="b"}'],
      ['start', '5'],
      ['end', '5'],
    ],
    'want start before end',
  ],
  [
    '/loki/api/v1/delete',
    [
      ['query', '{a="b"} | json'],
      ['start', '1'],
    ],
    'want a stream selector',
  ],
  ...['|= "x" or "y"', '|= ""', '|> "a<_>"', '|= ip("10.0.0.0/8")'].map(
    (filter): [string, [string, string][], string] => [
      '/loki/api/v1/delete',
      [
        ['query', `{a="b"} ${filter}`],
        ['start', '1'],
      ],
      'with one text each',
    ],
  ),
  ['/loki/api/v1/delete', [['query', '{a="b"}']], 'start: want a time, got none'],
])('%s %j is refused', async (path, params, message) => {
  const [status, body] = await remove(path, params)
  expect(status).toBe(400)
  expect(body).toContain(message)
})

test('deletions need the right to administrate', async () => {
  const key = 'k'.repeat(32)
  const locked = await startServer({ env: { VANTAGE_AUTH_ENABLED: 'true', API_KEY: key } })
  const answer = await fetch(`${locked.url}/loki/api/v1/delete?query={a="b"}&start=1`, { method: 'POST' })
  expect(answer.status).toBe(401)
  await locked.stop()
})

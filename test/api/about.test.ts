import { afterAll, beforeAll, expect, test } from 'vitest'
import { attributesJson, exportJson, idJson } from '../support/otlp-json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
const TRACE_ID = '7c3e1f0a9b8d4c5e6f70819203a4b5c6'

function atNs(seconds: number): string {
  return `${BASE_MS + Math.round(seconds * 1000)}000000`
}

function resource(service: string, version: string): unknown {
  return { attributes: attributesJson({ 'service.name': service, 'service.version': version }) }
}

function span(
  traceId: string,
  n: number,
  parent: number,
  name: string,
  kind: number,
  from: number,
  to: number,
  more = {},
) {
  return {
    traceId,
    spanId: idJson(n),
    ...(parent === 0 ? {} : { parentSpanId: idJson(parent) }),
    name,
    kind,
    startTimeUnixNano: atNs(from),
    endTimeUnixNano: atNs(to),
    ...more,
  }
}

/** web calls shop, which asks a database; before that, forty short requests of web alone, the last ten of a new version. */
const SPANS = [
  {
    resource: resource('web', '1.0'),
    scopeSpans: [
      { spans: Array.from({ length: 30 }, (_, i) => span(idJson(100 + i, 32), 100 + i, 0, 'GET /', 2, i, i + 0.1)) },
    ],
  },
  {
    resource: resource('web', '1.1'),
    scopeSpans: [
      {
        spans: [
          span(TRACE_ID, 1, 0, 'GET /checkout', 2, 100, 103),
          span(TRACE_ID, 2, 1, 'POST', 3, 101, 103),
          ...Array.from({ length: 10 }, (_, i) => span(idJson(200 + i, 32), 200 + i, 0, 'GET /', 2, 60 + i, 60.1 + i)),
        ],
      },
    ],
  },
  {
    resource: resource('shop', '3'),
    scopeSpans: [
      {
        spans: [
          span(TRACE_ID, 3, 2, 'POST /orders', 2, 101, 102.5, { status: { code: 2 } }),
          span(TRACE_ID, 4, 3, 'INSERT', 3, 101.5, 102, {
            attributes: attributesJson({ 'db.system.name': 'postgresql' }),
          }),
        ],
      },
    ],
  },
]

function record(seconds: number, severity: string, body: string, ids: object): unknown {
  return { timeUnixNano: atNs(seconds), severityText: severity, body: { stringValue: body }, ...ids }
}

const LOGS = [
  {
    resource: resource('shop', '3'),
    scopeLogs: [
      {
        logRecords: [
          record(102, 'ERROR', 'declined', { traceId: TRACE_ID, spanId: idJson(3) }),
          record(102.1, 'INFO', 'rolled back', { traceId: TRACE_ID, spanId: idJson(4) }),
          record(300, 'INFO', 'something else', {}),
        ],
      },
    ],
  },
  {
    resource: resource('web', '1.1'),
    scopeLogs: [{ logRecords: [record(103, 'WARN', 'shop failed', { traceId: TRACE_ID, spanId: idJson(1) })] }],
  },
]

const METRICS = [
  {
    resource: resource('shop', '3'),
    scopeMetrics: [
      {
        metrics: [
          {
            name: 'pool.size',
            unit: '{connection}',
            description: 'open',
            gauge: { dataPoints: [90, 110].map((at, i) => ({ timeUnixNano: atNs(at), asInt: String(5 + i) })) },
          },
          {
            name: 'order.duration',
            unit: 's',
            histogram: {
              aggregationTemporality: 2,
              dataPoints: [
                {
                  startTimeUnixNano: atNs(0),
                  timeUnixNano: atNs(110),
                  count: '1',
                  sum: 1.5,
                  explicitBounds: [1],
                  bucketCounts: ['0', '1'],
                  exemplars: [{ timeUnixNano: atNs(102), asDouble: 1.5, traceId: TRACE_ID, spanId: idJson(3) }],
                },
              ],
            },
          },
        ],
      },
    ],
  },
]

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  for (const resourceSpans of SPANS) await exportJson(server.url, 'traces', { resourceSpans: [resourceSpans] })
  await exportJson(server.url, 'logs', { resourceLogs: LOGS })
  await exportJson(server.url, 'metrics', { resourceMetrics: METRICS })
})
afterAll(async () => {
  await server.stop()
})

interface Answer {
  readonly startNs: string
  readonly endNs: string
  readonly services: string[]
  readonly trace: { rootService: string; spans: number; errors: number; services: unknown[] } | null
  readonly spans: {
    count: number
    operations: { service: string; operation: string; status: string; calls: number; seconds: { p99: number } }[]
    dependencies: { client: string; server: string; connection: string; calls: number }[]
    slowest: { traceId: string; service: string; durationNs: number }[]
    failed: { traceId: string; operation: string }[]
  }
  readonly logs: { counts: unknown; lines: { line: string; traceId: string; spanId: string; level: string }[] }
  readonly metrics: { name: string; unit: string; seriesCount: number; series: { last: number; labels: object }[] }[]
  readonly changes: { service: string; kind: string; timeNs: string; fields: Record<string, string> }[]
  readonly exemplars: { traceId: string; value: number; seriesLabels: Record<string, string> }[]
  readonly cuts: { section: string; limit: string }[]
}

async function about(params: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`${server.url}/api/vantage/v1/about?${new URLSearchParams(params)}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Answer
}

test('a trace leads to its lines, its calls, the metrics and exemplars of its services', async () => {
  const { trace, services, spans, logs, metrics, exemplars, cuts } = await about({ trace: TRACE_ID })
  expect(services.sort()).toEqual(['shop', 'web'])
  expect(trace).toMatchObject({
    rootService: 'web',
    rootOperation: 'GET /checkout',
    spans: 4,
    errors: 1,
    durationNs: 3e9,
  })
  expect(logs.lines.map(({ line, level }) => [line, level])).toEqual([
    ['declined', 'error'],
    ['rolled back', 'info'],
    ['shop failed', 'warn'],
  ])
  expect(spans.dependencies).toMatchObject([
    { client: 'shop', server: 'postgresql', connection: 'database', calls: 1 },
    { client: 'web', server: 'shop', connection: 'call', calls: 1, failed: 1 },
  ])
  const pool = metrics.find(({ name }) => name.startsWith('pool_size'))
  expect(pool).toMatchObject({ unit: '', seriesCount: 1, series: [{ last: 6, min: 5, max: 6 }] })
  expect(exemplars).toMatchObject([{ traceId: TRACE_ID, value: 1.5, seriesLabels: { service_name: 'shop' } }])
  expect(cuts).toEqual([])
})

test('a span of a trace has its own lines', async () => {
  const { logs } = await about({ trace: TRACE_ID, span: idJson(4) })
  expect(logs.lines.map(({ line }) => line)).toEqual(['rolled back'])
})

test('a service has its rates, errors and durations, its neighbours, its slowest requests, its deploys', async () => {
  const { spans, logs, trace, changes } = await about({ service: 'web', start: atNs(0), end: atNs(400) })
  expect(trace).toBeNull()
  const calls = spans.operations.filter(({ operation }) => operation === 'GET /')
  expect(calls).toMatchObject([{ service: 'web', kind: 'server', status: 'unset', calls: 40, callsPerSecond: 0.1 }])
  expect(calls[0]?.seconds.p99).toBeCloseTo(0.1, 2)
  expect(spans.dependencies).toMatchObject([{ client: 'web', server: 'shop' }])
  expect(spans.slowest[0]).toMatchObject({ traceId: TRACE_ID, service: 'web', durationNs: 3e9 })
  expect(changes).toMatchObject([
    { service: 'web', kind: 'deploy', timeNs: atNs(100), fields: { previous_version: '1.0', version: '1.1' } },
  ])
  expect(logs.counts).toEqual([{ service: 'web', severity: 'WARN', rows: 1 }])
})

test('a window has everybody; what a limit leaves out is named', async () => {
  const { spans, logs, services, metrics, cuts } = await about({ start: atNs(0), end: atNs(400), limit: '2' })
  expect(services).toEqual([])
  expect(spans.count).toBe(44)
  expect(spans.failed).toEqual([])
  expect(spans.slowest.map(({ service }) => service)).toContain('web')
  expect(metrics.map(({ name }) => name)).toContain('order_duration_seconds_sum')
  expect(logs.lines.map(({ line }) => line)).toEqual(['something else', 'shop failed'])
  expect(cuts).toEqual([
    { section: 'logs', limit: 'limit', message: 'only the first 2 lines were looked at, there are more' },
  ])
  const elsewhere = await about({ start: atNs(-4000), end: atNs(-3000) })
  expect([elsewhere.spans.count, elsewhere.logs.lines, elsewhere.exemplars]).toEqual([0, [], []])
})

test.each([
  [{ trace: 'xyz' }, 400, 'trace id: want at most 32 hex digits, got "xyz"'],
  [{ trace: TRACE_ID, span: '12' }, 400, 'span: want 16 hex digits, got "12"'],
  [{ trace: TRACE_ID, service: 'web' }, 400, 'want trace or service, got both'],
  [{ span: idJson(1) }, 400, 'span: want it with trace, got it alone'],
  [{ timeout: '2h' }, 400, 'timeout: want 1ms to 60000ms, got 7200000ms'],
  [{ limit: '1001' }, 400, 'limit: want a number from 0 to 1000, got "1001"'],
  [{ trace: '9'.repeat(32) }, 404, `trace ${'9'.repeat(32)} not found`],
])('%j is refused with %i', async (params, status, message) => {
  const answer = await fetch(`${server.url}/api/vantage/v1/about?${new URLSearchParams(params)}`)
  expect([answer.status, await answer.json()]).toMatchObject([status, { error: { message } }])
})

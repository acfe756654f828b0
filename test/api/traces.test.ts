import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
const TRACE_ID = '5b8efff798038103d269b633813fc60c'

function atNs(seconds: number): string {
  return `${BASE_MS + Math.round(seconds * 1000)}000000`
}

function text(key: string, value: string): unknown {
  return { key, value: { stringValue: value } }
}

function id(n: number): string {
  return n.toString(16).padStart(16, '0')
}

/** web: 1 GET /checkout → 2 POST; shop: 3 POST /orders, which fails, below 2. */
const WEB = [
  {
    traceId: TRACE_ID,
    spanId: id(1),
    name: 'GET /checkout',
    kind: 2,
    startTimeUnixNano: atNs(0),
    endTimeUnixNano: atNs(3),
    attributes: [text('http.route', '/checkout'), { key: 'http.response.status_code', value: { intValue: '500' } }],
    events: [],
    links: [],
    status: {},
  },
  {
    traceId: TRACE_ID,
    spanId: id(2),
    parentSpanId: id(1),
    name: 'POST',
    kind: 3,
    startTimeUnixNano: atNs(1),
    endTimeUnixNano: atNs(3),
    attributes: [],
    events: [],
    links: [],
    status: {},
  },
]
const SHOP = [
  {
    traceId: TRACE_ID,
    spanId: id(3),
    parentSpanId: id(2),
    name: 'POST /orders',
    kind: 2,
    startTimeUnixNano: atNs(1),
    endTimeUnixNano: atNs(2.5),
    attributes: [text('card', 'visa')],
    events: [{ timeUnixNano: atNs(2), name: 'exception', attributes: [text('exception.type', 'Declined')] }],
    links: [],
    status: { code: 2, message: 'declined' },
  },
]

function resourceSpans(service: string, spans: readonly unknown[]): unknown {
  return { resource: { attributes: [text('service.name', service)] }, scopeSpans: [{ scope: { name: 'lib' }, spans }] }
}

const SENT = [resourceSpans('web', WEB), resourceSpans('shop', SHOP)]

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const exported = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: SENT }),
  })
  expect(exported.status).toBe(200)
})
afterAll(async () => {
  await server.stop()
})

async function ask<T>(path: string, params: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(`${server.url}${path}?${new URLSearchParams(params)}`)
  expect([path, answer.status]).toEqual([path, 200])
  return (await answer.json()) as T
}

test('a trace is read back whole, by its id', async () => {
  const { batches } = await ask<{ batches: unknown[] }>(`/tempo/api/traces/${TRACE_ID}`)
  expect(batches).toHaveLength(2)
  expect(batches).toEqual(expect.arrayContaining(SENT))
  const third = await ask<{ result: { resourceSpans: unknown[] } }>(`/jaeger/api/v3/traces/${TRACE_ID}`)
  expect(third.result.resourceSpans).toEqual(batches)
  expect((await fetch(`${server.url}/tempo/api/traces/${'1'.repeat(32)}`)).status).toBe(404)
})

test.each([
  ['{ status = error && span.card = "visa" }', 1],
  ['{ resource.service.name = "web" } >> { status = error }', 1],
  ['{ kind = server } | count() > 1 | max(duration) = 3s', 1],
  ['{ event.exception.type = "Declined" && trace:rootService = "web" }', 1],
  ['{ status = error } > { }', 0],
  ['{ duration > 4s }', 0],
])('TraceQL: %s finds %i', async (q, count) => {
  const { traces } = await ask<{ traces: { traceID: string; rootTraceName: string; durationMs: number }[] }>(
    '/tempo/api/search',
    { q },
  )
  expect(traces).toHaveLength(count)
  if (count > 0)
    expect(traces[0]).toMatchObject({ traceID: TRACE_ID, rootTraceName: 'GET /checkout', durationMs: 3000 })
})

test('TraceQL makes series', async () => {
  const params = {
    q: '{ } | count_over_time() by (resource.service.name)',
    start: String(BASE_MS / 1000 - 60),
    end: String(BASE_MS / 1000 + 60),
    step: '60s',
  }
  const { series } = await ask<{ series: { promLabels: string; samples: { value: number }[] }[] }>(
    '/tempo/api/metrics/query_range',
    params,
  )
  const sums = series.map(({ promLabels, samples }) => [promLabels, samples.reduce((sum, { value }) => sum + value, 0)])
  expect(sums.sort()).toEqual([
    ['{"resource.service.name"="shop"}', 1],
    ['{"resource.service.name"="web"}', 2],
  ])
})

test('names and values are offered', async () => {
  const values = await ask<{ tagValues: unknown[] }>('/tempo/api/v2/search/tag/resource.service.name/values')
  expect(values.tagValues).toEqual(['shop', 'web'].map((value) => ({ type: 'string', value })))
  const { tagNames } = await ask<{ tagNames: string[] }>('/tempo/api/search/tags', { scope: 'span' })
  expect(tagNames).toEqual(['card', 'http.response.status_code', 'http.route'])
})

test('a query that cannot be read says where', async () => {
  const answer = await fetch(`${server.url}/tempo/api/search?${new URLSearchParams({ q: '{ status = }' })}`)
  expect([answer.status, await answer.text()]).toEqual([
    400,
    'TraceQL: want an attribute, an intrinsic or a value, got "}" at offset 11',
  ])
})

test('Jaeger finds services, operations, traces and dependencies', async () => {
  expect(await ask('/jaeger/api/services')).toMatchObject({ data: ['shop', 'web'] })
  expect(await ask('/jaeger/api/services/web/operations')).toMatchObject({ data: ['GET /checkout', 'POST'] })
  const params = { service: 'shop', tags: '{"card":"visa"}', limit: '5' }
  const { data } = await ask<{ data: { traceID: string; spans: unknown[]; processes: object }[] }>(
    '/jaeger/api/traces',
    params,
  )
  expect(data).toMatchObject([{ traceID: TRACE_ID, processes: { p1: {}, p2: {} } }])
  expect(data[0]?.spans).toHaveLength(3)
  expect(await ask('/jaeger/api/dependencies')).toMatchObject({
    data: [{ parent: 'web', child: 'shop', callCount: 1 }],
  })
})

test('Zipkin finds services, spans, traces and dependencies', async () => {
  expect(await ask('/zipkin/api/v2/services')).toEqual(['shop', 'web'])
  expect(await ask('/zipkin/api/v2/spans', { serviceName: 'shop' })).toEqual(['POST /orders'])
  const found = await ask<Record<string, unknown>[][]>('/zipkin/api/v2/traces', {
    annotationQuery: 'error and card=visa',
  })
  expect(found[0]?.find((span) => span['id'] === id(3))).toMatchObject({
    parentId: id(2),
    kind: 'SERVER',
    duration: 1_500_000,
    localEndpoint: { serviceName: 'shop' },
    tags: { card: 'visa', error: 'declined' },
  })
  expect(await ask('/zipkin/api/v2/dependencies')).toEqual([
    { parent: 'web', child: 'shop', callCount: 1, errorCount: 1 },
  ])
})

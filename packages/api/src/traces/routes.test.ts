import { type Attributes, type Clock, err, fault, NO_ORIGIN, type Result } from '@vantage/model'
import { MemorySpans, type SpanRecord, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { faultAnswer } from '../fault-answer.ts'
import { JaegerApi } from '../jaeger/routes.ts'
import type { ApiAnswer, Route } from '../route.ts'
import { TempoApi } from '../tempo/routes.ts'
import { ZipkinApi } from '../zipkin/routes.ts'
import { runTracesJob } from './job.ts'
import type { TraceQueries } from './queries.ts'
import { traceDetailRoutes } from './routes.ts'

const S = 1_000_000_000n
const T0 = 1_700_000_000n * S
const A = `0000${'a'.repeat(28)}`
const clock: Clock = { nowMs: () => 1_700_000_100_000, monotonicMs: () => 0 }

function text(record: Readonly<Record<string, string>>): Attributes {
  return Object.entries(record).map(([key, value]) => ({ key, value: { kind: 'string', value } }))
}

function id(n: number): string {
  return n.toString(16).padStart(16, '0')
}

const SHOP = {
  ...NO_ORIGIN,
  resource: text({ 'service.name': 'shop', zone: 'eu' }),
  scopeName: 'lib',
  scopeVersion: '2',
}
const CART = { ...NO_ORIGIN, resource: text({ 'service.name': 'cart' }) }

const SPANS: readonly SpanRecord[] = [
  {
    traceId: A,
    spanId: id(1),
    name: 'GET /',
    kind: 'server',
    startNs: T0,
    endNs: T0 + 2n * S,
    origin: SHOP,
    traceState: 'a=b',
    flags: 257,
    droppedAttributes: 1,
    droppedEvents: 2,
    droppedLinks: 3,
    attributes: [
      ...text({ 'http.method': 'GET' }),
      { key: 'n', value: { kind: 'int', value: 9_007_199_254_740_993n } },
      { key: 'd', value: { kind: 'double', value: 1.5 } },
      { key: 'b', value: { kind: 'bool', value: true } },
      { key: 'x', value: { kind: 'bytes', value: Uint8Array.of(1, 2) } },
      { key: 'l', value: { kind: 'array', values: [{ kind: 'int', value: 1n }] } },
      { key: 'm', value: { kind: 'map', entries: text({ k: 'v' }) } },
    ],
    events: [
      { timeUnixNs: T0 + S, name: 'exception', attributes: text({ 'exception.type': 'Oops' }), droppedAttributes: 4 },
    ],
    links: [
      {
        traceId: 'b'.repeat(32),
        spanId: id(9),
        traceState: 'c=d',
        attributes: text({ why: 'retry' }),
        droppedAttributes: 5,
        flags: 1,
      },
    ],
    status: 'error',
    statusMessage: 'bad',
  },
  {
    traceId: A,
    spanId: id(2),
    parentSpanId: id(1),
    name: 'call',
    kind: 'client',
    startNs: T0 + S / 2n,
    endNs: T0 + S,
    origin: SHOP,
    attributes: text({ 'peer.service': 'cart' }),
  },
  {
    traceId: A,
    spanId: id(3),
    parentSpanId: id(2),
    name: 'add',
    kind: 'server',
    startNs: T0 + S / 2n,
    endNs: T0 + S,
    origin: CART,
    attributes: text({ item: '42' }),
  },
]

const memory = new MemorySpans()
for (const span of SPANS) memory.append('default', span)

const queries: TraceQueries = {
  ask: async (tenant, job) => runTracesJob(structuredClone(job), tenant, memory, unlimitedBudget),
}

const routes: Route[] = [
  ...traceDetailRoutes(queries),
  ...new TempoApi({ queries, clock, facts: { buildInfo: () => ({ version: '1' }), flags: () => ({}) } }).routes(
    '/tempo',
  ),
  ...new JaegerApi({
    queries,
    clock,
    metrics: { ask: async () => err(fault('internal', 'asked by nobody here')) },
    sampling: { default: { type: 'probabilistic', param: 1, operations: [] }, services: [] },
    archive: { keep: async () => undefined, release: async () => false },
    transform: async () => err(fault('internal', 'asked by nobody here')),
  }).routes('/jaeger'),
  ...new ZipkinApi({ queries, clock, autocompleteKeys: ['item'] }).routes('/zipkin'),
]

/** Finds the route of a path as the server does: plain parts before named ones. */
function routeOf(path: string): [Route, Record<string, string>] {
  const parts = path.split('/')
  const fits = routes.flatMap((route): [Route, Record<string, string>][] => {
    const wanted = route.path.split('/')
    if (wanted.length !== parts.length) return []
    const named: Record<string, string> = {}
    for (const [i, one] of wanted.entries()) {
      if (one.startsWith(':')) named[one.slice(1)] = decodeURIComponent(parts[i] as string)
      else if (one !== parts[i]) return []
    }
    return [[route, named]]
  })
  const best = fits.sort((a, b) => Object.keys(a[1]).length - Object.keys(b[1]).length)[0]
  if (best === undefined) throw new Error(`no route for ${path}`)
  return best
}

async function get(url: string, accept?: string): Promise<ApiAnswer> {
  const { pathname, searchParams } = new URL(url, 'http://x')
  const [route, path] = routeOf(pathname)
  const request = {
    tenant: 'default',
    params: searchParams,
    path,
    signal: new AbortController().signal,
    ...(accept === undefined ? {} : { accept }),
  }
  const result: Result<ApiAnswer> = await route.handle(request)
  return result.ok ? result.value : faultAnswer(result.error, route.faults, 'r')
}

async function json(url: string): Promise<unknown> {
  const { body } = await get(url)
  return JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body))
}

const SPAN_1 = {
  traceId: A,
  spanId: id(1),
  traceState: 'a=b',
  flags: 257,
  name: 'GET /',
  kind: 2,
  startTimeUnixNano: String(T0),
  endTimeUnixNano: String(T0 + 2n * S),
  attributes: [
    { key: 'http.method', value: { stringValue: 'GET' } },
    { key: 'n', value: { intValue: '9007199254740993' } },
    { key: 'd', value: { doubleValue: 1.5 } },
    { key: 'b', value: { boolValue: true } },
    { key: 'x', value: { bytesValue: 'AQI=' } },
    { key: 'l', value: { arrayValue: { values: [{ intValue: '1' }] } } },
    { key: 'm', value: { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } } },
  ],
  droppedAttributesCount: 1,
  events: [
    {
      timeUnixNano: String(T0 + S),
      name: 'exception',
      attributes: [{ key: 'exception.type', value: { stringValue: 'Oops' } }],
      droppedAttributesCount: 4,
    },
  ],
  droppedEventsCount: 2,
  links: [
    {
      traceId: 'b'.repeat(32),
      spanId: id(9),
      traceState: 'c=d',
      attributes: [{ key: 'why', value: { stringValue: 'retry' } }],
      droppedAttributesCount: 5,
      flags: 1,
    },
  ],
  droppedLinksCount: 3,
  status: { code: 2, message: 'bad' },
}

test('a trace read back has every member of its spans', async () => {
  const v1 = (await json(`/tempo/api/traces/${A}`)) as {
    batches: { resource: unknown; scopeSpans: { scope: unknown; spans: unknown[] }[] }[]
  }
  expect(v1.batches[0]?.resource).toEqual({
    attributes: [
      { key: 'service.name', value: { stringValue: 'shop' } },
      { key: 'zone', value: { stringValue: 'eu' } },
    ],
  })
  expect(v1.batches.map((one) => one.scopeSpans.map(({ spans }) => spans.length))).toEqual([[2], [1]])
  expect(v1.batches[0]?.scopeSpans[0]?.scope).toEqual({ name: 'lib', version: '2' })
  expect(v1.batches[0]?.scopeSpans[0]?.spans[0]).toEqual(SPAN_1)
  const v2 = (await json(`/tempo/api/v2/traces/${'a'.repeat(28)}`)) as { trace: { resourceSpans: unknown } }
  expect(v2.trace.resourceSpans).toEqual(v1.batches)
  const v3 = (await json(`/jaeger/api/v3/traces/${A}`)) as { result: { resourceSpans: unknown } }
  expect(v3.result.resourceSpans).toEqual(v1.batches)
})

test('protobuf is answered where it is accepted', async () => {
  const plain = await get(`/tempo/api/traces/${A}`, 'application/protobuf')
  expect(plain.contentType).toBe('application/protobuf')
  const [body, enveloped] = [
    plain.body as Uint8Array,
    (await get(`/tempo/api/v2/traces/${A}`, 'application/protobuf')).body as Uint8Array,
  ]
  expect(body[0]).toBe(0x0a)
  expect(Buffer.from(enveloped).indexOf(Buffer.from(body))).toBe(enveloped.length - body.length)
})

test.each([
  [`/tempo/api/traces/${'c'.repeat(32)}`, 404, `trace ${'c'.repeat(32)} not found`],
  ['/tempo/api/traces/xyz', 400, 'trace id: want at most 32 hex digits, got "xyz"'],
  [
    '/tempo/api/search?q={',
    400,
    'TraceQL: want an attribute, an intrinsic or a value, got the end of the query at offset 1',
  ],
  ['/tempo/api/search?q={}|rate()', 400, 'TraceQL: want a query that selects spans, got one that makes series'],
  ['/tempo/api/search?limit=1e9', 400, 'limit: want a number from 0 to 1000, got "1e9"'],
  ['/tempo/api/search?start=5&end=1', 400, 'want start before end'],
  [
    '/tempo/api/search/tags?scope=x',
    400,
    'scope: want resource, span, event, link, instrumentation, intrinsic, got "x"',
  ],
  ['/tempo/api/metrics/query_range', 400, 'want a TraceQL query in q'],
  ['/zipkin/api/v2/remoteServices', 400, 'want a serviceName'],
  [`/zipkin/api/v2/trace/${'c'.repeat(32)}`, 404, `trace ${'c'.repeat(32)} not found`],
])('%s answers %i', async (url, status, message) => {
  expect(await get(url)).toMatchObject({ status, body: message })
})

test("Jaeger's faults come in its envelope", async () => {
  expect(await json('/jaeger/api/traces?limit=1')).toEqual({
    data: null,
    errors: [{ code: 400, msg: 'want a service' }],
  })
})

test('a search answers as Tempo does', async () => {
  const query = encodeURIComponent('{ kind = server } | count() > 1 | select(span.item)')
  expect(await json(`/tempo/api/search?q=${query}&spss=1`)).toEqual({
    traces: [
      {
        traceID: A,
        rootServiceName: 'shop',
        rootTraceName: 'GET /',
        startTimeUnixNano: String(T0),
        durationMs: 2000,
        spanSet: expect.anything(),
        spanSets: [
          {
            spans: [
              {
                spanID: id(1),
                name: 'GET /',
                startTimeUnixNano: String(T0),
                durationNanos: '2000000000',
                attributes: [{ key: 'kind', value: { stringValue: 'server' } }],
              },
            ],
            matched: 2,
            attributes: [{ key: 'count()', value: { intValue: '2' } }],
          },
        ],
        serviceStats: { shop: { spanCount: 2, errorCount: 1 }, cart: { spanCount: 1, errorCount: 0 } },
      },
    ],
    metrics: { inspectedTraces: 1, inspectedSpans: expect.any(String), completedJobs: 1, totalJobs: 1 },
  })
})

test.each([
  ['tags=service.name%3Dcart', 1],
  ['tags=item%3D42%20service.name%3D%22cart%22', 1],
  ['tags=item%3D43', 0],
  ['tags=error%3Dtrue', 1],
  ['tags=name%3Dcall&minDuration=1s', 1],
  ['minDuration=3s', 0],
  ['maxDuration=2500ms&minDuration=2s', 1],
  ['start=1700000000&end=1700000001', 1],
  ['start=1600000000&end=1600000001', 0],
  ['tags=b%3Dtrue', 1],
])('the older search %s finds %i', async (parameters, count) => {
  const { traces } = (await json(`/tempo/api/search?${parameters}`)) as { traces: unknown[] }
  expect(traces.length).toBe(count)
})

test('names and values of tags', async () => {
  expect(await json('/tempo/api/search/tags?scope=resource')).toMatchObject({ tagNames: ['service.name', 'zone'] })
  const { scopes } = (await json('/tempo/api/v2/search/tags')) as { scopes: { name: string; tags: string[] }[] }
  expect(scopes.map(({ name }) => name)).toEqual(['resource', 'span', 'event', 'link', 'intrinsic'])
  expect(await json('/tempo/api/search/tag/service.name/values')).toMatchObject({ tagValues: ['cart', 'shop'] })
  expect(await json('/tempo/api/v2/search/tag/resource.service.name/values')).toMatchObject({
    tagValues: [
      { type: 'string', value: 'cart' },
      { type: 'string', value: 'shop' },
    ],
  })
  const typing = encodeURIComponent('{ span.item != nil && name = }')
  expect(await json(`/tempo/api/v2/search/tag/name/values?q=${typing}`)).toMatchObject({
    tagValues: [{ type: 'string', value: 'add' }],
  })
  expect(await json('/tempo/api/v2/search/tag/rootName/values')).toMatchObject({
    tagValues: [{ type: 'string', value: 'GET /' }],
  })
  expect(await json('/tempo/api/v2/search/tag/event:name/values')).toMatchObject({
    tagValues: [{ type: 'string', value: 'exception' }],
  })
  const { tagValues } = (await json('/tempo/api/v2/search/tag/status/values')) as { tagValues: { type: string }[] }
  expect(tagValues).toEqual(['error', 'ok', 'unset'].map((value) => ({ type: 'keyword', value })))
})

test('metrics queries', async () => {
  const q = encodeURIComponent('{ } | count_over_time() by (resource.service.name)')
  const range = (await json(
    `/tempo/api/metrics/query_range?q=${q}&start=1700000000&end=1700000020&step=10s&exemplars=0`,
  )) as { series: unknown[] }
  expect(range.series).toContainEqual({
    labels: [{ key: 'resource.service.name', value: { stringValue: 'cart' } }],
    promLabels: '{"resource.service.name"="cart"}',
    samples: [
      { timestampMs: '1700000010000', value: 1 },
      { timestampMs: '1700000020000', value: 0 },
    ],
  })
  const instant = (await json(
    `/tempo/api/metrics/query?q=${encodeURIComponent('{ } | rate()')}&start=1699999990&end=1700000010`,
  )) as { series: unknown[] }
  expect(instant.series).toEqual([
    { labels: [{ key: '__name__', value: { stringValue: 'rate' } }], promLabels: '{__name__="rate"}', value: 0.15 },
  ])
})

test('Jaeger reads services, operations, traces and dependencies', async () => {
  expect(await json('/jaeger/api/services')).toMatchObject({ data: ['cart', 'shop'], total: 2, errors: null })
  expect(await json('/jaeger/api/services/shop/operations')).toMatchObject({ data: ['GET /', 'call'] })
  expect(await json('/jaeger/api/operations?service=shop&spanKind=client')).toMatchObject({
    data: [{ name: 'call', spanKind: 'client' }],
  })
  expect(await json('/jaeger/api/v3/services')).toEqual({ services: ['cart', 'shop'] })
  expect(await json('/jaeger/api/dependencies')).toMatchObject({
    data: [{ parent: 'shop', child: 'cart', callCount: 1 }],
  })
  const found = (await json(
    '/jaeger/api/traces?service=shop&tags={"http.method":"GET","error":"true"}&minDuration=1s',
  )) as { data: { spans: Record<string, unknown>[]; processes: Record<string, unknown> }[] }
  expect(found.data.length).toBe(1)
  const [trace] = found.data
  expect(trace?.processes).toEqual({
    p1: { serviceName: 'shop', tags: [{ key: 'zone', type: 'string', value: 'eu' }] },
    p2: { serviceName: 'cart', tags: [] },
  })
  expect(trace?.spans[0]).toMatchObject({
    traceID: A,
    spanID: id(1),
    flags: 1,
    operationName: 'GET /',
    references: [{ refType: 'FOLLOWS_FROM', traceID: 'b'.repeat(32), spanID: id(9) }],
    startTime: 1_700_000_000_000_000,
    duration: 2_000_000,
    logs: [
      {
        timestamp: 1_700_000_001_000_000,
        fields: [
          { key: 'event', type: 'string', value: 'exception' },
          { key: 'exception.type', type: 'string', value: 'Oops' },
        ],
      },
    ],
    processID: 'p1',
  })
  expect(trace?.spans[0]?.['tags']).toEqual([
    { key: 'http.method', type: 'string', value: 'GET' },
    { key: 'n', type: 'int64', value: 9_007_199_254_740_992 },
    { key: 'd', type: 'float64', value: 1.5 },
    { key: 'b', type: 'bool', value: true },
    { key: 'x', type: 'binary', value: 'AQI=' },
    { key: 'l', type: 'string', value: '[1]' },
    { key: 'm', type: 'string', value: '{"k":"v"}' },
    { key: 'otel.scope.name', type: 'string', value: 'lib' },
    { key: 'otel.scope.version', type: 'string', value: '2' },
    { key: 'span.kind', type: 'string', value: 'server' },
    { key: 'otel.status_code', type: 'string', value: 'ERROR' },
    { key: 'error', type: 'bool', value: true },
    { key: 'otel.status_description', type: 'string', value: 'bad' },
    { key: 'w3c.tracestate', type: 'string', value: 'a=b' },
  ])
  expect(trace?.spans[1]?.['references']).toEqual([{ refType: 'CHILD_OF', traceID: A, spanID: id(1) }])
  const third = (await json(
    '/jaeger/api/v3/traces?query.service_name=cart&query.start_time_min=2023-11-14T00:00:00Z&query.start_time_max=2023-11-15T00:00:00Z',
  )) as { result: { resourceSpans: unknown[] } }
  expect(third.result.resourceSpans.length).toBe(2)
})

test('Zipkin reads services, spans, traces and dependencies', async () => {
  expect(await json('/zipkin/api/v2/services')).toEqual(['cart', 'shop'])
  expect(await json('/zipkin/api/v2/spans?serviceName=shop')).toEqual(['GET /', 'call'])
  expect(await json('/zipkin/api/v2/remoteServices?serviceName=shop')).toEqual(['cart'])
  expect(await json('/zipkin/api/v2/remoteServices?serviceName=cart')).toEqual([])
  expect(await json('/zipkin/health')).toEqual({ status: 'UP' })
  expect(await json('/zipkin/config.json')).toMatchObject({ queryLimit: 10, searchEnabled: true })
  expect(await json('/zipkin/api/v2/dependencies')).toEqual([{ parent: 'shop', child: 'cart', callCount: 1 }])
  expect(await json('/zipkin/api/v2/autocompleteKeys')).toEqual(['item'])
  expect(await json('/zipkin/api/v2/autocompleteValues?key=item')).toEqual(['42'])
  const trace = (await json(`/zipkin/api/v2/trace/${A}`)) as Record<string, unknown>[]
  expect(trace[1]).toEqual({
    traceId: A,
    id: id(2),
    parentId: id(1),
    name: 'call',
    kind: 'CLIENT',
    timestamp: 1_700_000_000_500_000,
    duration: 500_000,
    localEndpoint: { serviceName: 'shop' },
    remoteEndpoint: { serviceName: 'cart' },
    tags: { zone: 'eu', 'otel.scope.name': 'lib', 'otel.scope.version': '2' },
  })
  expect(trace[0]).toMatchObject({
    annotations: [{ timestamp: 1_700_000_001_000_000, value: '{"exception":{"exception.type":"Oops"}}' }],
    tags: { error: 'bad', 'otel.status_code': 'ERROR' },
  })
  expect(await json(`/zipkin/api/v2/traceMany?traceIds=${A},${'d'.repeat(32)}`)).toEqual([trace])
})

test.each([
  ['serviceName=cart', 1],
  ['serviceName=cart&spanName=call', 0],
  ['annotationQuery=item%3D42%20and%20item', 1],
  ['annotationQuery=error', 1],
  ['annotationQuery=exception&minDuration=1000000&maxDuration=3000000', 1],
  ['annotationQuery=nothing', 0],
  ['endTs=1700000000000&lookback=1000', 1],
  ['endTs=1600000000000', 0],
])("Zipkin's search %s finds %i", async (parameters, count) => {
  expect(((await json(`/zipkin/api/v2/traces?${parameters}`)) as unknown[]).length).toBe(count)
})

test('health answers', async () => {
  expect(await get('/tempo/api/echo')).toMatchObject({ body: 'echo' })
  expect(await get('/tempo/ready')).toMatchObject({ body: 'ready' })
  expect(await json('/tempo/api/status/buildinfo')).toEqual({ version: '1' })
})

test('the structure of a trace: its tree as columns, without attributes', async () => {
  const startNs = String(T0)
  expect(await json(`/api/vantage/v1/traces/${A}/structure`)).toEqual({
    traceId: A,
    startNs,
    count: 3,
    names: ['GET /', 'call', 'add'],
    services: ['shop', 'cart'],
    spanIds: `${id(1)}${id(2)}${id(3)}`,
    parents: [-1, 0, 1],
    missing: {},
    serviceOf: [0, 0, 1],
    nameOf: [0, 1, 2],
    kinds: [2, 3, 2],
    starts: [0, 500_000_000, 500_000_000],
    durations: [2_000_000_000, 500_000_000, 500_000_000],
    errors: [0],
    events: [0, 1_000_000_000],
    eventsCut: false,
  })
})

test('a parent that is not stored is named in the structure; a ring of parents is cut', async () => {
  const traceId = 'c'.repeat(32)
  const span = { traceId, name: 'x', kind: 'internal', startNs: T0, endNs: T0, origin: CART } as const
  const [b, c] = ['b', 'c'].map((letter) => letter.repeat(16)) as [string, string]
  memory.append('default', { ...span, spanId: id(1), parentSpanId: 'f'.repeat(16) })
  memory.append('default', { ...span, spanId: b, parentSpanId: c })
  memory.append('default', { ...span, spanId: c, parentSpanId: b })
  expect(await json(`/api/vantage/v1/traces/${traceId}/structure`)).toMatchObject({
    parents: [-2, -1, 1],
    missing: { 0: 'f'.repeat(16) },
  })
})

test('one span of a trace with everything it was sent with', async () => {
  const answer = (await json(`/api/vantage/v1/traces/${A}/spans/${id(1)}`)) as {
    batches: { scopeSpans: { spans: unknown[] }[] }[]
  }
  expect(answer.batches.flatMap((batch) => batch.scopeSpans.flatMap((scope) => scope.spans))).toEqual([SPAN_1])
})

test.each([
  [`/api/vantage/v1/traces/${A}/spans/${id(99)}`, 404, /span .* not found/],
  [`/api/vantage/v1/traces/${A}/spans/zz`, 400, /want 16 hex digits, got .*zz/],
  [`/api/vantage/v1/traces/${'d'.repeat(32)}/structure`, 404, /trace .* not found/],
  ['/api/vantage/v1/traces/xyz/structure', 400, /trace id/],
])('%s is refused with its reason', async (url, status, reason) => {
  const answer = await get(url)
  expect(answer.status).toBe(status)
  expect(String(typeof answer.body === 'string' ? answer.body : new TextDecoder().decode(answer.body))).toMatch(reason)
})

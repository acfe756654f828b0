/** Tempo's streaming service, asked by grpc-js as Grafana asks it: on the port that speaks HTTP, too. */
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publicProto, Questions } from '../support/grpc-questions.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const PROTO = publicProto('query/proto/tempo-streaming.proto')
const SERVICE = 'tempopb.StreamingQuerier'
const BASE_S = Math.floor(Date.now() / 60_000) * 60 - 600
const TRACE = '5b8efff798038103d269b633813fc60c'
const ns = (seconds: number) => `${Math.round((BASE_S + seconds) * 1_000)}000000`
const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
const RANGE = { start: BASE_S - 60, end: BASE_S + 60 }
const RANGE_NS = { start: ns(-60), end: ns(60) }

let server: TestServer
let httpPort = 0
let questions: Questions

beforeAll(async () => {
  const [jaegerPort, grpcPort] = (await freePorts(2)) as [number, number]
  httpPort = jaegerPort
  server = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      // Any port of a face speaks both.
      VANTAGE_JAEGER_HTTP_PORT: String(jaegerPort),
      VANTAGE_JAEGER_GRPC_QUERY_PORT: String(grpcPort),
    },
  })
  const span = { traceId: TRACE, kind: 2, startTimeUnixNano: ns(0), attributes: [text('zone', 'eu')] }
  const spans = [
    { ...span, spanId: '00000000000000a1', name: 'GET /cart', endTimeUnixNano: ns(2) },
    {
      ...{
        ...span,
        spanId: '00000000000000a2',
        parentSpanId: '00000000000000a1',
        name: 'SELECT',
        endTimeUnixNano: ns(1),
      },
      attributes: [text('zone', 'us'), { key: 'rows', value: { intValue: '7' } }],
      status: { code: 2 },
    },
  ]
  const resource = { attributes: [text('service.name', 'shop')] }
  const posted = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  })
  expect(posted.status).toBe(200)
  questions = new Questions(`127.0.0.1:${httpPort}`, SERVICE, PROTO)
})
afterAll(async () => {
  questions.close()
  await server.stop()
})

const ask = (method: string, request: string, message: object, answer: string) =>
  questions.ask(method, `tempopb.${request}`, message, `tempopb.${answer}`)
const search = (message: object) => ask('Search', 'SearchRequest', { ...RANGE, ...message }, 'SearchResponse')

const FOUND = {
  traceID: TRACE,
  rootServiceName: 'shop',
  rootTraceName: 'GET /cart',
  startTimeUnixNano: ns(0),
  durationMs: 2_000,
}

describe('Search', () => {
  test('traces with their spans, typed attributes and services', async () => {
    const answers = await search({ Query: '{ span.rows > 6 } | select(span.zone)', Limit: 5 })
    expect(answers).toMatchObject([
      {
        traces: [
          {
            ...FOUND,
            spanSets: [
              {
                matched: 1,
                spans: [
                  {
                    spanID: '00000000000000a2',
                    startTimeUnixNano: ns(0),
                    durationNanos: '1000000000',
                    attributes: expect.arrayContaining([
                      { key: 'rows', value: { intValue: '7' } },
                      { key: 'zone', value: { stringValue: 'us' } },
                    ]),
                  },
                ],
              },
            ],
            serviceStats: { shop: { spanCount: 2, errorCount: 1 } },
          },
        ],
        metrics: { inspectedTraces: 1, completedJobs: 1, totalJobs: 1 },
      },
    ])
  })

  const searches: [string, object, number][] = [
    ['older parameters', { Tags: { zone: 'eu', 'service.name': 'shop' } }, 1],
    ['a value with a quote in it', { Tags: { zone: 'e"u' } }, 0],
    ['longer than', { Query: '', MinDurationMs: 2_000 }, 1],
    ['longer than that', { MinDurationMs: 2_001 }, 0],
    ['shorter than', { MaxDurationMs: 1_999 }, 0],
    ['another time', { Query: '{}', start: BASE_S + 10 }, 0],
  ]
  test.each(searches)('%s', async (_, message, count) => {
    const [answer] = (await search(message)) as { traces: unknown[] }[]
    expect(answer?.traces).toHaveLength(count)
  })

  test('a query that is none says where', async () => {
    await expect(search({ Query: '{ a = }' })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
    await expect(search({ Tags: { 'a b': 'c' } })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  })
})

test('tags and their values, flat and by scope', async () => {
  const tags = (method: string, message: object) =>
    ask(
      method,
      'SearchTagsRequest',
      { ...RANGE, ...message },
      method === 'SearchTags' ? 'SearchTagsResponse' : 'SearchTagsV2Response',
    )
  expect(await tags('SearchTags', { scope: 'span' })).toEqual([{ tagNames: ['rows', 'zone'] }])
  expect(await tags('SearchTagsV2', { scope: 'resource' })).toEqual([
    { scopes: [{ name: 'resource', tags: ['service.name'] }] },
  ])
  const values = (method: string, message: object) =>
    ask(method, 'SearchTagValuesRequest', { ...RANGE, ...message }, `${method}Response`)
  expect(await values('SearchTagValues', { tagName: 'zone' })).toEqual([{ tagValues: ['eu', 'us'] }])
  expect(await values('SearchTagValuesV2', { tagName: 'span.zone', query: '{ name = "SELECT" }' })).toEqual([
    { tagValues: [{ type: 'string', value: 'us' }] },
  ])
})

test('metrics: over a range and as one value', async () => {
  const query = '{ } | count_over_time() by (span.zone)'
  const range = { ...RANGE_NS, query, step: '60000000000' }
  const messages = await ask('MetricsQueryRange', 'QueryRangeRequest', range, 'QueryRangeResponse')
  const overTime = messages.at(-1) as { series: { labels: unknown[]; samples: { value?: number }[] }[] } | undefined
  const sums = overTime?.series.map(({ labels, samples }) => [
    labels,
    samples.reduce((sum, { value = 0 }) => sum + value, 0),
  ])
  const zone = (value: string) => [{ key: 'span.zone', value: { stringValue: value } }]
  expect(sums).toEqual(
    expect.arrayContaining([
      [zone('eu'), 1],
      [zone('us'), 1],
    ]),
  )
  const [instant] = (await ask(
    'MetricsQueryInstant',
    'QueryInstantRequest',
    { ...RANGE_NS, query },
    'QueryInstantResponse',
  )) as {
    series: { value: number }[]
  }[]
  expect(instant?.series.map(({ value }) => value)).toEqual([1, 1])
})

describe('what a question has so far', () => {
  const MANY = 9_000
  /** As many spans as a search looks at in several steps: one each 10 ms, a rare one at both ends. */
  beforeAll(async () => {
    const spans = Array.from({ length: MANY }, (_, i) => ({
      traceId: (i + 1).toString(16).padStart(32, 'e'),
      spanId: '00000000000000b1',
      name: 'many',
      startTimeUnixNano: ns(100.005 + i / 100),
      endTimeUnixNano: ns(101 + i / 100),
      attributes: i === 5 || i === MANY - 5 ? [text('rare', 'yes')] : [],
    }))
    const resource = { attributes: [text('service.name', 'many')] }
    const posted = await fetch(`${server.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
    })
    expect(posted.status).toBe(200)
  })

  interface Part {
    readonly traces: readonly { readonly traceID: string }[]
    readonly series: readonly {
      readonly samples: readonly { readonly timestampMs: string; readonly value?: number }[]
    }[]
    readonly metrics: { readonly completedJobs?: number; readonly totalJobs: number; readonly inspectedSpans: string }
  }

  test('a search: new traces and how far it is, then everything', async () => {
    const range = { start: BASE_S + 99, end: BASE_S + 200 }
    const parts = (await search({ ...range, Query: '{ span.rare = "yes" }' })) as Part[]
    expect(parts.length).toBeGreaterThan(1)
    const [first, last] = [parts[0] as Part, parts.at(-1) as Part]
    const newest = (MANY - 4).toString(16).padStart(32, 'e')
    expect(first.traces.map(({ traceID }) => traceID)).toEqual([newest])
    expect(first.metrics.totalJobs).toBe(100)
    expect(first.metrics.completedJobs ?? 0).toBeLessThan(100)
    expect(Number(first.metrics.inspectedSpans)).toBeLessThan(MANY)
    expect(last.traces.map(({ traceID }) => traceID)).toEqual([newest, '6'.padStart(32, 'e')])
    expect(last.metrics).toMatchObject({ completedJobs: 1, totalJobs: 1, inspectedSpans: `${MANY}` })
  })

  const sumOf = ({ series }: Part) =>
    series.flatMap(({ samples }) => samples).reduce((sum, one) => sum + (one.value ?? 0), 0)
  const metrics = async (query: string) => {
    const range = { start: ns(100), end: ns(200), query, step: '5000000000' }
    return (await ask('MetricsQueryRange', 'QueryRangeRequest', range, 'QueryRangeResponse')) as Part[]
  }

  test('metrics: the intervals that are finished, then all', async () => {
    const parts = await metrics('{ name = "many" } | count_over_time()')
    expect(parts.length).toBeGreaterThan(1)
    const [first, last] = [parts[0] as Part, parts.at(-1) as Part]
    expect(first.metrics).toMatchObject({ completedJobs: 1, totalJobs: 20 })
    const all = new Map(last.series[0]?.samples.map(({ timestampMs, value }) => [timestampMs, value]))
    expect(all.size).toBe(20)
    const finished = first.series[0]?.samples ?? []
    expect(finished.map(({ timestampMs, value }) => [timestampMs, value])).toEqual([...all].slice(-1))
    expect(sumOf(last)).toBe(MANY)
  })

  test('metrics of which no interval stands by itself: how far they are', async () => {
    const parts = await metrics('{ name = "many" } | count_over_time() by (span.rare) | topk(1)')
    expect(parts.length).toBeGreaterThan(1)
    expect(parts[0]?.series).toEqual([])
    expect(parts[0]?.metrics.totalJobs).toBe(20)
    expect(sumOf(parts.at(-1) as Part)).toBeGreaterThan(0)
  })
})

test('the same port still speaks HTTP, with several requests on a connection', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`http://127.0.0.1:${httpPort}/api/v2/spans`, { method: 'POST', body: '[]' }),
    ),
  )
  expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(202))
})

test('a server that ends lets its streams go and ends', async () => {
  const [port] = (await freePorts(1)) as [number]
  const other = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_JAEGER_HTTP_PORT: String(port) } })
  const asking = new Questions(`127.0.0.1:${port}`, SERVICE, PROTO)
  const tags = ['SearchTags', 'tempopb.SearchTagsRequest', {}, 'tempopb.SearchTagsResponse'] as const
  expect(await asking.ask(...tags)).toEqual([{ tagNames: [] }])
  expect(await other.stop()).toBe(0)
  await expect(asking.ask(...tags)).rejects.toMatchObject({ code: status.UNAVAILABLE })
  asking.close()
})

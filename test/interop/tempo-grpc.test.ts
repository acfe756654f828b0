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
  const [overTime] = (await ask('MetricsQueryRange', 'QueryRangeRequest', range, 'QueryRangeResponse')) as {
    series: { labels: unknown[]; samples: { value?: number }[] }[]
  }[]
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

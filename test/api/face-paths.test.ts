/** Paths of Loki, Tempo and Jaeger beside their queries, asked of the running server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publicProto, Questions } from '../support/grpc-questions.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const BASE_MS = Date.now() - 60_000
const [FAST, SLOW] = ['a'.repeat(32), 'b'.repeat(32)]
const SAMPLING = publicProto('query/proto/jaeger-sampling.proto')

const CONFIG = `
jaeger:
  sampling:
    default: { type: ratelimiting, param: 7 }
    services:
      - { service: shop, param: 0.25, operations: [{ operation: GET /health, param: 0.5 }] }
`

const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
const id = (n: number) => n.toString(16).padStart(16, '0')
const ns = (ms: number) => `${BASE_MS + ms}000000`

function span(traceId: string, n: number, parent: number, name: string, [fromMs, toMs]: [number, number], more = {}) {
  return {
    traceId,
    spanId: id(n),
    ...(parent === 0 ? {} : { parentSpanId: id(parent) }),
    name,
    kind: 2,
    startTimeUnixNano: ns(fromMs),
    endTimeUnixNano: ns(toMs),
    ...more,
  }
}

function resource(service: string, spans: readonly object[]) {
  const sdk = [text('telemetry.sdk.language', 'nodejs'), text('telemetry.sdk.version', '2.0')]
  return { resource: { attributes: [text('service.name', service), ...sdk] }, scopeSpans: [{ spans }] }
}

/** web → shop → db; the slow one fails in the shop, and asks a cache in place of the database. */
const SENT = [
  resource('web', [span(FAST, 1, 0, 'GET /', [0, 100]), span(SLOW, 1, 0, 'GET /', [0, 900])]),
  resource('shop', [
    span(FAST, 2, 1, 'order', [10, 90], { attributes: [text('card', 'visa'), text('zone', 'eu')] }),
    span(FAST, 4, 2, 'inside', [11, 12]),
    span(SLOW, 2, 1, 'order', [10, 890], { attributes: [text('card', 'amex')], status: { code: 2 } }),
    span(SLOW, 4, 2, 'inside', [11, 12]),
    span(SLOW, 5, 99, 'lost', [5, 6]),
  ]),
  resource('db', [span(FAST, 3, 2, 'SELECT', [20, 30])]),
  resource('cache', [span(SLOW, 3, 2, 'GET', [20, 30])]),
]

let server: TestServer
let grpc = ''
let sampling = ''
beforeAll(async () => {
  const [query, intake, http] = (await freePorts(3)) as [number, number, number]
  grpc = `127.0.0.1:${query}`
  sampling = `http://127.0.0.1:${http}`
  server = await startServer({
    config: CONFIG,
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_JAEGER_GRPC_QUERY_PORT: String(query),
      VANTAGE_JAEGER_GRPC_PORT: String(intake),
      VANTAGE_JAEGER_SAMPLING_PORT: String(http),
      API_KEY: 'x'.repeat(32),
    },
  })
  expect(await post('/v1/traces', { resourceSpans: SENT })).toEqual([200, {}])
})
afterAll(async () => {
  await server.stop()
})

async function ask(path: string, init: RequestInit = {}, url = server.url): Promise<[number, string]> {
  const answer = await fetch(`${url}${path}`, init)
  return [answer.status, await answer.text()]
}

async function get<Answer = unknown>(path: string): Promise<Answer> {
  const [status, body] = await ask(path)
  expect([path, status, status === 200 ? '' : body]).toEqual([path, 200, ''])
  return JSON.parse(body) as Answer
}

async function post(path: string, body: unknown): Promise<[number, unknown]> {
  const headers = { 'content-type': 'application/json' }
  const [status, answer] = await ask(path, { method: 'POST', headers, body: JSON.stringify(body) })
  return [status, answer.startsWith('{') ? JSON.parse(answer) : answer]
}

describe('Loki', () => {
  const rules: [string, string, number, string][] = [
    ['GET', '', 404, 'no rule groups found'],
    ['GET', '/team', 404, 'no rule groups found'],
    ['GET', '/team/group', 404, 'group does not exist'],
    ['DELETE', '/team', 404, 'group namespace does not exist'],
    ['DELETE', '/team/group', 404, 'group does not exist'],
    ['POST', '/team', 405, 'want GET or DELETE, got POST: this server evaluates no rules, so it takes none'],
  ]
  test.each(rules)('%s rules%s answers %i', async (method, path, status, message) => {
    const group = { body: 'name: group', headers: { 'content-type': 'application/yaml' } }
    expect(await ask(`/loki/api/v1/rules${path}`, { method, ...(method === 'POST' ? group : {}) })).toEqual([
      status,
      message,
    ])
  })

  test('logs and traces come in by the other paths of OTLP, too', async () => {
    for (const path of ['/loki/otlp/v1/logs', '/opentelemetry/v1/logs', '/opentelemetry/v1/traces']) {
      expect([path, await post(path, {})]).toEqual([path, [200, {}]])
    }
  })
})

describe('Tempo', () => {
  test('says what it is, without secrets', async () => {
    expect(await ask('/tempo/status/version')).toEqual([200, 'Vantage, version 0.1.0\n'])
    const [, config] = await ask('/tempo/status/config')
    expect(config).toContain('auth.keys: "1 keys"')
    expect(config).not.toContain('xxxx')
    expect(await ask('/tempo/status')).toEqual([200, `Vantage, version 0.1.0\n---\n${config}`])
  })

  test('has no overrides, and takes none', async () => {
    const why = 'limits are set by the configuration of this server'
    expect(await ask('/tempo/api/overrides')).toEqual([404, `no overrides: ${why}`])
    expect(await ask('/tempo/api/overrides', { method: 'POST', body: '{}' })).toEqual([
      405,
      `want GET, got POST: ${why}`,
    ])
  })

  const diff = (more: object = {}) =>
    post('/tempo/api/v2/traces/diff', { base: { traceId: FAST }, compare: { traceID: SLOW }, ...more })

  test('two traces differ by what was added, removed and changed', async () => {
    const ref = { service: 'shop', name: 'order', kind: 'server', path: [0, 0] }
    const attribute = (key: string) => ({ type: 'attribute', scope: 'span', key })
    const [status, patch] = await diff()
    expect(status).toBe(200)
    expect(patch).toMatchObject({
      version: 'trace-patch-v0',
      base: { traceId: FAST, spanCount: 4 },
      compare: { traceId: SLOW, spanCount: 5 },
      stats: { spanCountA: 4, spanCountB: 5, matchedSpans: 3, modifiedSpans: 2, addedSpans: 2, removedSpans: 1 },
      warnings: [],
    })
    const { modified, added, removed } = patch as Record<
      'modified' | 'added' | 'removed',
      { span: { name?: string } }[]
    >
    expect(modified.find(({ span }) => span.name === 'order')).toEqual({
      span: ref,
      changes: [
        { op: 'modify', target: { type: 'field', name: 'duration_nanos' }, before: 80e6, after: 880e6 },
        { op: 'modify', target: { type: 'field', name: 'status' }, before: 'unset', after: 'error' },
        { op: 'modify', target: attribute('card'), before: 'visa', after: 'amex' },
        { op: 'remove', target: attribute('zone'), before: 'eu', after: null },
      ],
    })
    expect(added.map(({ span }) => span)).toMatchObject([{ name: 'GET' }, { name: 'lost', path: [1] }])
    expect(removed.map(({ span }) => span)).toMatchObject([
      { service: 'db', path: [0, 0, 1], duration_nanos: 10e6, status: 'unset' },
    ])
  })

  test('a summary names the services and which way they went', async () => {
    const summary = {
      version: 'trace-summary-v0-native',
      base: { traceId: FAST, rootService: 'web', rootName: 'GET /', spanCount: 4, errorSpanCount: 0, durationMs: 100 },
      compare: { traceId: SLOW, errorSpanCount: 1, durationMs: 900 },
      signals: {
        traceLatency: 'increased',
        sumSpanDuration: 'increased',
        errors: 'increased',
        spanCount: 'increased',
        structure: 'changed',
      },
      trust: { matchedSpanRatio: 0.6, structureOverlap: 0.75 },
      stats: { traceLatencyDeltaMs: 800, matchedSpans: 3, attributeChanges: 2, fieldChanges: 3 },
      changedServices: ['cache', 'db', 'shop', 'web'],
    }
    const [, native] = await diff({ format: 'trace-summary-v0-native' })
    expect(native).toMatchObject(summary)
    const { services } = native as { services: unknown[] }
    expect(services[0]).toEqual({
      ...{ name: 'shop', sumSpanDurationDeltaMs: 801, modified: 1, added: 1, removed: 0 },
      ...{ newErrors: 1, resolvedErrors: 0 },
    })
    const [, composed] = await diff({ format: 'trace-summary-v0-composed' })
    expect(composed).toMatchObject({ version: 'trace-summary-v0-composed', summary, patch: { added: [{}, {}] } })
  })

  const refused: [object, number, RegExp][] = [
    [{ base: {} }, 400, /^base: want \{"traceId": hex\}/],
    [{ compare: { traceId: 'xyz' } }, 400, /^trace id: want/],
    [{ compare: { traceId: 'c'.repeat(32) } }, 404, /not found/],
    [{ format: 'html' }, 400, /^format: want trace-patch-v0, /],
  ]
  test.each(refused)('no difference of %j', async (more, status, message) => {
    const answer = await diff(more)
    expect(answer).toEqual([status, expect.stringMatching(message)])
  })
})

describe('Jaeger', () => {
  test('shows OTLP that is not stored', async () => {
    const sent = [
      resource('elsewhere', [span('d'.repeat(32), 1, 0, 'GET /x', [0, 5], { attributes: [text('k', 'v')] })]),
    ]
    const [status, body] = await post('/jaeger/api/transform', { resourceSpans: sent })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      data: [
        {
          traceID: 'd'.repeat(32),
          spans: [
            {
              operationName: 'GET /x',
              duration: 5_000,
              tags: expect.arrayContaining([{ key: 'k', type: 'string', value: 'v' }]),
            },
          ],
          processes: { p1: { serviceName: 'elsewhere' } },
        },
      ],
      errors: null,
    })
    expect((await ask(`/jaeger/api/traces/${'d'.repeat(32)}`))[0]).toBe(404)
    const send = (body: string) => ask('/jaeger/api/transform', { method: 'POST', body })
    expect((await send(''))[0]).toBe(400)
    expect((await send('{'))[0]).toBe(400)
    expect((await ask('/jaeger/api/transform'))[0]).toBe(405)
    const most = 16 * 1024 * 1024
    const around = '{"resourceSpans":[],"unknown":""}'
    const padded = (bytes: number) => around.replace('""', `"${' '.repeat(bytes - around.length)}"`)
    expect((await send(padded(most)))[0]).toBe(200)
    expect((await send(padded(most + 1)))[0]).toBe(413)
  })

  test('ways of calls that lead through a service', async () => {
    const hop = (service: string, operation: string) => ({ service, operation })
    const { dependencies } = await get<{ dependencies: { path: unknown[]; attributes: unknown[] }[] }>(
      '/jaeger/api/deep-dependencies?service=shop',
    )
    const front = [hop('web', 'GET /'), hop('shop', 'order')]
    const example = (value: string) => [{ key: 'exemplar_trace_id', value }]
    expect(dependencies).toHaveLength(3)
    expect(dependencies).toEqual(
      expect.arrayContaining([
        { path: [...front, hop('db', 'SELECT')], attributes: example(FAST) },
        { path: [...front, hop('cache', 'GET')], attributes: example(SLOW) },
        { path: [hop('shop', 'lost')], attributes: example(SLOW) },
      ]),
    )
    const other = await get<{ dependencies: unknown[] }>('/jaeger/api/deep-dependencies?service=db')
    expect(other.dependencies).toHaveLength(1)
    expect((await ask('/jaeger/api/deep-dependencies'))[0]).toBe(400)
  })

  test('how well the spans of a service join', async () => {
    const { metrics, scores, clients } = await get<Record<'metrics' | 'scores' | 'clients', unknown[]>>(
      '/jaeger/api/quality-metrics?service=shop',
    )
    expect(metrics[0]).toMatchObject({
      name: 'parent is there',
      passCount: 4,
      failureCount: 1,
      failureExamples: [{ traceID: SLOW, spanIDs: [id(5)] }],
    })
    expect(scores).toEqual([{ key: 'joined', label: 'Spans that join to traces', max: 100, value: 93 }])
    expect(clients).toMatchObject([{ version: 'nodejs 2.0', count: 5 }])
  })

  interface Family {
    readonly name: string
    readonly metrics: {
      labels: unknown[]
      metricPoints: { gaugeValue: { doubleValue: number }; timestamp: string }[]
    }[]
  }

  test('calls, errors and latencies of services, from the metrics of spans', async () => {
    const path = (figure: string, more = '') =>
      `/jaeger/api/metrics/${figure}?service=shop&ratePer=60000&step=1000&lookback=5000&${more}`
    const last = ({ metrics: [series] }: Family) => series?.metricPoints.at(-1)?.gaugeValue.doubleValue
    // The metrics of spans are stated every few seconds, and a rate wants two of them that differ.
    await expect
      .poll(
        async () => {
          await post('/v1/traces', { resourceSpans: SENT })
          return last(await get<Family>(path('calls')))
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBeGreaterThan(0)
    const calls = await get<Family>(path('calls', 'groupByOperation=true'))
    expect(calls).toMatchObject({ name: 'service_operation_call_rate', type: 'GAUGE' })
    expect(calls.metrics.map(({ labels }) => labels)).toContainEqual([
      { name: 'operation', value: 'order' },
      { name: 'service_name', value: 'shop' },
    ])
    const errors = await get<Family>(path('errors'))
    expect(errors.name).toBe('service_error_rate')
    expect(last(errors)).toBeCloseTo(0.2, 5)
    expect(Date.parse(errors.metrics[0]?.metricPoints.at(-1)?.timestamp ?? '')).toBeGreaterThan(BASE_MS)
    const latencies = await get<Family>(path('latencies', 'quantile=0.99'))
    expect(last(latencies)).toBeGreaterThan(500)
    expect(last(latencies)).toBeLessThan(5_000)
    const none = await get<Family>(path('errors').replace('service=shop', 'service=no.e'))
    expect(none.metrics).toEqual([])
    expect((await get<Family>(path('calls', 'spanKind=client'))).metrics).toEqual([])
    expect(await get('/jaeger/api/metrics/minstep')).toMatchObject({ data: 1 })
  })

  test.each([
    'calls?',
    'calls?service=a&spanKind=x',
    'calls?service=a&step=0',
    'calls?service=a&lookback=-1',
    'calls?service=a&groupByOperation=maybe',
    'latencies?service=a',
    'latencies?service=a&quantile=2',
  ])('metrics/%s is refused', async (path) => {
    const [status, body] = await ask(`/jaeger/api/metrics/${path}`)
    expect([status, JSON.parse(body)]).toMatchObject([400, { errors: [{ code: 400 }] }])
  })

  const OF_SHOP = {
    strategyType: 'PROBABILISTIC',
    probabilisticSampling: { samplingRate: 0.25 },
    operationSampling: {
      defaultSamplingProbability: 0.25,
      defaultLowerBoundTracesPerSecond: 0,
      perOperationStrategies: [{ operation: 'GET /health', probabilisticSampling: { samplingRate: 0.5 } }],
    },
  }
  const OF_OTHERS = { strategyType: 'RATE_LIMITING', rateLimitingSampling: { maxTracesPerSecond: 7 } }

  test('how many traces to record, over HTTP', async () => {
    for (const [path, url] of [
      ['/jaeger/api/sampling', server.url],
      ['/jaeger/sampling', server.url],
      ['/api/sampling', sampling],
      ['/sampling', sampling],
    ] as const) {
      const [, shop] = await ask(`${path}?service=shop`, {}, url)
      const [, other] = await ask(`${path}?service=x`, {}, url)
      expect([path, JSON.parse(shop), JSON.parse(other)]).toEqual([path, OF_SHOP, OF_OTHERS])
      expect((await ask(path, {}, url))[0]).toBe(400)
      expect((await ask(`${path}?service=a&service=b`, {}, url))[0]).toBe(400)
    }
  })

  test('how many traces to record, over gRPC, where spans are sent and where they are read', async () => {
    for (const target of [grpc, server.otlpGrpcTarget]) {
      const questions = new Questions(target, 'jaeger.api_v2.SamplingManager', SAMPLING)
      const asked = (serviceName: string) =>
        questions.ask(
          'GetSamplingStrategy',
          'jaeger.api_v2.SamplingStrategyParameters',
          { serviceName },
          'jaeger.api_v2.SamplingStrategyResponse',
        )
      // What is 0 is not sent.
      const { strategyType: _, operationSampling, ...ofShop } = OF_SHOP
      const { perOperationStrategies } = operationSampling
      expect(await asked('shop')).toMatchObject([{ ...ofShop, operationSampling: { perOperationStrategies } }])
      expect(await asked('x')).toMatchObject([OF_OTHERS])
      await expect(asked('')).rejects.toMatchObject({ code: 3 })
      questions.close()
    }
  })
})

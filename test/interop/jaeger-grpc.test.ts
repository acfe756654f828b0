/** Jaeger's query services over gRPC, asked by grpc-js with the public messages. */
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publicProto, Questions } from '../support/grpc-questions.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const V2 = publicProto('query/proto/jaeger-query-v2.proto')
const V3 = publicProto('query/proto/jaeger-query-v3.proto')
const OTLP = publicProto('decode/proto/otlp-records.proto')
const BASE_S = Math.floor(Date.now() / 1_000) - 600
const TRACE = '5b8efff798038103d269b633813fc60c'
const LARGE = '00000000000000000000000000001a26'
/** More than a client takes in one message by default. */
const LARGE_BYTES = 6 * 1024 * 1024
const LARGE_SPANS = 300

const ns = (seconds: number) => `${Math.round((BASE_S + seconds) * 1_000)}000000`
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
const resourceSpans = (service: string, spans: readonly object[]) => ({
  resource: { attributes: [text('service.name', service), text('host.name', 'h1')] },
  scopeSpans: [{ scope: { name: 'lib', version: '1' }, spans }],
})

const ROOT = {
  traceId: TRACE,
  spanId: hex(1, 16),
  name: 'GET /checkout',
  kind: 2,
  startTimeUnixNano: `${BASE_S}000000123`,
  endTimeUnixNano: ns(3),
  flags: 1,
  attributes: [
    text('http.route', '/checkout'),
    { key: 'int', value: { intValue: '-9007199254740993' } },
    { key: 'double', value: { doubleValue: 0.25 } },
    { key: 'bool', value: { boolValue: false } },
    { key: 'bytes', value: { bytesValue: 'AP8=' } },
  ],
}
const CALL = { traceId: TRACE, spanId: hex(2, 16), parentSpanId: hex(1, 16), name: 'POST', kind: 3 }
const ORDER = {
  traceId: TRACE,
  spanId: hex(3, 16),
  parentSpanId: hex(2, 16),
  name: 'POST /orders',
  kind: 2,
  startTimeUnixNano: ns(1),
  endTimeUnixNano: ns(2.5),
  traceState: 'a=b',
  events: [{ timeUnixNano: ns(2), name: 'exception', attributes: [text('exception.type', 'Declined')] }],
  links: [{ traceId: LARGE, spanId: hex(9, 16) }],
  status: { code: 2, message: 'declined' },
}

let server: TestServer
let target = ''
let v2: Questions
let v3: Questions

async function post(spans: readonly object[]): Promise<void> {
  const body = JSON.stringify({ resourceSpans: spans })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${server.url}/v1/traces`, { method: 'POST', headers, body })
  expect([answer.status, await answer.text()]).toEqual([200, '{}'])
}

beforeAll(async () => {
  const [port] = (await freePorts(1)) as [number]
  server = await startServer({
    env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_JAEGER_GRPC_QUERY_PORT: String(port) },
  })
  target = `127.0.0.1:${port}`
  v2 = new Questions(target, 'jaeger.api_v2.QueryService', V2)
  v3 = new Questions(target, 'jaeger.api_v3.QueryService', V3)
  const call = { ...CALL, startTimeUnixNano: ns(1), endTimeUnixNano: ns(3) }
  await post([resourceSpans('web', [ROOT, call]), resourceSpans('shop', [ORDER])])
  const large = Array.from({ length: LARGE_SPANS }, (_, i) => ({
    ...{ traceId: LARGE, spanId: hex(i + 1, 16), name: 'large', startTimeUnixNano: ns(4), endTimeUnixNano: ns(5) },
    attributes: [text('payload', 'x'.repeat(LARGE_BYTES / LARGE_SPANS))],
  }))
  await post([resourceSpans('bulk', large)])
})
afterAll(async () => {
  v2.close()
  v3.close()
  await server.stop()
})

interface Tag {
  readonly key: string
  readonly vType?: string
}
interface Span {
  readonly traceId: Buffer
  readonly spanId: Buffer
  readonly operationName: string
  readonly tags: readonly Tag[]
  readonly process: { readonly serviceName: string; readonly tags: readonly Tag[] }
}
interface Chunk {
  readonly spans: readonly Span[]
}

const spansOf = (chunks: readonly Chunk[]) =>
  chunks.flatMap(({ spans }) => spans).toSorted((a, b) => a.spanId.compare(b.spanId))
const range = { startTimeMin: { seconds: BASE_S - 60 }, startTimeMax: { seconds: BASE_S + 60 } }

describe('the second version', () => {
  const findV2 = (query: object) =>
    v2.ask<Chunk>('FindTraces', 'jaeger.api_v2.FindTracesRequest', { query }, 'jaeger.api_v2.SpansResponseChunk')
  const getV2 = (id: string) =>
    v2.ask<Chunk>(
      'GetTrace',
      'jaeger.api_v2.GetTraceRequest',
      { traceId: Buffer.from(id, 'hex') },
      'jaeger.api_v2.SpansResponseChunk',
    )

  test('GetServices, GetOperations', async () => {
    const services = await v2.ask(
      'GetServices',
      'jaeger.api_v2.GetServicesRequest',
      {},
      'jaeger.api_v2.GetServicesResponse',
    )
    expect(services).toEqual([{ services: ['bulk', 'shop', 'web'] }])
    const operations = (request: object) =>
      v2.ask('GetOperations', 'jaeger.api_v2.GetOperationsRequest', request, 'jaeger.api_v2.GetOperationsResponse')
    expect(await operations({ service: 'web' })).toEqual([
      {
        operationNames: ['GET /checkout', 'POST'],
        operations: [
          { name: 'GET /checkout', spanKind: 'server' },
          { name: 'POST', spanKind: 'client' },
        ],
      },
    ])
    expect(await operations({ service: 'web', spanKind: 'client' })).toMatchObject([{ operationNames: ['POST'] }])
    await expect(operations({})).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: 'want a service' })
  })

  test('GetTrace: every field of every span', async () => {
    const [root, call, order] = spansOf(await getV2(TRACE))
    const process = { serviceName: 'web', tags: [{ key: 'host.name', vStr: 'h1' }] }
    expect(root).toMatchObject({
      traceId: Buffer.from(TRACE, 'hex'),
      operationName: 'GET /checkout',
      references: [],
      flags: 1,
      startTime: { seconds: String(BASE_S), nanos: 123 },
      duration: { seconds: '2', nanos: 999_999_877 },
      tags: [
        { key: 'http.route', vStr: '/checkout' },
        { key: 'int', vType: 'INT64', vInt64: '-9007199254740993' },
        { key: 'double', vType: 'FLOAT64', vFloat64: 0.25 },
        { key: 'bool', vType: 'BOOL' },
        { key: 'bytes', vType: 'BINARY', vBinary: Buffer.of(0, 255) },
        { key: 'otel.scope.name', vStr: 'lib' },
        { key: 'otel.scope.version', vStr: '1' },
        { key: 'span.kind', vStr: 'server' },
      ],
      process,
    })
    expect(call).toMatchObject({
      references: [{ traceId: Buffer.from(TRACE, 'hex'), spanId: Buffer.from(hex(1, 16), 'hex') }],
      process,
    })
    expect(order).toMatchObject({
      references: [
        { spanId: Buffer.from(hex(2, 16), 'hex') },
        { traceId: Buffer.from(LARGE, 'hex'), spanId: Buffer.from(hex(9, 16), 'hex'), refType: 'FOLLOWS_FROM' },
      ],
      logs: [
        {
          timestamp: { seconds: String(BASE_S + 2) },
          fields: [
            { key: 'event', vStr: 'exception' },
            { key: 'exception.type', vStr: 'Declined' },
          ],
        },
      ],
      process: { serviceName: 'shop' },
    })
    expect(order?.tags.map(({ key }) => key)).toEqual([
      ...['otel.scope.name', 'otel.scope.version', 'span.kind', 'otel.status_code', 'error'],
      ...['otel.status_description', 'w3c.tracestate'],
    ])
  })

  test('GetTrace: a trace beyond the largest message comes in several', async () => {
    const chunks = await getV2(LARGE)
    expect(chunks.length).toBeGreaterThan(4)
    expect(new Set(spansOf(chunks).map(({ spanId }) => spanId.toString('hex'))).size).toBe(LARGE_SPANS)
  })

  test('GetTrace: unknown, no id', async () => {
    await expect(getV2(hex(77, 32))).rejects.toMatchObject({ code: status.NOT_FOUND })
    await expect(getV2('')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  })

  const searches: [string, object, number][] = [
    ['a service', { serviceName: 'shop' }, 3],
    ['an operation', { serviceName: 'web', operationName: 'GET /checkout' }, 3],
    ['tags', { serviceName: 'web', tags: { 'http.route': '/checkout', int: '-9007199254740993' } }, 3],
    ['an error', { serviceName: 'shop', tags: { error: 'true' } }, 3],
    ['other tags', { serviceName: 'web', tags: { 'http.route': '/cart' } }, 0],
    ['longer than', { serviceName: 'shop', durationMin: { seconds: 1, nanos: 500_000_000 } }, 3],
    ['longer than that', { serviceName: 'shop', durationMin: { seconds: 1, nanos: 500_000_001 } }, 0],
    ['shorter than', { serviceName: 'shop', durationMax: { seconds: 1 } }, 0],
    ['before', { serviceName: 'shop', startTimeMax: { seconds: BASE_S } }, 0],
    ['one trace at most', { searchDepth: 1 }, LARGE_SPANS],
  ]
  test.each(searches)('FindTraces: %s', async (_, query, count) => {
    expect(spansOf(await findV2({ ...range, ...query }))).toHaveLength(count)
  })

  test('GetDependencies', async () => {
    const request = { startTime: range.startTimeMin, endTime: range.startTimeMax }
    expect(
      await v2.ask(
        'GetDependencies',
        'jaeger.api_v2.GetDependenciesRequest',
        request,
        'jaeger.api_v2.GetDependenciesResponse',
      ),
    ).toEqual([{ dependencies: [{ parent: 'web', child: 'shop', callCount: '1' }] }])
  })

  test('what is not served says so', async () => {
    await expect(
      v2.ask('GetCapabilities', 'jaeger.api_v2.GetTraceRequest', {}, 'jaeger.api_v2.SpansResponseChunk'),
    ).rejects.toMatchObject({ code: status.UNIMPLEMENTED })
  })

  test('ArchiveTrace keeps a trace that is there', async () => {
    const archive = (id: string) =>
      v2.ask(
        'ArchiveTrace',
        'jaeger.api_v2.GetTraceRequest',
        { traceId: Buffer.from(id, 'hex') },
        'jaeger.api_v2.SpansResponseChunk',
      )
    expect(await archive(TRACE)).toHaveLength(1)
    await expect(archive('c'.repeat(32))).rejects.toMatchObject({ code: status.NOT_FOUND })
    const released = await fetch(`${server.url}/jaeger/api/archive/${TRACE}`, { method: 'DELETE' })
    expect(released.status).toBe(200)
  })
})

/** Members that are zero or empty need not be sent. */
function withoutZeros(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, one) => (one === 0 || one === '' ? undefined : one)))
}

describe('the third version', () => {
  interface Traces {
    readonly resourceSpans: { readonly scopeSpans: { readonly spans: readonly { readonly name: string }[] }[] }[]
  }
  const TRACES = 'vantage.test.records.TracesRequest'
  const namesOf = (answers: readonly Traces[]) =>
    answers
      .flatMap((one) => one.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)))
      .map(({ name }) => name)
      .toSorted()
  const findV3 = (query: object) =>
    v3.ask<Traces>('FindTraces', 'jaeger.api_v3.FindTracesRequest', { query }, TRACES, OTLP)
  const getV3 = (traceId: string) =>
    v3.ask<Traces>('GetTrace', 'jaeger.api_v3.GetTraceRequest', { traceId }, TRACES, OTLP)

  test('GetServices, GetOperations, GetDependencies', async () => {
    const services = await v3.ask(
      'GetServices',
      'jaeger.api_v3.GetServicesRequest',
      {},
      'jaeger.api_v3.GetServicesResponse',
    )
    expect(services).toEqual([{ services: ['bulk', 'shop', 'web'] }])
    const request = { service: 'web', spanKind: 'SERVER' }
    expect(
      await v3.ask(
        'GetOperations',
        'jaeger.api_v3.GetOperationsRequest',
        request,
        'jaeger.api_v3.GetOperationsResponse',
      ),
    ).toEqual([{ operations: [{ name: 'GET /checkout', spanKind: 'server' }] }])
    const times = { startTime: range.startTimeMin, endTime: range.startTimeMax }
    const [dependencies] = await v3.ask(
      'GetDependencies',
      'jaeger.api_v3.GetDependenciesRequest',
      times,
      'jaeger.api_v3.DependenciesResponse',
    )
    expect(dependencies).toEqual({ dependencies: [{ parent: 'web', child: 'shop', callCount: '1' }] })
    const seconds = new URLSearchParams({ start_time: String(BASE_S - 60), end_time: String(BASE_S + 60) })
    const overHttp = await fetch(`${server.url}/jaeger/api/v3/dependencies?${seconds}`)
    expect(await overHttp.json()).toEqual(dependencies)
  })

  test('GetTrace and FindTraces stream OTLP', async () => {
    const names = ['GET /checkout', 'POST', 'POST /orders']
    expect(namesOf(await getV3(TRACE))).toEqual(names)
    expect(namesOf(await findV3({ ...range, serviceName: 'shop', attributes: { error: 'true' } }))).toEqual(names)
    const large = await getV3(LARGE)
    expect(large.length).toBeGreaterThan(4)
    expect(namesOf(large)).toHaveLength(LARGE_SPANS)
  })

  test('FindTraceSummaries: over gRPC and over HTTP', async () => {
    const orphans = { traceId: hex(77, 32), name: 'late', startTimeUnixNano: ns(1), endTimeUnixNano: ns(2) }
    await post([
      resourceSpans('cut', [
        { ...orphans, spanId: hex(1, 16), parentSpanId: hex(99, 16), status: { code: 2 } },
        { ...orphans, spanId: hex(2, 16), parentSpanId: hex(1, 16), startTimeUnixNano: ns(0.5) },
      ]),
    ])
    const summariesOf = (serviceName: string) =>
      v3.ask<{ summaries: object[] }>(
        'FindTraceSummaries',
        'jaeger.api_v3.FindTraceSummariesRequest',
        { query: { ...range, serviceName } },
        'jaeger.api_v3.FindTraceSummariesResponse',
      )
    const shop = {
      traceId: TRACE,
      rootServiceName: 'web',
      rootOperationName: 'GET /checkout',
      minStartTimeUnixNano: ROOT.startTimeUnixNano,
      maxEndTimeUnixNano: ns(3),
      spanCount: 3,
      errorSpanCount: 1,
      orphanSpanCount: 0,
      services: [
        { name: 'shop', spanCount: 1, errorSpanCount: 1 },
        { name: 'web', spanCount: 2, errorSpanCount: 0 },
      ],
    }
    const cut = {
      traceId: hex(77, 32),
      rootServiceName: '',
      rootOperationName: '',
      minStartTimeUnixNano: ns(0.5),
      maxEndTimeUnixNano: ns(2),
      spanCount: 2,
      errorSpanCount: 1,
      orphanSpanCount: 1,
      services: [{ name: 'cut', spanCount: 2, errorSpanCount: 1 }],
    }
    for (const [service, want] of [
      ['shop', shop],
      ['cut', cut],
    ] as const) {
      expect(withoutZeros(await summariesOf(service))).toEqual(withoutZeros([{ summaries: [want] }]))
      const query = new URLSearchParams({
        'query.service_name': service,
        'query.start_time_min': new Date((BASE_S - 60) * 1_000).toISOString(),
        'query.start_time_max': new Date((BASE_S + 60) * 1_000).toISOString(),
      })
      const overHttp = await fetch(`${server.url}/jaeger/api/v3/trace-summaries?${query}`)
      expect(await overHttp.json()).toEqual({ result: { summaries: [want] } })
    }
    expect(await summariesOf('nobody')).toEqual([])
  })

  test('a structured filter is refused, not left out', async () => {
    await expect(findV3({ ...range, filter: Buffer.of(1) })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/structured filters are not served/),
    })
  })
})

test('the health service knows both, and nothing else', async () => {
  const root = publicProto('../test/support/health.proto')
  const health = new Questions(target, 'grpc.health.v1.Health', root)
  const check = (service: string) =>
    health.ask('Check', 'grpc.health.v1.HealthCheckRequest', { service }, 'grpc.health.v1.HealthCheckResponse')
  for (const service of ['', 'jaeger.api_v2.QueryService', 'jaeger.api_v3.QueryService']) {
    expect(await check(service)).toEqual([{ status: 1 }])
  }
  await expect(check('jaeger.api_v2.CollectorService')).rejects.toMatchObject({ code: status.NOT_FOUND })
  health.close()
})

test('with authentication on, a key is needed', async () => {
  const [port] = (await freePorts(1)) as [number]
  const key = 'k'.repeat(32)
  const guarded = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_JAEGER_GRPC_QUERY_PORT: String(port),
      VANTAGE_AUTH_ENABLED: 'true',
      API_KEY: key,
    },
  })
  const services = async (given: string) => {
    const questions = new Questions(`127.0.0.1:${port}`, 'jaeger.api_v2.QueryService', V2, given)
    const request = ['GetServices', 'jaeger.api_v2.GetServicesRequest'] as const
    return questions.ask(...request, {}, 'jaeger.api_v2.GetServicesResponse').finally(() => questions.close())
  }
  try {
    await expect(services('')).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
    await expect(services('x'.repeat(32))).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
    expect(await services(key)).toEqual([{ services: [] }])
  } finally {
    await guarded.stop()
  }
})

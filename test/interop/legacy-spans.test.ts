import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { grpcClient } from '../../bench/load/door-clients.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

/** Bodies that clients of Jaeger and Zipkin wrote, sent to their doors of the real server and read back. */

const POST_SPANS = '/jaeger.api_v2.CollectorService/PostSpans'
const JAEGER_TRACE = '0af7651916cd43dd8448eb211c80319c'
const ZIPKIN_TRACE = '5982fe77008310cc80f1da5e10147517'

function vector(name: string): Buffer<ArrayBuffer> {
  return Buffer.from(readFileSync(new URL(`../../packages/decode/src/${name}`, import.meta.url)))
}
const THRIFT = vector('jaeger/vectors/opentelemetry-jaeger-thrift-1.21.0.bin')
const PROTOBUF = vector('jaeger/vectors/opentelemetry-jaeger-proto-grpc-1.21.0.bin')
const ZIPKIN = vector('zipkin/vectors/py-zipkin-1.2.8.bin')

let server: TestServer
let jaeger: { readonly grpc: string; readonly http: string }
beforeAll(async () => {
  const [grpcPort, httpPort] = (await freePorts(2)) as [number, number]
  server = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_JAEGER_GRPC_PORT: String(grpcPort),
      VANTAGE_JAEGER_HTTP_PORT: String(httpPort),
    },
  })
  jaeger = { grpc: `127.0.0.1:${grpcPort}`, http: `http://127.0.0.1:${httpPort}` }
})
afterAll(async () => {
  await server.stop()
})

async function post(url: string, type: string, body: Uint8Array<ArrayBuffer>): Promise<[number, string]> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
  return [answer.status, await answer.text()]
}

interface JaegerSpan {
  readonly spanID: string
  readonly operationName: string
  readonly duration: number
  readonly flags: number
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[]
  readonly tags: readonly { readonly key: string; readonly value: unknown }[]
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly { readonly value: unknown }[] }[]
}

async function jaegerSpans(): Promise<JaegerSpan[]> {
  const answer = await fetch(`${server.url}/jaeger/api/traces/${JAEGER_TRACE}`)
  const { data } = (await answer.json()) as { data: { spans: JaegerSpan[] }[] }
  return (data[0]?.spans ?? []).toSorted((a, b) => (a.spanID < b.spanID ? -1 : 1))
}

function checkTrace([root, child]: readonly JaegerSpan[]): void {
  expect(root).toMatchObject({
    operationName: 'GET /cart',
    logs: [{ fields: [{ value: 'exception' }, { value: 'E' }] }],
  })
  // The gRPC exporter computes in doubles.
  expect([6_999, 7_000]).toContain(root?.duration)
  expect(child).toMatchObject({
    operationName: 'SELECT',
    flags: 1,
    references: [
      { refType: 'CHILD_OF', traceID: JAEGER_TRACE, spanID: root?.spanID },
      { refType: 'FOLLOWS_FROM', traceID: ZIPKIN_TRACE, spanID: '67fae42571535f60' },
    ],
    logs: [{ fields: [{ value: 'row locked' }, { value: -7 }] }],
  })
  const tags = Object.fromEntries((root?.tags ?? []).map(({ key, value }) => [key, value]))
  expect(tags).toMatchObject({
    'http.method': 'GET',
    'http.status_code': 500,
    ratio: 0.25,
    cached: false,
    'span.kind': 'server',
    error: true,
    'otel.status_description': 'späte Antwort',
    'otel.scope.name': 'shop-lib',
  })
}

test('Jaeger: Thrift over HTTP, then the same spans by gRPC, are one trace', async () => {
  expect(await post(`${jaeger.http}/api/traces?format=jaeger.thrift`, 'application/x-thrift', THRIFT)).toEqual([
    202,
    '',
  ])
  const byThrift = await jaegerSpans()
  expect(byThrift).toHaveLength(2)
  checkTrace(byThrift)
  for (const target of [jaeger.grpc, server.otlpGrpcTarget]) {
    const client = grpcClient(target, POST_SPANS)
    expect(await client.send(PROTOBUF)).toBe('taken')
    client.close()
  }
  checkTrace(await jaegerSpans())
})

test('Jaeger: what cannot be read is named, and nothing of it is stored', async () => {
  const [status, text] = await post(`${server.url}/api/traces`, 'application/x-thrift', THRIFT.subarray(0, 200))
  expect([status, text]).toEqual([400, expect.stringMatching(/^Jaeger: malformed Thrift batch at offset \d+\n$/)])
  const client = grpcClient(jaeger.grpc, POST_SPANS)
  await expect(client.send(PROTOBUF.subarray(0, 300))).rejects.toThrow(/answered 3: Jaeger:%20malformed/)
  client.close()
})

test("Zipkin's first version: annotations tell side, times and endpoints", async () => {
  const traceId = '00000000000000000000000000c0ffee'
  const web = { serviceName: 'web', ipv4: '10.0.0.1', port: 80 }
  const shop = { serviceName: 'shop', ipv4: '10.0.0.2' }
  const note = (value: string, timestamp: number, endpoint: object) => ({ value, timestamp, endpoint })
  const at = Date.now() * 1_000
  const body = [
    {
      ...{ traceId: 'c0ffee'.padStart(16, '0'), id: '00000000000000a1', name: 'get', parentId: null },
      annotations: [note('cs', at, web), note('retry', at + 5, web), note('cr', at + 100, web)],
      binaryAnnotations: [
        { key: 'sa', value: true, endpoint: shop },
        { key: 'http.path', value: '/cart', endpoint: web },
        { key: 'error', value: 'late', endpoint: web },
      ],
    },
    {
      ...{ traceId: 'c0ffee'.padStart(16, '0'), id: '00000000000000a1', name: 'get', timestamp: at + 10, duration: 50 },
      annotations: [note('sr', at + 11, shop), note('ss', at + 59, shop)],
      binaryAnnotations: [],
    },
    {
      ...{ traceId: 'c0ffee'.padStart(16, '0'), id: '00000000000000a2', parentId: '00000000000000a1', name: 'render' },
      ...{ timestamp: at + 20, duration: 5, binaryAnnotations: [{ key: 'lc', value: 'view', endpoint: shop }] },
    },
  ]
  expect(await post(`${server.url}/api/v1/spans`, 'application/json', Buffer.from(JSON.stringify(body)))).toEqual([
    202,
    '',
  ])
  const spans = (await (await fetch(`${server.url}/zipkin/api/v2/trace/${traceId}`)).json()) as { timestamp: number }[]
  expect(spans.toSorted((a, b) => a.timestamp - b.timestamp)).toMatchObject([
    {
      kind: 'CLIENT',
      timestamp: at,
      duration: 100,
      localEndpoint: web,
      remoteEndpoint: shop,
      annotations: [{ timestamp: at + 5, value: 'retry' }],
      tags: { 'http.path': '/cart', error: 'late' },
    },
    { kind: 'SERVER', timestamp: at + 10, duration: 50, localEndpoint: shop },
    { parentId: '00000000000000a1', name: 'render', localEndpoint: shop, tags: { lc: 'view' } },
  ])
})

test('Zipkin: protobuf is read back as it was sent', async () => {
  expect(await post(`${server.url}/api/v2/spans`, 'application/x-protobuf', ZIPKIN)).toEqual([202, ''])
  const spans = (await (await fetch(`${server.url}/zipkin/api/v2/trace/${ZIPKIN_TRACE}`)).json()) as unknown[]
  expect(spans).toMatchObject([
    {
      traceId: ZIPKIN_TRACE,
      id: '67fae42571535f60',
      parentId: '90394f6bcffb5d13',
      kind: 'SERVER',
      name: '/m/n/2.6.1',
      timestamp: 1_516_781_775_726_000,
      duration: 26_000,
      localEndpoint: { serviceName: 'apple' },
      remoteEndpoint: { serviceName: 'banana', ipv6: '2001:db8::1:0:0:1', port: 8080 },
      annotations: [{ timestamp: 1_516_781_775_726_001, value: 'a1' }],
      tags: { 'http.path': '/api', error: 'späte Antwort' },
    },
  ])
})

test("Jaeger's clients that send to an agent by UDP: the compact protocol of one, the binary one of another", async () => {
  const [compact, binary] = (await freePorts(2)) as [number, number]
  const ports = { VANTAGE_JAEGER_COMPACT_PORT: String(compact), VANTAGE_JAEGER_BINARY_PORT: String(binary) }
  const agent = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false', ...ports } })
  const socket = createSocket('udp4')
  const send = (datagram: Uint8Array, port: number) =>
    new Promise<void>((resolve) => socket.send(datagram, port, '127.0.0.1', () => resolve()))
  const spans = async (trace: string): Promise<JaegerSpan[]> => {
    const answer = await fetch(`${agent.url}/jaeger/api/traces/${trace}`)
    const { data } = (await answer.json()) as { data: { spans: JaegerSpan[] }[] | null }
    return (data?.[0]?.spans ?? []).toSorted((a, b) => (a.spanID < b.spanID ? -1 : 1))
  }
  await send(vector('jaeger/vectors/opentelemetry-jaeger-agent-1.21.0.bin'), compact)
  await send(vector('jaeger/vectors/jaeger-client-3.19.0.bin'), binary)
  await send(Buffer.from('noise'), compact)
  await expect.poll(async () => (await spans(JAEGER_TRACE)).length).toBe(2)
  checkTrace(await spans(JAEGER_TRACE))
  await expect.poll(async () => (await spans('1e7784d704e521c6')).length).toBe(2)
  const [root, child] = await spans('1e7784d704e521c6')
  expect(root).toMatchObject({ operationName: 'GET /basket', spanID: '1e7784d704e521c6' })
  const tags = Object.fromEntries((root?.tags ?? []).map(({ key, value }) => [key, value]))
  expect(tags).toMatchObject({ 'http.status_code': 500, ratio: 0.25, error: true, 'span.kind': 'server' })
  expect(child).toMatchObject({
    operationName: 'SELECT basket',
    references: [{ refType: 'CHILD_OF', spanID: '1e7784d704e521c6' }],
    logs: [{ fields: expect.arrayContaining([expect.objectContaining({ value: 'row locked' })]) }],
  })
  const figures = await (await fetch(`${agent.url}/metrics`)).text()
  expect(figures).toContain('vantage_quiet_dropped_total{receiver="jaeger-udp",reason="malformed"} 1')
  socket.close()
  expect(await agent.stop()).toBe(0)
})

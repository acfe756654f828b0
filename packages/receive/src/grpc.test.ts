import { Client, credentials, type Metadata, Metadata as NewMetadata, type ServiceError } from '@grpc/grpc-js'
import { err, fault, ok, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS } from '@vantage/model'
import { afterEach, describe, expect, test } from 'vitest'
import { startExportGrpc } from './grpc.ts'
import { decodeHealthRequest } from './grpc-health.ts'
import type { GrpcServer } from './grpc-server.ts'
import { figure, ONE_SAMPLE, type TestOptions, type TestReception, testReception } from './testing/reception.ts'

const EXPORT = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
const CHECK = '/grpc.health.v1.Health/Check'
const WATCH = '/grpc.health.v1.Health/Watch'
const KEY = 'k'.repeat(32)
const KEYS = [{ key: KEY, tenant: 'default', scopes: ['metrics:write' as const] }]
const same = (bytes: Buffer) => bytes

let doors: GrpcServer[] = []
let clients: Client[] = []
afterEach(async () => {
  for (const client of clients) client.close()
  await Promise.all(doors.map((door) => door.close(100)))
  clients = []
  doors = []
})

async function open(options: TestOptions = {}): Promise<TestReception & { client: Client; door: GrpcServer }> {
  const reception = testReception(options)
  const door = await startExportGrpc({ host: '127.0.0.1', port: 0, reception: reception.reception })
  const client = new Client(`127.0.0.1:${door.port}`, credentials.createInsecure())
  doors.push(door)
  clients.push(client)
  return Object.assign(reception, { client, door })
}

interface Answer {
  code: number
  details: string
  body: string
  metadata: Metadata
}

function call(client: Client, path: string, message: Uint8Array | string, headers: Record<string, string> = {}) {
  const metadata = new NewMetadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return new Promise<Answer>((resolve) => {
    const done = (error: ServiceError | null, body?: Buffer) => {
      if (error === null) resolve({ code: 0, details: '', body: body?.toString() ?? '', metadata: new NewMetadata() })
      else resolve({ code: error.code, details: error.details, body: '', metadata: error.metadata })
    }
    client.makeUnaryRequest(path, same, same, Buffer.from(message as string), metadata, done)
  })
}

const detailsBin = ({ metadata }: Answer) => metadata.get('grpc-status-details-bin')[0]?.toString()

describe('PostSpans', () => {
  const POST_SPANS = '/jaeger.api_v2.CollectorService/PostSpans'
  test('taken: an answer without members', async () => {
    const { client, submitted } = await open()
    expect(await call(client, POST_SPANS, 'spans')).toMatchObject({ code: 0, body: '' })
    expect(submitted[0]).toMatchObject({ receiver: 'jaeger-grpc', format: PAYLOAD_FORMATS.jaegerProtobuf })
  })
  test('some refused: INVALID_ARGUMENT, as the answer has no place for it', async () => {
    const opened = await open()
    opened.submit = async () =>
      ok({ ...ONE_SAMPLE, refused: [{ reason: 'invalid_id' as const, count: 2, message: 'bad ids' }] })
    expect(await call(opened.client, POST_SPANS, 'x')).toMatchObject({
      code: 3,
      details: 'some spans were refused, the others are stored: bad ids (2 refused)',
    })
    const labels = { signal: 'traces', receiver: 'jaeger-grpc', tenant: 'default' }
    expect(figure(opened.reception.registry, 'vantage_ingest_items_total', labels)).toBe(3)
  })
  test('the scope of traces is wanted', async () => {
    const { client } = await open({ keys: KEYS })
    expect((await call(client, POST_SPANS, 'x', { 'x-api-key': KEY })).code).toBe(7)
  })
})

describe('Export', () => {
  test('all good, and the empty request too', async () => {
    const { client, submitted, reception } = await open()
    expect(await call(client, EXPORT, 'points')).toMatchObject({ code: 0, body: '' })
    expect(await call(client, EXPORT, '')).toMatchObject({ code: 0, body: '' })
    expect(submitted.map(({ body, raw }) => [body.toString(), raw.toString()])).toEqual([
      ['points', 'points'],
      ['', ''],
    ])
    expect(submitted[0]).toMatchObject({
      tenant: 'default',
      receiver: 'otlp-grpc',
      format: PAYLOAD_FORMATS.otlpMetricsProtobuf,
      encoding: PAYLOAD_ENCODINGS.identity,
    })
    expect(submitted[0]?.connection).toBe(submitted[1]?.connection)
    expect(reception.inflight.usedBytes).toBe(0)
  })

  test('some refused', async () => {
    const opened = await open()
    const refused = [{ reason: 'too_old' as const, count: 2, message: 'old' }]
    opened.submit = async () => ok({ ...ONE_SAMPLE, refused })
    expect((await call(opened.client, EXPORT, 'x')).body).toBe('PARTIAL {"rejected":2,"message":"too_old: old"}')
    opened.submit = async () => ok({ ...ONE_SAMPLE, warnings: ['rounded'] })
    expect((await call(opened.client, EXPORT, 'x')).body).toBe('PARTIAL {"rejected":0,"message":"rounded"}')
  })

  test.each([
    ['bad_request', 3],
    ['too_large', 8],
    ['unavailable', 14],
    ['too_many', 8],
  ] as const)('%s answers %i with its status beside it', async (code, status) => {
    const opened = await open()
    opened.submit = async () => err(fault(code, 'want ü, got \ud800'))
    const answer = await call(opened.client, EXPORT, 'x')
    expect([answer.code, answer.details]).toEqual([status, 'want ü, got \ufffd'])
    expect(detailsBin(answer)).toBe(`STATUS ${status} want ü, got \ufffd`)
    const labels = { receiver: 'otlp-grpc', code }
    expect(figure(opened.reception.registry, 'vantage_ingest_requests_total', labels)).toBe(1)
  })

  test('a bug of ours answers INTERNAL and is logged', async () => {
    const opened = await open()
    opened.submit = () => Promise.reject(new Error('broken inside'))
    expect(await call(opened.client, EXPORT, 'x')).toMatchObject({ code: 13, details: 'internal error' })
    expect(opened.lines.join()).toContain('broken inside')
  })

  test.each([
    ['starting', 0],
    ['draining', 0],
    ['ready', 1],
  ] as const)('%s, pressure %i: UNAVAILABLE before a large message is read', async (phase, pressure) => {
    const opened = await open()
    Object.assign(opened, { phase, pressure })
    const answer = await call(opened.client, EXPORT, Buffer.alloc(2_000_000))
    expect(answer.code).toBe(14)
    expect(detailsBin(answer)).toMatch(/^STATUS 14 /)
    expect(opened.submitted).toEqual([])
    opened.phase = 'ready'
    opened.pressure = 0
    expect((await call(opened.client, EXPORT, 'x')).code).toBe(0)
    expect(opened.reception.inflight.usedBytes).toBe(0)
  })

  test.each<[string, Record<string, string>, number]>([
    ['none', {}, 16],
    ['unknown', { 'x-api-key': 'x' }, 16],
    ['key', { 'x-api-key': KEY }, 0],
    ['bearer', { authorization: `Bearer ${KEY}` }, 0],
    ['another tenant', { 'x-api-key': KEY, 'x-scope-orgid': 'other' }, 7],
    ['no tenant id', { 'x-api-key': KEY, 'x-scope-orgid': '../x' }, 3],
  ])('credential: %s', async (_name, headers, code) => {
    const { client, submitted } = await open({ keys: KEYS })
    expect((await call(client, EXPORT, 'x', headers)).code).toBe(code)
    expect(submitted.length).toBe(code === 0 ? 1 : 0)
  })

  test('without auth a foreign :authority is refused', async () => {
    const { door, submitted } = await open()
    const options = { 'grpc.default_authority': 'evil.example' }
    const client = new Client(`127.0.0.1:${door.port}`, credentials.createInsecure(), options)
    clients.push(client)
    expect((await call(client, EXPORT, 'x')).code).toBe(7)
    expect(submitted).toEqual([])
  })

  test.each([
    [1_000, 0],
    [1_001, 8],
  ])('a message of %i bytes under a cap of 1000 answers %i, without RetryInfo', async (size, code) => {
    const { client, reception } = await open({ limits: { grpcMaxMessageBytes: 1_000 } })
    const answer = await call(client, EXPORT, Buffer.alloc(size))
    const told = code === 0 ? undefined : 'STATUS 8 message: want at most 1000 bytes, got 1001'
    expect([answer.code, detailsBin(answer)]).toEqual([code, told])
    await expect.poll(() => reception.inflight.usedBytes).toBe(0)
  })

  test('a full account of in-flight bytes refuses the next message', async () => {
    const opened = await open({ limits: { maxInflightBytes: 100_000 } })
    const { promise, resolve } = Promise.withResolvers<void>()
    opened.submit = async () => {
      await promise
      return ok(ONE_SAMPLE)
    }
    const first = call(opened.client, EXPORT, Buffer.alloc(90_000))
    await expect.poll(() => opened.submitted.length).toBe(1)
    expect((await call(opened.client, EXPORT, 'x')).code).toBe(14)
    resolve()
    expect((await first).code).toBe(0)
    expect(opened.reception.inflight.usedBytes).toBe(0)
  })

  test('after many large messages a small one still finds room beside another', async () => {
    const opened = await open({ limits: { maxInflightBytes: 1_000_000 } })
    for (let i = 0; i < 100; i++) expect((await call(opened.client, EXPORT, Buffer.alloc(900_000))).code).toBe(0)
    const { promise, resolve } = Promise.withResolvers<void>()
    opened.submit = async () => {
      await promise
      return ok(ONE_SAMPLE)
    }
    const before = opened.submitted.length
    const calls = Array.from({ length: 8 }, () => call(opened.client, EXPORT, 'x'))
    await expect.poll(() => opened.submitted.length - before).toBe(8)
    // Eight times an eighth: the ninth is refused before it is read.
    expect((await call(opened.client, EXPORT, 'x')).code).toBe(14)
    resolve()
    for (const one of calls) expect((await one).code).toBe(0)
    expect(opened.reception.inflight.usedBytes).toBe(0)
  })

  test('a message in gzip is taken unpacked', async () => {
    const { door, submitted } = await open()
    const options = { 'grpc.default_compression_algorithm': 2 }
    const client = new Client(`127.0.0.1:${door.port}`, credentials.createInsecure(), options)
    clients.push(client)
    expect((await call(client, EXPORT, 'x'.repeat(10_000))).code).toBe(0)
    expect(submitted[0]?.body.length).toBe(10_000)
  })

  test.each([
    ['metrics.v1.MetricsService', PAYLOAD_FORMATS.otlpMetricsProtobuf],
    ['logs.v1.LogsService', PAYLOAD_FORMATS.otlpLogsProtobuf],
    ['trace.v1.TraceService', PAYLOAD_FORMATS.otlpTracesProtobuf],
  ])('%s takes its signal', async (service, format) => {
    const { client, submitted } = await open()
    expect((await call(client, `/opentelemetry.proto.collector.${service}/Export`, 'x')).code).toBe(0)
    expect(submitted[0]).toMatchObject({ format, receiver: 'otlp-grpc' })
  })

  test.each([
    '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export',
    '/opentelemetry.proto.collector.metrics.v1.MetricsService/Import',
    '/nothing/at/all',
  ])('%s is UNIMPLEMENTED', async (path) => {
    const { client } = await open()
    expect((await call(client, path, 'x')).code).toBe(12)
  })

  test('closing lets a running call finish', async () => {
    const opened = await open()
    const { promise, resolve } = Promise.withResolvers<void>()
    opened.submit = async () => {
      await promise
      return ok(ONE_SAMPLE)
    }
    const running = call(opened.client, EXPORT, 'x')
    await expect.poll(() => opened.submitted.length).toBe(1)
    const closed = opened.door.close(5_000)
    resolve()
    expect((await running).code).toBe(0)
    await closed
    doors = []
  })
})

describe('health', () => {
  const named = (service: string) => Buffer.concat([Buffer.of(0x0a, service.length), Buffer.from(service)])
  const METRICS = named('opentelemetry.proto.collector.metrics.v1.MetricsService')

  test.each<[string, Buffer, number, string]>([
    ['server', Buffer.alloc(0), 0, '0801'],
    ['service', METRICS, 0, '0801'],
    ['unknown', named('nothing'), 5, ''],
    ['bad bytes', Buffer.of(0x0a, 200), 3, ''],
  ])('Check %s', async (_name, message, code, want) => {
    const { client } = await open({ keys: KEYS })
    const answer = await call(client, CHECK, message)
    expect([answer.code, Buffer.from(answer.body).toString('hex')]).toEqual([code, want])
  })

  test('Check says NOT_SERVING while draining', async () => {
    const opened = await open()
    opened.phase = 'draining'
    expect(Buffer.from((await call(opened.client, CHECK, '')).body).toString('hex')).toBe('0802')
  })

  test('Watch tells the state now and at every change, and ends with the server', async () => {
    const opened = await open()
    const seen: string[] = []
    const streams = [Buffer.alloc(0), named('nothing')].map((message, i) => {
      const stream = opened.client.makeServerStreamRequest(WATCH, same, same, message)
      stream.on('data', (bytes: Buffer) => seen.push(`${i}:${bytes.toString('hex')}`))
      stream.on('error', () => {})
      return new Promise((resolve) => stream.once('end', resolve))
    })
    await expect.poll(() => [...seen].sort()).toEqual(['0:0801', '1:0803'])
    opened.phase = 'draining'
    await expect.poll(() => seen[2]).toBe('0:0802')
    await opened.door.close(1_000)
    await Promise.all(streams)
    doors = []
  })

  test.each([
    ['', ''],
    ['0a0161', 'a'],
    ['08010a016115000000001d00000000', 'a'],
    ['0a', undefined],
    ['0a0261', undefined],
    ['0b', undefined],
    ['15000000', undefined],
    ['ffffffffffffffffffffff', undefined],
  ])('request %s', (hex, want) => {
    expect(decodeHealthRequest(Buffer.from(hex, 'hex'))).toBe(want)
  })
})

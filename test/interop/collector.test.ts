import { Client, compressionAlgorithms, credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publicProto } from '../support/grpc-questions.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** A collector's exporter of OTLP: many resources in one request, packed with gzip, over gRPC; Jaeger's API reads them. */

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const REQUEST = publicProto('decode/proto/otlp-records.proto').lookupType('TracesRequest')
const TRACE_ID = 'c011ec7000000000000000000000beef'
const SERVICES = ['gateway', 'cart', 'payments'] as const
const START_MS = Date.now() - 60_000

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
})
afterAll(async () => {
  await server.stop()
})

/** One span of each service, each below the one before. */
function forwarded(): Buffer {
  const spanId = (place: number) => Buffer.from(place.toString(16).padStart(16, '0'), 'hex')
  const resourceSpans = SERVICES.map((service, i) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
    scopeSpans: [
      {
        spans: [
          {
            traceId: Buffer.from(TRACE_ID, 'hex'),
            spanId: spanId(i + 1),
            parentSpanId: i === 0 ? Buffer.alloc(0) : spanId(i),
            name: `work of ${service}`,
            startTimeUnixNano: `${START_MS + i}000000`,
            endTimeUnixNano: `${START_MS + 100 - i}000000`,
          },
        ],
      },
    ],
  }))
  return Buffer.from(REQUEST.encode(REQUEST.fromObject({ resourceSpans })).finish())
}

test('a collector forwards spans of several services in one packed request: Jaeger shows one trace', async () => {
  const packed = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip }
  const client = new Client(server.otlpGrpcTarget, credentials.createInsecure(), packed)
  const same = (bytes: Buffer): Buffer => bytes
  const answer = await new Promise<Buffer | undefined>((settle, fail) => {
    client.makeUnaryRequest(EXPORT, same, same, forwarded(), (error, found?: Buffer) =>
      error === null ? settle(found) : fail(error),
    )
  })
  client.close()
  // Nothing is said where everything was taken.
  expect(answer).toHaveLength(0)
  const found = await fetch(`${server.url}/jaeger/api/traces/${TRACE_ID}`)
  const { data } = (await found.json()) as {
    data: {
      spans: { operationName: string; processID: string; duration: number; references: { spanID: string }[] }[]
      processes: Record<string, { serviceName: string }>
    }[]
  }
  const [trace] = data
  const rows = trace?.spans.map(({ operationName, processID, duration, references }) => [
    trace.processes[processID]?.serviceName,
    operationName,
    duration,
    references[0]?.spanID,
  ])
  expect(rows?.toSorted((a, b) => Number(b[2]) - Number(a[2]))).toEqual([
    ['gateway', 'work of gateway', 100_000, undefined],
    ['cart', 'work of cart', 98_000, '0000000000000001'],
    ['payments', 'work of payments', 96_000, '0000000000000002'],
  ])
})

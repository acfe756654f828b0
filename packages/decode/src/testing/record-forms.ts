import { readFileSync } from 'node:fs'
import { type Clock, type Fault, LogBatch, SpanBatch } from '@vantage/model'
import { JaegerProtobufDecoder, JaegerThriftDecoder } from '../jaeger/index.ts'
import type { PushLimits } from '../limits.ts'
import { LokiPushDecoder, LokiPushJsonDecoder } from '../loki/index.ts'
import { LOGS_REQUEST, OtlpJsonDecoder, OtlpLogsDecoder, OtlpTracesDecoder, TRACES_REQUEST } from '../otlp/index.ts'
import { OtlpJsonTranscoder } from '../otlp/json.ts'
import { ZipkinJsonDecoder, ZipkinProtobufDecoder } from '../zipkin/index.ts'

/** A decoder of one form of logs or spans. */
export interface RecordDecoder {
  start(body: Uint8Array, length: number, batch: LogBatch & SpanBatch): void
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault
}

/** A form of logs or spans with one good body: what every test over all forms goes through. */
export interface RecordForm {
  readonly name: string
  readonly seed: Uint8Array
  readonly newBatch: () => LogBatch | SpanBatch
  readonly newDecoder: (limits?: PushLimits) => RecordDecoder
}

const CLOCK: Clock = { nowMs: () => 0, monotonicMs: () => 1 }
const bytes = (value: unknown) => new Uint8Array(Buffer.from(JSON.stringify(value)))
const vector = (path: string) => new Uint8Array(readFileSync(new URL(`../${path}`, import.meta.url)))
const IDS = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
const ATTRIBUTES = [
  { key: 'a', value: { stringValue: 'ä' } },
  { key: 'b', value: { arrayValue: { values: [{ intValue: '-7' }, { kvlistValue: { values: [] } }] } } },
]
const RESOURCE = { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] }
const SCOPE = { name: 'lib', version: '1', attributes: ATTRIBUTES }

const OTLP_LOGS = bytes({
  resourceLogs: [
    {
      resource: RESOURCE,
      scopeLogs: [
        {
          scope: SCOPE,
          schemaUrl: 's',
          logRecords: [
            { ...IDS, timeUnixNano: '1700000000000000000', severityNumber: 9, body: { stringValue: 'level=warn a' } },
            { eventName: 'e', body: { kvlistValue: { values: ATTRIBUTES } }, attributes: ATTRIBUTES, flags: 1 },
          ],
        },
      ],
    },
  ],
})
const OTLP_TRACES = bytes({
  resourceSpans: [
    {
      resource: RESOURCE,
      scopeSpans: [
        {
          scope: SCOPE,
          spans: [
            {
              ...IDS,
              name: 'GET /',
              kind: 2,
              startTimeUnixNano: '1700000000000000000',
              attributes: ATTRIBUTES,
              events: [{ name: 'e', attributes: ATTRIBUTES }],
              links: [{ ...IDS, attributes: ATTRIBUTES }],
              status: { code: 2, message: 'm' },
            },
          ],
        },
      ],
    },
  ],
})
const LOKI_JSON = bytes({
  streams: [
    {
      stream: { app: 'shop', pod: 'a"\\' },
      values: [
        ['1700000000000000000', 'level=error msg="x"', { ...IDS, trace_id: IDS.traceId, level: 'warn' }],
        ['1700000000000000001', '{"trace_id":"0af7651916cd43dd8448eb211c80319c"}'],
      ],
    },
  ],
})

const WEB = { serviceName: 'web', ipv4: '10.0.0.1', port: 80 }
const ZIPKIN_FIRST = bytes([
  {
    ...{ traceId: IDS.traceId, id: IDS.spanId, name: 'get' },
    annotations: [
      { value: 'cs', timestamp: 1_700_000_000_000_000, endpoint: WEB },
      { value: 'cr', timestamp: 1_700_000_000_000_009, endpoint: WEB },
    ],
    binaryAnnotations: [
      { key: 'sa', value: true, endpoint: WEB },
      { key: 'a', value: 7 },
    ],
  },
])

/** OTLP as protobuf, from the same as JSON. */
export function protobufOf(json: Uint8Array, schema: typeof LOGS_REQUEST): Uint8Array {
  const transcoder = new OtlpJsonTranscoder(schema)
  transcoder.start(json, json.length)
  if (transcoder.step(Number.POSITIVE_INFINITY, CLOCK) !== 'done') throw new Error('BUG: a seed is not OTLP')
  return transcoder.writer.finish()
}

/** The entry of `LOKI_JSON` as protobuf, written by hand. Source: grafana/loki pkg/push/push.proto. */
const field = (tag: number, content: Uint8Array | string) =>
  Buffer.concat([Buffer.of(tag, content.length), Buffer.from(content)])
const LOKI_ENTRY = Buffer.concat([
  field(0x0a, Buffer.from('0880e2cfaa061007', 'hex')),
  field(0x12, 'level=error msg="x"'),
  field(0x1a, Buffer.concat([field(0x0a, 'trace_id'), field(0x12, IDS.traceId)])),
])
const LOKI = new Uint8Array(field(0x0a, Buffer.concat([field(0x0a, '{app="shop"}'), field(0x12, LOKI_ENTRY)])))

const logs = { newBatch: () => new LogBatch() }
const spans = { newBatch: () => new SpanBatch() }

export const RECORD_FORMS: readonly RecordForm[] = [
  {
    name: 'OTLP logs',
    seed: protobufOf(OTLP_LOGS, LOGS_REQUEST),
    ...logs,
    newDecoder: (limits) => new OtlpLogsDecoder(limits),
  },
  {
    name: 'OTLP logs JSON',
    seed: OTLP_LOGS,
    ...logs,
    newDecoder: (limits) => new OtlpJsonDecoder(LOGS_REQUEST, new OtlpLogsDecoder(limits)),
  },
  {
    name: 'OTLP traces',
    seed: protobufOf(OTLP_TRACES, TRACES_REQUEST),
    ...spans,
    newDecoder: (limits) => new OtlpTracesDecoder(limits),
  },
  {
    name: 'OTLP traces JSON',
    seed: OTLP_TRACES,
    ...spans,
    newDecoder: (limits) => new OtlpJsonDecoder(TRACES_REQUEST, new OtlpTracesDecoder(limits)),
  },
  { name: 'Loki push', seed: LOKI, ...logs, newDecoder: (limits) => new LokiPushDecoder(limits) },
  {
    name: 'Loki push JSON',
    seed: LOKI_JSON,
    ...logs,
    newDecoder: (limits) => new LokiPushJsonDecoder(new LokiPushDecoder(limits)),
  },
  {
    name: 'Zipkin JSON',
    seed: vector('zipkin/vectors/py-zipkin-1.2.8.json'),
    ...spans,
    newDecoder: (limits) => new ZipkinJsonDecoder(limits),
  },
  {
    name: 'Zipkin JSON, first version',
    seed: ZIPKIN_FIRST,
    ...spans,
    newDecoder: (limits) => new ZipkinJsonDecoder(limits),
  },
  {
    name: 'Zipkin protobuf',
    seed: vector('zipkin/vectors/py-zipkin-1.2.8.bin'),
    ...spans,
    newDecoder: (limits) => new ZipkinProtobufDecoder(limits),
  },
  {
    name: 'Jaeger Thrift',
    seed: vector('jaeger/vectors/opentelemetry-jaeger-thrift-1.21.0.bin'),
    ...spans,
    newDecoder: (limits) => new JaegerThriftDecoder(limits),
  },
  {
    name: 'Jaeger protobuf',
    seed: vector('jaeger/vectors/opentelemetry-jaeger-proto-grpc-1.21.0.bin'),
    ...spans,
    newDecoder: (limits) => new JaegerProtobufDecoder(limits),
  },
]

/** A decoder and its batch stay together, as they do in the product. */
const batches = new WeakMap<RecordDecoder, LogBatch | SpanBatch>()

/** Runs a decoder to its end in slices as short as they can be. The batch is the decoder's, until its next run. */
export function runForm(
  { newBatch }: RecordForm,
  decoder: RecordDecoder,
  body: Uint8Array,
  replayed?: Uint8Array,
): LogBatch | SpanBatch | Fault {
  const batch = batches.get(decoder) ?? newBatch()
  batches.set(decoder, batch)
  batch.reset(replayed)
  decoder.start(body, body.length, batch as LogBatch & SpanBatch)
  for (let slice = 0; slice < SLICES_MAX; slice++) {
    const outcome = decoder.step(0, CLOCK)
    if (outcome === 'more') continue
    return outcome === 'done' ? batch : outcome
  }
  throw new Error('decoder does not end')
}

/** A body of a few hundred bytes has no more pieces. */
const SLICES_MAX = 100_000

/** Everything that a batch says of its rows, comparable; reads every byte that a store would. */
export function rowsOfForm(batch: LogBatch | SpanBatch): unknown[] {
  const { columns } = batch
  const ranges =
    'times' in columns
      ? [columns.bodies, columns.severityTexts, columns.eventNames, columns.attributes]
      : [columns.names, columns.statusMessages, columns.traceStates, columns.attributes, columns.events, columns.links]
  return Array.from({ length: columns.count }, (_, row) => {
    const numbers =
      'times' in columns
        ? [columns.times[row], columns.severities[row], columns.bodyKinds[row]]
        : [columns.startTimes[row], columns.endTimes[row], columns.kinds[row], columns.statusCodes[row]]
    return {
      numbers: numbers.map(String),
      ids: Buffer.from(columns.traceIds.subarray(row * 16, row * 16 + 16)).toString('hex'),
      origin: batch.originOf(columns.origins[row] as number),
      bytes: ranges.map(({ bytes: all, from, to }) => {
        const [start, end] = [from[row] as number, to[row] as number]
        if (start > end || end > all.length) throw new Error(`row ${row} reaches outside: [${start}, ${end})`)
        return Buffer.from(all.subarray(start, end)).toString('hex')
      }),
    }
  })
}

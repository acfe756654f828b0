import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { ProtobufWriter, snappyCompress } from '../../packages/bytes/src/index.ts'
import { LOGS_REQUEST, TRACES_REQUEST } from '../../packages/decode/src/otlp/index.ts'
import { protobufOf } from '../../packages/decode/src/testing/record-forms.ts'
import {
  jaegerProtobufBody,
  jaegerThriftBody,
  type SpanBody,
  zipkinJsonBody,
  zipkinProtobufBody,
} from '../../packages/decode/src/testing/span-bodies.ts'

type Pairs = readonly (readonly [string, string])[]

/** A log row or a span in what all doors share. */
export interface SentRow {
  readonly service: string
  /** The line, or the span's name. */
  readonly text: string
  readonly timeMs: number
  readonly attributes?: Pairs
  /** Of OpenTelemetry: an attribute of so many arrays, one inside the other. */
  readonly nested?: number
  /** Labels of its stream beside the service, where the door has such. */
  readonly labels?: Pairs
  /** 32 hex digits; another one for each span unless told. */
  readonly traceId?: string
}

/** One way in. */
export interface RecordDoor {
  readonly name: string
  readonly signal: 'logs' | 'traces'
  /** A path, or a gRPC method. */
  readonly path: (row: SentRow) => string
  /** Absent: gRPC. */
  readonly contentType?: string
  readonly body: (row: SentRow) => Buffer
}

const ns = ({ timeMs }: SentRow) => `${timeMs}000000`
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const texts = (pairs: Pairs = []) => pairs.map(([key, value]) => ({ key, value: { stringValue: value } }))
function otlpAttributes({ attributes, nested = 0 }: SentRow): unknown[] {
  let value: object = { intValue: '1' }
  for (let depth = 0; depth < nested; depth++) value = { arrayValue: { values: [value] } }
  return [...texts(attributes), ...(nested === 0 ? [] : [{ key: 'nested', value }])]
}

let ids = 0
const newId = (digits: number) => (++ids).toString(16).padStart(digits, '0')

function otlpLogs(row: SentRow): Buffer {
  const logRecords = [{ timeUnixNano: ns(row), body: { stringValue: row.text }, attributes: otlpAttributes(row) }]
  const resource = { attributes: texts([['service.name', row.service]]) }
  return json({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
}

function otlpTraces(row: SentRow): Buffer {
  const times = { startTimeUnixNano: ns(row), endTimeUnixNano: ns(row) }
  const span = { traceId: row.traceId ?? newId(32), spanId: newId(16), name: row.text, ...times }
  const resource = { attributes: texts([['service.name', row.service]]) }
  const spans = [{ ...span, attributes: otlpAttributes(row) }]
  return json({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
}

const protobuf = (body: Buffer, schema: typeof LOGS_REQUEST) => Buffer.from(protobufOf(new Uint8Array(body), schema))

function lokiJson(row: SentRow): Buffer {
  const stream = Object.fromEntries([['service_name', row.service], ...(row.labels ?? [])])
  return json({ streams: [{ stream, values: [[ns(row), row.text, Object.fromEntries(row.attributes ?? [])]] }] })
}

/** Source: grafana/loki pkg/push/push.proto. */
function lokiProtobuf(row: SentRow): Buffer {
  const out = new ProtobufWriter()
  const stream = out.open(0x0a)
  const labels = [['service_name', row.service] as const, ...(row.labels ?? [])]
  out.text(0x0a, `{${labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`)
  const entry = out.open(0x12)
  const time = out.open(0x0a)
  out.varint(0x08, Math.floor(row.timeMs / 1_000))
  out.close(time)
  out.text(0x12, row.text)
  for (const [name, value] of row.attributes ?? []) {
    const pair = out.open(0x1a)
    out.text(0x0a, name)
    out.text(0x12, value)
    out.close(pair)
  }
  out.close(entry)
  out.close(stream)
  return Buffer.from(out.finish())
}

const jsonRow = (row: SentRow) => ({ _msg: row.text, _time: ns(row), ...Object.fromEntries(row.attributes ?? []) })

function jsonLine(row: SentRow): Buffer {
  const stream = Object.fromEntries([['service_name', row.service], ...(row.labels ?? [])])
  return Buffer.from(`${JSON.stringify({ ...jsonRow(row), ...stream })}\n`)
}

function event(row: SentRow): Buffer {
  const attributes = Object.fromEntries(row.attributes ?? [])
  return json({ kind: 'deploy', service: row.service, title: row.text, time: ns(row), attributes })
}

const spans = (bodyOf: SpanBody) => (row: SentRow) => {
  const { service, text: name, attributes: tags = [], timeMs } = row
  const span = {
    traceId: row.traceId ?? newId(32),
    spanId: newId(16),
    name,
    startUs: timeMs * 1_000,
    durationUs: 1,
    tags,
  }
  return Buffer.from(bodyOf(service, [span]))
}

/** Source: openzipkin/zipkin-api zipkin-api.yaml. */
function zipkinFirst({ service, text: name, attributes = [], timeMs, traceId = newId(32) }: SentRow): Buffer {
  const endpoint = { serviceName: service }
  const timestamp = timeMs * 1_000
  const binaryAnnotations = attributes.map(([key, value]) => ({ key, value, endpoint }))
  const annotations = [{ value: 'sr', timestamp, endpoint }]
  return json([{ traceId, id: newId(16), name, timestamp, duration: 1, annotations, binaryAnnotations }])
}

const at = (path: string) => () => path
const COLLECTOR = '/opentelemetry.proto.collector'
const [JSON_TYPE, PROTOBUF] = ['application/json', 'application/x-protobuf']

/** Every way in that logs and traces have; those of one name share a decoder. */
export const RECORD_DOORS: readonly RecordDoor[] = [
  { name: 'OTLP logs JSON', signal: 'logs', path: at('/v1/logs'), contentType: JSON_TYPE, body: otlpLogs },
  {
    ...{ name: 'OTLP logs protobuf', signal: 'logs', path: at('/v1/logs'), contentType: PROTOBUF },
    body: (row) => protobuf(otlpLogs(row), LOGS_REQUEST),
  },
  {
    ...{ name: 'OTLP logs gRPC', signal: 'logs', path: at(`${COLLECTOR}.logs.v1.LogsService/Export`) },
    body: (row) => protobuf(otlpLogs(row), LOGS_REQUEST),
  },
  { name: 'Loki JSON', signal: 'logs', path: at('/loki/api/v1/push'), contentType: JSON_TYPE, body: lokiJson },
  { name: 'Loki protobuf', signal: 'logs', path: at('/loki/api/v1/push'), contentType: PROTOBUF, body: lokiProtobuf },
  {
    ...{ name: 'JSON lines', signal: 'logs', contentType: JSON_TYPE, body: jsonLine },
    path: ({ labels = [] }) => {
      const fields = ['service_name', ...labels.map(([name]) => name)]
      return `/insert/jsonline?${new URLSearchParams({ _stream_fields: fields.join() })}`
    },
  },
  {
    ...{ name: 'JSON array', signal: 'logs', contentType: JSON_TYPE, body: (row) => json([jsonRow(row)]) },
    path: ({ service }) => `/default/${service}/_json`,
  },
  { name: 'events', signal: 'logs', path: at('/api/vantage/v1/events'), contentType: JSON_TYPE, body: event },
  { name: 'OTLP traces JSON', signal: 'traces', path: at('/v1/traces'), contentType: JSON_TYPE, body: otlpTraces },
  {
    ...{ name: 'OTLP traces protobuf', signal: 'traces', path: at('/v1/traces'), contentType: PROTOBUF },
    body: (row) => protobuf(otlpTraces(row), TRACES_REQUEST),
  },
  {
    ...{ name: 'OTLP traces gRPC', signal: 'traces', path: at(`${COLLECTOR}.trace.v1.TraceService/Export`) },
    body: (row) => protobuf(otlpTraces(row), TRACES_REQUEST),
  },
  {
    ...{ name: 'Zipkin JSON', signal: 'traces', path: at('/api/v2/spans'), contentType: JSON_TYPE },
    body: spans(zipkinJsonBody),
  },
  {
    ...{ name: 'Zipkin protobuf', signal: 'traces', path: at('/api/v2/spans'), contentType: PROTOBUF },
    body: spans(zipkinProtobufBody),
  },
  {
    ...{ name: 'Zipkin first version', signal: 'traces', path: at('/api/v1/spans'), contentType: JSON_TYPE },
    body: zipkinFirst,
  },
  {
    ...{ name: 'Jaeger Thrift', signal: 'traces', path: at('/api/traces'), contentType: 'application/x-thrift' },
    body: spans(jaegerThriftBody),
  },
  {
    ...{ name: 'Jaeger gRPC', signal: 'traces', path: at('/jaeger.api_v2.CollectorService/PostSpans') },
    body: spans(jaegerProtobufBody),
  },
]

/** What became of a request: `some`: rows of it were refused; else the status, of HTTP or of gRPC. */
export type Outcome = 'taken' | 'some' | number

export interface Told {
  readonly outcome: Outcome
  readonly text: string
}

const HEAD_BYTES = 5

/** Sends to all doors of one server. */
export class DoorSender {
  readonly #url: string
  readonly #session: ClientHttp2Session

  constructor(url: string, grpcTarget: string) {
    this.#url = url
    this.#session = connect(`http://${grpcTarget}`)
    this.#session.on('error', () => {})
  }

  close(): void {
    this.#session.close()
  }

  /** @param encoding of the body, which is packed already; snappy is the door's own */
  send(door: RecordDoor, row: SentRow, body = this.wire(door, row), encoding = ''): Promise<Told> {
    return door.contentType === undefined
      ? this.#call(door.path(row), body, encoding)
      : this.#post(door, row, body, encoding)
  }

  /** A row as it goes over the wire. */
  wire(door: RecordDoor, row: SentRow): Buffer {
    const body = door.body(row)
    return door.name === 'Loki protobuf' ? Buffer.from(snappyCompress(body)) : body
  }

  async #post({ contentType = '', path }: RecordDoor, row: SentRow, body: Buffer, encoding: string): Promise<Told> {
    const headers = { 'content-type': contentType, ...(encoding === '' ? {} : { 'content-encoding': encoding }) }
    const answer = await fetch(`${this.#url}${path(row)}`, { method: 'POST', headers, body: new Uint8Array(body) })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const text = bytes.toString()
    if (!answer.ok) return { outcome: text.includes('others are stored') ? 'some' : answer.status, text }
    const isSome = contentType === PROTOBUF ? hasRejected(bytes) : /"rejected\w+":"?[1-9]|"failed":[1-9]/.test(text)
    return { outcome: isSome ? 'some' : 'taken', text }
  }

  async #call(path: string, body: Buffer, encoding: string): Promise<Told> {
    const head = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }
    const call = this.#session.request(encoding === '' ? head : { ...head, 'grpc-encoding': encoding })
    let status = ''
    let text = ''
    const note = (headers: Record<string, unknown>) => {
      status = String(headers['grpc-status'] ?? status)
      text = decodeURIComponent(String(headers['grpc-message'] ?? text))
    }
    const chunks: Buffer[] = []
    call
      .on('response', note)
      .on('trailers', note)
      .on('data', (chunk: Buffer) => chunks.push(chunk))
    const framed = Buffer.alloc(HEAD_BYTES + body.length)
    framed[0] = encoding === '' ? 0 : 1
    framed.writeUInt32BE(body.length, 1)
    body.copy(framed, HEAD_BYTES)
    call.end(framed)
    await once(call, 'close')
    const bytes = Buffer.concat(chunks).subarray(HEAD_BYTES)
    if (status !== '0') return { outcome: text.includes('others are stored') ? 'some' : Number(status), text }
    return { outcome: hasRejected(bytes) ? 'some' : 'taken', text: `${text}${bytes}` }
  }
}

/** `Export…ServiceResponse`: field 1 of its partial success is how many were rejected. */
function hasRejected(bytes: Buffer): boolean {
  // The length before it takes one byte, or two.
  return bytes[0] === 0x0a && bytes[(bytes[1] as number) < 0x80 ? 2 : 3] === 0x08
}

import { ProtobufWriter } from '@vantage/bytes'

/** A span in what Zipkin's and Jaeger's forms share. */
export interface SentSpan {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  readonly name: string
  readonly startUs: number
  readonly durationUs: number
  readonly tags: readonly (readonly [string, string])[]
}

/** Bodies of spans of one service, for tests that need many or large ones; what clients of others wrote lies in `vectors`. */
export type SpanBody = (service: string, spans: readonly SentSpan[]) => Uint8Array<ArrayBuffer>

const US_PER_S = 1_000_000

/** Each span once: bodies of very many have the same span again and again. */
function encoded<Form>(spans: readonly SentSpan[], encode: (span: SentSpan) => Form): Form[] {
  let last: { readonly span: SentSpan; readonly form: Form } | undefined
  return spans.map((span) => {
    if (last?.span !== span) last = { span, form: encode(span) }
    return last.form
  })
}

/** Source: openzipkin/zipkin-api zipkin2-api.yaml. */
export const zipkinJsonBody: SpanBody = (service, spans) => {
  const localEndpoint = { serviceName: service }
  const texts = encoded(spans, ({ traceId, spanId, name, startUs, durationUs, tags }) => {
    const ids = { traceId, id: spanId, name, timestamp: startUs, duration: durationUs }
    return JSON.stringify({ ...ids, localEndpoint, tags: Object.fromEntries(tags) })
  })
  return new Uint8Array(Buffer.from(`[${texts.join()}]`))
}

function protobuf(write: (out: ProtobufWriter) => void): Uint8Array<ArrayBuffer> {
  const out = new ProtobufWriter()
  write(out)
  return new Uint8Array(out.finish())
}

/** Source: openzipkin/zipkin-api zipkin.proto. */
export const zipkinProtobufBody: SpanBody = (service, spans) =>
  new Uint8Array(Buffer.concat(encoded(spans, (span) => protobuf((out) => putZipkinSpan(out, service, span)))))

function putZipkinSpan(out: ProtobufWriter, service: string, sent: SentSpan): void {
  const { traceId, spanId, name, startUs, durationUs, tags } = sent
  const span = out.open(0x0a)
  out.bytes(0x0a, Buffer.from(traceId, 'hex'))
  out.bytes(0x1a, Buffer.from(spanId, 'hex'))
  out.text(0x2a, name)
  out.fixed64(0x31, startUs % 2 ** 32, Math.floor(startUs / 2 ** 32))
  out.varint(0x38, durationUs)
  const endpoint = out.open(0x42)
  out.text(0x0a, service)
  out.close(endpoint)
  for (const [key, value] of tags) {
    const tag = out.open(0x5a)
    out.text(0x0a, key)
    out.text(0x12, value)
    out.close(tag)
  }
  out.close(span)
}

/** `PostSpansRequest`. Source: jaegertracing/jaeger-idl proto/api_v2/{collector,model}.proto. */
export const jaegerProtobufBody: SpanBody = (service, spans) =>
  protobuf((out) => {
    const batch = out.open(0x0a)
    out.append(Buffer.concat(encoded(spans, (span) => protobuf((one) => putJaegerSpan(one, span)))))
    const process = out.open(0x12)
    out.text(0x0a, service)
    out.close(process)
    out.close(batch)
  })

function putJaegerSpan(out: ProtobufWriter, sent: SentSpan): void {
  const { traceId, spanId, name, startUs, durationUs, tags } = sent
  const span = out.open(0x0a)
  out.bytes(0x0a, Buffer.from(traceId, 'hex'))
  out.bytes(0x12, Buffer.from(spanId, 'hex'))
  out.text(0x1a, name)
  putSeconds(out, 0x32, startUs)
  putSeconds(out, 0x3a, durationUs)
  for (const [key, value] of tags) {
    const tag = out.open(0x42)
    out.text(0x0a, key)
    out.text(0x1a, value)
    out.close(tag)
  }
  out.close(span)
}

function putSeconds(out: ProtobufWriter, tag: number, us: number): void {
  const mark = out.open(tag)
  out.varint(0x08, Math.floor(us / US_PER_S))
  out.varint(0x10, (us % US_PER_S) * 1_000)
  out.close(mark)
}

const [I32, I64, TEXT, STRUCT, LIST] = [8, 10, 11, 12, 15]
const STOP = Buffer.of(0)
const ZERO = Buffer.alloc(4)

/** A batch in Thrift's binary protocol. Source: jaegertracing/jaeger-idl thrift/jaeger.thrift. */
export const jaegerThriftBody: SpanBody = (service, spans) =>
  new Uint8Array(
    Buffer.concat([
      ...[thriftField(STRUCT, 1), thriftText(1, service), STOP],
      ...[thriftField(LIST, 2), thriftListHead(spans.length)],
      ...encoded(spans, thriftSpan),
      STOP,
    ]),
  )

function thriftSpan({ traceId, spanId, name, startUs, durationUs, tags }: SentSpan): Buffer {
  const [high, low] = [traceId.slice(0, 16), traceId.slice(16)]
  return Buffer.concat([
    ...[thriftLong(1, `0x${low}`), thriftLong(2, `0x${high}`), thriftLong(3, `0x${spanId}`), thriftLong(4, 0)],
    ...[thriftText(5, name), thriftField(I32, 7), ZERO, thriftLong(8, startUs), thriftLong(9, durationUs)],
    ...[thriftField(LIST, 10), thriftListHead(tags.length)],
    ...tags.flatMap(([key, value]) => [...[thriftText(1, key), thriftField(I32, 2), ZERO, thriftText(3, value), STOP]]),
    STOP,
  ])
}

function thriftField(type: number, id: number): Buffer {
  return Buffer.of(type, 0, id)
}

function thriftText(id: number, text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([thriftField(TEXT, id), length, bytes])
}

function thriftLong(id: number, value: number | string): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return Buffer.concat([thriftField(I64, id), bytes])
}

/** Of structs. */
function thriftListHead(count: number): Buffer {
  const head = Buffer.alloc(5)
  head[0] = STRUCT
  head.writeInt32BE(count, 1)
  return head
}

import { ProtobufWriter } from '@vantage/bytes'
import { type AnyValue, type Attributes, hexBytes, type Origin, serviceOf, valueText } from '@vantage/model'
import type { SpanView } from '../traceql/evaluate/span-view.ts'
import { jaegerFields, jaegerTags } from './jaeger-tags.ts'
import type { ServiceEdge } from './service-graph.ts'

/**
 * Messages of Jaeger's query service.
 *
 *     SpansResponseChunk  1 spans* Span
 *     Span      1 trace_id bytes   2 span_id bytes   3 operation_name   4 references* SpanRef   5 flags
 *               6 start_time Timestamp   7 duration Duration   8 tags* KeyValue   9 logs* Log   10 process
 *     SpanRef   1 trace_id   2 span_id   3 ref_type
 *     Log       1 timestamp   2 fields* KeyValue
 *     Process   1 service_name   2 tags* KeyValue
 *     KeyValue  1 key   2 v_type   3 v_str   4 v_bool   5 v_int64   6 v_float64   7 v_binary
 *
 * Source: jaegertracing/jaeger-idl proto/api_v2/{model,query}.proto, proto/api_v3/query_service.proto.
 */
const FIRST = 0x0a
const SECOND = 0x12
const SPAN = { name: 0x1a, references: 0x22, flags: 0x28, start: 0x32, duration: 0x3a, tags: 0x42, logs: 0x4a } as const
const PROCESS = 0x52
const VALUE = { type: 0x10, text: 0x1a, bool: 0x20, int: 0x28, double: 0x31, bytes: 0x3a } as const
const TYPES = { bool: 1, int: 2, double: 3, bytes: 4 } as const
const FOLLOWS_FROM = 1
const FLAGS_MASK = 0xff
const NS_PER_S = 1_000_000_000n

/** A chunk of spans of one trace. @param processes written before, by who sent them */
export function encodeJaegerSpans(spans: readonly SpanView[], processes: Map<Origin, Uint8Array>): Uint8Array {
  const out = new ProtobufWriter()
  for (const span of spans) {
    const mark = out.open(FIRST)
    writeSpan(out, span)
    out.bytes(PROCESS, processOf(span.origin, processes))
    out.close(mark)
  }
  return out.finish()
}

function processOf(origin: Origin, known: Map<Origin, Uint8Array>): Uint8Array {
  const found = known.get(origin)
  if (found !== undefined) return found
  const out = new ProtobufWriter()
  out.text(FIRST, serviceOf(origin))
  writeTags(
    out,
    SECOND,
    origin.resource.filter(({ key }) => key !== 'service.name'),
  )
  const process = out.finish()
  known.set(origin, process)
  return process
}

function writeSpan(out: ProtobufWriter, span: SpanView): void {
  const { columns, row } = span
  out.bytes(FIRST, columns.traceIds, row * 16, row * 16 + 16)
  out.bytes(SECOND, columns.spanIds, row * 8, row * 8 + 8)
  out.text(SPAN.name, span.name)
  if (span.parentSpanId !== '') writeReference(out, span.traceId, span.parentSpanId, 0)
  for (const { traceId, spanId } of span.links) writeReference(out, traceId, spanId, FOLLOWS_FROM)
  const flags = (columns.flags[row] as number) & FLAGS_MASK
  if (flags > 0) out.varint(SPAN.flags, flags)
  writeTime(out, SPAN.start, span.startNs)
  writeTime(out, SPAN.duration, BigInt(Math.max(0, span.durationNs)))
  writeTags(out, SPAN.tags, jaegerTags(span))
  for (const event of span.events) {
    const log = out.open(SPAN.logs)
    writeTime(out, FIRST, event.timeUnixNs)
    writeTags(out, SECOND, jaegerFields(event))
    out.close(log)
  }
}

function writeReference(out: ProtobufWriter, traceId: string, spanId: string, type: number): void {
  const mark = out.open(SPAN.references)
  out.bytes(FIRST, hexBytes(traceId, 16) as Uint8Array)
  out.bytes(SECOND, hexBytes(spanId, 8) as Uint8Array)
  if (type > 0) out.varint(0x18, type)
  out.close(mark)
}

/** `google.protobuf.Timestamp` and `Duration` are written alike. */
function writeTime(out: ProtobufWriter, tag: number, ns: bigint): void {
  const mark = out.open(tag)
  const nanos = Number(ns % NS_PER_S)
  if (ns >= NS_PER_S) out.varint(0x08, Number(ns / NS_PER_S))
  if (nanos > 0) out.varint(0x10, nanos)
  out.close(mark)
}

function writeTags(out: ProtobufWriter, tag: number, tags: Attributes): void {
  for (const { key, value } of tags) {
    const mark = out.open(tag)
    out.text(FIRST, key)
    writeValue(out, value)
    out.close(mark)
  }
}

function writeValue(out: ProtobufWriter, value: AnyValue): void {
  switch (value.kind) {
    case 'bool':
      out.varint(VALUE.type, TYPES.bool)
      if (value.value) out.varint(VALUE.bool, 1)
      break
    case 'int': {
      out.varint(VALUE.type, TYPES.int)
      const bits = BigInt.asUintN(64, value.value)
      out.varint64(VALUE.int, Number(bits & 0xffffffffn), Number(bits >> 32n))
      break
    }
    case 'double':
      out.varint(VALUE.type, TYPES.double)
      out.double(VALUE.double, value.value)
      break
    case 'bytes':
      out.varint(VALUE.type, TYPES.bytes)
      out.bytes(VALUE.bytes, value.value)
      break
    default:
      out.text(VALUE.text, valueText(value))
  }
}

/** `GetServicesResponse` of both versions. */
export function encodeJaegerServices(names: readonly string[]): Uint8Array {
  const out = new ProtobufWriter()
  for (const name of names) out.text(FIRST, name)
  return out.finish()
}

interface NamedOperation {
  readonly name: string
  readonly spanKind: string
}

/** `GetOperationsResponse`: the second version repeats the names in front. */
export function encodeJaegerOperations(operations: readonly NamedOperation[], version: 2 | 3): Uint8Array {
  const out = new ProtobufWriter()
  if (version === 2) for (const name of new Set(operations.map((one) => one.name))) out.text(FIRST, name)
  for (const { name, spanKind } of operations) {
    const mark = out.open(version === 2 ? SECOND : FIRST)
    out.text(FIRST, name)
    out.text(SECOND, spanKind)
    out.close(mark)
  }
  return out.finish()
}

/** The dependencies of both versions. */
export function encodeJaegerDependencies(edges: readonly ServiceEdge[]): Uint8Array {
  const out = new ProtobufWriter()
  for (const { client, server, calls } of edges) {
    const mark = out.open(FIRST)
    out.text(FIRST, client)
    out.text(SECOND, server)
    out.varint(0x18, calls)
    out.close(mark)
  }
  return out.finish()
}

import { ByteCursor, isUtf8Range, readVarint, readVarint64, utf8Text } from '@vantage/bytes'
import type { AnyValue, Attribute } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import type { JaegerParts, JaegerProcess, JaegerReference } from './span.ts'

/**
 *     Span      1 trace_id bytes   2 span_id bytes   3 operation_name   4 references* SpanRef   5 flags
 *               6 start_time Timestamp   7 duration Duration   8 tags* KeyValue   9 logs* Log   10 process
 *     SpanRef   1 trace_id   2 span_id   3 ref_type
 *     Log       1 timestamp   2 fields* KeyValue
 *     Process   1 service_name   2 tags* KeyValue
 *     KeyValue  1 key   2 v_type   3 v_str   4 v_bool   5 v_int64   6 v_float64   7 v_binary
 *     Timestamp, Duration  1 seconds   2 nanos
 *
 * Source: jaegertracing/jaeger-idl proto/api_v2/model.proto.
 */
const FIRST = 0x0a
const SECOND = 0x12
const SPAN = {
  name: 0x1a,
  references: 0x22,
  flags: 0x28,
  start: 0x32,
  duration: 0x3a,
  tags: 0x42,
  logs: 0x4a,
  process: 0x52,
} as const
const REF_TYPE = 0x18
const VALUE = { type: 0x10, text: 0x1a, bool: 0x20, int: 0x28, double: 0x31, bytes: 0x3a } as const
const SECONDS = 0x08
const NANOS = 0x10
const NS_PER_S = 1_000_000_000n

/** Values by `v_type`: absent members are the zero of their type. */
const ZEROS: readonly AnyValue[] = [
  { kind: 'string', value: '' },
  { kind: 'bool', value: false },
  { kind: 'int', value: 0n },
  { kind: 'double', value: 0 },
  { kind: 'bytes', value: new Uint8Array(0) },
]

/** What a span's fields gather into. */
interface Gathered extends JaegerParts {
  traceId: Uint8Array
  spanId: Uint8Array
  name: string
  references: JaegerReference[]
  flags: number
  startNs: bigint
  durationNs: bigint
  tags: Attribute[]
  logs: JaegerParts['logs'][number][]
}

/** Reads the messages of Jaeger's model. Owner: one decoder. */
export class JaegerMessageReader {
  readonly #outer = new FieldCursor()
  readonly #middle = new FieldCursor()
  readonly #inner = new FieldCursor()
  /** Of what was read last. */
  isBad = false
  isUtf8 = true

  /** Reads a span [from, to) and, where it has one, its own process. */
  span(bytes: Uint8Array, from: number, to: number): { parts: JaegerParts; process: JaegerProcess | undefined } {
    const parts = emptySpan()
    const outer = this.#outer
    let process: JaegerProcess | undefined
    outer.reset(bytes, from, to)
    this.isBad = false
    this.isUtf8 = true
    while (nextField(outer)) {
      if (outer.tag === SPAN.process) process = this.process(bytes, outer.from, outer.to)
      else this.#readField(parts, outer)
    }
    this.isBad ||= outer.isBad
    return { parts, process }
  }

  /** Reads a process [from, to). */
  process(bytes: Uint8Array, from: number, to: number): JaegerProcess {
    const { text: service, values } = this.#named(bytes, from, to)
    const key = `p${Buffer.from(bytes.subarray(from, to)).toString('latin1')}`
    return { key, service, tags: values, isUtf8: this.isUtf8 }
  }

  #readField(span: Gathered, field: FieldCursor): void {
    const { bytes, tag, from, to } = field
    if (tag === FIRST) span.traceId = bytes.slice(from, to)
    else if (tag === SECOND) span.spanId = bytes.slice(from, to)
    else if (tag === SPAN.name) span.name = this.#text(field)
    else if (tag === SPAN.references) span.references.push(this.#reference(bytes, from, to))
    else if (tag === SPAN.flags) span.flags = fieldVarint(field)
    else if (tag === SPAN.start) span.startNs = this.#nanoseconds(bytes, from, to)
    else if (tag === SPAN.duration) span.durationNs = this.#nanoseconds(bytes, from, to)
    else if (tag === SPAN.tags) span.tags.push(this.#attribute(bytes, from, to))
    else if (tag === SPAN.logs) span.logs.push(this.#log(bytes, from, to))
  }

  #reference(bytes: Uint8Array, from: number, to: number): JaegerReference {
    const fields = this.#middle
    let traceId = new Uint8Array(16)
    let spanId = new Uint8Array(8)
    let isChild = true
    fields.reset(bytes, from, to)
    while (nextField(fields)) {
      if (fields.tag === FIRST) traceId = bytes.slice(fields.from, fields.to)
      else if (fields.tag === SECOND) spanId = bytes.slice(fields.from, fields.to)
      else if (fields.tag === REF_TYPE) isChild = fieldVarint(fields) === 0
    }
    this.isBad ||= fields.isBad
    return { isChild, traceId, spanId }
  }

  #log(bytes: Uint8Array, from: number, to: number): JaegerParts['logs'][number] {
    const { timeNs, values } = this.#named(bytes, from, to, true)
    return { timeNs, fields: values }
  }

  /** A message of a first member (text, or a time) and repeated key-values. */
  #named(
    bytes: Uint8Array,
    from: number,
    to: number,
    isTimed = false,
  ): { text: string; timeNs: bigint; values: Attribute[] } {
    const fields = this.#middle
    const out = { text: '', timeNs: 0n, values: [] as Attribute[] }
    fields.reset(bytes, from, to)
    while (nextField(fields)) {
      if (fields.tag === FIRST && isTimed) out.timeNs = this.#nanoseconds(bytes, fields.from, fields.to)
      else if (fields.tag === FIRST) out.text = this.#text(fields)
      else if (fields.tag === SECOND) out.values.push(this.#attribute(bytes, fields.from, fields.to))
    }
    this.isBad ||= fields.isBad
    return out
  }

  #attribute(bytes: Uint8Array, from: number, to: number): Attribute {
    const fields = this.#inner
    let key = ''
    let type = 0
    const members: (AnyValue | undefined)[] = []
    fields.reset(bytes, from, to)
    while (nextField(fields)) {
      if (fields.tag === FIRST) key = this.#text(fields)
      else if (fields.tag === VALUE.type) type = fieldVarint(fields)
      else if (fields.tag === VALUE.text) members[0] = { kind: 'string', value: this.#text(fields) }
      else if (fields.tag === VALUE.bool) members[1] = { kind: 'bool', value: fieldVarint(fields) !== 0 }
      else if (fields.tag === VALUE.int) members[2] = { kind: 'int', value: int64(bytes, fields.from, fields.to) }
      else if (fields.tag === VALUE.double) members[3] = { kind: 'double', value: double(bytes, fields.from) }
      else if (fields.tag === VALUE.bytes) members[4] = { kind: 'bytes', value: bytes.slice(fields.from, fields.to) }
    }
    this.isBad ||= fields.isBad
    return { key, value: members[type] ?? ZEROS[type] ?? { kind: 'empty' } }
  }

  #nanoseconds(bytes: Uint8Array, from: number, to: number): bigint {
    const cursor = new ByteCursor(bytes, from, to)
    let seconds = 0n
    let nanos = 0n
    while (cursor.at < to && !cursor.isBad) {
      const tag = readVarint(cursor)
      const at = cursor.at
      readVarint64(cursor)
      if (tag === SECONDS) seconds = int64(bytes, at, to)
      else if (tag === NANOS) nanos = int64(bytes, at, to)
      else cursor.isBad = true
    }
    this.isBad ||= cursor.isBad
    return seconds * NS_PER_S + nanos
  }

  #text({ bytes, from, to }: FieldCursor): string {
    this.isUtf8 &&= isUtf8Range(bytes, from, to)
    return utf8Text(bytes, from, to)
  }
}

function emptySpan(): Gathered {
  return {
    traceId: new Uint8Array(0),
    spanId: new Uint8Array(0),
    parentSpanId: new Uint8Array(8),
    name: '',
    references: [],
    flags: 0,
    startNs: 0n,
    durationNs: 0n,
    tags: [],
    logs: [],
  }
}

function int64(bytes: Uint8Array, from: number, to: number): bigint {
  const cursor = new ByteCursor(bytes, from, to)
  readVarint64(cursor)
  return BigInt.asIntN(64, (BigInt(cursor.high) << 32n) | BigInt(cursor.low))
}

function double(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0, true)
}

import { ByteCursor, isUtf8Range, readVarint64, utf8Text } from '@vantage/bytes'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { ipText } from './ip-text.ts'
import { fullId, type ZipkinEndpoint, type ZipkinParts } from './span.ts'

/**
 *     Span        1 trace_id bytes   2 parent_id bytes   3 id bytes   4 kind   5 name   6 timestamp fixed64, µs
 *                 7 duration uint64, µs   8 local_endpoint   9 remote_endpoint   10 annotations*
 *                 11 tags map<string, string>*   12 debug   13 shared
 *     Endpoint    1 service_name   2 ipv4 bytes   3 ipv6 bytes   4 port
 *     Annotation  1 timestamp fixed64, µs   2 value
 *
 * Source: openzipkin/zipkin-api zipkin.proto.
 */
const TRACE_ID = 0x0a
const PARENT_ID = 0x12
const ID = 0x1a
const KIND = 0x20
const NAME = 0x2a
const TIMESTAMP = 0x31
const DURATION = 0x38
const LOCAL = 0x42
const REMOTE = 0x4a
const ANNOTATION = 0x52
const TAG = 0x5a
const DEBUG = 0x60
const SHARED = 0x68

const FIRST_TEXT = 0x0a
const SECOND_TEXT = 0x12
const IPV6 = 0x1a
const PORT = 0x20
const FIRST_FIXED64 = 0x09

/** Place in SPAN_KINDS of each of Zipkin's kinds: none, client, server, producer, consumer. */
const KINDS = [0, 3, 2, 4, 5]

const NO_ENDPOINT: ZipkinEndpoint = { service: '', ip: '', port: 0 }

/** What a span's fields gather into. */
type Gathered = {
  -readonly [Key in keyof ZipkinParts]: ZipkinParts[Key] extends readonly (infer One)[] ? One[] : ZipkinParts[Key]
}

/** Reads spans of Zipkin's protobuf form. Owner: one decoder. */
export class ProtobufSpanReader {
  readonly #fields = new FieldCursor()
  readonly #inner = new FieldCursor()
  #isUtf8 = true

  /** Reads one span [from, to). */
  read(bytes: Uint8Array, from: number, to: number): ZipkinParts | 'malformed' | 'invalid_utf8' {
    const span = emptySpan()
    const fields = this.#fields
    fields.reset(bytes, from, to)
    this.#isUtf8 = true
    this.#inner.isBad = false
    while (nextField(fields)) {
      if (!this.#readId(span, fields)) this.#readField(span, fields)
      if (this.#inner.isBad) return 'malformed'
    }
    if (fields.isBad) return 'malformed'
    return this.#isUtf8 ? span : 'invalid_utf8'
  }

  #readId(span: Gathered, { bytes, tag, from, to }: FieldCursor): boolean {
    if (tag === TRACE_ID) span.traceId = fullId(bytes.slice(from, to), 16)
    else if (tag === ID) span.spanId = fullId(bytes.slice(from, to), 8)
    else if (tag === PARENT_ID) span.parentSpanId = from === to ? new Uint8Array(8) : fullId(bytes.slice(from, to), 8)
    else return false
    return true
  }

  #readField(span: Gathered, field: FieldCursor): void {
    if (field.tag === NAME) span.name = this.#text(field)
    else if (field.tag === KIND) span.kind = KINDS[fieldVarint(field)] ?? 0
    else if (field.tag === TIMESTAMP) span.timestampUs = fixed64(field)
    else if (field.tag === DURATION) span.durationUs = varint64(field)
    else if (field.tag === LOCAL) span.local = this.#endpoint(field)
    else if (field.tag === REMOTE) span.remote = this.#endpoint(field)
    else if (field.tag === ANNOTATION) span.annotations.push(this.#annotation(field))
    else if (field.tag === TAG) span.tags.push(this.#tag(field))
    else if (field.tag === DEBUG) span.isDebug = fieldVarint(field) !== 0
    else if (field.tag === SHARED) span.isShared = fieldVarint(field) !== 0
  }

  #endpoint({ bytes, from, to }: FieldCursor): ZipkinEndpoint {
    const inner = this.#inner
    inner.reset(bytes, from, to)
    let { service, ip, port } = NO_ENDPOINT
    while (nextField(inner)) {
      if (inner.tag === FIRST_TEXT) service = this.#text(inner)
      else if (inner.tag === SECOND_TEXT) ip = ipText(bytes, inner.from, inner.to) || ip
      else if (inner.tag === IPV6) ip ||= ipText(bytes, inner.from, inner.to)
      else if (inner.tag === PORT) port = fieldVarint(inner)
    }
    return { service, ip, port: port <= 0xffff ? port : 0 }
  }

  #annotation({ bytes, from, to }: FieldCursor): ZipkinParts['annotations'][number] {
    const inner = this.#inner
    inner.reset(bytes, from, to)
    let timestampUs = 0n
    let value = ''
    while (nextField(inner)) {
      if (inner.tag === FIRST_FIXED64) timestampUs = fixed64(inner)
      else if (inner.tag === SECOND_TEXT) value = this.#text(inner)
    }
    return { timestampUs, value }
  }

  #tag({ bytes, from, to }: FieldCursor): [string, string] {
    const inner = this.#inner
    inner.reset(bytes, from, to)
    let key = ''
    let value = ''
    while (nextField(inner)) {
      if (inner.tag === FIRST_TEXT) key = this.#text(inner)
      else if (inner.tag === SECOND_TEXT) value = this.#text(inner)
    }
    return [key, value]
  }

  #text({ bytes, from, to }: FieldCursor): string {
    this.#isUtf8 &&= isUtf8Range(bytes, from, to)
    return utf8Text(bytes, from, to)
  }
}

function emptySpan(): Gathered {
  return {
    traceId: undefined,
    spanId: undefined,
    parentSpanId: new Uint8Array(8),
    name: '',
    kind: 0,
    timestampUs: 0n,
    durationUs: 0n,
    local: NO_ENDPOINT,
    remote: NO_ENDPOINT,
    annotations: [],
    tags: [],
    isDebug: false,
    isShared: false,
  }
}

function fixed64({ bytes, from }: FieldCursor): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset + from, 8).getBigUint64(0, true)
}

function varint64({ bytes, from, to }: FieldCursor): bigint {
  const cursor = new ByteCursor(bytes, from, to)
  readVarint64(cursor)
  return (BigInt(cursor.high) << 32n) | BigInt(cursor.low)
}

import type { AnyValue, Attribute, Attributes } from './attributes.ts'
import { hexBytes, hexText } from './ids.ts'
import type { SpanEvent, SpanLink } from './span-parts.ts'

/**
 * Attributes in bytes, as decoders hand them on and stores keep them: one field for each, as the sender's protobuf had
 * it.
 *
 *     attributes = (tag: one byte, any, varint: length, KeyValue)*
 *     KeyValue   = 1 key string, 2 value AnyValue
 *     AnyValue   = 1 string, 2 bool, 3 int64, 4 double, 5 ArrayValue, 6 KeyValueList, 7 bytes
 *     ArrayValue, KeyValueList = 1 value*
 *
 * Source: opentelemetry-proto common/v1/common.proto. The tag is that of the message the attributes lay in (0x0a in a
 * resource, 0x32 in a log record, 0x4a in a span, …) and says nothing here. Writers of this file use 0x0a.
 * Who writes such bytes checks them (UTF-8, depth, lengths); who reads them may trust them, but never reads outside.
 */

const TAG = 0x0a

/** Deeper values are not written by any decoder. */
export const VALUE_DEPTH_MAX = 32

const text = new TextDecoder()
const encoder = new TextEncoder()

/** A place in bytes; `at` moves. */
class Reader {
  readonly bytes: Uint8Array
  at: number
  /** Upper half of the last varint. */
  high = 0

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }

  /** @returns the lower half of a varint of up to 64 bits */
  varint(): number {
    let low = 0
    this.high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0
      const part = byte & 0x7f
      if (shift < 28) low |= part << shift
      else if (shift === 28) {
        low |= part << 28
        this.high = part >>> 4
      } else this.high |= part << (shift - 32)
      if (byte < 0x80) break
    }
    return low >>> 0
  }

  /** The end of a field with a length, never behind `end`. */
  fieldEnd(end: number): number {
    const length = this.varint()
    return Math.min(end, this.at + length)
  }

  text(end: number): string {
    const from = this.at
    this.at = end
    // A copy, where the memory is shared between threads.
    const range = this.bytes.subarray(from, end)
    return text.decode(range.buffer instanceof ArrayBuffer ? range : range.slice())
  }

  hex(end: number): string {
    const from = this.at
    this.at = end
    return hexText(this.bytes, from, end)
  }

  skip(wireType: number, end: number): void {
    if (wireType === 0) this.varint()
    else if (wireType === 1) this.at += 8
    else if (wireType === 2) this.at = this.fieldEnd(end)
    else if (wireType === 5) this.at += 4
    else this.at = end
  }
}

/** Reads attribute bytes [from, to). */
export function decodeAttributes(bytes: Uint8Array, from: number, to: number): Attributes {
  if (from >= to) return []
  return readList(new Reader(bytes, from), to, 0)
}

/** Reads one AnyValue message [from, to). */
export function decodeValue(bytes: Uint8Array, from: number, to: number): AnyValue {
  return readValue(new Reader(bytes, from), to, 0)
}

function readList(reader: Reader, end: number, depth: number): Attribute[] {
  const list: Attribute[] = []
  while (reader.at < end) {
    const tag = reader.varint()
    if ((tag & 7) !== 2) {
      reader.skip(tag & 7, end)
      continue
    }
    list.push(readAttribute(reader, reader.fieldEnd(end), depth))
  }
  return list
}

function readAttribute(reader: Reader, end: number, depth: number): Attribute {
  let key = ''
  let value: AnyValue = { kind: 'empty' }
  while (reader.at < end) {
    const tag = reader.varint()
    if (tag === 0x0a) key = reader.text(reader.fieldEnd(end))
    else if (tag === 0x12) value = readValue(reader, reader.fieldEnd(end), depth + 1)
    else reader.skip(tag & 7, end)
  }
  reader.at = end
  return { key, value }
}

function readValue(reader: Reader, end: number, depth: number): AnyValue {
  let value: AnyValue = { kind: 'empty' }
  while (reader.at < end) {
    const tag = reader.varint()
    switch (tag) {
      case 0x0a:
        value = { kind: 'string', value: reader.text(reader.fieldEnd(end)) }
        break
      case 0x10:
        value = { kind: 'bool', value: reader.varint() !== 0 || reader.high !== 0 }
        break
      case 0x18: {
        const low = reader.varint()
        value = { kind: 'int', value: BigInt.asIntN(64, (BigInt(reader.high >>> 0) << 32n) | BigInt(low)) }
        break
      }
      case 0x21:
        value = { kind: 'double', value: readDouble(reader, end) }
        break
      case 0x2a:
      case 0x32:
        value = readNested(reader, tag, reader.fieldEnd(end), depth)
        break
      case 0x3a: {
        const to = reader.fieldEnd(end)
        value = { kind: 'bytes', value: reader.bytes.slice(reader.at, to) }
        reader.at = to
        break
      }
      default:
        reader.skip(tag & 7, end)
    }
  }
  reader.at = end
  return value
}

function readNested(reader: Reader, tag: number, end: number, depth: number): AnyValue {
  if (depth >= VALUE_DEPTH_MAX) {
    reader.at = end
    return { kind: 'empty' }
  }
  if (tag === 0x32) return { kind: 'map', entries: readList(reader, end, depth) }
  const values: AnyValue[] = []
  while (reader.at < end) {
    const inner = reader.varint()
    if (inner === 0x0a) values.push(readValue(reader, reader.fieldEnd(end), depth + 1))
    else reader.skip(inner & 7, end)
  }
  return { kind: 'array', values }
}

function readDouble(reader: Reader, end: number): number {
  const at = reader.at
  reader.at += 8
  if (at + 8 > end) return 0
  return new DataView(reader.bytes.buffer, reader.bytes.byteOffset + at, 8).getFloat64(0, true)
}

/** Reads events [from, to): (one byte tag, varint length, Span.Event message)*. */
export function decodeEvents(bytes: Uint8Array, from: number, to: number): SpanEvent[] {
  const events: SpanEvent[] = []
  const reader = new Reader(bytes, from)
  while (reader.at < to) {
    reader.varint()
    events.push(readEvent(reader, reader.fieldEnd(to)))
  }
  return events
}

function readEvent(reader: Reader, end: number): SpanEvent {
  let timeUnixNs = 0n
  let name = ''
  let droppedAttributes = 0
  const attributes: Attribute[] = []
  while (reader.at < end) {
    const tag = reader.varint()
    if (tag === 0x09) timeUnixNs = readFixed64(reader, end)
    else if (tag === 0x12) name = reader.text(reader.fieldEnd(end))
    else if (tag === 0x1a) attributes.push(readAttribute(reader, reader.fieldEnd(end), 0))
    else if (tag === 0x20) droppedAttributes = reader.varint()
    else reader.skip(tag & 7, end)
  }
  reader.at = end
  return { timeUnixNs, name, attributes, droppedAttributes }
}

/** Reads links [from, to): (one byte tag, varint length, Span.Link message)*. */
export function decodeLinks(bytes: Uint8Array, from: number, to: number): SpanLink[] {
  const links: SpanLink[] = []
  const reader = new Reader(bytes, from)
  while (reader.at < to) {
    reader.varint()
    links.push(readLink(reader, reader.fieldEnd(to)))
  }
  return links
}

function readLink(reader: Reader, end: number): SpanLink {
  let traceId = ''
  let spanId = ''
  let traceState = ''
  let droppedAttributes = 0
  let flags = 0
  const attributes: Attribute[] = []
  while (reader.at < end) {
    const tag = reader.varint()
    if (tag === 0x0a) traceId = reader.hex(reader.fieldEnd(end))
    else if (tag === 0x12) spanId = reader.hex(reader.fieldEnd(end))
    else if (tag === 0x1a) traceState = reader.text(reader.fieldEnd(end))
    else if (tag === 0x22) attributes.push(readAttribute(reader, reader.fieldEnd(end), 0))
    else if (tag === 0x28) droppedAttributes = reader.varint()
    else if (tag === 0x35) flags = readFixed32(reader, end)
    else reader.skip(tag & 7, end)
  }
  reader.at = end
  return { traceId, spanId, traceState, attributes, droppedAttributes, flags }
}

function readFixed32(reader: Reader, end: number): number {
  const at = reader.at
  reader.at += 4
  if (at + 4 > end) return 0
  return new DataView(reader.bytes.buffer, reader.bytes.byteOffset + at, 4).getUint32(0, true)
}

function readFixed64(reader: Reader, end: number): bigint {
  const at = reader.at
  reader.at += 8
  if (at + 8 > end) return 0n
  return new DataView(reader.bytes.buffer, reader.bytes.byteOffset + at, 8).getBigUint64(0, true)
}

/** Writes attributes; the inverse of `decodeAttributes`. @returns bytes of its own */
export function encodeAttributes(attributes: Attributes): Uint8Array {
  const out: number[] = []
  for (const one of attributes) putField(out, TAG, attributeBytes(one))
  return Uint8Array.from(out)
}

/** Writes one AnyValue message; the inverse of `decodeValue`. @returns bytes of its own */
export function encodeValue(value: AnyValue): Uint8Array {
  return Uint8Array.from(valueBytes(value))
}

/** Writes events; the inverse of `decodeEvents`. @returns bytes of its own */
export function encodeEvents(events: readonly SpanEvent[]): Uint8Array {
  const out: number[] = []
  for (const event of events) {
    const inner: number[] = []
    putFixed64(inner, 0x09, event.timeUnixNs)
    putField(inner, 0x12, encoder.encode(event.name))
    for (const one of event.attributes) putField(inner, 0x1a, attributeBytes(one))
    if (event.droppedAttributes > 0) {
      inner.push(0x20)
      putVarint(inner, BigInt(event.droppedAttributes))
    }
    putField(out, TAG, inner)
  }
  return Uint8Array.from(out)
}

/** Writes links; the inverse of `decodeLinks`. @returns bytes of its own */
export function encodeLinks(links: readonly SpanLink[]): Uint8Array {
  const out: number[] = []
  for (const link of links) {
    const inner: number[] = []
    putField(inner, 0x0a, hexBytes(link.traceId, link.traceId.length / 2) ?? [])
    putField(inner, 0x12, hexBytes(link.spanId, link.spanId.length / 2) ?? [])
    if (link.traceState !== '') putField(inner, 0x1a, encoder.encode(link.traceState))
    for (const one of link.attributes) putField(inner, 0x22, attributeBytes(one))
    if (link.droppedAttributes > 0) {
      inner.push(0x28)
      putVarint(inner, BigInt(link.droppedAttributes))
    }
    if (link.flags !== 0) {
      inner.push(0x35)
      for (let shift = 0; shift < 32; shift += 8) inner.push((link.flags >>> shift) & 0xff)
    }
    putField(out, TAG, inner)
  }
  return Uint8Array.from(out)
}

function putFixed64(out: number[], tag: number, value: bigint): void {
  out.push(tag)
  for (let shift = 0n; shift < 64n; shift += 8n) out.push(Number((value >> shift) & 0xffn))
}

function attributeBytes(one: Attribute): number[] {
  const out: number[] = []
  putField(out, 0x0a, encoder.encode(one.key))
  putField(out, 0x12, valueBytes(one.value))
  return out
}

function valueBytes(value: AnyValue): number[] {
  const out: number[] = []
  switch (value.kind) {
    case 'empty':
      break
    case 'string':
      putField(out, 0x0a, encoder.encode(value.value))
      break
    case 'bool':
      out.push(0x10, value.value ? 1 : 0)
      break
    case 'int':
      out.push(0x18)
      putVarint(out, BigInt.asUintN(64, value.value))
      break
    case 'double': {
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setFloat64(0, value.value, true)
      out.push(0x21, ...bytes)
      break
    }
    case 'array': {
      const inner: number[] = []
      for (const one of value.values) putField(inner, 0x0a, valueBytes(one))
      putField(out, 0x2a, inner)
      break
    }
    case 'map': {
      const inner: number[] = []
      for (const one of value.entries) putField(inner, 0x0a, attributeBytes(one))
      putField(out, 0x32, inner)
      break
    }
    case 'bytes':
      putField(out, 0x3a, value.value)
      break
  }
  return out
}

function putField(out: number[], tag: number, bytes: ArrayLike<number>): void {
  out.push(tag)
  putVarint(out, BigInt(bytes.length))
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i] as number)
}

function putVarint(out: number[], value: bigint): void {
  let rest = value
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  out.push(Number(rest))
}

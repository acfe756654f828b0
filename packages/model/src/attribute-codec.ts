import type { AnyValue, Attribute, Attributes } from './attributes.ts'
import { FieldWriter } from './field-writer.ts'
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
/** Of one call at a time: each function that writes begins with `reset`. */
const writer = new FieldWriter()
const NO_BYTES = new Uint8Array(0)

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
  writer.reset()
  for (const one of attributes) putAttribute(TAG, one)
  return writer.finish()
}

/** Writes one AnyValue message; the inverse of `decodeValue`. @returns bytes of its own */
export function encodeValue(value: AnyValue): Uint8Array {
  writer.reset()
  putValue(value)
  return writer.finish()
}

/** Writes events; the inverse of `decodeEvents`. @returns bytes of its own */
export function encodeEvents(events: readonly SpanEvent[]): Uint8Array {
  writer.reset()
  for (const event of events) {
    const mark = writer.open(TAG)
    writer.fixed64(0x09, event.timeUnixNs)
    writer.text(0x12, event.name)
    for (const one of event.attributes) putAttribute(0x1a, one)
    if (event.droppedAttributes > 0) writer.varint(0x20, event.droppedAttributes)
    writer.close(mark)
  }
  return writer.finish()
}

/** Writes links; the inverse of `decodeLinks`. @returns bytes of its own */
export function encodeLinks(links: readonly SpanLink[]): Uint8Array {
  writer.reset()
  for (const link of links) {
    const mark = writer.open(TAG)
    writer.bytes(0x0a, hexBytes(link.traceId, link.traceId.length / 2) ?? NO_BYTES)
    writer.bytes(0x12, hexBytes(link.spanId, link.spanId.length / 2) ?? NO_BYTES)
    if (link.traceState !== '') writer.text(0x1a, link.traceState)
    for (const one of link.attributes) putAttribute(0x22, one)
    if (link.droppedAttributes > 0) writer.varint(0x28, link.droppedAttributes)
    if (link.flags !== 0) writer.fixed32(0x35, link.flags)
    writer.close(mark)
  }
  return writer.finish()
}

function putAttribute(tag: number, one: Attribute): void {
  const mark = writer.open(tag)
  writer.text(0x0a, one.key)
  const inner = writer.open(0x12)
  putValue(one.value)
  writer.close(inner)
  writer.close(mark)
}

function putValue(value: AnyValue): void {
  switch (value.kind) {
    case 'empty':
      break
    case 'string':
      writer.text(0x0a, value.value)
      break
    case 'bool':
      writer.varint(0x10, value.value ? 1 : 0)
      break
    case 'int':
      writer.int64(0x18, value.value)
      break
    case 'double':
      writer.double(0x21, value.value)
      break
    case 'array': {
      const mark = writer.open(0x2a)
      for (const one of value.values) {
        const inner = writer.open(0x0a)
        putValue(one)
        writer.close(inner)
      }
      writer.close(mark)
      break
    }
    case 'map': {
      const mark = writer.open(0x32)
      for (const one of value.entries) putAttribute(0x0a, one)
      writer.close(mark)
      break
    }
    case 'bytes':
      writer.bytes(0x3a, value.value)
      break
  }
}

import { ByteCursor, isUtf8Range, readFixed64, readVarint, readVarint64, utf8Text } from '@vantage/bytes'

/**
 * Attribute values as text, the way the Collector's `Value.AsString` writes them.
 *
 *     KeyValue  1 key string   2 value AnyValue
 *     AnyValue  1 string  2 bool  3 int64  4 double  5 ArrayValue{1 values*}  6 KeyValueList{1 values*}  7 bytes
 */

/** Values inside values (`decode.maxDepth`, the last of its three numbers). */
const VALUE_DEPTH_MAX = 16

export type AttributeFault = 'malformed' | 'invalid_utf8' | 'nested_too_deep'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Reads one KeyValue that ends at `to` and appends key and text to `pairs`. */
export function readAttribute(
  bytes: Uint8Array,
  from: number,
  to: number,
  pairs: string[],
): AttributeFault | undefined {
  const reader = new AttributeReader(bytes)
  const [key, value] = reader.pair(from, to, 0)
  if (reader.fault === undefined) pairs.push(key, typeof value === 'string' ? value : asText(value))
  return reader.fault
}

function asText(value: Json | BigInteger | Uint8Array): string {
  if (value === null) return ''
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof BigInteger) return value.text
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** An int64 beyond 2^53, kept as digits. */
class BigInteger {
  readonly text: string
  constructor(low: number, high: number) {
    this.text = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)).toString()
  }
  toJSON(): number {
    return Number(this.text)
  }
}

class AttributeReader {
  fault: AttributeFault | undefined
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  pair(from: number, to: number, depth: number): [string, Json | BigInteger | Uint8Array] {
    const cursor = new ByteCursor(this.#bytes, from, to)
    let key = ''
    let value: Json | BigInteger | Uint8Array = null
    while (cursor.at < to && this.fault === undefined) {
      const tag = readVarint(cursor)
      const end = this.#fieldEnd(cursor, tag)
      if (tag === 0x0a) key = this.#text(cursor.at, end)
      else if (tag === 0x12) value = this.value(cursor.at, end, depth)
      cursor.at = end
    }
    return [key, value]
  }

  value(from: number, to: number, depth: number): Json | BigInteger | Uint8Array {
    if (depth >= VALUE_DEPTH_MAX) {
      this.fault = 'nested_too_deep'
      return null
    }
    const cursor = new ByteCursor(this.#bytes, from, to)
    let value: Json | BigInteger | Uint8Array = null
    while (cursor.at < to && this.fault === undefined) {
      const tag = readVarint(cursor)
      const at = cursor.at
      const end = this.#fieldEnd(cursor, tag)
      if (tag === 0x0a) value = this.#text(cursor.at, end)
      else if (tag === 0x2a || tag === 0x32) value = this.#list(cursor.at, end, tag === 0x32, depth + 1)
      else if (tag === 0x3a) value = this.#bytes.slice(cursor.at, end)
      else if (tag === 0x10 || tag === 0x18 || tag === 0x21) {
        cursor.at = at
        value = scalar(cursor, tag)
      }
      cursor.at = end
    }
    return value
  }

  #list(from: number, to: number, isMap: boolean, depth: number): Json {
    const cursor = new ByteCursor(this.#bytes, from, to)
    const items: Json[] = []
    const entries: [string, Json][] = []
    while (cursor.at < to && this.fault === undefined) {
      const tag = readVarint(cursor)
      const end = this.#fieldEnd(cursor, tag)
      if (tag === 0x0a && isMap) {
        const [key, value] = this.pair(cursor.at, end, depth)
        entries.push([key, asJson(value)])
      } else if (tag === 0x0a) items.push(asJson(this.value(cursor.at, end, depth)))
      cursor.at = end
    }
    return isMap ? Object.fromEntries(entries) : items
  }

  #text(from: number, to: number): string {
    if (this.fault !== undefined) return ''
    if (isUtf8Range(this.#bytes, from, to)) return utf8Text(this.#bytes, from, to)
    this.fault = 'invalid_utf8'
    return ''
  }

  /** Leaves the cursor at the content and returns its end. */
  #fieldEnd(cursor: ByteCursor, tag: number): number {
    const wireType = tag % 8
    let end = cursor.at
    if (tag < 8 || cursor.isBad) this.fault = 'malformed'
    else if (wireType === 0) {
      readVarint64(cursor)
      end = cursor.at
    } else if (wireType === 1) end += 8
    else if (wireType === 5) end += 4
    else if (wireType === 2) {
      const length = readVarint(cursor)
      end = cursor.at + length
    } else this.fault = 'malformed'
    if (cursor.isBad || end > cursor.end) this.fault = 'malformed'
    return this.fault === undefined ? end : cursor.end
  }
}

function asJson(value: Json | BigInteger | Uint8Array): Json {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof BigInteger) return value.toJSON()
  return value
}

function scalar(cursor: ByteCursor, tag: number): Json | BigInteger {
  if (tag === 0x21) {
    readFixed64(cursor)
    const halves = Uint32Array.of(cursor.low, cursor.high)
    return new Float64Array(halves.buffer)[0] as number
  }
  readVarint64(cursor)
  if (tag === 0x10) return cursor.low !== 0 || cursor.high !== 0
  const value = (cursor.high | 0) * 4294967296 + cursor.low
  return Number.isSafeInteger(value) ? value : new BigInteger(cursor.low, cursor.high)
}

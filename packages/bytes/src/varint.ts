/**
 * Varints as Protocol Buffers encodes them (groups of 7 bits, low first, at most 10 bytes), and the fixed widths
 * beside them. 64-bit integers travel as two Uint32 halves, because a double holds 53 bits and a bigint costs an
 * allocation. Source: protobuf.dev "Encoding".
 */

const VARINT_MAX_BYTES = 10

/**
 * A reader's place in bytes. `isBad` stays set after the first failed read and every later read returns 0,
 * so a caller may check once after a group of fields.
 */
export class ByteCursor {
  bytes: Uint8Array
  at: number
  end: number
  /** Set by the 64-bit reads. */
  low = 0
  high = 0
  isBad = false

  constructor(bytes: Uint8Array = new Uint8Array(0), at = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  reset(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes
    this.at = at
    this.end = end
    this.isBad = false
  }
}

/** Reads 64 bits into `cursor.low` and `cursor.high` (both unsigned). False where the bytes end or the varint is longer than 10 bytes. */
export function readVarint64(cursor: ByteCursor): boolean {
  const bytes = cursor.bytes
  let at = cursor.at
  const end = Math.min(cursor.end, at + VARINT_MAX_BYTES)
  let low = 0
  let high = 0
  let shift = 0
  while (at < end) {
    const byte = bytes[at++] as number
    const bits = byte & 0x7f
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high |= bits >>> 4
    } else high |= shift < 63 ? bits << (shift - 32) : (bits & 1) << 31
    if (byte < 0x80) {
      cursor.at = at
      cursor.low = low >>> 0
      cursor.high = high >>> 0
      return true
    }
    shift += 7
  }
  cursor.isBad = true
  cursor.low = 0
  cursor.high = 0
  return false
}

/** Reads an unsigned varint as a number, exact up to 2^53; beyond that rounded. 0 and `isBad` on bad bytes. */
export function readVarint(cursor: ByteCursor): number {
  const at = cursor.at
  if (at < cursor.end) {
    const first = cursor.bytes[at] as number
    if (first < 0x80) {
      cursor.at = at + 1
      return first
    }
  }
  return readVarint64(cursor) ? cursor.high * 4294967296 + cursor.low : 0
}

/** Reads an int64 varint (two's complement) as a number, exact within ±2^53. */
export function readVarintSigned(cursor: ByteCursor): number {
  if (!readVarint64(cursor)) return 0
  return (cursor.high | 0) * 4294967296 + cursor.low
}

/** Reads a zigzag varint (sint64) as a number, exact within ±2^53. */
export function readZigzag(cursor: ByteCursor): number {
  if (!readVarint64(cursor)) return 0
  const isNegative = (cursor.low & 1) === 1
  const low = ((cursor.low >>> 1) | ((cursor.high & 1) << 31)) >>> 0
  const value = (cursor.high >>> 1) * 4294967296 + low
  return isNegative ? -value - 1 : value
}

/** Reads 8 little-endian bytes into the halves. */
export function readFixed64(cursor: ByteCursor): boolean {
  const at = cursor.at
  if (at + 8 > cursor.end) {
    cursor.isBad = true
    return false
  }
  cursor.low = getUint32(cursor.bytes, at)
  cursor.high = getUint32(cursor.bytes, at + 4)
  cursor.at = at + 8
  return true
}

export function readFixed32(cursor: ByteCursor): number {
  const at = cursor.at
  if (at + 4 > cursor.end) {
    cursor.isBad = true
    return 0
  }
  cursor.at = at + 4
  return getUint32(cursor.bytes, at)
}

/** Bytes that `writeVarint` needs for a non-negative integer up to 2^53. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) length++
  return length
}

/** Writes a non-negative integer up to 2^53. @returns the offset after it */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value
  let to = at
  while (rest >= 0x80) {
    out[to++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  out[to++] = rest
  return to
}

/** Writes 64 bits given as halves. @returns the offset after it, at most `at + 10` */
export function writeVarint64(out: Uint8Array, at: number, low: number, high: number): number {
  let lowRest = low >>> 0
  let highRest = high >>> 0
  let to = at
  while (highRest !== 0 || lowRest >= 0x80) {
    out[to++] = (lowRest & 0x7f) | 0x80
    lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0
    highRest >>>= 7
  }
  out[to++] = lowRest
  return to
}

/** Writes an integer within ±2^53 as int64 (two's complement). */
export function writeVarintSigned(out: Uint8Array, at: number, value: number): number {
  return writeVarint64(out, at, (value % 4294967296) >>> 0, Math.floor(value / 4294967296) >>> 0)
}

/** Writes an integer within ±2^52 as sint64 (zigzag). */
export function writeZigzag(out: Uint8Array, at: number, value: number): number {
  return writeVarint(out, at, zigzag(value))
}

/** −1 → 1, 1 → 2, −2 → 3; exact for |value| ≤ 2^52. */
export function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2
}

export function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2
}

export function getUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  )
}

/** Little-endian. @returns the offset after it */
export function putUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
  return at + 4
}

/** An unsigned integer up to 2^53 in 8 little-endian bytes. @returns the offset after it */
export function putUint64(bytes: Uint8Array, at: number, value: number): number {
  putUint32(bytes, at, value % 4294967296)
  return putUint32(bytes, at + 4, Math.floor(value / 4294967296))
}

/** 8 little-endian bytes as a number, exact up to 2^53. */
export function getUint64(bytes: Uint8Array, at: number): number {
  return getUint32(bytes, at + 4) * 4294967296 + getUint32(bytes, at)
}

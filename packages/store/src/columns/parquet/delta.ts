import type { ByteWriter } from './byte-writer.ts'

/**
 * DELTA_BINARY_PACKED. Source: apache/parquet-format Encodings.md, "Delta Encoding".
 *
 *     header = varint 128, varint 4, varint count, zigzag first value
 *     block  = zigzag smallest difference, 4 bit widths, 4 × 32 packed (difference − smallest)
 *
 * Numbers are doubles: differences must be below 2^52, so that sums of two stay exact.
 */
const BLOCK = 128
const MINIBLOCK = 32
const DELTA_MAX = 2 ** 52
const WORD = 2 ** 32

/** Differences of the block at hand: scratch of one call. */
const block = new Float64Array(BLOCK)

/** Writes 64-bit values as halves. @returns false where a difference is too large; the caller starts over */
export function writeDeltaLongs(out: ByteWriter, halves: Int32Array, from: number, to: number): boolean {
  writeHeader(out, to - from)
  if (from < to) writeFirst(out, halves[from * 2] as number, halves[from * 2 + 1] as number)
  else out.zigzag(0)
  for (let at = from + 1; at < to; at += BLOCK) {
    const count = Math.min(BLOCK, to - at)
    for (let i = 0; i < count; i++) {
      const place = (at + i) * 2
      const delta =
        ((halves[place + 1] as number) - (halves[place - 1] as number)) * 2 ** 32 +
        ((halves[place] as number) >>> 0) -
        ((halves[place - 2] as number) >>> 0)
      if (Math.abs(delta) >= DELTA_MAX / 2) return false
      block[i] = delta
    }
    writeBlock(out, count)
  }
  return true
}

/** Writes 32-bit values. */
export function writeDeltaInts(out: ByteWriter, values: Int32Array, from: number, to: number): void {
  writeHeader(out, to - from)
  out.zigzag(from < to ? (values[from] as number) : 0)
  for (let at = from + 1; at < to; at += BLOCK) {
    const count = Math.min(BLOCK, to - at)
    for (let i = 0; i < count; i++) block[i] = (values[at + i] as number) - (values[at + i - 1] as number)
    writeBlock(out, count)
  }
}

function writeHeader(out: ByteWriter, count: number): void {
  out.varint(BLOCK)
  out.varint(BLOCK / MINIBLOCK)
  out.varint(count)
}

/** Zigzag of 64 bits. */
function writeFirst(out: ByteWriter, low: number, high: number): void {
  const sign = high >> 31
  let restLow = ((low << 1) ^ sign) >>> 0
  let restHigh = ((((high << 1) | (low >>> 31)) >>> 0) ^ sign) >>> 0
  out.reserve(10)
  while (restHigh !== 0 || restLow >= 128) {
    out.bytes[out.at++] = (restLow & 127) | 128
    restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0
    restHigh >>>= 7
  }
  out.bytes[out.at++] = restLow
}

function writeBlock(out: ByteWriter, count: number): void {
  let least = block[0] as number
  for (let i = 1; i < count; i++) least = Math.min(least, block[i] as number)
  out.zigzag(least)
  out.reserve(4 + BLOCK * 8)
  const widths = out.at
  out.at += BLOCK / MINIBLOCK
  for (let mini = 0; mini < BLOCK / MINIBLOCK; mini++) {
    const from = mini * MINIBLOCK
    let most = 0
    for (let i = from; i < Math.min(count, from + MINIBLOCK); i++) {
      block[i] = (block[i] as number) - least
      most = Math.max(most, block[i] as number)
    }
    const width = wideBits(most)
    out.bytes[widths + mini] = width
    if (from < count) packMiniblock(out, from, count, width)
    else out.bytes[widths + mini] = 0
  }
}

function wideBits(most: number): number {
  return most < 2 ** 32 ? 32 - Math.clz32(most) : 64 - Math.clz32(Math.floor(most / 2 ** 32))
}

/** Values behind the last one are zeros. */
function packMiniblock(out: ByteWriter, from: number, count: number, width: number): void {
  let bits = 0
  let pending = 0
  for (let i = from; i < from + MINIBLOCK; i++) {
    let rest = i < count ? (block[i] as number) : 0
    for (let left = width; left > 0; left -= 16) {
      const piece = rest % 65_536
      rest = (rest - piece) / 65_536
      pending |= piece << bits
      bits += Math.min(16, left)
      while (bits >= 8) {
        out.bytes[out.at++] = pending
        pending >>>= 8
        bits -= 8
      }
    }
  }
}

/** A place in delta-packed bytes; `isBad` once they do not hold what they say. */
export class DeltaSource {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly end: number
  at: number
  isBad = false

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
    this.end = end
  }

  varint(): number {
    let value = 0
    for (let unit = 1; unit <= 2 ** 56; unit *= 128) {
      if (this.at >= this.end) break
      const byte = this.bytes[this.at++] as number
      value += (byte & 127) * unit
      if (byte < 128) return value
    }
    this.isBad = true
    return 0
  }

  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}

/** Reads exactly `count` 64-bit values as halves. @returns false where the bytes do not hold them */
export function readDeltaLongs(source: DeltaSource, count: number, out: Int32Array): boolean {
  if (!readHeader(source, count)) return false
  readFirst(source, out)
  for (let at = 1; at < count && !source.isBad; at += BLOCK) {
    const length = Math.min(BLOCK, count - at)
    if (readBlock(source, length)) sumNarrow(out, at * 2, length)
    else sumWide(out, at * 2, length)
  }
  return !source.isBad
}

/** Values from one that `firstGreater` is told to the next: whole blocks. */
export const KNOWN_EVERY = 8 * BLOCK

/**
 * Finds places in ascending 64-bit values without reading all of them.
 * @param known values 0, KNOWN_EVERY, 2 · KNOWN_EVERY, … less the first one
 * @param wanted ascending, less the first value, none of them negative
 * @param out for each wanted one the place of the first value that is greater, or `count`
 * @returns false where the bytes do not hold the values
 */
export function firstGreater(
  source: DeltaSource,
  count: number,
  known: Float64Array,
  wanted: Float64Array,
  out: Int32Array,
): boolean {
  if (!readHeader(source, count)) return false
  readFirst(source, new Int32Array(2))
  out.fill(count)
  let found = 0
  let value = 0
  for (let at = 1; at < count && found < wanted.length && !source.isBad; at += BLOCK) {
    const length = Math.min(BLOCK, count - at)
    const part = Math.floor((at - 1) / KNOWN_EVERY)
    if ((at - 1) % KNOWN_EVERY === 0) value = known[part] as number
    if ((known[part + 1] ?? Number.POSITIVE_INFINITY) <= (wanted[found] as number)) {
      skipBlock(source, length)
      continue
    }
    readBlock(source, length)
    for (let i = 0; i < length; i++) {
      value += block[i] as number
      while (found < wanted.length && value > (wanted[found] as number)) out[found++] = at + i
    }
  }
  return !source.isBad
}

function skipBlock(source: DeltaSource, count: number): void {
  source.zigzag()
  const widths = source.at
  source.at += BLOCK / MINIBLOCK
  for (let mini = 0; mini * MINIBLOCK < count; mini++) source.at += (source.bytes[widths + mini] ?? 0) * 4
}

/**
 * Fast path: puts the sums of the block's differences behind the value that ends at `place`, where none reaches over the
 * lower half by more than one. Called for each block: in a loop of its caller it would be compiled while that runs, twice.
 */
function sumNarrow(out: Int32Array, place: number, length: number): void {
  let low = (out[place - 2] as number) >>> 0
  let high = out[place - 1] as number
  for (let i = 0; i < length; i++) {
    low += block[i] as number
    if (low >= WORD) {
      low -= WORD
      high++
    } else if (low < 0) {
      low += WORD
      high--
    }
    out[place++] = low
    out[place++] = high
  }
}

function sumWide(out: Int32Array, place: number, length: number): void {
  let low = (out[place - 2] as number) >>> 0
  let high = out[place - 1] as number
  for (let i = 0; i < length; i++) {
    const delta = block[i] as number
    const deltaHigh = Math.floor(delta / WORD)
    low += delta - deltaHigh * WORD
    const carry = low >= WORD ? 1 : 0
    low -= carry * WORD
    high = (high + deltaHigh + carry) | 0
    out[place++] = low
    out[place++] = high
  }
}

export function readDeltaInts(source: DeltaSource, count: number, out: Int32Array): boolean {
  if (!readHeader(source, count)) return false
  let value = source.zigzag()
  if (count > 0) out[0] = value
  for (let at = 1; at < count && !source.isBad; at += BLOCK) {
    const length = Math.min(BLOCK, count - at)
    readBlock(source, length)
    for (let i = 0; i < length; i++) {
      value += block[i] as number
      out[at + i] = value
    }
  }
  return !source.isBad
}

function readHeader(source: DeltaSource, count: number): boolean {
  return source.varint() === BLOCK && source.varint() === BLOCK / MINIBLOCK && source.varint() === count
}

function readFirst(source: DeltaSource, out: Int32Array): void {
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    if (source.at >= source.end) {
      source.isBad = true
      return
    }
    const byte = source.bytes[source.at++] as number
    const part = byte & 127
    if (shift < 28) low |= part << shift
    else if (shift === 28) {
      low |= part << 28
      high = part >>> 4
    } else high |= part << (shift - 32)
    if (byte < 128) break
  }
  const sign = -(low & 1)
  out[0] = ((low >>> 1) | (high << 31)) ^ sign
  out[1] = (high >>> 1) ^ sign
}

/** @returns true where every difference is less than 2^32 either way */
function readBlock(source: DeltaSource, count: number): boolean {
  const least = source.zigzag()
  const widths = source.at
  let widest = 0
  source.at += BLOCK / MINIBLOCK
  for (let from = 0; from < count; from += MINIBLOCK) {
    const width = source.bytes[widths + from / MINIBLOCK] ?? 255
    if (width > 53 || source.at + width * 4 > source.end) {
      source.isBad = true
      return false
    }
    const to = Math.min(count, from + MINIBLOCK)
    if (width === 0) block.fill(least, from, to)
    else if (width <= NARROW_BITS) unpackNarrow(source, from, to, width, least)
    else unpackMiniblock(source, from, to, width, least)
    if (width > widest) widest = width
    source.at += width * 4
  }
  return widest < 32 && Math.abs(least) < 2 ** 31
}

/** Values of at most so many bits lie within 32 bits from the byte in which they begin. */
const NARROW_BITS = 25

/** Fast path: each value is one look at 32 bits. Those behind the end of the memory are read byte by byte. */
function unpackNarrow({ bytes, view, at }: DeltaSource, from: number, to: number, width: number, least: number): void {
  const mask = 2 ** width - 1
  const last = bytes.length - 4
  let bit = 0
  for (let i = from; i < to; i++) {
    const byte = at + (bit >> 3)
    const word = byte <= last ? view.getInt32(byte, true) : lastWord(bytes, byte)
    block[i] = ((word >>> (bit & 7)) & mask) + least
    bit += width
  }
}

function lastWord(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
  )
}

function unpackMiniblock(source: DeltaSource, from: number, to: number, width: number, least: number): void {
  const { bytes } = source
  let at = source.at
  let bits = 0
  let pending = 0
  for (let i = from; i < to; i++) {
    let value = 0
    let unit = 1
    for (let left = width; left > 0; left -= 16) {
      const wanted = Math.min(16, left)
      while (bits < wanted) {
        pending |= (bytes[at++] as number) << bits
        bits += 8
      }
      value += (pending & ((1 << wanted) - 1)) * unit
      unit *= 65_536
      pending >>>= wanted
      bits -= wanted
    }
    block[i] = value + least
  }
}

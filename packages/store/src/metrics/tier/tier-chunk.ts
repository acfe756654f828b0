import { assert, BUCKET, BUCKET_COLUMNS, type BucketColumns } from '@vantage/model'
import { encodeValues, type ValueScratch, valuesBytesMax } from '../codec/value-codec.ts'
import { decodeValues } from '../codec/value-decoder.ts'
import { TIER_CHUNK_BUCKETS_MAX } from '../limits.ts'
import { bucketEndMs } from './bucket-fold.ts'

/**
 * A chunk of buckets: one block of values per column, in the order of `BUCKET`, behind their lengths. Times are
 * written as their distance from the bucket's end, which regular scrapes keep.
 *
 *   lengths  u16 per column: bytes of its block, or 0xff00 + c: the bits are those of the earlier column c
 *   blocks   one behind the other
 *
 * Source: FORMAT.md "Tier file".
 */
const LENGTHS_BYTES = BUCKET_COLUMNS * 2
const SAME_AS = 0xff00

export const TIER_CHUNK_BYTES_MAX = LENGTHS_BYTES + BUCKET_COLUMNS * valuesBytesMax(TIER_CHUNK_BUCKETS_MAX)

const columns = Array.from({ length: BUCKET_COLUMNS }, () => new Float64Array(TIER_CHUNK_BUCKETS_MAX))
const halves = columns.map((column) => new Uint32Array(column.buffer))

/**
 * Encodes the buckets [from, to) of `buckets`.
 * @param out at least `TIER_CHUNK_BYTES_MAX` bytes
 * @returns bytes written, from 0
 */
export function encodeTierChunk(
  buckets: BucketColumns,
  from: number,
  to: number,
  bucketMs: number,
  out: Uint8Array,
  scratch: ValueScratch,
): number {
  const count = to - from
  assert(count <= TIER_CHUNK_BUCKETS_MAX, `chunk of ${count} buckets`)
  for (let c = 0; c < BUCKET_COLUMNS; c++) {
    const source = buckets.halves[c] as Uint32Array
    ;(halves[c] as Uint32Array).set(source.subarray(from * 2, to * 2))
  }
  toDistances(BUCKET.firstMs, buckets, from, count, bucketMs)
  toDistances(BUCKET.lastMs, buckets, from, count, bucketMs)
  tidySums(count)
  let at = LENGTHS_BYTES
  for (let c = 0; c < BUCKET_COLUMNS; c++) {
    let length = SAME_AS + earlierTwin(c, count)
    if (length < SAME_AS) {
      const end = encodeValues(columns[c] as Float64Array, halves[c] as Uint32Array, count, out, at, scratch)
      length = end - at
      at = end
    }
    out[c * 2] = length & 0xff
    out[c * 2 + 1] = length >>> 8
  }
  return at
}

/** Digits behind the point that are looked for. */
const DIGITS_MAX = 6
/** A sum this close (relative) to one with the digits of its values is that one, and the rest is compensation. */
const SNAP = 2 ** -50
/** Bits of a compensation that are kept, in its upper half: sign, exponent, 12 of the mantissa. */
const KEPT_BITS = ~0xff

/**
 * Brings the sums into a form that takes few bytes: as many digits as the values have, which makes them integers when
 * scaled, and of the rest what matters. Sum and compensation together change by less than 2^-66 of the sum.
 */
function tidySums(count: number): void {
  const sums = columns[BUCKET.sum] as Float64Array
  const rests = columns[BUCKET.compensation] as Float64Array
  const restHalves = halves[BUCKET.compensation] as Uint32Array
  const power = 10 ** digitsOf(columns[BUCKET.last] as Float64Array, count)
  for (let i = 0; i < count; i++) {
    const sum = sums[i] as number
    const rest = rests[i] as number
    const total = sum + rest
    if (!Number.isFinite(total * power)) continue
    const snapped = Math.round(total * power) / power
    const tidy = Math.abs(snapped - total) <= Math.abs(total) * SNAP ? snapped : total
    // Exact: the two are close.
    sums[i] = tidy
    rests[i] = sum - tidy + rest
    restHalves[i * 2] = 0
    restHalves[i * 2 + 1] = (restHalves[i * 2 + 1] as number) & KEPT_BITS
  }
}

/** Digits behind the point that all values have at most; 0 where they have more than are looked for. */
function digitsOf(values: Float64Array, count: number): number {
  let digits = 0
  for (let i = 0; i < count; i++) {
    const value = values[i] as number
    if (!Number.isFinite(value)) continue
    while (digits <= DIGITS_MAX && Math.round(value * 10 ** digits) / 10 ** digits !== value) digits++
    if (digits > DIGITS_MAX) return 0
  }
  return digits
}

function toDistances(c: number, buckets: BucketColumns, from: number, count: number, bucketMs: number): void {
  const ends = buckets.columns[BUCKET.lastMs] as Float64Array
  const times = buckets.columns[c] as Float64Array
  const distances = columns[c] as Float64Array
  for (let i = 0; i < count; i++) {
    distances[i] = bucketEndMs(ends[from + i] as number, bucketMs) - (times[from + i] as number)
  }
}

/** An earlier column with the same bits, or -SAME_AS. */
function earlierTwin(c: number, count: number): number {
  const own = halves[c] as Uint32Array
  next: for (let twin = 0; twin < c; twin++) {
    const other = halves[twin] as Uint32Array
    for (let i = 0; i < count * 2; i++) if (own[i] !== other[i]) continue next
    return twin
  }
  return -SAME_AS
}

/**
 * Appends the buckets [from, to) of a chunk to `out`, the wanted columns of it.
 * @param ends of the chunk's buckets, all of them
 * @returns false where the bytes cannot be a chunk of ours
 */
export function decodeTierChunk(
  bytes: Uint8Array,
  chunkAt: number,
  ends: Float64Array,
  from: number,
  to: number,
  wanted: number,
  out: BucketColumns,
): boolean {
  const count = ends.length
  out.reserve(out.count + to - from)
  let at = chunkAt + LENGTHS_BYTES
  for (let c = 0; c < BUCKET_COLUMNS; c++) {
    const length = (bytes[chunkAt + c * 2] as number) | ((bytes[chunkAt + c * 2 + 1] as number) << 8)
    const isTwin = length >= SAME_AS
    const isWanted = (wanted & (1 << c)) !== 0
    if (isWanted && !decodeColumn(bytes, isTwin ? blockOf(bytes, chunkAt, length - SAME_AS) : at, count, c))
      return false
    if (isWanted) copyColumn(c, ends, from, to, out)
    if (!isTwin) at += length
  }
  out.count += to - from
  return true
}

/** Where the block of a column lies; columns that name another one name one with a block of its own. */
function blockOf(bytes: Uint8Array, chunkAt: number, column: number): number {
  let at = chunkAt + LENGTHS_BYTES
  for (let c = 0; c < column; c++) {
    const length = (bytes[chunkAt + c * 2] as number) | ((bytes[chunkAt + c * 2 + 1] as number) << 8)
    if (length < SAME_AS) at += length
  }
  return at
}

function decodeColumn(bytes: Uint8Array, at: number, count: number, c: number): boolean {
  return decodeValues(bytes, at, count, columns[c] as Float64Array, halves[c] as Uint32Array, 0) >= 0
}

function copyColumn(c: number, ends: Float64Array, from: number, to: number, out: BucketColumns): void {
  if (c !== BUCKET.firstMs && c !== BUCKET.lastMs) {
    ;(out.halves[c] as Uint32Array).set((halves[c] as Uint32Array).subarray(from * 2, to * 2), out.count * 2)
    return
  }
  const distances = columns[c] as Float64Array
  const times = out.columns[c] as Float64Array
  for (let i = from; i < to; i++) times[out.count + i - from] = (ends[i] as number) - (distances[i] as number)
}

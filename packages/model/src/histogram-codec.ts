import { type Histogram, type HistogramBuckets, NO_BUCKETS, NO_CUSTOM_VALUES, type ResetHint } from './histogram.ts'

/**
 * One native histogram in bytes, little-endian: how it travels from a decoder to the store and lies in the head.
 * Equal histograms have equal bytes.
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0 | u8 | bits 0–1 reset hint, bits 2–3 width of bucket counts: 0 = u8, 1 = u16, 2 = u32, 3 = f64 |
 * | 1 | i8 | schema |
 * | 2, 4, 6 | 3 × u16 | runs of positive buckets, runs of negative buckets, custom bounds |
 * | 8 … 40 | 4 × f64 | count, sum, zero count, zero threshold |
 * | 40 | (i32, u32) per run | index of the first bucket, buckets; positive runs, then negative |
 * | | f64 each | custom bounds |
 * | | width each | bucket counts, positive, then negative |
 */
const HEADER_BYTES = 40
const RUN_BYTES = 8

const WIDTHS = [1, 2, 4, 8] as const

/** @returns bytes of its own */
export function encodeHistogram(histogram: Histogram): Uint8Array<ArrayBuffer> {
  const { positive, negative, customValues } = histogram
  const positiveRuns = countRuns(positive.indexes)
  const negativeRuns = countRuns(negative.indexes)
  const code = Math.max(widthCode(positive.counts), widthCode(negative.counts))
  const width = WIDTHS[code] as number
  const boundsAt = HEADER_BYTES + (positiveRuns + negativeRuns) * RUN_BYTES
  const countsAt = boundsAt + customValues.length * 8
  const bytes = new Uint8Array(countsAt + (positive.counts.length + negative.counts.length) * width)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, histogram.resetHint | (code << 2))
  view.setInt8(1, histogram.schema)
  view.setUint16(2, positiveRuns, true)
  view.setUint16(4, negativeRuns, true)
  view.setUint16(6, customValues.length, true)
  view.setFloat64(8, histogram.count, true)
  view.setFloat64(16, histogram.sum, true)
  view.setFloat64(24, histogram.zeroCount, true)
  view.setFloat64(32, histogram.zeroThreshold, true)
  putRuns(view, putRuns(view, HEADER_BYTES, positive.indexes), negative.indexes)
  for (let i = 0; i < customValues.length; i++) view.setFloat64(boundsAt + i * 8, customValues[i] as number, true)
  putCounts(view, putCounts(view, countsAt, positive.counts, code), negative.counts, code)
  return bytes
}

/**
 * Reads what `encodeHistogram` wrote; the bytes are trusted (a record or page whose checksum passed).
 * @param like mostly the histogram before in a series: where its buckets are the same, its arrays of them are shared
 */
export function decodeHistogram(bytes: Uint8Array, at = 0, like?: Histogram): Histogram {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  const flags = view.getUint8(0)
  const positiveRuns = view.getUint16(2, true)
  const negativeRuns = view.getUint16(4, true)
  const bounds = view.getUint16(6, true)
  const negativeAt = HEADER_BYTES + positiveRuns * RUN_BYTES
  const boundsAt = negativeAt + negativeRuns * RUN_BYTES
  const positive = readIndexes(view, HEADER_BYTES, positiveRuns, like?.positive.indexes)
  const negative = readIndexes(view, negativeAt, negativeRuns, like?.negative.indexes)
  const customValues = bounds === 0 ? NO_CUSTOM_VALUES : readBounds(view, boundsAt, bounds, like?.customValues)
  const code = (flags >>> 2) & 3
  const countsAt = boundsAt + bounds * 8
  return {
    schema: view.getInt8(1),
    resetHint: (flags & 3) as ResetHint,
    count: view.getFloat64(8, true),
    sum: view.getFloat64(16, true),
    zeroCount: view.getFloat64(24, true),
    zeroThreshold: view.getFloat64(32, true),
    positive: readBuckets(view, countsAt, positive, code),
    negative: readBuckets(view, countsAt + positive.length * (WIDTHS[code] as number), negative, code),
    customValues,
  }
}

function countRuns(indexes: Int32Array): number {
  let runs = 0
  for (let i = 0; i < indexes.length; i++) {
    if (i === 0 || indexes[i] !== (indexes[i - 1] as number) + 1) runs++
  }
  return runs
}

/** @returns the offset after the runs */
function putRuns(view: DataView, at: number, indexes: Int32Array): number {
  let to = at
  for (let from = 0; from < indexes.length; ) {
    const first = indexes[from] as number
    let length = 1
    while (from + length < indexes.length && indexes[from + length] === first + length) length++
    view.setInt32(to, first, true)
    view.setUint32(to + 4, length, true)
    to += RUN_BYTES
    from += length
  }
  return to
}

function readIndexes(view: DataView, at: number, runs: number, like: Int32Array | undefined): Int32Array {
  if (like !== undefined && hasRuns(view, at, runs, like)) return like
  let size = 0
  for (let run = 0; run < runs; run++) size += view.getUint32(at + run * RUN_BYTES + 4, true)
  const indexes = new Int32Array(size)
  let to = 0
  for (let run = 0; run < runs; run++) {
    const first = view.getInt32(at + run * RUN_BYTES, true)
    const length = view.getUint32(at + run * RUN_BYTES + 4, true)
    for (let i = 0; i < length; i++) indexes[to++] = first + i
  }
  return indexes
}

/** True where the runs are those of `indexes`, which ascend: then the ends of each run tell. */
function hasRuns(view: DataView, at: number, runs: number, indexes: Int32Array): boolean {
  let from = 0
  for (let run = 0; run < runs; run++) {
    const first = view.getInt32(at + run * RUN_BYTES, true)
    const length = view.getUint32(at + run * RUN_BYTES + 4, true)
    if (indexes[from] !== first || indexes[from + length - 1] !== first + length - 1) return false
    from += length
  }
  return from === indexes.length
}

function readBounds(view: DataView, at: number, count: number, like: Float64Array | undefined): Float64Array {
  if (like !== undefined && hasBounds(view, at, count, like)) return like
  const bounds = new Float64Array(count)
  for (let i = 0; i < count; i++) bounds[i] = view.getFloat64(at + i * 8, true)
  return bounds
}

function hasBounds(view: DataView, at: number, count: number, bounds: Float64Array): boolean {
  if (bounds.length !== count) return false
  for (let i = 0; i < count; i++) if (!Object.is(view.getFloat64(at + i * 8, true), bounds[i])) return false
  return true
}

/** The narrowest width that holds every count exactly. */
function widthCode(counts: Float64Array): number {
  let largest = 0
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number
    if (!Number.isInteger(count) || count < 0 || Object.is(count, -0)) return 3
    if (count > largest) largest = count
  }
  if (largest > 0xffff_ffff) return 3
  if (largest > 0xffff) return 2
  return largest > 0xff ? 1 : 0
}

/** @returns the offset after the counts */
function putCounts(view: DataView, at: number, counts: Float64Array, code: number): number {
  const width = WIDTHS[code] as number
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number
    const to = at + i * width
    if (code === 0) view.setUint8(to, count)
    else if (code === 1) view.setUint16(to, count, true)
    else if (code === 2) view.setUint32(to, count, true)
    else view.setFloat64(to, count, true)
  }
  return at + counts.length * width
}

function readBuckets(view: DataView, at: number, indexes: Int32Array, code: number): HistogramBuckets {
  if (indexes.length === 0) return NO_BUCKETS
  const width = WIDTHS[code] as number
  const counts = new Float64Array(indexes.length)
  for (let i = 0; i < counts.length; i++) {
    const from = at + i * width
    if (code === 0) counts[i] = view.getUint8(from)
    else if (code === 1) counts[i] = view.getUint16(from, true)
    else if (code === 2) counts[i] = view.getUint32(from, true)
    else counts[i] = view.getFloat64(from, true)
  }
  return { indexes, counts }
}

import { unzigzag, zigzag } from '@vantage/bytes'
import { assert, CUSTOM_BUCKETS_SCHEMA, type Histogram, type HistogramColumns, type ResetHint } from '@vantage/model'
import { encodeValues, type ValueScratch, valuesBytesMax } from '../codec/value-codec.ts'
import { decodeValues } from '../codec/value-decoder.ts'
import type { ReadScratch } from '../head/generation-reader.ts'
import { CHUNK_HISTOGRAMS_MAX, PAGE_BYTES } from '../limits.ts'
import { ByteSink, ByteSource } from './byte-sink.ts'
import { CHUNK_KIND } from './layout.ts'
import type { PageSlot } from './page-cache.ts'
import type { BlockPlace, PartFile } from './part-file.ts'

/**
 * A chunk of native histograms: what all of them share once, then one block of values per number. The blocks lie one
 * behind the other; where a page ends, the next one goes on at its begin.
 *
 *   layout   zigzag varint schema | f64 zero threshold | varint bounds, spans + (positive), spans − (negative)
 *            block of the bounds, where there are any
 *            per span: zigzag varint from the end of the span before (0 at first) to its first index | varint buckets
 *   blocks   reset hints | counts | sums | zero counts | one per positive bucket | one per negative bucket
 *
 * Source: FORMAT.md "Chunk kinds".
 */
interface HistogramLayout {
  readonly schema: number
  readonly zeroThreshold: number
  readonly customValues: Float64Array
  readonly positive: Int32Array
  readonly negative: Int32Array
}

export function chunkKindOf(histogram: Histogram): number {
  const { customBucketHistogram, exponentialHistogram } = CHUNK_KIND
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA ? customBucketHistogram : exponentialHistogram
}

/** True where both may stand in one chunk. */
export function hasSameLayout(a: Histogram, b: Histogram): boolean {
  return (
    a.schema === b.schema &&
    Object.is(a.zeroThreshold, b.zeroThreshold) &&
    isEqual(a.positive.indexes, b.positive.indexes) &&
    isEqual(a.negative.indexes, b.negative.indexes) &&
    isEqual(a.customValues, b.customValues)
  )
}

function isEqual(a: Int32Array | Float64Array, b: Int32Array | Float64Array): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false
  return true
}

const column = new Float64Array(CHUNK_HISTOGRAMS_MAX)
const columnHalves = new Uint32Array(column.buffer)

/**
 * Writes the histograms [from, to), all of one layout, as one chunk.
 * @param room at least `valuesBytesMax(CHUNK_HISTOGRAMS_MAX)` bytes
 * @returns where the layout lies
 */
export function writeHistogramBlocks(
  file: PartFile,
  histograms: readonly Histogram[],
  from: number,
  to: number,
  room: Uint8Array,
  scratch: ValueScratch,
): BlockPlace {
  const count = to - from
  const first = histograms[from] as Histogram
  const layout = encodeLayout(first, scratch)
  const place = file.addBlock(layout, layout.length)
  const write = (numberOf: (histogram: Histogram) => number): void => {
    for (let i = 0; i < count; i++) column[i] = numberOf(histograms[from + i] as Histogram)
    file.addBlock(room, encodeValues(column, columnHalves, count, room, 0, scratch))
  }
  write((one) => one.resetHint)
  write((one) => one.count)
  write((one) => one.sum)
  write((one) => one.zeroCount)
  for (let bucket = 0; bucket < first.positive.indexes.length; bucket++) {
    write((one) => one.positive.counts[bucket] as number)
  }
  for (let bucket = 0; bucket < first.negative.indexes.length; bucket++) {
    write((one) => one.negative.counts[bucket] as number)
  }
  return place
}

function encodeLayout(histogram: Histogram, scratch: ValueScratch): Uint8Array {
  const { customValues } = histogram
  const positive = new ByteSink()
  const negative = new ByteSink()
  const positiveSpans = putSpans(histogram.positive.indexes, positive)
  const negativeSpans = putSpans(histogram.negative.indexes, negative)
  const out = new ByteSink()
  out.varint(zigzag(histogram.schema))
  out.f64(histogram.zeroThreshold)
  out.varint(customValues.length)
  out.varint(positiveSpans)
  out.varint(negativeSpans)
  if (customValues.length > 0) {
    const bounds = customValues.slice()
    const bytes = new Uint8Array(valuesBytesMax(bounds.length))
    out.raw(bytes.subarray(0, encodeValues(bounds, new Uint32Array(bounds.buffer), bounds.length, bytes, 0, scratch)))
  }
  out.raw(positive.view())
  out.raw(negative.view())
  assert(out.length <= PAGE_BYTES, 'HISTOGRAM_BYTES_MAX keeps layouts below a page')
  return out.view()
}

/** @returns how many */
function putSpans(indexes: Int32Array, out: ByteSink): number {
  let spans = 0
  let end = 0
  for (let from = 0; from < indexes.length; spans++) {
    const first = indexes[from] as number
    let length = 1
    while (from + length < indexes.length && indexes[from + length] === first + length) length++
    out.varint(zigzag(first - end))
    out.varint(length)
    end = first + length
    from += length
  }
  return spans
}

/** Pages of one part. */
export interface PageSource {
  /** The raw page; valid until the next call. */
  page(page: number): PageSlot
  rawBytes(page: number): number
}

/** Buckets of one side are no more than a layout's page has bytes for. */
const BUCKETS_MAX = PAGE_BYTES

/**
 * Appends the histograms [from, to) of a chunk to `out`; the arrays of the layout are shared by all of them.
 * @param times of the whole chunk
 * @returns false where the chunk cannot be decoded
 */
export function readHistogramChunk(
  pages: PageSource,
  place: BlockPlace,
  times: Float64Array,
  from: number,
  to: number,
  out: HistogramColumns,
  scratch: ReadScratch,
): boolean {
  const cursor = new BlockCursor(pages, place, times.length, scratch)
  const layout = cursor.layout()
  if (layout === undefined) return false
  const size = to - from
  const heads = Array.from({ length: 4 }, () => new Float64Array(size))
  for (const head of heads) {
    if (!cursor.next()) return false
    head.set(scratch.chunkValues.subarray(from, to))
  }
  const positive = readSide(cursor, layout.positive, from, size, scratch)
  const negative = positive && readSide(cursor, layout.negative, from, size, scratch)
  if (positive === undefined || negative === undefined) return false
  const [hints, counts, sums, zeroCounts] = heads as [Float64Array, Float64Array, Float64Array, Float64Array]
  const { schema, zeroThreshold, customValues } = layout
  for (let i = 0; i < size; i++) {
    out.push(times[from + i] as number, {
      schema,
      resetHint: hints[i] as ResetHint,
      count: counts[i] as number,
      sum: sums[i] as number,
      zeroCount: zeroCounts[i] as number,
      zeroThreshold,
      positive: { indexes: layout.positive, counts: positive[i] as Float64Array },
      negative: { indexes: layout.negative, counts: negative[i] as Float64Array },
      customValues,
    })
  }
  return true
}

/** @returns the bucket counts of each histogram, or undefined where a block cannot be decoded */
function readSide(
  cursor: BlockCursor,
  indexes: Int32Array,
  from: number,
  size: number,
  scratch: ReadScratch,
): Float64Array[] | undefined {
  const sides = Array.from({ length: size }, () => new Float64Array(indexes.length))
  for (let bucket = 0; bucket < indexes.length; bucket++) {
    if (!cursor.next()) return undefined
    for (let i = 0; i < size; i++) (sides[i] as Float64Array)[bucket] = scratch.chunkValues[from + i] as number
  }
  return sides
}

/** Goes through the blocks of one chunk. */
class BlockCursor {
  readonly #pages: PageSource
  readonly #count: number
  readonly #scratch: ReadScratch
  #page: number
  #at: number

  constructor(pages: PageSource, place: BlockPlace, count: number, scratch: ReadScratch) {
    this.#pages = pages
    this.#count = count
    this.#scratch = scratch
    this.#page = place.page
    this.#at = place.at
  }

  layout(): HistogramLayout | undefined {
    const slot = this.#pages.page(this.#page)
    const source = new ByteSource(slot.bytes.subarray(slot.at, slot.at + this.#pages.rawBytes(this.#page)))
    source.at = this.#at
    const schema = unzigzag(source.varint())
    const zeroThreshold = source.f64()
    const bounds = source.varint()
    const positiveSpans = source.varint()
    const negativeSpans = source.varint()
    if (source.isPast || bounds > this.#scratch.chunkValues.length) return undefined
    const customValues = new Float64Array(bounds)
    if (bounds > 0) {
      source.at = decodeValues(source.bytes, source.at, bounds, customValues, new Uint32Array(customValues.buffer), 0)
      if (source.at < 0) return undefined
    }
    const positive = takeSpans(source, positiveSpans)
    const negative = takeSpans(source, negativeSpans)
    if (source.isPast) return undefined
    this.#at = source.at
    return { schema, zeroThreshold, customValues, positive, negative }
  }

  /** Decodes the next block into `chunkValues`. @returns false where it cannot be */
  next(): boolean {
    if (this.#at === this.#pages.rawBytes(this.#page)) {
      this.#page++
      this.#at = 0
    }
    const slot = this.#pages.page(this.#page)
    const { chunkValues, chunkHalves } = this.#scratch
    const end = decodeValues(slot.bytes, slot.at + this.#at, this.#count, chunkValues, chunkHalves, 0)
    this.#at = end - slot.at
    return end >= 0
  }
}

function takeSpans(source: ByteSource, spans: number): Int32Array {
  const indexes: number[] = []
  let end = 0
  for (let span = 0; span < spans && !source.isPast; span++) {
    const first = end + unzigzag(source.varint())
    const length = source.varint()
    if (indexes.length + length > BUCKETS_MAX) source.isPast = true
    else for (let i = 0; i < length; i++) indexes.push(first + i)
    end = first + length
  }
  return Int32Array.from(indexes)
}

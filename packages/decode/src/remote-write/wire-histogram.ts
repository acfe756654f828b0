import { ByteCursor, readFixed64, readVarint, readVarintSigned, readZigzag } from '@vantage/bytes'
import { isStaleAt, type MetricBatch, NO_CUSTOM_VALUES, type ResetHint } from '@vantage/model'
import { pushHistogram, pushStale, type RefusedHistograms } from '../histogram.ts'
import { SPARSE_ENTRIES_MAX, SparseSide } from '../sparse-side.ts'
import { skipField } from './fields.ts'

/**
 * A native histogram of remote write, the same message in 1.0 and 2.0.
 * Source: prometheus/prometheus prompb/types.proto and prompb/io/prometheus/write/v2/types.proto.
 *
 *     1 count_int uint64            2 count_float double      3 sum double           4 schema sint32
 *     5 zero_threshold double       6 zero_count_int uint64   7 zero_count_float double
 *     8 negative_spans BucketSpan*  9 negative_deltas sint64*     10 negative_counts double*
 *     11 positive_spans BucketSpan* 12 positive_deltas sint64*    13 positive_counts double*
 *     14 reset_hint enum            15 timestamp int64 (ms)       16 custom_values double*
 *     17 start_timestamp int64 (ms, 2.0 only)
 *     BucketSpan: 1 offset sint32   2 length uint32
 */

const TAG_START = 0x88

/** The fields of one message, reused from histogram to histogram. */
class Fields {
  readonly cursor = new ByteCursor()
  readonly scratch = new Float64Array(1)
  readonly halves = new Uint32Array(this.scratch.buffer)
  readonly positive = new SparseSide()
  readonly negative = new SparseSide()
  readonly customValues: number[] = []
  isInteger = true
  count = 0
  sum = 0
  schema = 0
  zeroThreshold = 0
  zeroCount = 0
  resetHint = 0
  timeMs = 0
  startMs = 0
  isStale = false
  isTooLarge = false

  reset(bytes: Uint8Array, from: number, to: number): void {
    this.cursor.reset(bytes, from, to)
    this.positive.reset()
    this.negative.reset()
    this.customValues.length = 0
    this.isInteger = true
    this.count = 0
    this.sum = 0
    this.schema = 0
    this.zeroThreshold = 0
    this.zeroCount = 0
    this.resetHint = 0
    this.timeMs = 0
    this.startMs = 0
    this.isStale = false
    this.isTooLarge = false
  }

  double(): number {
    readFixed64(this.cursor)
    this.halves[0] = this.cursor.low
    this.halves[1] = this.cursor.high
    return this.scratch[0] as number
  }
}

const fields = new Fields()

/**
 * Reads the message in [from, to) into the open row of `batch`, or into `refused` where it contradicts itself.
 * @returns false where the bytes are no Histogram
 */
export function readHistogram(
  bytes: Uint8Array,
  from: number,
  to: number,
  batch: MetricBatch,
  refused: RefusedHistograms,
): boolean {
  fields.reset(bytes, from, to)
  const { cursor } = fields
  while (cursor.at < to) {
    const at = cursor.at
    const tag = readVarint(cursor)
    if (!readField(tag, at, to) || cursor.isBad || cursor.at > to) return false
  }
  const problem = pushRead(batch)
  if (problem !== undefined) refused.add(problem)
  return true
}

function readField(tag: number, at: number, to: number): boolean {
  const { cursor, positive, negative } = fields
  switch (tag) {
    case 0x08:
      fields.count = readVarint(cursor)
      return true
    case 0x11:
      fields.count = fields.double()
      fields.isInteger = false
      return true
    case 0x19:
      fields.sum = fields.double()
      fields.isStale = isStaleAt(fields.halves, 0)
      return true
    case 0x20:
      fields.schema = readZigzag(cursor)
      return true
    case 0x29:
      fields.zeroThreshold = fields.double()
      return true
    case 0x30:
      fields.zeroCount = readVarint(cursor)
      return true
    case 0x39:
      fields.zeroCount = fields.double()
      return true
    case 0x70:
      fields.resetHint = readVarint(cursor)
      return true
    case 0x78:
      fields.timeMs = readVarintSigned(cursor)
      return true
    case TAG_START:
      fields.startMs = readVarintSigned(cursor)
      return true
    case 0x42:
      return readSpan(negative, to)
    case 0x5a:
      return readSpan(positive, to)
    default:
      return readList(tag, to) ?? skipField(cursor, tag, at) === undefined
  }
}

/** Repeated numbers, packed or one by one. @returns undefined where the tag is none of them */
function readList(tag: number, to: number): boolean | undefined {
  const { positive, negative, customValues } = fields
  switch (tag >>> 3) {
    case 9:
      return readNumbers(tag, to, negative.deltas, 0)
    case 10:
      return readNumbers(tag, to, negative.counts, 1)
    case 12:
      return readNumbers(tag, to, positive.deltas, 0)
    case 13:
      return readNumbers(tag, to, positive.counts, 1)
    case 16:
      return readNumbers(tag, to, customValues, 1)
    default:
      return undefined
  }
}

function readNumbers(tag: number, to: number, into: number[], wireType: 0 | 1): boolean {
  const { cursor } = fields
  if ((tag & 7) !== 2) {
    if ((tag & 7) !== wireType) return false
    readNumber(into, wireType)
    return !cursor.isBad
  }
  const length = readVarint(cursor)
  const stop = cursor.at + length
  if (cursor.isBad || stop > to) return false
  while (cursor.at < stop && !cursor.isBad) readNumber(into, wireType)
  return cursor.at === stop
}

function readNumber(into: number[], wireType: 0 | 1): void {
  const value = wireType === 0 ? readZigzag(fields.cursor) : fields.double()
  if (into.length < SPARSE_ENTRIES_MAX) into.push(value)
  else fields.isTooLarge = true
}

function readSpan(side: SparseSide, to: number): boolean {
  const { cursor } = fields
  const size = readVarint(cursor)
  const stop = cursor.at + size
  if (cursor.isBad || stop > to) return false
  let offset = 0
  let length = 0
  while (cursor.at < stop && !cursor.isBad) {
    const at = cursor.at
    const tag = readVarint(cursor)
    if (tag === 0x08) offset = readZigzag(cursor)
    else if (tag === 0x10) length = readVarint(cursor)
    else if (skipField(cursor, tag, at) !== undefined) return false
  }
  if (side.offsets.length < SPARSE_ENTRIES_MAX) {
    side.offsets.push(offset)
    side.lengths.push(length)
  } else fields.isTooLarge = true
  return cursor.at === stop
}

/** @returns why it is refused */
function pushRead(batch: MetricBatch): string | undefined {
  const { timeMs, positive, negative, isInteger, customValues } = fields
  if (fields.isStale) {
    pushStale(batch, timeMs)
    return undefined
  }
  if (fields.isTooLarge) return 'too many buckets (limits.maxBuckets)'
  const problem = positive.problem(isInteger) ?? negative.problem(isInteger)
  if (problem !== undefined) return problem
  const histogram = {
    schema: fields.schema,
    resetHint: (fields.resetHint & 3) as ResetHint,
    count: fields.count,
    sum: fields.sum,
    zeroCount: fields.zeroCount,
    zeroThreshold: fields.zeroThreshold,
    positive: positive.buckets(isInteger),
    negative: negative.buckets(isInteger),
    customValues: customValues.length === 0 ? NO_CUSTOM_VALUES : Float64Array.from(customValues),
  }
  return pushHistogram(batch, timeMs, fields.startMs, histogram, isInteger ? 'integer' : 'float')
}

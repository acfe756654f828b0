import { ByteCursor, readZigzag } from '@vantage/bytes'
import { type Histogram, NO_CUSTOM_VALUES, RESET_HINT } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { SPARSE_ENTRIES_MAX, SparseSide } from '../sparse-side.ts'
import {
  BUCKET_BOUND,
  BUCKET_COUNT,
  BUCKET_COUNT_FLOAT,
  BUCKET_EXEMPLAR,
  doubleAt,
  HISTOGRAM_BUCKET,
  HISTOGRAM_COUNT,
  HISTOGRAM_COUNT_FLOAT,
  HISTOGRAM_CREATED,
  HISTOGRAM_EXEMPLAR,
  HISTOGRAM_NEGATIVE_SPAN,
  HISTOGRAM_POSITIVE_SPAN,
  HISTOGRAM_SCHEMA,
  HISTOGRAM_SUM,
  HISTOGRAM_ZERO_COUNT,
  HISTOGRAM_ZERO_COUNT_FLOAT,
  HISTOGRAM_ZERO_THRESHOLD,
  NEGATIVE_COUNT_NUMBER,
  NEGATIVE_DELTA_NUMBER,
  POSITIVE_COUNT_NUMBER,
  POSITIVE_DELTA_NUMBER,
  SPAN_LENGTH,
  SPAN_OFFSET,
} from './fields.ts'

/** Classic buckets of one histogram, quantiles of one summary: each becomes a series. */
export const VALUES_PER_METRIC_MAX = 16_384

/** The Histogram message of one metric: the classic buckets, the native ones, or both; reused from metric to metric. */
export class HistogramFields {
  count = 0
  sum = 0
  schema = 0
  zeroThreshold = 0
  zeroCount = 0
  isFloat = false
  readonly bounds: number[] = []
  /** Cumulative. */
  readonly counts: number[] = []
  /** Ranges of Exemplar messages: from, to, from, to …; of bucket i at 2i, 0 and 0 where it has none. */
  readonly bucketExemplars: number[] = []
  readonly exemplars: number[] = []
  readonly positive = new SparseSide()
  readonly negative = new SparseSide()
  createdFrom = 0
  createdTo = 0
  readonly #cursor = new FieldCursor()
  readonly #inner = new FieldCursor()
  readonly #numbers = new ByteCursor()
  #integerCount = 0
  #floatCount = 0
  #integerZeroCount = 0
  #floatZeroCount = 0

  /** @returns what is wrong with the message in [from, to), '' where nothing is */
  read(bytes: Uint8Array, from: number, to: number): string {
    this.#reset()
    const cursor = this.#cursor
    cursor.reset(bytes, from, to)
    let problem = ''
    while (problem === '' && nextField(cursor)) problem = this.#readField(cursor)
    if (cursor.isBad) return 'want a whole histogram'
    // A float where there is one: the message says that it overrides the integer.
    this.isFloat = this.#floatCount > 0 || this.#floatZeroCount > 0
    this.count = this.#floatCount > 0 ? this.#floatCount : this.#integerCount
    this.zeroCount = this.isFloat ? this.#floatZeroCount : this.#integerZeroCount
    return problem
  }

  /** Without spans and zero bucket it is a classic histogram: clients send an empty span to say otherwise. */
  get isNative(): boolean {
    const { positive, negative } = this
    const hasSpans = positive.lengths.length > 0 || negative.lengths.length > 0
    return hasSpans || this.zeroThreshold > 0 || this.zeroCount > 0
  }

  /** @returns the native histogram, or what contradicts itself in its spans */
  native(isGauge: boolean): Histogram | string {
    const { positive, negative, isFloat } = this
    const problem = positive.problem(!isFloat) ?? negative.problem(!isFloat)
    if (problem !== undefined) return problem
    return {
      schema: this.schema,
      resetHint: isGauge ? RESET_HINT.gauge : RESET_HINT.unknown,
      count: isFloat ? this.#floatCount : this.#integerCount,
      sum: this.sum,
      zeroCount: this.zeroCount,
      zeroThreshold: this.zeroThreshold,
      positive: positive.buckets(!isFloat),
      negative: negative.buckets(!isFloat),
      customValues: NO_CUSTOM_VALUES,
    }
  }

  #reset(): void {
    this.#integerCount = 0
    this.#floatCount = 0
    this.#integerZeroCount = 0
    this.#floatZeroCount = 0
    this.sum = 0
    this.schema = 0
    this.zeroThreshold = 0
    this.bounds.length = 0
    this.counts.length = 0
    this.bucketExemplars.length = 0
    this.exemplars.length = 0
    this.positive.reset()
    this.negative.reset()
    this.createdFrom = 0
    this.createdTo = 0
  }

  #readField(cursor: FieldCursor): string {
    const { bytes, tag, from, to } = cursor
    switch (tag) {
      case HISTOGRAM_COUNT:
        this.#integerCount = fieldVarint(cursor)
        return ''
      case HISTOGRAM_COUNT_FLOAT:
        this.#floatCount = doubleAt(bytes, from)
        return ''
      case HISTOGRAM_SUM:
        this.sum = doubleAt(bytes, from)
        return ''
      case HISTOGRAM_SCHEMA:
        this.#numbers.reset(bytes, from, to)
        this.schema = readZigzag(this.#numbers)
        return ''
      case HISTOGRAM_ZERO_THRESHOLD:
        this.zeroThreshold = doubleAt(bytes, from)
        return ''
      case HISTOGRAM_ZERO_COUNT:
        this.#integerZeroCount = fieldVarint(cursor)
        return ''
      case HISTOGRAM_ZERO_COUNT_FLOAT:
        this.#floatZeroCount = doubleAt(bytes, from)
        return ''
      case HISTOGRAM_CREATED:
        this.createdFrom = from
        this.createdTo = to
        return ''
      case HISTOGRAM_EXEMPLAR:
        if (this.exemplars.length < 2 * VALUES_PER_METRIC_MAX) this.exemplars.push(from, to)
        return ''
      case HISTOGRAM_BUCKET:
        return this.#readBucket(bytes, from, to)
      case HISTOGRAM_POSITIVE_SPAN:
        return this.#readSpan(this.positive, bytes, from, to)
      case HISTOGRAM_NEGATIVE_SPAN:
        return this.#readSpan(this.negative, bytes, from, to)
      default:
        return this.#readList(cursor)
    }
  }

  #readBucket(bytes: Uint8Array, from: number, to: number): string {
    if (this.bounds.length === VALUES_PER_METRIC_MAX) return `want at most ${VALUES_PER_METRIC_MAX} buckets, got more`
    const inner = this.#inner
    inner.reset(bytes, from, to)
    let count = 0
    let floatCount = 0
    let bound = 0
    let exemplarFrom = 0
    let exemplarTo = 0
    while (nextField(inner)) {
      if (inner.tag === BUCKET_COUNT) count = fieldVarint(inner)
      else if (inner.tag === BUCKET_COUNT_FLOAT) floatCount = doubleAt(bytes, inner.from)
      else if (inner.tag === BUCKET_BOUND) bound = doubleAt(bytes, inner.from)
      else if (inner.tag === BUCKET_EXEMPLAR) {
        exemplarFrom = inner.from
        exemplarTo = inner.to
      }
    }
    this.bounds.push(bound)
    this.counts.push(floatCount > 0 ? floatCount : count)
    this.bucketExemplars.push(exemplarFrom, exemplarTo)
    return inner.isBad ? 'want a whole bucket' : ''
  }

  #readSpan(side: SparseSide, bytes: Uint8Array, from: number, to: number): string {
    if (side.offsets.length === SPARSE_ENTRIES_MAX) return 'want fewer spans (limits.maxBuckets)'
    const inner = this.#inner
    inner.reset(bytes, from, to)
    let offset = 0
    let length = 0
    while (nextField(inner)) {
      if (inner.tag === SPAN_LENGTH) length = fieldVarint(inner)
      else if (inner.tag === SPAN_OFFSET) {
        this.#numbers.reset(bytes, inner.from, inner.to)
        offset = readZigzag(this.#numbers)
      }
    }
    side.offsets.push(offset)
    side.lengths.push(length)
    return inner.isBad ? 'want a whole span' : ''
  }

  /** Counts of the native buckets, packed or one by one; unknown fields are skipped. */
  #readList({ bytes, tag, from, to }: FieldCursor): string {
    switch (tag >>> 3) {
      case POSITIVE_DELTA_NUMBER:
        return this.#readDeltas(this.positive.deltas, tag & 7, bytes, from, to)
      case NEGATIVE_DELTA_NUMBER:
        return this.#readDeltas(this.negative.deltas, tag & 7, bytes, from, to)
      case POSITIVE_COUNT_NUMBER:
        return readDoubles(this.positive.counts, tag & 7, bytes, from, to)
      case NEGATIVE_COUNT_NUMBER:
        return readDoubles(this.negative.counts, tag & 7, bytes, from, to)
      default:
        return ''
    }
  }

  #readDeltas(into: number[], wireType: number, bytes: Uint8Array, from: number, to: number): string {
    if (wireType !== 0 && wireType !== 2) return ''
    const numbers = this.#numbers
    numbers.reset(bytes, from, to)
    while (numbers.at < to) {
      if (into.length === SPARSE_ENTRIES_MAX) return TOO_MANY
      into.push(readZigzag(numbers))
      if (numbers.isBad) return 'want whole bucket counts'
    }
    return ''
  }
}

const TOO_MANY = 'want fewer native buckets (limits.maxBuckets)'

function readDoubles(into: number[], wireType: number, bytes: Uint8Array, from: number, to: number): string {
  if (wireType !== 1 && wireType !== 2) return ''
  if ((to - from) % 8 !== 0) return 'want whole bucket counts'
  for (let at = from; at < to; at += 8) {
    if (into.length === SPARSE_ENTRIES_MAX) return TOO_MANY
    into.push(doubleAt(bytes, at))
  }
  return ''
}

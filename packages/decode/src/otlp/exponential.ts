import { ByteCursor, readVarint, readZigzag } from '@vantage/bytes'
import {
  EXPONENTIAL_SCHEMA_MAX,
  EXPONENTIAL_SCHEMA_MIN,
  HISTOGRAM_BUCKETS_MAX,
  type Histogram,
  type HistogramBuckets,
  NO_BUCKETS,
  NO_CUSTOM_VALUES,
  RESET_HINT,
} from '@vantage/model'
import { FieldCursor, nextField } from '../field-cursor.ts'
import { bucketsOf } from '../histogram.ts'
import * as field from './fields.ts'

/**
 * Exponential histograms as native histograms. Bucket i of OTLP is (base^i, base^(i+1)], of Prometheus
 * (base^(i−1), base^i]: the same bucket is one higher. Scales above 8 are merged down, two buckets into one per
 * step, which is exact. Source: opentelemetry-specification, compatibility/prometheus_and_openmetrics, "Exponential
 * Histograms"; opentelemetry-proto metrics.proto, ExponentialHistogramDataPoint.
 */

/** Counts of one side that are looked at: zeros between filled buckets are not stored. */
const COUNTS_MAX = 16 * HISTOGRAM_BUCKETS_MAX
/** The finest scale of the data model, where a bucket is one step of a double's mantissa and less. */
const SCALE_MAX = 20
/** Every double is above 2^−1075 and at most 2^1024. */
const EXPONENT_MIN = -1075
const EXPONENT_MAX = 1024

interface Side {
  offset: number
  readonly counts: number[]
}

/** The fields of a point that are about its buckets, collected while its other fields are read. */
export class ExponentialFields {
  readonly #cursor = new FieldCursor()
  readonly #values = new ByteCursor()
  readonly #positive: Side = { offset: 0, counts: [] }
  readonly #negative: Side = { offset: 0, counts: [] }
  scale = 0
  count = 0
  sum = 0
  zeroCount = 0
  zeroThreshold = 0
  #isTooLarge = false

  reset(): void {
    for (const side of [this.#positive, this.#negative]) {
      side.offset = 0
      side.counts.length = 0
    }
    this.scale = 0
    this.count = 0
    // Observations of both signs have no meaningful sum; the field is then absent.
    this.sum = 0
    this.zeroCount = 0
    this.zeroThreshold = 0
    this.#isTooLarge = false
  }

  setScale(body: Uint8Array, from: number, to: number): void {
    this.#values.reset(body, from, to)
    this.scale = readZigzag(this.#values)
  }

  /** Reads a `Buckets` message: 1 offset sint32, 2 bucket_counts uint64*. False where malformed. */
  readSide(isPositive: boolean, body: Uint8Array, from: number, to: number): boolean {
    const side = isPositive ? this.#positive : this.#negative
    const cursor = this.#cursor
    const values = this.#values
    cursor.reset(body, from, to)
    while (nextField(cursor)) {
      values.reset(body, cursor.from, cursor.to)
      if (cursor.tag === field.BUCKETS_OFFSET) side.offset = readZigzag(values)
      else if (cursor.tag === field.BUCKETS_COUNTS || cursor.tag === field.BUCKETS_COUNT) {
        while (values.at < values.end && !values.isBad) {
          const count = readVarint(values)
          if (side.counts.length < COUNTS_MAX) side.counts.push(count)
          else this.#isTooLarge = true
        }
        if (values.isBad) return false
      }
    }
    return !cursor.isBad
  }

  /**
   * @param isDelta one that is summed: buckets that no double falls into could never be merged into few
   * @returns the histogram, or why it is refused
   */
  finish(isDelta: boolean): Histogram | string {
    if (!(this.scale >= EXPONENTIAL_SCHEMA_MIN && this.scale <= SCALE_MAX))
      return `want a scale from ${EXPONENTIAL_SCHEMA_MIN} to ${SCALE_MAX}, got ${this.scale}`
    if (this.#isTooLarge) return `want at most ${COUNTS_MAX} bucket counts a side, got more`
    const problem = isDelta ? (this.#rangeProblem(this.#positive) ?? this.#rangeProblem(this.#negative)) : undefined
    if (problem !== undefined) return problem
    const steps = Math.max(0, this.scale - EXPONENTIAL_SCHEMA_MAX)
    return {
      schema: this.scale - steps,
      resetHint: RESET_HINT.unknown,
      count: this.count,
      sum: this.sum,
      zeroCount: this.zeroCount,
      zeroThreshold: this.zeroThreshold,
      positive: toBuckets(this.#positive, steps),
      negative: toBuckets(this.#negative, steps),
      customValues: NO_CUSTOM_VALUES,
    }
  }

  #rangeProblem({ offset, counts }: Side): string | undefined {
    const first = Math.floor(EXPONENT_MIN * 2 ** this.scale)
    const last = Math.ceil(EXPONENT_MAX * 2 ** this.scale) - 1
    if (counts.length === 0 || (offset >= first && offset + counts.length - 1 <= last)) return undefined
    return `want buckets from ${first} to ${last} with scale ${this.scale}, got ${offset} to ${offset + counts.length - 1}`
  }
}

/** @param steps by how many powers of two buckets are merged */
function toBuckets({ offset, counts }: Side, steps: number): HistogramBuckets {
  if (counts.length === 0) return NO_BUCKETS
  const first = offset >> steps
  const merged = new Float64Array(((offset + counts.length - 1) >> steps) - first + 1)
  for (let i = 0; i < counts.length; i++) {
    const at = ((offset + i) >> steps) - first
    merged[at] = (merged[at] as number) + (counts[i] as number)
  }
  return bucketsOf([first + 1], [merged.length], merged)
}

/** What a histogram says about counter resets before it; numbers as on the wire. Source: prometheus/prometheus prompb/types.proto. */
export const RESET_HINT = { unknown: 0, reset: 1, notReset: 2, gauge: 3 } as const

export type ResetHint = (typeof RESET_HINT)[keyof typeof RESET_HINT]

/** The schema of histograms with bounds of their own; exponential ones have −4 … 8. */
export const CUSTOM_BUCKETS_SCHEMA = -53
export const EXPONENTIAL_SCHEMA_MIN = -4
export const EXPONENTIAL_SCHEMA_MAX = 8

/** `limits.maxBuckets`: buckets of one native histogram, positive and negative together. */
export const HISTOGRAM_BUCKETS_MAX = 320

/**
 * The buckets of one side, sparse: `counts[i]` observations in the bucket `indexes[i]`; indexes ascend, each once.
 * Exponential: bucket i ends (inclusive) at ±2^(i · 2^−schema). Custom: bucket i ends at `customValues[i]`, the one
 * after the last bound at +Inf.
 */
export interface HistogramBuckets {
  readonly indexes: Int32Array
  /** Absolute, not differences. Integer histograms hold whole numbers. */
  readonly counts: Float64Array
}

/**
 * A native histogram at one point in time. Immutable: whoever computes makes a new one.
 * Source: prometheus/docs docs/specs/native_histograms.md.
 */
export interface Histogram {
  readonly schema: number
  readonly resetHint: ResetHint
  readonly count: number
  readonly sum: number
  /** Observations with an absolute value of at most `zeroThreshold`; both 0 with custom buckets. */
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: HistogramBuckets
  readonly negative: HistogramBuckets
  /** Upper bounds, ascending, without +Inf; empty unless the schema is `CUSTOM_BUCKETS_SCHEMA`. */
  readonly customValues: Float64Array
}

/** A run of neighbouring buckets: `offset` from the end of the run before (the first: from 0), and how many they are. */
export interface BucketSpan {
  readonly offset: number
  readonly length: number
}

/** Buckets as the wire formats of Prometheus name them. @param indexes ascending, each once */
export function bucketSpans(indexes: Int32Array): BucketSpan[] {
  const spans: BucketSpan[] = []
  let next = 0
  for (let i = 0; i < indexes.length; ) {
    const first = indexes[i] as number
    let length = 1
    while (i + length < indexes.length && indexes[i + length] === first + length) length++
    spans.push({ offset: first - next, length })
    next = first + length
    i += length
  }
  return spans
}

const WHOLE_COUNT_MAX = 2 ** 51

/** May be written as integers: counts are whole and add up, which readers of integers check, and of floats do not. */
export function hasWholeCounts({ count, sum, zeroCount, positive, negative }: Histogram): boolean {
  let total = zeroCount
  if (!isWhole(count) || !isWhole(zeroCount)) return false
  for (const { counts } of [positive, negative]) {
    for (const one of counts) {
      if (!isWhole(one)) return false
      total += one
    }
  }
  return Number.isNaN(sum) ? total <= count : total === count
}

/** Up to 2^51: the zigzag form of their differences is exact. */
function isWhole(count: number): boolean {
  return Number.isInteger(count) && count >= 0 && count <= WHOLE_COUNT_MAX
}

export const NO_BUCKETS: HistogramBuckets = { indexes: new Int32Array(0), counts: new Float64Array(0) }
export const NO_CUSTOM_VALUES = new Float64Array(0)

/**
 * Native histograms of one series in columns, ascending in time; owned by the caller and reused between reads.
 * Staleness is never in here: a marker is a float sample, whatever the series holds otherwise.
 */
export class HistogramColumns {
  readonly times: number[] = []
  readonly histograms: Histogram[] = []

  get count(): number {
    return this.times.length
  }

  reset(): void {
    this.times.length = 0
    this.histograms.length = 0
  }

  push(timeMs: number, histogram: Histogram): void {
    this.times.push(timeMs)
    this.histograms.push(histogram)
  }
}

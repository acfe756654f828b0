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

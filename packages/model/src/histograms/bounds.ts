import { CUSTOM_BUCKETS_SCHEMA, type Histogram } from '../histogram.ts'

/** One populated place of a histogram with its ends. */
export interface BucketRange {
  readonly lower: number
  readonly upper: number
  readonly isLowerInclusive: boolean
  readonly isUpperInclusive: boolean
  readonly count: number
}

export function usesCustomBuckets(histogram: Histogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA
}

/**
 * The end of an exponential bucket, away from zero: 2^(index · 2^−schema). The last bucket of finite numbers ends at
 * the largest of them, the one behind it at infinity.
 * Source: prometheus/docs docs/specs/native_histograms.md, "Buckets".
 */
export function exponentialBound(index: number, schema: number): number {
  const steps = 2 ** schema
  const whole = Math.floor(index / steps)
  const fraction = index / steps - whole
  if (whole >= 1024) return whole === 1024 && fraction === 0 ? Number.MAX_VALUE : Infinity
  return 2 ** fraction * 2 ** whole
}

/** The ends of a custom bucket; the first starts at −Inf, the one behind the last bound ends at +Inf. */
function customLower(index: number, bounds: Float64Array): number {
  return index === 0 ? -Infinity : (bounds[index - 1] ?? Infinity)
}

function customUpper(index: number, bounds: Float64Array): number {
  return bounds[index] ?? Infinity
}

/** The bucket `at` places into the positive side, as it is. */
export function positiveRange(histogram: Histogram, at: number): BucketRange {
  const { schema, customValues, positive } = histogram
  const index = positive.indexes[at] as number
  const count = positive.counts[at] as number
  if (usesCustomBuckets(histogram)) {
    return {
      lower: customLower(index, customValues),
      upper: customUpper(index, customValues),
      isLowerInclusive: index === 0,
      isUpperInclusive: true,
      count,
    }
  }
  const lower = exponentialBound(index - 1, schema)
  return { lower, upper: exponentialBound(index, schema), isLowerInclusive: false, isUpperInclusive: true, count }
}

/** The bucket `at` places into the negative side, as it is. */
export function negativeRange(histogram: Histogram, at: number): BucketRange {
  const { schema, negative } = histogram
  const index = negative.indexes[at] as number
  return {
    lower: -exponentialBound(index, schema),
    upper: -exponentialBound(index - 1, schema),
    isLowerInclusive: true,
    isUpperInclusive: false,
    count: negative.counts[at] as number,
  }
}

export function zeroRange(histogram: Histogram): BucketRange {
  const { zeroThreshold, zeroCount } = histogram
  return {
    lower: -zeroThreshold,
    upper: zeroThreshold,
    isLowerInclusive: true,
    isUpperInclusive: true,
    count: zeroCount,
  }
}

/**
 * All buckets from the lowest to the highest, the zero bucket among them where it counts something. Buckets that
 * reach into the zero bucket end where it starts.
 */
export function bucketRanges(histogram: Histogram): BucketRange[] {
  const { zeroThreshold, zeroCount, positive, negative } = histogram
  const out: BucketRange[] = []
  for (let at = negative.indexes.length - 1; at >= 0; at--) {
    const range = negativeRange(histogram, at)
    out.push(range.upper > -zeroThreshold ? { ...range, upper: -zeroThreshold } : range)
  }
  if (zeroCount > 0) out.push(zeroRange(histogram))
  const isCustom = usesCustomBuckets(histogram)
  for (let at = 0; at < positive.indexes.length; at++) {
    const range = positiveRange(histogram, at)
    out.push(!isCustom && range.lower < zeroThreshold ? { ...range, lower: zeroThreshold } : range)
  }
  return out
}

import type { Histogram } from '@vantage/model'
import { type BucketRange, bucketRanges, usesCustomBuckets } from '@vantage/model/histograms'
import { addKahan, type KahanSum } from '../functions/kahan.ts'

/** Estimates from buckets. Source: prometheus/docs docs/specs/native_histograms.md, "PromQL", interpolation. */

export interface Estimate {
  readonly value: number
  /** What NaN among the observations did to the value. */
  readonly nan: 'none' | 'result' | 'skew'
}

function exact(value: number): Estimate {
  return { value, nan: 'none' }
}

/** A zero bucket beside buckets on one side only holds values of that side. */
function withNaturalZero(histogram: Histogram, range: BucketRange): BucketRange {
  const hasPositive = histogram.positive.indexes.length > 0
  const hasNegative = histogram.negative.indexes.length > 0
  if (hasPositive && !hasNegative) return { ...range, lower: 0 }
  return hasNegative && !hasPositive ? { ...range, upper: 0 } : range
}

/** The bucket that a rank falls into, counted from one end; `count` includes the bucket. */
interface RankedBucket {
  readonly range: BucketRange
  readonly count: number
}

/** Stands in where a histogram has no buckets. */
const NO_RANGE: BucketRange = { lower: 0, upper: 0, isLowerInclusive: true, isUpperInclusive: true, count: 0 }

function bucketOfRank(ranges: readonly BucketRange[], rank: number): RankedBucket {
  let count = 0
  let last = NO_RANGE
  for (const range of ranges) {
    last = range
    if (range.count === 0) continue
    count += range.count
    if (count >= rank) break
  }
  return { range: last, count }
}

/**
 * `histogram_quantile` of a native histogram. Inside exponential buckets observations are taken to be spread evenly
 * over the logarithm, inside custom buckets and the zero bucket over the value itself.
 */
export function quantileOfHistogram(quantile: number, histogram: Histogram): Estimate {
  if (quantile < 0) return exact(-Infinity)
  if (quantile > 1) return exact(Infinity)
  if (histogram.count === 0 || Number.isNaN(quantile)) return exact(Number.NaN)
  const ranges = bucketRanges(histogram)
  const hasNaNSum = Number.isNaN(histogram.sum)
  // NaN observations count as the highest values, so they must stay at the far end of the walk.
  const isForward = hasNaNSum || quantile < 0.5
  const rank = (isForward ? quantile : 1 - quantile) * histogram.count
  const found = bucketOfRank(isForward ? ranges : ranges.toReversed(), rank)
  let { range } = found
  if (usesCustomBuckets(histogram)) {
    if (range.lower === -Infinity) {
      if (range.upper <= 0) return exact(range.upper)
      range = { ...range, lower: 0 }
    } else if (range.upper === Infinity) {
      return exact(range.lower)
    }
  } else if (range.lower < 0 && range.upper > 0) {
    range = withNaturalZero(histogram, range)
  }
  // Rounding may lead above the total.
  const count = Math.min(found.count, histogram.count)
  if (count < rank) return hasNaNSum ? { value: Number.NaN, nan: 'result' } : exact(range.upper)
  const inside = isForward ? rank - (count - range.count) : count - rank
  const value = valueAt(range, inside / range.count, usesCustomBuckets(histogram))
  return { value, nan: hasNaNSum && totalOf(ranges) < histogram.count ? 'skew' : 'none' }
}

function totalOf(ranges: readonly BucketRange[]): number {
  let total = 0
  for (const { count } of ranges) total += count
  return total
}

/** The value at a fraction of a bucket, from its lower end. */
function valueAt({ lower, upper }: BucketRange, fraction: number, isLinear: boolean): number {
  if (isLinear || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction)
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

/** The share of a bucket's observations at or below a value inside it; the inverse of `valueAt`. */
export function fractionBelow(value: number, lower: number, upper: number, isLinear: boolean): number {
  if (isLinear) return (value - lower) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  const logValue = Math.log2(Math.abs(value))
  if (value > 0) return (logValue - logLower) / (logUpper - logLower)
  return 1 - (logValue - logUpper) / (logLower - logUpper)
}

/** `histogram_fraction`: the share of observations between two values; NaN ones are in no fraction (`skew`). */
export function fractionOfHistogram(lower: number, upper: number, histogram: Histogram): Estimate {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return exact(Number.NaN)
  if (lower >= upper) return exact(0)
  const ranges = bucketRanges(histogram)
  const hasNaNSum = Number.isNaN(histogram.sum)
  const total = hasNaNSum ? totalOf(ranges) : histogram.count
  const share = rankOf(upper, histogram, ranges, total) - rankOf(lower, histogram, ranges, total)
  return { value: share / histogram.count, nan: hasNaNSum && total < histogram.count ? 'skew' : 'none' }
}

/** How many observations lie at or below a value. */
function rankOf(value: number, histogram: Histogram, ranges: readonly BucketRange[], total: number): number {
  const isCustom = usesCustomBuckets(histogram)
  let rank = 0
  for (const range of ranges) {
    const isAtZero = range.lower <= 0 && range.upper >= 0
    const { lower, upper } = isAtZero ? withNaturalZero(histogram, range) : range
    if (lower >= value) return Math.min(rank, total)
    if (upper > value) {
      // Nothing is known inside the bucket that is open below.
      if (lower === -Infinity) return Math.min(range.count, total)
      const inside = range.count * fractionBelow(value, lower, upper, isCustom || isAtZero)
      return Math.min(rank + inside, total)
    }
    rank += range.count
  }
  return total
}

/** `histogram_stdvar`: each bucket stands at its middle, the geometric one where it is exponential. */
export function varianceOfHistogram(histogram: Histogram): number {
  const mean = histogram.sum / histogram.count
  const isCustom = usesCustomBuckets(histogram)
  const squares: KahanSum = { sum: 0, compensation: 0 }
  for (const { lower, upper, count } of bucketRanges(histogram)) {
    if (count === 0) continue
    const delta = middleOf(lower, upper, isCustom) - mean
    addKahan(squares, count * delta * delta)
  }
  return (squares.sum + squares.compensation) / histogram.count
}

function middleOf(lower: number, upper: number, isCustom: boolean): number {
  if (isCustom) return (upper + lower) / 2
  if (lower <= 0 && upper >= 0) return 0
  return Math.sign(upper) * Math.sqrt(upper * lower)
}

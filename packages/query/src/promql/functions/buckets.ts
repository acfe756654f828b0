import type { BucketCorrection } from '../evaluate/annotations.ts'

/** One bucket of a classic histogram: how many observations are at most `upperBound`. */
export interface Bucket {
  readonly upperBound: number
  count: number
}

/** Relative difference of counts that floating point alone explains. */
const COUNT_TOLERANCE = 1e-12

/** Sorted by bound; counts of equal bounds added up. The input is not changed. */
export function normalizeBuckets(buckets: readonly Bucket[]): Bucket[] {
  const sorted = [...buckets].sort((a, b) => (a.upperBound < b.upperBound ? -1 : a.upperBound > b.upperBound ? 1 : 0))
  const out: Bucket[] = []
  for (const { upperBound, count } of sorted) {
    const last = out.at(-1)
    if (last !== undefined && last.upperBound === upperBound) last.count += count
    else out.push({ upperBound, count })
  }
  return out
}

/** Raises counts that fall below their left neighbour; says which where floating point does not explain it. */
export function makeMonotonic(buckets: Bucket[]): BucketCorrection | undefined {
  let correction: { minBucket: number; maxBucket: number; maxDiff: number } | undefined
  let before = buckets[0]?.count ?? 0
  for (const bucket of buckets) {
    const { count, upperBound } = bucket
    if (count === before) continue
    if (almostEqual(before, count)) {
      bucket.count = before
    } else if (count < before) {
      bucket.count = before
      correction ??= { minBucket: upperBound, maxBucket: upperBound, maxDiff: 0 }
      correction.maxBucket = upperBound
      correction.maxDiff = Math.max(correction.maxDiff, before - count)
    } else {
      before = count
    }
  }
  return correction
}

function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true
  const sum = Math.abs(a) + Math.abs(b)
  const diff = Math.abs(a - b)
  const smallestNormal = 2.2250738585072014e-308
  if (a === 0 || b === 0 || sum < smallestNormal) return diff < COUNT_TOLERANCE * smallestNormal
  return diff / Math.min(sum, Number.MAX_VALUE) < COUNT_TOLERANCE
}

/**
 * Quantile by linear interpolation inside its bucket, from monotonic buckets sorted by bound.
 * Source: prometheus/prometheus promql/quantile.go, BucketQuantile.
 */
export function bucketQuantile(quantile: number, buckets: readonly Bucket[]): number {
  if (Number.isNaN(quantile)) return Number.NaN
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  const last = buckets.at(-1)
  if (last === undefined || last.upperBound !== Infinity || buckets.length < 2 || last.count === 0) return Number.NaN
  const rank = quantile * last.count
  let at = 0
  while (at < buckets.length - 1 && !((buckets[at] as Bucket).count >= rank)) at++
  const bucket = buckets[at] as Bucket
  const below = buckets[at - 1]
  if (at === buckets.length - 1) return (below as Bucket).upperBound
  if (below === undefined) {
    // The lowest bucket starts at zero unless it lies below.
    return bucket.upperBound <= 0 ? bucket.upperBound : bucket.upperBound * (rank / bucket.count)
  }
  const width = bucket.upperBound - below.upperBound
  return below.upperBound + width * ((rank - below.count) / (bucket.count - below.count))
}

/**
 * Share of observations in (lower, upper], interpolated inside buckets of finite width.
 * Source: prometheus/prometheus promql/quantile.go, BucketFraction.
 */
export function bucketFraction(lower: number, upper: number, buckets: readonly Bucket[]): number {
  const last = buckets.at(-1)
  if (last === undefined || last.upperBound !== Infinity) return Number.NaN
  if (last.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  return (rankOf(upper, buckets, last.count) - rankOf(lower, buckets, last.count)) / last.count
}

/** How many observations lie at or below a value. */
function rankOf(value: number, buckets: readonly Bucket[], total: number): number {
  let rank = 0
  for (let i = 0; i < buckets.length; i++) {
    const { upperBound, count } = buckets[i] as Bucket
    const lowerBound = buckets[i - 1]?.upperBound ?? (upperBound > 0 ? 0 : -Infinity)
    if (lowerBound >= value) return rank
    if (upperBound > value) {
      // Nothing is known inside the bucket that is open below.
      if (lowerBound === -Infinity) return count
      return Math.min(total, rank + ((count - rank) * (value - lowerBound)) / (upperBound - lowerBound))
    }
    rank = count
  }
  return total
}

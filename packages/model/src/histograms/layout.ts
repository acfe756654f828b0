import { type Histogram, type HistogramBuckets, NO_BUCKETS } from '../histogram.ts'
import { exponentialBound, negativeRange, positiveRange, usesCustomBuckets } from './bounds.ts'
import { coarsenBuckets, keepBuckets, makeBuckets, withoutEmptyBuckets } from './buckets.ts'

/** Brings histograms to a common layout: schema, zero bucket, custom bounds. */

/** Without buckets that count nothing. */
export function compact(histogram: Histogram): Histogram {
  const positive = withoutEmptyBuckets(histogram.positive)
  const negative = withoutEmptyBuckets(histogram.negative)
  if (positive === histogram.positive && negative === histogram.negative) return histogram
  return { ...histogram, positive, negative }
}

/** A lower schema; a higher one leaves the histogram as it is, like custom buckets. */
export function toSchema(histogram: Histogram, schema: number): Histogram {
  const levels = histogram.schema - schema
  if (levels <= 0 || usesCustomBuckets(histogram)) return histogram
  const positive = coarsenBuckets(histogram.positive, levels)
  const negative = coarsenBuckets(histogram.negative, levels)
  return { ...histogram, schema, positive, negative }
}

/**
 * What the zero bucket has to become to reach `threshold` at least: it never ends inside a populated bucket.
 * Source: prometheus/docs docs/specs/native_histograms.md, "Zero bucket".
 */
function reachOfZero(histogram: Histogram, threshold: number): number {
  let reach = threshold
  for (;;) {
    const before = reach
    for (let at = 0; at < histogram.positive.indexes.length; at++) {
      const { lower, upper, count } = positiveRange(histogram, at)
      if (lower < reach && upper > reach && count !== 0) reach = upper
    }
    for (let at = 0; at < histogram.negative.indexes.length; at++) {
      const { lower, upper, count } = negativeRange(histogram, at)
      if (upper > -reach && lower < -reach && count !== 0) reach = -lower
    }
    // Thresholds come from outside: one that is no number must not keep this going.
    if (!(reach > before)) return reach
  }
}

/** Widens the zero bucket to `threshold`, or further where that would end inside a populated bucket. */
export function widenZero(histogram: Histogram, threshold: number): Histogram {
  if (threshold <= histogram.zeroThreshold) return histogram
  return absorb(histogram, reachOfZero(histogram, threshold))
}

/** Counts all buckets that start below the threshold into the zero bucket. */
export function absorb(histogram: Histogram, zeroThreshold: number): Histogram {
  const { schema } = histogram
  let { zeroCount } = histogram
  const keepOutside = (side: HistogramBuckets) => {
    return keepBuckets(side, (index, count) => {
      const isOutside = exponentialBound(index - 1, schema) >= zeroThreshold
      if (!isOutside) zeroCount += count
      return isOutside
    })
  }
  const positive = keepOutside(histogram.positive)
  const negative = keepOutside(histogram.negative)
  return { ...histogram, zeroThreshold, zeroCount, positive, negative }
}

/** The buckets that end behind the zero bucket; indexes ascend, so mostly the first one tells. */
export function outsideZero(side: HistogramBuckets, schema: number, zeroThreshold: number): HistogramBuckets {
  const first = side.indexes[0]
  if (first === undefined || exponentialBound(first, schema) > zeroThreshold) return side
  return keepBuckets(side, (index) => exponentialBound(index, schema) > zeroThreshold)
}

/** The smallest zero threshold that both can have. */
export function commonZeroThreshold(a: Histogram, b: Histogram): number {
  let threshold = Math.max(a.zeroThreshold, b.zeroThreshold)
  for (;;) {
    const reach = Math.max(widenedThreshold(a, threshold), widenedThreshold(b, threshold))
    if (!(reach > threshold)) return threshold
    threshold = reach
  }
}

function widenedThreshold(histogram: Histogram, threshold: number): number {
  return threshold > histogram.zeroThreshold ? reachOfZero(histogram, threshold) : histogram.zeroThreshold
}

export function haveSameBounds(a: Histogram, b: Histogram): boolean {
  const { customValues } = a
  if (customValues.length !== b.customValues.length) return false
  return customValues.every((bound, i) => bound === b.customValues[i])
}

/** The bounds that both have. */
export function commonBounds(a: Histogram, b: Histogram): Float64Array {
  const other = new Set(b.customValues)
  return a.customValues.filter((bound) => other.has(bound))
}

/** Merges custom buckets until only `bounds`, a part of the histogram's own, remain; has all buckets, also empty ones. */
export function toBounds(histogram: Histogram, bounds: Float64Array): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  const { positive, customValues } = histogram
  let target = 0
  for (let i = 0; i < positive.indexes.length; i++) {
    const upper = customValues[positive.indexes[i] as number] ?? Infinity
    while (target < bounds.length && (bounds[target] as number) < upper) target++
    counts[target] = (counts[target] as number) + (positive.counts[i] as number)
  }
  return {
    ...histogram,
    customValues: bounds,
    positive: makeBuckets([...counts.keys()], counts),
    negative: NO_BUCKETS,
  }
}

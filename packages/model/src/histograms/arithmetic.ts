import { type Histogram, NO_BUCKETS, RESET_HINT, type ResetHint } from '../histogram.ts'
import { usesCustomBuckets } from './bounds.ts'
import { addBuckets, areEqualBuckets, mapCounts } from './buckets.ts'
import { absorb, commonBounds, commonZeroThreshold, compact, haveSameBounds, toBounds, toSchema } from './layout.ts'

/** A sum or difference, and what had to be done for it. */
export interface HistogramTotal {
  readonly histogram: Histogram
  /** One side says that its counter was reset, the other that its was not. */
  readonly hasResetConflict: boolean
  /** Custom bounds differed: only those that both have are left. */
  readonly isReconciled: boolean
}

/** What a histogram made of two says about resets. */
export function commonHint(a: ResetHint, b: ResetHint): { readonly hint: ResetHint; readonly isConflict: boolean } {
  if (a === b) return { hint: a, isConflict: false }
  if (a === RESET_HINT.gauge || b === RESET_HINT.gauge) return { hint: RESET_HINT.gauge, isConflict: false }
  const isConflict = a !== RESET_HINT.unknown && b !== RESET_HINT.unknown
  return { hint: RESET_HINT.unknown, isConflict }
}

/** Exponential and custom buckets cannot be brought together. */
export function areCompatible(a: Histogram, b: Histogram): boolean {
  return usesCustomBuckets(a) === usesCustomBuckets(b)
}

/** Both with the same schema, zero bucket and bounds. */
export interface AlignedPair {
  readonly a: Histogram
  readonly b: Histogram
  readonly isReconciled: boolean
}

/** @returns undefined where they are not compatible */
export function align(a: Histogram, b: Histogram): AlignedPair | undefined {
  if (!areCompatible(a, b)) return undefined
  if (usesCustomBuckets(a)) {
    if (haveSameBounds(a, b)) return { a, b, isReconciled: false }
    const bounds = commonBounds(a, b)
    return { a: toBounds(a, bounds), b: toBounds(b, bounds), isReconciled: true }
  }
  if (a.schema === b.schema && a.zeroThreshold === b.zeroThreshold) return { a, b, isReconciled: false }
  const threshold = commonZeroThreshold(a, b)
  const schema = Math.min(a.schema, b.schema)
  const adapt = (one: Histogram) => toSchema(one.zeroThreshold === threshold ? one : absorb(one, threshold), schema)
  return { a: adapt(a), b: adapt(b), isReconciled: false }
}

/** `a + b`; undefined where they are not compatible. */
export function add(a: Histogram, b: Histogram): HistogramTotal | undefined {
  return combine(a, b, 1)
}

/** `a − b`; undefined where they are not compatible. */
export function subtract(a: Histogram, b: Histogram): HistogramTotal | undefined {
  return combine(a, b, -1)
}

function combine(left: Histogram, right: Histogram, sign: 1 | -1): HistogramTotal | undefined {
  const aligned = align(left, right)
  if (aligned === undefined) return undefined
  const { a, b, isReconciled } = aligned
  const { hint, isConflict } = commonHint(a.resetHint, b.resetHint)
  const histogram: Histogram = {
    ...a,
    resetHint: hint,
    count: a.count + sign * b.count,
    sum: a.sum + sign * b.sum,
    zeroCount: a.zeroCount + sign * b.zeroCount,
    positive: addBuckets(a.positive, b.positive, sign),
    negative: addBuckets(a.negative, b.negative, sign),
  }
  return { histogram, hasResetConflict: isConflict, isReconciled }
}

/** All counts and the sum times a factor; a negative one makes a gauge. */
export function multiply(histogram: Histogram, factor: number): Histogram {
  const times = (count: number) => count * factor
  return scaled(histogram, times, factor < 0)
}

/** Divided by zero only totals are left: infinite buckets would say nothing. */
export function divide(histogram: Histogram, divisor: number): Histogram {
  const by = (count: number) => count / divisor
  const out = scaled(histogram, by, divisor < 0)
  return divisor === 0 ? { ...out, positive: NO_BUCKETS, negative: NO_BUCKETS } : out
}

function scaled(histogram: Histogram, change: (count: number) => number, isTurned: boolean): Histogram {
  return {
    ...histogram,
    resetHint: isTurned ? RESET_HINT.gauge : histogram.resetHint,
    count: change(histogram.count),
    sum: change(histogram.sum),
    zeroCount: change(histogram.zeroCount),
    positive: mapCounts(histogram.positive, change),
    negative: mapCounts(histogram.negative, change),
  }
}

export function withHint(histogram: Histogram, resetHint: ResetHint): Histogram {
  return histogram.resetHint === resetHint ? histogram : { ...histogram, resetHint }
}

/** The same data, bit by bit; what they say about resets and empty buckets do not count. */
export function areEqual(left: Histogram, right: Histogram): boolean {
  const a = compact(left)
  const b = compact(right)
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.zeroCount, b.zeroCount) &&
    haveSameBounds(a, b) &&
    areEqualBuckets(a.positive, b.positive) &&
    areEqualBuckets(a.negative, b.negative)
  )
}

export function isFiniteHistogram(histogram: Histogram): boolean {
  const { count, sum, zeroCount, positive, negative } = histogram
  if (isInfinite(count) || isInfinite(sum) || isInfinite(zeroCount)) return false
  return !hasInfinity(positive.counts) && !hasInfinity(negative.counts)
}

function hasInfinity(counts: Float64Array): boolean {
  return counts.includes(Infinity) || counts.includes(-Infinity)
}

function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity
}

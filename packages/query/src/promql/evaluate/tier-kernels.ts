import { BUCKET } from '@vantage/model'
import type { FunctionName } from '../language/signatures.ts'

/** What the windows of one evaluation share. */
export interface BucketWindow {
  readonly rangeMs: number
  /** End of the window as the data sees it. */
  endMs: number
}

/** A window function over the buckets [from, to), at least one; ascending, none reaches beyond the window. */
export interface BucketKernel {
  /** Columns that it looks at, as `SeriesSelection.readBuckets` takes them. */
  readonly wanted: number
  /** @returns undefined where the window has no result */
  evaluate(columns: BucketData, from: number, to: number, window: BucketWindow): number | undefined
}

type BucketData = readonly Float64Array[]

/** Functions that buckets answer as samples do, up to rounding; each against its twin in `functions/`. */
export const BUCKET_KERNELS: Readonly<Partial<Record<FunctionName, BucketKernel>>> = {
  absent_over_time: { wanted: 0, evaluate: () => 1 },
  avg_over_time: { wanted: columns('sum', 'compensation', 'count'), evaluate: average },
  count_over_time: { wanted: columns('count'), evaluate: count },
  delta: rateKernel(false, false),
  first_over_time: { wanted: columns('first'), evaluate: (data, from) => at(data, BUCKET.first, from) },
  increase: rateKernel(true, false),
  last_over_time: { wanted: columns('last'), evaluate: (data, _, to) => at(data, BUCKET.last, to - 1) },
  max_over_time: { wanted: columns('max'), evaluate: largest },
  min_over_time: { wanted: columns('min'), evaluate: smallest },
  present_over_time: { wanted: 0, evaluate: () => 1 },
  rate: rateKernel(true, true),
  sum_over_time: { wanted: columns('sum', 'compensation'), evaluate: sum },
  ts_of_first_over_time: {
    wanted: columns('firstMs'),
    evaluate: (data, from) => at(data, BUCKET.firstMs, from) / 1000,
  },
  ts_of_last_over_time: { wanted: 0, evaluate: (data, _, to) => at(data, BUCKET.lastMs, to - 1) / 1000 },
}

function columns(...names: readonly (keyof typeof BUCKET)[]): number {
  return names.reduce((wanted, name) => wanted | (1 << BUCKET[name]), 0)
}

function at(data: BucketData, column: number, index: number): number {
  return (data[column] as Float64Array)[index] as number
}

function count(data: BucketData, from: number, to: number): number {
  const counts = data[BUCKET.count] as Float64Array
  let total = 0
  for (let i = from; i < to; i++) total += counts[i] as number
  return total
}

function sum(data: BucketData, from: number, to: number): number {
  const sums = data[BUCKET.sum] as Float64Array
  const compensations = data[BUCKET.compensation] as Float64Array
  let total = 0
  let compensation = 0
  for (let i = from; i < to; i++) {
    const value = sums[i] as number
    const next = total + value
    if (next === Infinity || next === -Infinity) compensation = 0
    else if (Math.abs(total) >= Math.abs(value)) compensation += total - next + value
    else compensation += value - next + total
    compensation += compensations[i] as number
    total = next
  }
  return total === Infinity || total === -Infinity ? total : total + compensation
}

function average(data: BucketData, from: number, to: number): number {
  return sum(data, from, to) / count(data, from, to)
}

/** Any value beats NaN; of equal ones the first. */
function largest(data: BucketData, from: number, to: number): number {
  const values = data[BUCKET.max] as Float64Array
  let best = values[from] as number
  for (let i = from + 1; i < to; i++) {
    if ((values[i] as number) > best || Number.isNaN(best)) best = values[i] as number
  }
  return best
}

function smallest(data: BucketData, from: number, to: number): number {
  const values = data[BUCKET.min] as Float64Array
  let best = values[from] as number
  for (let i = from + 1; i < to; i++) {
    if ((values[i] as number) < best || Number.isNaN(best)) best = values[i] as number
  }
  return best
}

function rateKernel(isCounter: boolean, isPerSecond: boolean): BucketKernel {
  const ends = columns('count', 'first', 'firstMs', 'last')
  const kind = { isCounter, isPerSecond }
  return {
    wanted: isCounter ? ends | columns('resets') : ends,
    evaluate: (data, from, to, { rangeMs, endMs }) => increase(data, from, to, { ...kind, rangeMs }, endMs),
  }
}

interface RateKind {
  readonly rangeMs: number
  readonly isCounter: boolean
  readonly isPerSecond: boolean
}

function increase(data: BucketData, from: number, to: number, kind: RateKind, endMs: number): number | undefined {
  const samples = count(data, from, to)
  if (samples < 2) return undefined
  const firstValue = at(data, BUCKET.first, from)
  let result = at(data, BUCKET.last, to - 1) - firstValue
  if (kind.isCounter) result += resets(data, from, to)
  const firstMs = at(data, BUCKET.firstMs, from)
  const lastMs = at(data, BUCKET.lastMs, to - 1)
  return result * extrapolationFactor(kind, result, firstValue, samples - 1, firstMs, lastMs, endMs)
}

/**
 * By what the increase between the first and the last sample of a window is to be multiplied. A first sample before
 * the window, as the buckets of expired samples may have it, takes its share of the increase away.
 * @param intervals between the samples of the window, at least 1
 */
function extrapolationFactor(
  { rangeMs, isCounter, isPerSecond }: RateKind,
  result: number,
  firstValue: number,
  intervals: number,
  firstMs: number,
  lastMs: number,
  endMs: number,
): number {
  const sampled = (lastMs - firstMs) / 1000
  const average = sampled / intervals
  const threshold = average * 1.1
  let toStart = (firstMs - (endMs - rangeMs)) / 1000
  let toEnd = (endMs - lastMs) / 1000
  if (toStart >= threshold) toStart = average / 2
  if (toEnd >= threshold) toEnd = average / 2
  if (isCounter && result > 0 && firstValue >= 0) {
    // A counter was not negative: extrapolate at most to where it was zero.
    const toZero = sampled * (firstValue / result)
    if (toZero < toStart) toStart = toZero
  }
  const factor = (sampled + toStart + toEnd) / sampled
  return isPerSecond ? factor / (rangeMs / 1000) : factor
}

/** Values from which the counter went down, inside the buckets and from one to the next. */
function resets(data: BucketData, from: number, to: number): number {
  const inside = data[BUCKET.resets] as Float64Array
  const firsts = data[BUCKET.first] as Float64Array
  const lasts = data[BUCKET.last] as Float64Array
  let total = inside[from] as number
  for (let i = from + 1; i < to; i++) {
    const before = lasts[i - 1] as number
    if ((firsts[i] as number) < before) total += before
    total += inside[i] as number
  }
  return total
}

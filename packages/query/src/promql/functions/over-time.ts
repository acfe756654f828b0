import type { FunctionImplementation, SampleWindow, WindowKernel } from './function.ts'
import { addKahan, type KahanSum } from './kahan.ts'
import { quantileOf } from './quantile.ts'

export type OverTimeName =
  | 'absent_over_time'
  | 'avg_over_time'
  | 'count_over_time'
  | 'first_over_time'
  | 'last_over_time'
  | 'mad_over_time'
  | 'max_over_time'
  | 'min_over_time'
  | 'present_over_time'
  | 'quantile_over_time'
  | 'stddev_over_time'
  | 'stdvar_over_time'
  | 'sum_over_time'
  | 'ts_of_first_over_time'
  | 'ts_of_last_over_time'
  | 'ts_of_max_over_time'
  | 'ts_of_min_over_time'

function window(kernel: WindowKernel, keepsName = false): FunctionImplementation {
  return { kind: 'window', kernel, keepsName }
}

/** Source: prometheus/prometheus promql/functions.go, the float halves of func…OverTime. */
export const OVER_TIME_FUNCTIONS: Readonly<Record<OverTimeName, FunctionImplementation>> = {
  absent_over_time: { kind: 'absentWindow' },
  avg_over_time: { kind: 'window', kernel: average, keepsName: false, summary: 'mean' },
  count_over_time: window((_, from, to) => to - from),
  first_over_time: window(({ values }, from) => values[from] as number, true),
  last_over_time: window(({ values }, _, to) => values[to - 1] as number, true),
  mad_over_time: window(medianAbsoluteDeviation),
  max_over_time: window((samples, from, to) => samples.values[largestAt(samples, from, to)] as number),
  min_over_time: window((samples, from, to) => samples.values[smallestAt(samples, from, to)] as number),
  present_over_time: window(() => 1),
  quantile_over_time: window((samples, from, to) => quantileOf(samples.param0, samples.values.slice(from, to))),
  stddev_over_time: window((samples, from, to) => Math.sqrt(variance(samples, from, to))),
  stdvar_over_time: window(variance),
  sum_over_time: { kind: 'window', kernel: sum, keepsName: false, summary: 'sum' },
  ts_of_first_over_time: window(({ times }, from) => (times[from] as number) / 1000),
  ts_of_last_over_time: window(({ times }, _, to) => (times[to - 1] as number) / 1000),
  ts_of_max_over_time: window(
    (samples, from, to) => (samples.times[lastLargestAt(samples, from, to)] as number) / 1000,
  ),
  ts_of_min_over_time: window(
    (samples, from, to) => (samples.times[lastSmallestAt(samples, from, to)] as number) / 1000,
  ),
}

function sum({ values }: SampleWindow, from: number, to: number): number {
  let total = 0
  let compensation = 0
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    const next = total + value
    if (next === Infinity || next === -Infinity) compensation = 0
    else if (Math.abs(total) >= Math.abs(value)) compensation += total - next + value
    else compensation += value - next + total
    total = next
  }
  return total === Infinity || total === -Infinity ? total : total + compensation
}

/** The mean of the sum; once the sum would overflow, the running mean of the rest. */
function average(samples: SampleWindow, from: number, to: number): number {
  const { values } = samples
  let total = values[from] as number
  let compensation = 0
  for (let i = from + 1; i < to; i++) {
    const value = values[i] as number
    const next = total + value
    if (next === Infinity || next === -Infinity) return runningMean(values, i, to, from, total, compensation)
    if (Math.abs(total) >= Math.abs(value)) compensation += total - next + value
    else compensation += value - next + total
    total = next
  }
  const count = to - from
  return total / count + compensation / count
}

function runningMean(
  values: Float64Array,
  at: number,
  to: number,
  from: number,
  total: number,
  compensation: number,
): number {
  const mean: KahanSum = { sum: total / (at - from), compensation: compensation / (at - from) }
  for (let i = at; i < to; i++) {
    const count = i - from + 1
    const share = (count - 1) / count
    mean.sum *= share
    mean.compensation *= share
    addKahan(mean, (values[i] as number) / count)
  }
  return mean.sum + mean.compensation
}

function variance({ values }: SampleWindow, from: number, to: number): number {
  const mean: KahanSum = { sum: 0, compensation: 0 }
  const squares: KahanSum = { sum: 0, compensation: 0 }
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    const delta = value - (mean.sum + mean.compensation)
    addKahan(mean, delta / (i - from + 1))
    addKahan(squares, delta * (value - (mean.sum + mean.compensation)))
  }
  return (squares.sum + squares.compensation) / (to - from)
}

function medianAbsoluteDeviation({ values }: SampleWindow, from: number, to: number): number {
  const deviations = values.slice(from, to)
  const median = quantileOf(0.5, deviations)
  // Sorted NaN first: one NaN makes the result NaN.
  if (Number.isNaN(deviations[0] as number)) return Number.NaN
  for (let i = 0; i < deviations.length; i++) deviations[i] = Math.abs((values[from + i] as number) - median)
  return quantileOf(0.5, deviations)
}

/** Any value beats NaN; of equal ones the first. */
function largestAt({ values }: SampleWindow, from: number, to: number): number {
  let best = from
  for (let i = from; i < to; i++) {
    const bestValue = values[best] as number
    if ((values[i] as number) > bestValue || Number.isNaN(bestValue)) best = i
  }
  return best
}

function smallestAt({ values }: SampleWindow, from: number, to: number): number {
  let best = from
  for (let i = from; i < to; i++) {
    const bestValue = values[best] as number
    if ((values[i] as number) < bestValue || Number.isNaN(bestValue)) best = i
  }
  return best
}

/** The time of an extreme is that of its last occurrence. */
function lastLargestAt({ values }: SampleWindow, from: number, to: number): number {
  let best = from
  for (let i = from; i < to; i++) {
    const bestValue = values[best] as number
    if ((values[i] as number) >= bestValue || Number.isNaN(bestValue)) best = i
  }
  return best
}

function lastSmallestAt({ values }: SampleWindow, from: number, to: number): number {
  let best = from
  for (let i = from; i < to; i++) {
    const bestValue = values[best] as number
    if ((values[i] as number) <= bestValue || Number.isNaN(bestValue)) best = i
  }
  return best
}

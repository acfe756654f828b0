import type { RangeOperation } from '../language/plan.ts'

/** Samples of one series, times ascending, ns relative to the first step of the grid. */
export interface Samples {
  readonly times: Float64Array
  readonly values: Float64Array
}

/** What a window is made of: samples [from, to), and its ends in relative ns. */
export interface Window {
  from: number
  to: number
  startNs: number
  endNs: number
}

/** The number of a window that is not empty. */
export type WindowKernel = (samples: Samples, window: Window, parameter: number) => number

const NS_PER_SECOND = 1e9

function seconds({ startNs, endNs }: Window): number {
  return (endNs - startNs) / NS_PER_SECOND
}

function sum({ values }: Samples, { from, to }: Window): number {
  let total = 0
  for (let i = from; i < to; i++) total += values[i] as number
  return total
}

/** A running mean, so that sums beyond the range of floats do not spoil it. */
function average({ values }: Samples, { from, to }: Window): number {
  let mean = 0
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    if (!Number.isFinite(mean) && !Number.isNaN(mean)) {
      // An infinite mean stays: against its opposite it is no number.
      if (mean === value || Number.isFinite(value)) continue
    }
    const count = i - from + 1
    mean += value / count - mean / count
  }
  return mean
}

/** NaN counts only where nothing else is there. */
function largest({ values }: Samples, { from, to }: Window): number {
  let best = values[from] as number
  for (let i = from + 1; i < to; i++) {
    const value = values[i] as number
    if (value > best || Number.isNaN(best)) best = value
  }
  return best
}

function smallest({ values }: Samples, { from, to }: Window): number {
  let best = values[from] as number
  for (let i = from + 1; i < to; i++) {
    const value = values[i] as number
    if (value < best || Number.isNaN(best)) best = value
  }
  return best
}

/** Source: B. P. Welford, "Note on a method for calculating corrected sums of squares and products". */
function variance({ values }: Samples, { from, to }: Window): number {
  let mean = 0
  let squares = 0
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    const delta = value - mean
    mean += delta / (i - from + 1)
    squares += delta * (value - mean)
  }
  return squares / (to - from)
}

/** Linear between the two ranks beside `quantile * (n − 1)`. */
function quantile({ values }: Samples, { from, to }: Window, rank: number): number {
  if (Number.isNaN(rank)) return Number.NaN
  if (rank < 0) return Number.NEGATIVE_INFINITY
  if (rank > 1) return Number.POSITIVE_INFINITY
  const sorted = values.slice(from, to).sort()
  const place = rank * (sorted.length - 1)
  const lower = Math.floor(place)
  const upper = Math.min(sorted.length - 1, lower + 1)
  const weight = place - lower
  return (sorted[lower] as number) * (1 - weight) + (sorted[upper] as number) * weight
}

/** A gap up to this many average intervals is taken to be one between samples. */
const GAP_FACTOR_MAX = 1.1

/**
 * Increase a second of a counter: falls are resets, and the increase is stretched to the ends of the window as far as
 * samples come close to them. Source: prometheus/prometheus promql/functions.go, extrapolatedRate.
 */
function counterRate({ times, values }: Samples, window: Window): number {
  const { from, to, startNs, endNs } = window
  if (to - from < 2) return 0
  const first = values[from] as number
  let increase = (values[to - 1] as number) - first
  for (let i = from + 1; i < to; i++) {
    if ((values[i] as number) < (values[i - 1] as number)) increase += values[i - 1] as number
  }
  const sampledNs = (times[to - 1] as number) - (times[from] as number)
  if (sampledNs === 0) return 0
  const averageNs = sampledNs / (to - from - 1)
  let beforeNs = (times[from] as number) - startNs
  let behindNs = endNs - (times[to - 1] as number)
  if (beforeNs >= averageNs * GAP_FACTOR_MAX) beforeNs = averageNs / 2
  // A counter does not fall below zero: its zero point bounds the stretch.
  if (increase > 0 && first >= 0) beforeNs = Math.min(beforeNs, sampledNs * (first / increase))
  if (behindNs >= averageNs * GAP_FACTOR_MAX) behindNs = averageNs / 2
  return (increase * ((sampledNs + beforeNs + behindNs) / sampledNs)) / seconds(window)
}

/** Of operations over numbers; those that count lines need no samples. */
export const WINDOW_KERNELS: Readonly<Partial<Record<RangeOperation, WindowKernel>>> = {
  rate: (samples, window) => sum(samples, window) / seconds(window),
  rate_counter: counterRate,
  sum_over_time: sum,
  avg_over_time: average,
  max_over_time: largest,
  min_over_time: smallest,
  stddev_over_time: (samples, window) => Math.sqrt(variance(samples, window)),
  stdvar_over_time: variance,
  quantile_over_time: quantile,
  first_over_time: ({ values }, { from }) => values[from] as number,
  last_over_time: ({ values }, { to }) => values[to - 1] as number,
}

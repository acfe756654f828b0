import { type Histogram, RESET_HINT } from '@vantage/model'
import { add, compact, divide, subtract, usesCustomBuckets, withHint } from '@vantage/model/histograms'
import { interpolateHistograms } from '../histogram/interpolate.ts'
import { isReset } from '../histogram/reset.ts'
import type { Extended } from '../language/ast.ts'
import { noteCounters, noted, noteGauges } from './mixed-rate.ts'
import { histogramCount, isMixed, type MixedResult, type MixedWindow, mixedSchemas } from './mixed-window.ts'

/**
 * `rate`, `increase` and `delta` of native histograms under `anchored` and `smoothed`: from the histogram at the
 * window's start to that at its end, taken from the samples around or interpolated between them.
 * Source: prometheus/prometheus promql/functions.go, extendedHistogramRate.
 */
export function extendedHistogramRate(
  window: MixedWindow,
  extended: Extended,
  isCounter: boolean,
  isPerSecond: boolean,
): MixedResult {
  if (isMixed(window)) return undefined
  if (histogramCount(window) === 0) return window.floatResult
  const ends = endsOf(window, extended === 'smoothed')
  if (ends === undefined) return undefined
  const inside = window.histograms.slice(ends.first, ends.last + 1)
  const isCustom = usesCustomBuckets(inside[0] as Histogram)
  if (inside.some((one) => usesCustomBuckets(one) !== isCustom)) return mixedSchemas(window)
  if (isCounter) noteCounters(window, inside)
  const left = ends.isLeftBetween
    ? between(window, ends.first, window.startMs, isCounter)
    : (window.histograms[ends.first] as Histogram)
  const right = ends.isRightBetween
    ? between(window, ends.last - 1, window.endMs, isCounter)
    : (window.histograms[ends.last] as Histogram)
  if (left === undefined || right === undefined) return undefined
  if (!isCounter) noteGauges(window, left, right)
  let change = noted(window, subtract(right, left), 'subtraction')
  for (const lost of isCounter ? lostByResets(window, ends, left, right) : []) {
    if (change !== undefined) change = noted(window, add(change, lost), 'addition')
  }
  if (change === undefined) return mixedSchemas(window)
  const result = isPerSecond ? divide(change, window.rangeMs / 1000) : change
  return withHint(compact(result), RESET_HINT.gauge)
}

/** The samples that the ends of a window are made of, as places in its histograms. */
interface Ends {
  readonly first: number
  readonly last: number
  /** The window starts between `first` and the sample behind it. */
  readonly isLeftBetween: boolean
  /** The window ends between `last` and the sample before it. */
  readonly isRightBetween: boolean
}

/** Undefined where no sample tells anything about the window. */
function endsOf(window: MixedWindow, isSmoothed: boolean): Ends | undefined {
  const { times, from, to, startMs, endMs } = window
  let first = from
  while (first + 1 < to - 1 && (times[first + 1] as number) <= startMs) first++
  let last = to - 1
  if (isSmoothed) {
    last = from
    while (last < to - 1 && (times[last] as number) < endMs) last++
  }
  const firstMs = times[first] as number
  const lastMs = times[last] as number
  if (lastMs <= startMs || (isSmoothed && firstMs > endMs)) return undefined
  const isLeftBetween = isSmoothed && firstMs < startMs
  return { first, last, isLeftBetween, isRightBetween: isSmoothed && last > from && lastMs > endMs }
}

function between(window: MixedWindow, at: number, timeMs: number, isCounter: boolean): Histogram | undefined {
  const { times, histograms, context, span } = window
  const fromMs = times[at] as number
  const fraction = (timeMs - fromMs) / ((times[at + 1] as number) - fromMs)
  const found = interpolateHistograms(histograms[at] as Histogram, histograms[at + 1] as Histogram, fraction, isCounter)
  if (found === undefined) return mixedSchemas(window)
  for (const operation of found.reconciledIn) context.annotations.reconciledBounds(operation, span)
  return found.histogram
}

/** What counters had counted before each reset between the ends; interpolation has dealt with those around them. */
function lostByResets(window: MixedWindow, ends: Ends, left: Histogram, right: Histogram): Histogram[] {
  const { histograms } = window
  const { first, last, isLeftBetween } = ends
  const lost: Histogram[] = []
  let before = left
  let next = first + 1
  const behindFirst = histograms[first + 1]
  if (isLeftBetween && behindFirst !== undefined && isReset(behindFirst, histograms[first] as Histogram)) {
    before = behindFirst
    next++
  }
  if (next > last) return lost
  for (; next < last; next++) {
    const now = histograms[next] as Histogram
    if (isReset(now, before)) lost.push(before)
    before = now
  }
  if (isReset(right, before)) lost.push(before)
  return lost
}

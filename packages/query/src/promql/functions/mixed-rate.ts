import { type Histogram, NO_BUCKETS, RESET_HINT } from '@vantage/model'
import {
  add,
  compact,
  divide,
  type HistogramTotal,
  multiply,
  subtract,
  toSchema,
  usesCustomBuckets,
  withHint,
} from '@vantage/model/histograms'
import {
  floatCount,
  histogramCount,
  isMixed,
  isResetAt,
  lastSamples,
  type MixedResult,
  type MixedSample,
  type MixedWindow,
  mixedSchemas,
} from './mixed-window.ts'
import { isStartTimeReset, startOf } from './start-time.ts'

/**
 * `rate`, `increase` and `delta` of native histograms, and of floats that say since when they count. A first sample
 * that began inside the window counts from there, without extrapolation to the left.
 * Source: prometheus/prometheus promql/functions.go, extrapolatedRate and histogramRate.
 */
export function mixedRate(window: MixedWindow, isCounter: boolean, isPerSecond: boolean): MixedResult {
  if (isMixed(window)) return undefined
  if (histogramCount(window) > 0) return histogramRate(window, isCounter, isPerSecond)
  return isCounter ? floatRate(window, isPerSecond) : window.floatResult
}

/** What extrapolation needs to know of the samples of a window. */
interface Extent {
  readonly firstMs: number
  readonly lastMs: number
  /** Between samples: one less than these. */
  readonly gaps: number
  /** Where the first sample began to count, if inside the window. */
  readonly sinceMs: number | undefined
  /** How many sampled intervals before the first sample a counter was zero; undefined: it never was. */
  readonly toZero: number | undefined
}

/** The factor that makes the change between samples one of the whole window, or of a second. */
function extrapolation(window: MixedWindow, extent: Extent, isPerSecond: boolean): number {
  const { firstMs, lastMs, gaps, sinceMs, toZero } = extent
  const between = (lastMs - firstMs) / 1000
  const average = gaps > 0 ? between / gaps : 0
  const threshold = average * 1.1
  let sampled = between
  let toStart = (firstMs - window.startMs) / 1000
  let toEnd = (window.endMs - lastMs) / 1000
  if (sinceMs !== undefined) {
    sampled = (lastMs - sinceMs) / 1000
    toStart = 0
  } else {
    if (toStart >= threshold) toStart = average / 2
    if (toZero !== undefined) toStart = Math.min(toStart, between * toZero)
  }
  if (toEnd >= threshold) toEnd = average / 2
  const factor = sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled
  return isPerSecond ? factor / (window.rangeMs / 1000) : factor
}

function startInside(window: MixedWindow, firstMs: number): number | undefined {
  const start = startOf(window.startTimes, firstMs)
  return start !== undefined && start > window.startMs && start < firstMs ? start : undefined
}

function floatRate(window: MixedWindow, isPerSecond: boolean): MixedResult {
  const { samples, floatFrom, floatTo, startTimes } = window
  const { times, values } = samples
  if (floatFrom === floatTo) return undefined
  const firstMs = times[floatFrom] as number
  const lastMs = times[floatTo - 1] as number
  const firstValue = values[floatFrom] as number
  let change = (values[floatTo - 1] as number) - firstValue
  for (let i = floatFrom + 1; i < floatTo; i++) {
    const before = values[i - 1] as number
    const isStarted = isStartTimeReset(startTimes, times[i - 1] as number, times[i] as number)
    if (isStarted || (values[i] as number) < before) change += before
  }
  const sinceMs = startInside(window, firstMs)
  const gaps = floatCount(window) - 1
  if (sinceMs === undefined && gaps === 0) return undefined
  const toZero = change > 0 && firstValue >= 0 ? firstValue / change : undefined
  const factor = extrapolation(window, { firstMs, lastMs, gaps, sinceMs, toZero }, isPerSecond)
  return (sinceMs === undefined ? change : change + firstValue) * factor
}

function histogramRate(window: MixedWindow, isCounter: boolean, isPerSecond: boolean): MixedResult {
  const { times, histograms, from, to } = window
  const firstMs = times[from] as number
  const lastMs = times[to - 1] as number
  const first = histograms[from] as Histogram
  const gaps = to - from - 1
  const sinceMs = isCounter ? startInside(window, firstMs) : undefined
  if (gaps === 0 && sinceMs === undefined) return undefined
  let change = gaps === 0 ? withHint(first, RESET_HINT.gauge) : changeBetween(window, isCounter)
  if (change === undefined) return undefined
  const toZero = isCounter && change.count > 0 && first.count >= 0 ? first.count / change.count : undefined
  if (sinceMs !== undefined && gaps > 0) {
    change = noted(window, add(change, first), 'addition')
    if (change === undefined) return mixedSchemas(window)
  }
  return multiply(change, extrapolation(window, { firstMs, lastMs, gaps, sinceMs, toZero }, isPerSecond))
}

/** A total's histogram; notes where custom bounds were reconciled. */
export function noted(
  window: MixedWindow,
  total: HistogramTotal | undefined,
  operation: 'addition' | 'subtraction',
): Histogram | undefined {
  if (total?.isReconciled === true) window.context.annotations.reconciledBounds(operation, window.span)
  return total?.histogram
}

/** Says so where gauges are taken for counters. */
export function noteCounters(window: MixedWindow, histograms: readonly Histogram[]): void {
  if (!histograms.some(isGauge)) return
  window.context.annotations.histogramIsNo('counter', window.metric, window.span)
}

export function noteGauges(window: MixedWindow, first: Histogram, last: Histogram): void {
  if (isGauge(first) && isGauge(last)) return
  window.context.annotations.histogramIsNo('gauge', window.metric, window.span)
}

function isGauge({ resetHint }: Histogram): boolean {
  return resetHint === RESET_HINT.gauge
}

/** Last minus first, of counters with what was lost by resets; undefined, with a warning, where buckets do not fit. */
function changeBetween(window: MixedWindow, isCounter: boolean): Histogram | undefined {
  const points = window.histograms.slice(window.from, window.to)
  const first = points[0] as Histogram
  const second = points[1] as Histogram
  const last = points.at(-1) as Histogram
  if (isCounter) noteCounters(window, points)
  else noteGauges(window, first, last)
  // Nothing of the first sample is left in what comes behind a reset, so its layout must not matter.
  const isRestarted = isCounter && isRestartedAt(window, window.from + 1)
  const start = isRestarted ? nothingLike(second) : first
  const isCustom = usesCustomBuckets(start)
  const others = isCounter ? points.slice(1) : [last]
  if (others.some((one) => usesCustomBuckets(one) !== isCustom)) return mixedSchemas(window)
  const schema = others.reduce((lowest, one) => Math.min(lowest, one.schema), start.schema)
  let change = noted(window, subtract(toSchema(last, schema), start), 'subtraction')
  for (let i = isRestarted ? 2 : 1; isCounter && i < points.length && change !== undefined; i++) {
    if (!isRestartedAt(window, window.from + i)) continue
    change = noted(window, add(change, points[i - 1] as Histogram), 'addition')
  }
  return change === undefined ? undefined : withHint(compact(change), RESET_HINT.gauge)
}

/** True where the counter began anew between a histogram and the one before it, by start times or by counts. */
function isRestartedAt(window: MixedWindow, at: number): boolean {
  const { times, startTimes } = window
  return isStartTimeReset(startTimes, times[at - 1] as number, times[at] as number) || isResetAt(window, at)
}

function nothingLike(histogram: Histogram): Histogram {
  return {
    ...histogram,
    resetHint: RESET_HINT.unknown,
    count: 0,
    sum: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
  }
}

/** `irate` and `idelta`: what happened between the last two samples. */
export function mixedInstantChange(window: MixedWindow, isRate: boolean): MixedResult {
  const [before, last] = lastSamples(window, 2)
  if (last === undefined || before === undefined || last.timeMs === before.timeMs) return undefined
  const seconds = isRate ? (last.timeMs - before.timeMs) / 1000 : 1
  if (last.histogram !== undefined && before.histogram !== undefined) {
    const change = instantHistogram(window, isRate, last, before)
    return change === undefined ? undefined : divide(change, seconds)
  }
  if (last.histogram !== before.histogram) {
    window.context.annotations.mixedWindow(window.metric, window.span)
    return undefined
  }
  const isStarted = isStartTimeReset(window.startTimes, before.timeMs, last.timeMs)
  const hasReset = isRate && (last.value < before.value || isStarted)
  return (hasReset ? last.value : last.value - before.value) / seconds
}

function instantHistogram(
  window: MixedWindow,
  isRate: boolean,
  last: MixedSample,
  before: MixedSample,
): Histogram | undefined {
  const now = last.histogram as Histogram
  const old = before.histogram as Histogram
  if (isRate) noteCounters(window, [old, now])
  else noteGauges(window, old, now)
  const hasReset = isRate && isRestartedAt(window, last.at)
  if (hasReset) return withHint(compact(now), RESET_HINT.gauge)
  const change = noted(window, subtract(now, old), 'subtraction')
  return change === undefined ? mixedSchemas(window) : withHint(compact(change), RESET_HINT.gauge)
}

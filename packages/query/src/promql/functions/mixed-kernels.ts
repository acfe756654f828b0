import type { Histogram } from '@vantage/model'
import { areEqual } from '@vantage/model/histograms'
import { HistogramAccumulator } from '../histogram/accumulate.ts'
import type { Extended } from '../language/ast.ts'
import type { FunctionName } from '../language/signatures.ts'
import { extendedHistogramRate } from './mixed-extended.ts'
import { mixedInstantChange, mixedRate } from './mixed-rate.ts'
import {
  firstSample,
  floatCount,
  histogramCount,
  isMixed,
  isResetAt,
  lastSamples,
  type MixedKernel,
  type MixedResult,
  type MixedSample,
  type MixedWindow,
  mixedSchemas,
  samplesInOrder,
} from './mixed-window.ts'
import { isStartTimeReset } from './start-time.ts'

/**
 * What window functions do where there are native histograms. Functions that are not listed look at floats only and
 * say so. Source: prometheus/prometheus docs/querying/functions.md.
 */
const KERNELS: Partial<Record<FunctionName, MixedKernel>> = {
  // Which windows hold anything is all that counts.
  absent_over_time: () => 1,
  avg_over_time: (window) => accumulated(window, 'mean'),
  changes: (window) => countSteps(window, samplesInOrder(window), isChange),
  count_over_time: (window) => floatCount(window) + histogramCount(window),
  delta: (window) => mixedRate(window, false, false),
  first_over_time: (window) => resultOf(firstSample(window)),
  idelta: (window) => mixedInstantChange(window, false),
  increase: (window) => mixedRate(window, true, false),
  irate: (window) => mixedInstantChange(window, true),
  last_over_time: (window) => resultOf(lastSamples(window, 1)[0]),
  present_over_time: () => 1,
  rate: (window) => mixedRate(window, true, true),
  resets: (window) => countSteps(window, samplesInOrder(window), isCounterReset),
  sum_over_time: (window) => accumulated(window, 'sum'),
  ts_of_first_over_time: (window) => secondsOf(firstSample(window)),
  ts_of_last_over_time: (window) => secondsOf(lastSamples(window, 1)[0]),
}

/** `anchored` and `smoothed`; the window also holds one lookback around it. */
const EXTENDED_KERNELS: Partial<Record<FunctionName, (window: MixedWindow, extended: Extended) => MixedResult>> = {
  changes: (window) => countSteps(window, sinceAnchor(window), isChange),
  delta: (window, extended) => extendedHistogramRate(window, extended, false, false),
  increase: (window, extended) => extendedHistogramRate(window, extended, true, false),
  rate: (window, extended) => extendedHistogramRate(window, extended, true, true),
  resets: (window) => countSteps(window, sinceAnchor(window), isCounterReset),
}

/** Functions that look at since when a counter counts. */
export const START_TIME_FUNCTIONS: ReadonlySet<FunctionName> = new Set(['increase', 'irate', 'rate', 'resets'])

export function mixedKernel(name: FunctionName, extended: Extended | undefined): MixedKernel {
  if (extended === undefined) return KERNELS[name] ?? floatsAlone
  const kernel = EXTENDED_KERNELS[name]
  return kernel === undefined ? floatsAlone : (window) => kernel(window, extended)
}

function floatsAlone(window: MixedWindow): MixedResult {
  if (floatCount(window) === 0) return undefined
  if (histogramCount(window) > 0) window.context.annotations.ignoredInWindow(window.metric, window.span)
  return window.floatResult
}

function resultOf(sample: MixedSample | undefined): MixedResult {
  return sample?.histogram ?? sample?.value
}

function secondsOf(sample: MixedSample | undefined): MixedResult {
  return sample === undefined ? undefined : sample.timeMs / 1000
}

function accumulated(window: MixedWindow, kind: 'sum' | 'mean'): MixedResult {
  if (isMixed(window)) return undefined
  if (histogramCount(window) === 0) return window.floatResult
  const { annotations } = window.context
  const accumulator = new HistogramAccumulator(kind)
  for (let i = window.from; i < window.to; i++) accumulator.add(window.histograms[i] as Histogram)
  if (accumulator.isIncompatible) return mixedSchemas(window)
  if (accumulator.hasResetConflict) annotations.conflictingResets('aggregation', window.span)
  if (accumulator.isReconciled) annotations.reconciledBounds('aggregation', window.span)
  return accumulator.result()
}

/** The last sample at or before the window's start, of either kind, and all behind it; none without one behind. */
function sinceAnchor(window: MixedWindow): MixedSample[] {
  const samples = samplesInOrder(window)
  const last = samples.at(-1)
  if (last === undefined || last.timeMs <= window.startMs) return []
  const firstInside = samples.findIndex(({ timeMs }) => timeMs > window.startMs)
  return samples.slice(Math.max(0, firstInside - 1))
}

type StepTest = (now: MixedSample, before: MixedSample, window: MixedWindow) => boolean

function countSteps(window: MixedWindow, samples: readonly MixedSample[], test: StepTest): MixedResult {
  if (samples.length === 0) return undefined
  let count = 0
  for (let i = 1; i < samples.length; i++) {
    if (test(samples[i] as MixedSample, samples[i - 1] as MixedSample, window)) count++
  }
  return count
}

function isChange(now: MixedSample, before: MixedSample): boolean {
  if (now.histogram !== undefined && before.histogram !== undefined) return !areEqual(now.histogram, before.histogram)
  if (now.histogram !== before.histogram) return true
  return now.value !== before.value && !(Number.isNaN(now.value) && Number.isNaN(before.value))
}

/** Another kind of sample counts as a reset. */
function isCounterReset(now: MixedSample, before: MixedSample, window: MixedWindow): boolean {
  const areHistograms = now.histogram !== undefined && before.histogram !== undefined
  if (!areHistograms && now.histogram !== before.histogram) return true
  if (isStartTimeReset(window.startTimes, before.timeMs, now.timeMs)) return true
  return areHistograms ? isResetAt(window, now.at) : now.value < before.value
}

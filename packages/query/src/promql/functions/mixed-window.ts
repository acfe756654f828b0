import type { Histogram, SampleColumns } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { isReset } from '../histogram/reset.ts'
import type { Span } from '../language/fault.ts'

/**
 * One window of a series that has native histograms or start times. One object serves all windows of an evaluation;
 * the columns are borrowed.
 */
export interface MixedWindow {
  readonly context: EvaluationContext
  /** The function's first argument, for annotations. */
  readonly span: Span
  metric: string
  /** Floats are [floatFrom, floatTo) of these. */
  samples: SampleColumns
  floatFrom: number
  floatTo: number
  /** Histograms are [from, to) of these. */
  times: readonly number[]
  histograms: readonly Histogram[]
  from: number
  to: number
  /** What is known of each histogram and its neighbour: 0 nothing yet, 1 no reset, 2 a reset. Serves all windows. */
  resets: Uint8Array
  /** Since when the counter of a sample has been counting, by the sample's time. */
  startTimes: ReadonlyMap<number, number>
  /** (startMs, endMs], as the data sees it. */
  startMs: number
  endMs: number
  readonly rangeMs: number
  /** What the function makes of the floats alone; undefined where nothing. */
  floatResult: number | undefined
}

export type MixedResult = number | Histogram | undefined

export type MixedKernel = (window: MixedWindow) => MixedResult

export interface MixedSample {
  readonly timeMs: number
  readonly value: number
  /** Undefined: a float. */
  readonly histogram: Histogram | undefined
  /** Its place among the samples of its kind. */
  readonly at: number
}

/** True where a counter was reset between a histogram and the one before it; windows overlap, so it is found out once. */
export function isResetAt({ histograms, resets }: MixedWindow, at: number): boolean {
  if (resets[at] === 0) resets[at] = isReset(histograms[at] as Histogram, histograms[at - 1] as Histogram) ? 2 : 1
  return resets[at] === 2
}

/** Both kinds of samples in the order of time. */
export function samplesInOrder(window: MixedWindow): MixedSample[] {
  const { samples, floatTo, times, histograms, to } = window
  const out: MixedSample[] = []
  let i = window.floatFrom
  let j = window.from
  while (i < floatTo || j < to) {
    const floatMs = i < floatTo ? (samples.times[i] as number) : Infinity
    const histogramMs = j < to ? (times[j] as number) : Infinity
    if (floatMs < histogramMs) {
      out.push({ timeMs: floatMs, value: samples.values[i] as number, histogram: undefined, at: i })
      i++
    } else {
      out.push({ timeMs: histogramMs, value: 0, histogram: histograms[j], at: j })
      j++
    }
  }
  return out
}

/** The oldest sample; undefined in an empty window. */
export function firstSample(window: MixedWindow): MixedSample | undefined {
  const floatTo = Math.min(window.floatFrom + 1, window.floatTo)
  return samplesInOrder({ ...window, floatTo, to: Math.min(window.from + 1, window.to) })[0]
}

/** The newest samples, at most `count`, in the order of time. */
export function lastSamples(window: MixedWindow, count: number): MixedSample[] {
  const floatFrom = Math.max(window.floatFrom, window.floatTo - count)
  return samplesInOrder({ ...window, floatFrom, from: Math.max(window.from, window.to - count) }).slice(-count)
}

export function floatCount({ floatFrom, floatTo }: MixedWindow): number {
  return floatTo - floatFrom
}

export function histogramCount({ from, to }: MixedWindow): number {
  return to - from
}

/** True, with a warning, where a window has both kinds of samples. */
export function isMixed(window: MixedWindow): boolean {
  if (floatCount(window) === 0 || histogramCount(window) === 0) return false
  window.context.annotations.mixedWindow(window.metric, window.span)
  return true
}

/** Undefined, with a warning: exponential and custom buckets cannot be brought together. */
export function mixedSchemas(window: MixedWindow): undefined {
  window.context.annotations.mixedSchemas(window.metric, window.span)
  return undefined
}

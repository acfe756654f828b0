import type { QueryAnswer } from '@vantage/api/client'
import type { TimeSpan } from '@vantage/charts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { LEVELS, type Level, levelOf } from './log-model.ts'

/** Bars that a wide chart draws; finer answers are summed up. */
const BARS_MAX = 40
/** A bar is a button: a target of 24 px (WCAG 2.5.8), with the gap to the next. */
const BAR_PX = 26

/** As many bars as a finger can tell apart, with one more where the range begins between two. */
export function barsIn(widthPx: number): number {
  return Math.max(1, Math.min(BARS_MAX, Math.floor(widthPx / BAR_PX) - 1))
}

export interface VolumeBar {
  readonly startMs: number
  readonly endMs: number
  readonly total: number
  /** From the top down; levels without lines are left out. */
  readonly parts: readonly { readonly level: Level; readonly count: number }[]
}

export interface Volume {
  /**
   * Of the whole range, empty ones included. They begin at multiples of their time, the first one before the range where that
   * begins between two: a live refresh moves them along, and a bar stays what it is.
   */
  readonly bars: readonly VolumeBar[]
  /** Lines of the highest bar. */
  readonly max: number
  readonly totals: readonly { readonly level: Level; readonly count: number }[]
}

/** The bar that has the focus, and the time from where a region is selected, unix ms: bars move on while it stays. */
export interface BarChoice {
  readonly at: number
  readonly anchorMs: number | undefined
}

/**
 * What a key does on a bar: arrows go to another one, Space begins a region or drops it, ↵ explains it, Escape drops it.
 * @returns undefined for keys that are not the bars'
 */
export function afterBarKey(
  now: BarChoice,
  key: string,
  bars: readonly VolumeBar[],
): BarChoice | 'explain' | undefined {
  const { at, anchorMs } = now
  const last = bars.length - 1
  const to = (next: number) => ({ ...now, at: Math.max(0, Math.min(last, next)) })
  switch (key) {
    case 'ArrowLeft':
      return to(at - 1)
    case 'ArrowRight':
      return to(at + 1)
    case 'Home':
      return to(0)
    case 'End':
      return to(last)
    case ' ':
      return { at, anchorMs: anchorMs === undefined ? bars[at]?.startMs : undefined }
    case 'Enter':
      return anchorMs === undefined ? undefined : 'explain'
    case 'Escape':
      return anchorMs === undefined ? undefined : { at, anchorMs: undefined }
    default:
      return undefined
  }
}

/** The time of the bars from one that holds a time to the one that holds another. */
export function barsSpan(bars: readonly VolumeBar[], aMs: number, bMs: number): TimeSpan {
  const [fromMs, toMs] = [Math.min(aMs, bMs), Math.max(aMs, bMs)]
  const first = bars.find(({ endMs }) => endMs > fromMs) ?? bars.at(-1)
  const last = bars.findLast(({ startMs }) => startMs <= toMs) ?? bars[0]
  return { startMs: first?.startMs ?? 0, endMs: last?.endMs ?? 0 }
}

/** Whether more than half of a bar lies in a time. */
export function isCovered({ startMs, endMs }: VolumeBar, span: TimeSpan | undefined): boolean {
  if (span === undefined) return false
  return Math.min(endMs, span.endMs) - Math.max(startMs, span.startMs) > (endMs - startMs) / 2
}

const EMPTY: Volume = { bars: [], max: 0, totals: [] }

/** Counts of lines by level and step, as bars over the range. A value at T counts the step that ends at T. */
export function stackVolume(answer: QueryAnswer | undefined, range: SteppedRange, barsMax = BARS_MAX): Volume {
  const data = answer?.data
  if (data === undefined || data.kind !== 'matrix' || data.series.length === 0) return EMPTY
  const { startMs: fromMs, endMs: toMs, stepMs } = range
  const steps = Math.max(1, Math.round((toMs - fromMs) / stepMs))
  const barMs = Math.ceil(steps / barsMax) * stepMs
  const firstMs = Math.floor(fromMs / barMs) * barMs
  const counts = Array.from({ length: Math.ceil((toMs - firstMs) / barMs) }, () => new Map<Level, number>())
  const totals = new Map<Level, number>()
  for (const { metric, timesSeconds, values } of data.series) {
    const level = levelOf(metric)
    timesSeconds.forEach((time, i) => {
      const bar = counts[Math.ceil((time * 1_000 - firstMs) / barMs) - 1]
      if (bar === undefined || time * 1_000 <= fromMs || time * 1_000 > toMs) return
      const count = values[i] as number
      bar.set(level, (bar.get(level) ?? 0) + count)
      totals.set(level, (totals.get(level) ?? 0) + count)
    })
  }
  const bars = counts.map((bar, i): VolumeBar => {
    const parts = LEVELS.filter((level) => (bar.get(level) ?? 0) > 0)
      .toReversed()
      .map((level) => ({ level, count: bar.get(level) as number }))
    const startMs = firstMs + i * barMs
    return { startMs, endMs: startMs + barMs, total: parts.reduce((sum, one) => sum + one.count, 0), parts }
  })
  return {
    bars,
    max: Math.max(1, ...bars.map((bar) => bar.total)),
    totals: LEVELS.filter((level) => totals.has(level)).map((level) => ({ level, count: totals.get(level) as number })),
  }
}

import type { QueryAnswer } from '@vantage/api/client'
import { LEVELS, type Level, levelOf } from './log-model.ts'

/** Bars that a chart draws; finer answers are summed up. */
const BARS_MAX = 60

export interface VolumeBar {
  readonly startMs: number
  readonly endMs: number
  readonly total: number
  /** From the top down; levels without lines are left out. */
  readonly parts: readonly { readonly level: Level; readonly count: number }[]
}

export interface Volume {
  readonly bars: readonly VolumeBar[]
  readonly startMs: number
  readonly endMs: number
  /** Lines of the highest bar. */
  readonly max: number
  readonly totals: readonly { readonly level: Level; readonly count: number }[]
}

const EMPTY: Volume = { bars: [], startMs: 0, endMs: 0, max: 0, totals: [] }

/** Counts of lines by level and step, as bars of one time axis. A value at T counts the step that ends at T. */
export function stackVolume(answer: QueryAnswer | undefined): Volume {
  const data = answer?.data
  if (data === undefined || data.kind !== 'matrix' || data.series.length === 0) return EMPTY
  const times = data.series.flatMap((one) => [...one.timesSeconds])
  const first = Math.min(...times)
  const last = Math.max(...times)
  const gaps = data.series.flatMap((one) =>
    [...one.timesSeconds].slice(1).map((time, i) => time - (one.timesSeconds[i] as number)),
  )
  const step = gaps.length === 0 ? 1 : Math.min(...gaps)
  const steps = Math.round((last - first) / step) + 1
  const perBar = Math.max(1, Math.ceil(steps / BARS_MAX))
  const counts = Array.from({ length: Math.ceil(steps / perBar) }, () => new Map<Level, number>())
  const totals = new Map<Level, number>()
  for (const { metric, timesSeconds, values } of data.series) {
    const level = levelOf(metric)
    timesSeconds.forEach((time, i) => {
      const bar = counts[Math.floor(Math.round((time - first) / step) / perBar)] as Map<Level, number>
      const count = values[i] as number
      bar.set(level, (bar.get(level) ?? 0) + count)
      totals.set(level, (totals.get(level) ?? 0) + count)
    })
  }
  const bars = counts.map((bar, i): VolumeBar => {
    const parts = LEVELS.filter((level) => (bar.get(level) ?? 0) > 0)
      .toReversed()
      .map((level) => ({ level, count: bar.get(level) as number }))
    const startMs = (first - step + i * perBar * step) * 1_000
    return {
      startMs,
      endMs: startMs + perBar * step * 1_000,
      total: parts.reduce((sum, one) => sum + one.count, 0),
      parts,
    }
  })
  return {
    bars,
    startMs: bars[0]?.startMs ?? 0,
    endMs: bars.at(-1)?.endMs ?? 0,
    max: Math.max(1, ...bars.map((bar) => bar.total)),
    totals: LEVELS.filter((level) => totals.has(level)).map((level) => ({ level, count: totals.get(level) as number })),
  }
}

import { type SeriesStats, seriesStats } from '../series-stats.ts'
import { formatInstant } from '../ticks.ts'
import { PLAIN, type Unit } from '../units.ts'
import type { Zone } from '../zone.ts'

export const DRAW_MODES = ['line', 'area', 'bars', 'stacked', 'stacked-bars'] as const
export type DrawMode = (typeof DRAW_MODES)[number]

/** Whether series stand on each other. */
export function isStacked(mode: DrawMode): boolean {
  return mode === 'stacked' || mode === 'stacked-bars'
}

/** One line of a chart; `values` has one entry per time of the frame, null for a gap. */
export interface ChartSeries {
  readonly key: string
  readonly label: string
  readonly slot: number
  readonly values: readonly (number | null)[]
}

/** Something that happened: a dashed line through the chart, with its name. */
export interface TimeMark {
  readonly atMs: number
  readonly label: string
}

export interface TimeSpan {
  readonly startMs: number
  readonly endMs: number
}

/** Everything a time series chart draws. */
export interface TimeSeriesFrame {
  /** Unix seconds, ascending, `stepMs` apart. */
  readonly timesSeconds: readonly number[]
  readonly series: readonly ChartSeries[]
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly unit: Unit
  readonly mode: DrawMode
  readonly zone: Zone
  readonly hidden: ReadonlySet<string>
  /** True for rates and counts, whose axis starts at 0. */
  readonly fromZero: boolean
  /** Steps that end after this are not complete yet. */
  readonly completeUntilMs: number
}

export const EMPTY_FRAME: TimeSeriesFrame = {
  timesSeconds: [],
  series: [],
  startMs: 0,
  endMs: 1,
  stepMs: 1,
  unit: PLAIN,
  mode: 'line',
  zone: 'browser',
  hidden: new Set(),
  fromZero: false,
  completeUntilMs: Number.POSITIVE_INFINITY,
}

/** Most steps of one frame; the API refuses more than 11,000 points per series. */
const STEPS_MAX = 11_000

/** The grid of a range query in unix seconds: start, start + step, … ≤ end. */
export function gridSeconds(startMs: number, endMs: number, stepMs: number): number[] {
  const count = Math.min(STEPS_MAX, Math.max(0, Math.floor((endMs - startMs) / stepMs) + 1))
  const times = new Array<number>(count)
  for (let i = 0; i < count; i++) times[i] = (startMs + i * stepMs) / 1000
  return times
}

/** Lays the samples of one series on the grid; steps without a finite sample are gaps. */
export function onGrid(
  timesSeconds: Float64Array,
  values: Float64Array,
  grid: readonly number[],
  stepMs: number,
): (number | null)[] {
  const out = new Array<number | null>(grid.length).fill(null)
  const startMs = (grid[0] ?? 0) * 1000
  for (let i = 0; i < timesSeconds.length; i++) {
    const at = Math.round(((timesSeconds[i] as number) * 1000 - startMs) / stepMs)
    const value = values[i] as number
    if (at >= 0 && at < out.length && Number.isFinite(value)) out[at] = value
  }
  return out
}

/** What is drawn: the values themselves, or running sums over the visible series, first at the baseline. */
export function drawnValues(frame: TimeSeriesFrame): (readonly (number | null)[])[] {
  if (!isStacked(frame.mode)) return frame.series.map((one) => one.values)
  const sums = new Array<number>(frame.timesSeconds.length).fill(0)
  return frame.series.map((one) => {
    if (frame.hidden.has(one.key)) return one.values
    return one.values.map((value, i) => {
      // What stands on a gap must find the height below it: a bar of no height is not seen.
      if (value === null) return frame.mode === 'stacked-bars' ? (sums[i] as number) : null
      sums[i] = (sums[i] as number) + value
      return sums[i] as number
    })
  })
}

/**
 * The key of the visible series that a value at a step points at: the nearest line, of a stack the part that covers it.
 * undefined where none has a value there.
 */
export function seriesAt(frame: TimeSeriesFrame, index: number, value: number): string | undefined {
  const drawn = drawnValues(frame)
  const there = frame.series.flatMap(({ key, values }, i) => {
    const isThere = !frame.hidden.has(key) && (values[index] ?? null) !== null
    return isThere ? [{ key, height: drawn[i]?.[index] ?? 0 }] : []
  })
  const covering = isStacked(frame.mode) ? there.filter(({ height }) => height >= value) : []
  const distance = ({ height }: { readonly height: number }) => Math.abs(height - value)
  return (covering.length > 0 ? covering : there).sort((a, b) => distance(a) - distance(b))[0]?.key
}

export interface LegendRow extends SeriesStats {
  readonly key: string
  readonly label: string
  readonly slot: number
  readonly isHidden: boolean
}

export function legendRows(frame: TimeSeriesFrame): LegendRow[] {
  return frame.series.map((one) => ({
    key: one.key,
    label: one.label,
    slot: one.slot,
    isHidden: frame.hidden.has(one.key),
    ...seriesStats(one.values),
  }))
}

/** Rows of a table twin; a longer frame shows its newest steps and says so. */
const TABLE_ROWS_MAX = 500
const TABLE_COLUMNS_MAX = 20

/** The chart as a table: one row per step, newest first, one column per visible series. */
export interface DataView {
  readonly columns: readonly { readonly key: string; readonly label: string }[]
  readonly rows: readonly {
    readonly atMs: number
    readonly time: string
    readonly values: readonly (number | null)[]
  }[]
  readonly rowsLeftOut: number
  readonly columnsLeftOut: number
}

export function dataView(frame: TimeSeriesFrame): DataView {
  const visible = frame.series.filter((one) => !frame.hidden.has(one.key))
  const shown = visible.slice(0, TABLE_COLUMNS_MAX)
  const total = frame.timesSeconds.length
  const rows = []
  for (let i = total - 1; i >= 0 && rows.length < TABLE_ROWS_MAX; i--) {
    const atMs = (frame.timesSeconds[i] as number) * 1000
    const values = shown.map((one) => one.values[i] ?? null)
    rows.push({ atMs, time: formatInstant(atMs, frame.zone), values })
  }
  return {
    columns: shown.map(({ key, label }) => ({ key, label })),
    rows,
    rowsLeftOut: total - rows.length,
    columnsLeftOut: visible.length - shown.length,
  }
}

/** One sentence for people who do not see the canvas. */
export function frameSummary(frame: TimeSeriesFrame, formatted: (value: number) => string): string {
  const visible = frame.series.filter((one) => !frame.hidden.has(one.key))
  const span = `${formatInstant(frame.startMs, frame.zone)} to ${formatInstant(frame.endMs, frame.zone)}`
  if (visible.length === 0) return `Chart from ${span} without visible series.`
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const one of visible) {
    const stats = seriesStats(one.values)
    if (stats.min < min) min = stats.min
    if (stats.max > max) max = stats.max
  }
  const noun = visible.length === 1 ? 'series' : 'series, all'
  const between = min <= max ? ` between ${formatted(min)} and ${formatted(max)}` : ' without values'
  return `Chart of ${visible.length} ${noun}${between}, ${span}.`
}

import uPlot from 'uplot'
import { type ChartTheme, slotColour, slotDash } from '../palette.ts'
import { paddedRange, type RangeHold } from '../range-hold.ts'
import { formatTick, timeTicks, valueTicks } from '../ticks.ts'
import { formatScaled, type Scale, scaleFor } from '../units.ts'
import { drawEndLabels, endLabelsPx } from './end-labels.ts'
import { drawAxisBreak, drawMarks, drawRegion } from './marks.ts'
import { isStacked, type TimeMark, type TimeSeriesFrame, type TimeSpan } from './model.ts'
import { stackedPath } from './stacked-line.ts'

const AXIS_FONT = '11px "Inter Variable", system-ui, sans-serif'
/** Width of a value axis, so that plots above each other align, CSS pixels; longer labels take what they need. */
const VALUE_AXIS_WIDTH_PX = 64
const VALUE_AXIS_GAP_PX = 8
const TIME_AXIS_HEIGHT_PX = 24
const VALUE_TICK_EVERY_PX = 44
const TIME_TICK_EVERY_PX = 88
const FILL_ALPHA = '38'
const STACK_ALPHA = '59'
const UNFOCUSED_ALPHA = 0.25

/** What the options read while they draw; the chart replaces the frame on every update. */
export interface DrawState {
  frame: TimeSeriesFrame
  marks: readonly TimeMark[]
  region: TimeSpan | undefined
  theme: ChartTheme
  readonly hold: RangeHold
  readonly sync: ChartSync
}

/** Charts that share a crosshair. */
export interface ChartSync {
  readonly key: string
  /**
   * By place, not by time: of charts beside each other that show as long a time, one may lie earlier. What is dragged
   * on one of them is then not shown on the others.
   */
  readonly isByPlace: boolean
}

function syncOf({ key, isByPlace }: ChartSync): uPlot.Cursor.Sync {
  const sync = { key, setSeries: false }
  if (!isByPlace) return sync
  const isOfCursor = (type: string) => type === 'mousemove' || type === 'mouseleave'
  return { ...sync, scales: [null, null], filters: { pub: isOfCursor, sub: isOfCursor } }
}

/** Frames that differ in this text need a new uPlot; others only new data. */
export function structureOf(frame: TimeSeriesFrame, theme: ChartTheme): string {
  const series = frame.series.map((one) => `${one.slot} ${one.key}`).join('\n')
  return `${theme.name} ${frame.mode} ${frame.zone}\n${series}`
}

/** Options of uPlot for a frame. Events are bound by the chart, not here. */
export function plotOptions(state: DrawState, width: number, height: number): uPlot.Options {
  return {
    width,
    height,
    legend: { show: false },
    // A label under the last moment has room for its half.
    padding: [8, (plot) => Math.max(18, endLabelsPx(state.frame, plot.width)), 0, 0],
    pxAlign: true,
    cursor: {
      y: false,
      sync: syncOf(state.sync),
      drag: { x: true, y: false, setScale: false, dist: 4 },
      focus: { prox: 24 },
      points: { size: 7, width: 1.5, fill: (plot, i) => strokeOf(plot, i) },
    },
    focus: { alpha: UNFOCUSED_ALPHA },
    scales: {
      x: { time: true, range: () => [state.frame.startMs / 1000, state.frame.endMs / 1000] },
      y: { range: (_, min, max) => heldRange(state, min, max) },
    },
    axes: [timeAxis(state), valueAxis(state)],
    series: [{}, ...state.frame.series.map((_, i) => seriesOptions(state, i))],
    bands: isStacked(state.frame.mode) ? stackBands(state.frame) : [],
    hooks: {
      draw: [
        (plot) => hatchIncomplete(plot, state),
        (plot) => drawRegion(plot, state.region, state.theme),
        (plot) => drawAxisBreak(plot, state.theme),
        (plot) => drawMarks(plot, state.marks, state.theme),
        (plot) => drawEndLabels(plot, state.frame, state.theme),
      ],
    },
  }
}

function strokeOf(plot: uPlot, i: number): string {
  const stroke = plot.series[i]?.stroke
  const colour = typeof stroke === 'function' ? stroke(plot, i) : stroke
  return typeof colour === 'string' ? colour : ''
}

function heldRange(state: DrawState, min: number | null, max: number | null): [number, number] {
  const { mode, fromZero } = state.frame
  const isZeroBased = fromZero || mode !== 'line'
  const [low, high] = paddedRange(min ?? 0, max ?? 0, isZeroBased)
  state.hold.offer(low, high, performance.now())
  return [state.hold.min, state.hold.max]
}

function timeAxis(state: DrawState): uPlot.Axis {
  const ticks = (plot: uPlot, from: number, to: number) =>
    timeTicks(from * 1000, to * 1000, plot.width / TIME_TICK_EVERY_PX, state.frame.zone)
  return {
    font: AXIS_FONT,
    stroke: () => state.theme.axisText,
    size: TIME_AXIS_HEIGHT_PX,
    gap: 6,
    grid: { show: false },
    ticks: { show: false },
    splits: (plot, _, from, to) => ticks(plot, from, to).atMs.map((ms) => ms / 1000),
    values: (plot, splits) => {
      const { min, max } = plot.scales['x'] as { min: number; max: number }
      const { stepMs } = ticks(plot, min, max)
      return splits.map((at) => formatTick(at * 1000, stepMs, state.frame.zone))
    },
  }
}

function valueAxis(state: DrawState): uPlot.Axis {
  const scaleOf = (from: number, to: number): Scale =>
    scaleFor(state.frame.unit, Math.max(Math.abs(from), Math.abs(to)))
  return {
    font: AXIS_FONT,
    stroke: () => state.theme.axisText,
    size: (plot, labels) => Math.max(VALUE_AXIS_WIDTH_PX, labelsPx(plot, labels) + VALUE_AXIS_GAP_PX),
    gap: VALUE_AXIS_GAP_PX,
    grid: { stroke: () => state.theme.grid, width: 1 },
    ticks: { show: false },
    splits: (plot, _, from, to) =>
      valueTicks(from, to, Math.min(5, Math.max(2, plot.height / VALUE_TICK_EVERY_PX)), scaleOf(from, to)),
    values: (plot, splits) => {
      const { min, max } = plot.scales['y'] as { min: number; max: number }
      const scale = scaleOf(min, max)
      return splits.map((value) => formatScaled(value, scale))
    },
  }
}

/** @param labels null before there are any */
function labelsPx({ ctx }: uPlot, labels: readonly string[] | null): number {
  const { font } = ctx
  ctx.font = AXIS_FONT
  const widest = Math.max(0, ...(labels ?? []).map((label) => ctx.measureText(label).width))
  // The plot remembers which font it has set.
  ctx.font = font
  return Math.ceil(widest)
}

function seriesOptions(state: DrawState, i: number): uPlot.Series {
  const { frame, theme } = state
  const one = frame.series[i] as TimeSeriesFrame['series'][number]
  const colour = slotColour(theme, one.slot)
  const options: uPlot.Series = {
    label: one.label,
    show: !frame.hidden.has(one.key),
    stroke: colour,
    width: 1.5,
    dash: [...slotDash(one.slot)],
    spanGaps: false,
    points: { show: isLonely(state, i) },
  }
  if (frame.mode === 'bars' || frame.mode === 'stacked-bars') {
    return { ...options, width: 0, fill: colour, paths: uPlot.paths.bars!({ size: [0.8, 24], align: 1 }) }
  }
  if (frame.mode === 'area') return { ...options, fill: colour + FILL_ALPHA }
  if (frame.mode === 'stacked')
    return { ...options, fill: colour + STACK_ALPHA, paths: stackedPath(() => state.frame.series[i]?.values ?? []) }
  return options
}

/** A sample between two gaps has no line to either side and is drawn as a point. */
function isLonely(state: DrawState, i: number): uPlot.Series.Points.Show {
  return (_plot, _series, from, to) => {
    const values = state.frame.series[i]?.values ?? []
    if (to - from > 400) return false
    for (let at = from; at <= to; at++) {
      const stands = values[at] !== null && values[at] !== undefined
      if (stands && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null) return true
    }
    return false
  }
}

/** Each visible series fills down to the visible one below it; the lowest fills to zero by itself. */
function stackBands(frame: TimeSeriesFrame): uPlot.Band[] {
  const bands: uPlot.Band[] = []
  let below = -1
  for (let i = 0; i < frame.series.length; i++) {
    if (frame.hidden.has(frame.series[i]!.key)) continue
    if (below >= 0) bands.push({ series: [i + 1, below + 1] })
    below = i
  }
  return bands
}

/** The newest steps are still filling: they are hatched. */
function hatchIncomplete(plot: uPlot, state: DrawState): void {
  const { frame, theme } = state
  if (frame.completeUntilMs >= frame.endMs) return
  const from = Math.max(plot.bbox.left, plot.valToPos(frame.completeUntilMs / 1000, 'x', true))
  const right = plot.bbox.left + plot.bbox.width
  if (!(right - from >= 2)) return
  const { ctx } = plot
  ctx.save()
  ctx.beginPath()
  ctx.rect(from, plot.bbox.top, right - from, plot.bbox.height)
  ctx.clip()
  ctx.strokeStyle = theme.hatch
  ctx.lineWidth = 1
  ctx.beginPath()
  const { top, height } = plot.bbox
  for (let x = from - height; x < right; x += 8 * devicePixelRatio) {
    ctx.moveTo(x, top + height)
    ctx.lineTo(x + height, top)
  }
  ctx.stroke()
  ctx.restore()
}

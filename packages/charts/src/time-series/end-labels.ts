import type uPlot from 'uplot'
import { type ChartTheme, slotColour } from '../palette.ts'
import type { ChartSeries, TimeSeriesFrame } from './model.ts'

/** More lines than that have their names in the legend alone. */
const LINES_MAX = 4
const CHARS_MAX = 14
/** In a narrower chart names would take the room of what they name. */
const CHART_MIN_PX = 440
const CHAR_PX = 6.6
const DASH_PX = 8
const GAP_PX = 5
/** Beyond the names. */
const EDGE_PX = 8
const ROW_PX = 13
const FONT_PX = 11
/** A line that has ended so many steps ago has no name at the edge. */
const ENDED_STEPS = 8

/** Room for the names of lines at their ends, CSS pixels; 0 where they have none. */
export function endLabelsPx(frame: TimeSeriesFrame, chartPx: number): number {
  const lines = namedLines(frame)
  if (chartPx < CHART_MIN_PX || lines.length < 2 || lines.length > LINES_MAX) return 0
  const chars = Math.max(...lines.map(({ label }) => label.length))
  return chars > CHARS_MAX ? 0 : Math.ceil(GAP_PX + DASH_PX + GAP_PX + chars * CHAR_PX + EDGE_PX)
}

function namedLines({ mode, series, hidden }: TimeSeriesFrame): readonly ChartSeries[] {
  return mode === 'line' ? series.filter(({ key }) => !hidden.has(key)) : []
}

/** Each line has its name where it ends, with a dash of its colour. */
export function drawEndLabels(plot: uPlot, frame: TimeSeriesFrame, theme: ChartTheme): void {
  if (endLabelsPx(frame, plot.width) === 0) return
  const { ctx } = plot
  const { left, top, width, height } = plot.bbox
  const px = devicePixelRatio
  const ends = namedLines(frame).flatMap((line) => {
    const value = lastOf(line)
    return value === undefined ? [] : [{ line, y: plot.valToPos(value, 'y', true) }]
  })
  const places = apartFrom(
    ends.map(({ y }) => y),
    ROW_PX * px,
    top,
    top + height,
  )
  ctx.save()
  ctx.font = `${FONT_PX * px}px "Inter Variable", system-ui, sans-serif`
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  ends.forEach(({ line }, i) => {
    const y = places[i] as number
    const x = left + width + GAP_PX * px
    ctx.fillStyle = slotColour(theme, line.slot)
    ctx.fillRect(x, Math.round(y - px), DASH_PX * px, 2 * px)
    ctx.fillStyle = theme.axisText
    ctx.fillText(line.label, x + (DASH_PX + GAP_PX) * px, y)
  })
  ctx.restore()
}

function lastOf({ values }: ChartSeries): number | undefined {
  for (let at = values.length - 1; at >= Math.max(0, values.length - ENDED_STEPS); at--) {
    const value = values[at] ?? undefined
    if (value !== undefined) return value
  }
  return undefined
}

/** Places in their order, moved as little as needed to be this far from each other and within two bounds. */
export function apartFrom(wanted: readonly number[], apart: number, low: number, high: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] as number) - (wanted[b] as number))
  const places = [...wanted]
  let least = low
  for (const i of order) {
    places[i] = Math.max(places[i] as number, least)
    least = (places[i] as number) + apart
  }
  let most = high
  for (const i of order.toReversed()) {
    places[i] = Math.min(places[i] as number, most)
    most = (places[i] as number) - apart
  }
  return places
}

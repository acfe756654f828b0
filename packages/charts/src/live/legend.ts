import { type ChartTheme, slotColour } from '../palette.ts'
import { formatScaled, NO_DATA, scaleFor, type Unit } from '../units.ts'
import type { SampleRing } from './ring.ts'
import type { StripSeries } from './strip.ts'

/** Two rows of 16 px. */
export const LEGEND_HEIGHT_PX = 34
const ROW_PX = 16
const SWATCH_PX = 8
const ENTRY_GAP_PX = 12
/** Room kept for a value, so that entries do not move when digits change. */
const VALUE_PX = 54
/** A longer label is cut; the table twin has it whole. */
const LABEL_MAX_CHARS = 26

/** The value of a series at a time: that of the newest sample not after it; the latest one without a time. */
export function valueAt(ring: SampleRing, atMs: number | undefined): number {
  if (atMs === undefined || atMs >= ring.lastMs) return ring.lastValue
  const at = ring.indexAt(atMs + 1) - 1
  if (at < ring.first) return Number.NaN
  const ageMs = atMs - ring.baseMs - (ring.times[at] as number)
  return ageMs > ring.joinMs ? Number.NaN : (ring.values[at] as number)
}

/** How wide the label of a series is written, in the font that is set. */
export function legendLabelPx(context: OffscreenCanvasRenderingContext2D, series: StripSeries): number {
  return context.measureText(cut(series.label)).width
}

/** Writes swatch, label and value of each series; what does not fit into two rows is counted. */
export function drawLegend(
  context: OffscreenCanvasRenderingContext2D,
  series: readonly StripSeries[],
  labelsPx: readonly number[],
  theme: ChartTheme,
  unit: Unit,
  atMs: number,
  top: number,
  width: number,
): void {
  let x = 0
  let row = 0
  for (let i = 0; i < series.length; i++) {
    const one = series[i] as StripSeries
    const label = cut(one.label)
    const labelPx = labelsPx[i] as number
    const entryPx = SWATCH_PX + 6 + labelPx + 6 + VALUE_PX
    const reservePx = row === 1 && i < series.length - 1 ? 28 : 0
    if (x > 0 && x + entryPx > width - reservePx) {
      if (row === 1) {
        context.fillStyle = theme.axisText
        context.fillText(`+${series.length - i}`, x, top + ROW_PX * 1.5)
        return
      }
      row = 1
      x = 0
    }
    const y = top + ROW_PX * (row + 0.5)
    context.fillStyle = slotColour(theme, one.slot)
    context.fillRect(x, y - SWATCH_PX / 2, SWATCH_PX, SWATCH_PX)
    context.fillStyle = theme.axisText
    context.fillText(label, x + SWATCH_PX + 6, y)
    context.fillStyle = theme.text
    context.fillText(valueText(valueAt(one.ring, atMs), unit), x + SWATCH_PX + 6 + labelPx + 6, y, VALUE_PX)
    x += entryPx + ENTRY_GAP_PX
  }
}

function valueText(value: number, unit: Unit): string {
  return Number.isNaN(value) ? NO_DATA : formatScaled(value, scaleFor(unit, value))
}

function cut(label: string): string {
  return label.length <= LABEL_MAX_CHARS ? label : `${label.slice(0, LABEL_MAX_CHARS - 1)}…`
}

import { SMALL_FONT } from './canvas-text.ts'
import type { ChartTheme } from './palette.ts'
import { formatTick, timeTicks } from './ticks.ts'
import type { Zone } from './zone.ts'

/** One label of time in so many pixels. */
const TICK_PX = 84
/** So far from the ends a label is cut by nothing. */
const START_MARGIN_PX = 16
const END_MARGIN_PX = 24

export interface TimeAxis {
  readonly startMs: number
  readonly endMs: number
  /** Where time begins and ends. */
  readonly leftPx: number
  readonly rightPx: number
  /** The lower edge of the canvas. */
  readonly heightPx: number
  readonly zone: Zone
  readonly theme: ChartTheme
}

/** Times under a drawing. */
export function paintTimeAxis(context: CanvasRenderingContext2D, axis: TimeAxis): void {
  const { startMs, endMs, leftPx, rightPx, heightPx, zone, theme } = axis
  const count = Math.max(2, Math.floor((rightPx - leftPx) / TICK_PX))
  const { stepMs, atMs } = timeTicks(startMs, endMs, count, zone)
  context.font = SMALL_FONT
  context.fillStyle = theme.axisText
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (const at of atMs) {
    const x = leftPx + ((at - startMs) / Math.max(1, endMs - startMs)) * (rightPx - leftPx)
    if (x < leftPx + START_MARGIN_PX || x > rightPx - END_MARGIN_PX) continue
    context.fillText(formatTick(at, stepMs, zone), x, heightPx - 8)
  }
  context.textAlign = 'left'
}

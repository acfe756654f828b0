import { paintTimeAxis } from '../canvas-axis.ts'
import { SMALL_FONT, sizedContext } from '../canvas-text.ts'
import { type ChartTheme, slotColour } from '../palette.ts'
import { formatMs } from '../units.ts'
import { paintDiamond } from '../waterfall/paint-names.ts'
import type { Zone } from '../zone.ts'

/** One thing that began at a moment and took some time. */
export interface ScatterPoint {
  readonly atMs: number
  readonly tookMs: number
  readonly isFailed: boolean
}

export interface ScatterScale {
  readonly startMs: number
  readonly endMs: number
  /** Durations at the lower and the upper edge; the axis between is logarithmic. */
  readonly lowMs: number
  readonly highMs: number
}

export interface ScatterBox {
  readonly widthPx: number
  readonly heightPx: number
}

const LEFT_PX = 64
const BOTTOM_PX = 20
const TOP_PX = 8
const RIGHT_PX = 12
const SHORTEST_MS = 0.001
const POINT_PX = 2.5
const FAILED_PX = 4.5

/** The whole time, and durations from the decade of the shortest to that of the longest. */
export function scatterScale(points: readonly ScatterPoint[], startMs: number, endMs: number): ScatterScale {
  let [low, high] = [Number.POSITIVE_INFINITY, SHORTEST_MS]
  for (const { tookMs } of points) {
    low = Math.min(low, Math.max(SHORTEST_MS, tookMs))
    high = Math.max(high, tookMs)
  }
  const decade = (ms: number, round: (value: number) => number) => 10 ** round(Math.log10(ms))
  const lowMs = decade(Number.isFinite(low) ? low : SHORTEST_MS, Math.floor)
  return { startMs, endMs, lowMs, highMs: Math.max(lowMs * 10, decade(high, Math.ceil)) }
}

export function scatterX({ startMs, endMs }: ScatterScale, { widthPx }: ScatterBox, atMs: number): number {
  return LEFT_PX + ((atMs - startMs) / Math.max(1, endMs - startMs)) * (widthPx - LEFT_PX - RIGHT_PX)
}

export function scatterY({ lowMs, highMs }: ScatterScale, { heightPx }: ScatterBox, tookMs: number): number {
  const share = Math.log(Math.max(tookMs, lowMs) / lowMs) / Math.log(highMs / lowMs)
  return heightPx - BOTTOM_PX - Math.min(1, share) * (heightPx - BOTTOM_PX - TOP_PX)
}

/** The moment and the duration at a point of the canvas, within the axes. */
export function scatterAt(
  { startMs, endMs, lowMs, highMs }: ScatterScale,
  { widthPx, heightPx }: ScatterBox,
  xPx: number,
  yPx: number,
): { readonly atMs: number; readonly tookMs: number } {
  const clamp = (share: number) => Math.min(1, Math.max(0, share))
  const across = clamp((xPx - LEFT_PX) / (widthPx - LEFT_PX - RIGHT_PX))
  const up = clamp((heightPx - BOTTOM_PX - yPx) / (heightPx - BOTTOM_PX - TOP_PX))
  return { atMs: startMs + across * (endMs - startMs), tookMs: lowMs * (highMs / lowMs) ** up }
}

export interface ScatterPicture extends ScatterBox {
  readonly points: readonly ScatterPoint[]
  readonly scale: ScatterScale
  readonly isWanted: (point: ScatterPoint) => boolean
  readonly zone: Zone
  readonly theme: ChartTheme
}

/** Points over time by how long they took; failed ones are diamonds, on top. */
export function paintScatter(canvas: HTMLCanvasElement, picture: ScatterPicture): void {
  const { widthPx, heightPx, points, scale, isWanted, theme } = picture
  const context = sizedContext(canvas, widthPx, heightPx)
  context.fillStyle = theme.background
  context.fillRect(0, 0, widthPx, heightPx)
  paintAxes(context, picture)
  context.fillStyle = slotColour(theme, 0)
  for (const point of points) {
    if (point.isFailed) continue
    context.globalAlpha = isWanted(point) ? 0.75 : 0.18
    context.beginPath()
    context.arc(scatterX(scale, picture, point.atMs), scatterY(scale, picture, point.tookMs), POINT_PX, 0, Math.PI * 2)
    context.fill()
  }
  for (const point of points) {
    if (!point.isFailed) continue
    context.globalAlpha = isWanted(point) ? 1 : 0.25
    const y = scatterY(scale, picture, point.tookMs)
    paintDiamond(context, scatterX(scale, picture, point.atMs), y, FAILED_PX, theme.critical)
  }
  context.globalAlpha = 1
}

function paintAxes(context: CanvasRenderingContext2D, picture: ScatterPicture): void {
  const { widthPx, heightPx, scale, zone, theme } = picture
  context.font = SMALL_FONT
  context.textBaseline = 'middle'
  for (let ms = scale.lowMs; ms <= scale.highMs * 1.001; ms *= 10) {
    const y = Math.round(scatterY(scale, picture, ms))
    context.fillStyle = theme.grid
    context.fillRect(LEFT_PX, y, widthPx - LEFT_PX - RIGHT_PX, 1)
    context.fillStyle = theme.axisText
    context.textAlign = 'right'
    context.fillText(formatMs(Number(ms.toPrecision(6))), LEFT_PX - 8, Math.max(7, y))
  }
  const { startMs, endMs } = scale
  paintTimeAxis(context, { startMs, endMs, leftPx: LEFT_PX, rightPx: widthPx - RIGHT_PX, heightPx, zone, theme })
}

import type uPlot from 'uplot'
import { SMALL_FONT } from '../canvas-text.ts'
import type { ChartTheme } from '../palette.ts'
import { shownText } from '../shown-text.ts'
import type { TimeMark, TimeSpan } from './model.ts'

/** CSS pixels. */
const HEAD_PX = 5
const DASH_PX: readonly number[] = [4, 4]
const LABEL_GAP_PX = 5

/** Draws what happened within the chart: a dashed line with a triangle on top and, where there is room, its name. */
export function drawMarks(plot: uPlot, marks: readonly TimeMark[], theme: ChartTheme): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  const right = bbox.left + bbox.width
  const ordered = [...marks].sort((a, b) => a.atMs - b.atMs)
  let freeFrom = bbox.left
  ctx.save()
  ctx.font = SMALL_FONT.replace('11px', `${11 * ratio}px`)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'top'
  ctx.strokeStyle = theme.accent
  ctx.fillStyle = theme.accent
  ctx.lineWidth = ratio
  for (const { atMs, label: given } of ordered) {
    const label = shownText(given)
    const x = Math.round(plot.valToPos(atMs / 1000, 'x', true))
    if (x < bbox.left || x > right) continue
    drawMarkLine(ctx, x, bbox.top, bbox.height, ratio)
    const width = ctx.measureText(label).width
    const isLeft = x + LABEL_GAP_PX * ratio + width > right
    const from = isLeft ? x - LABEL_GAP_PX * ratio - width : x + LABEL_GAP_PX * ratio
    if (from < freeFrom) continue
    ctx.fillText(label, from, bbox.top + ratio)
    freeFrom = from + width + LABEL_GAP_PX * ratio
  }
  ctx.restore()
}

/** Of the sign that an axis does not begin at zero, CSS pixels. */
const BREAK_PX = { step: 3, height: 6 }

/** Says at the foot of the value axis that it does not begin at zero. */
export function drawAxisBreak(plot: uPlot, theme: ChartTheme): void {
  const { min = 0, max = 0 } = plot.scales['y'] ?? {}
  if ((min ?? 0) <= 0 && (max ?? 0) >= 0) return
  const { ctx, bbox } = plot
  const [step, height] = [BREAK_PX.step * devicePixelRatio, BREAK_PX.height * devicePixelRatio]
  const [x, y] = [bbox.left - 2 * step, bbox.top + bbox.height - step]
  ctx.save()
  ctx.strokeStyle = theme.axisText
  ctx.lineWidth = devicePixelRatio
  ctx.beginPath()
  for (let i = 0; i < 4; i++) ctx.lineTo(x + i * step, i % 2 === 0 ? y : y - height)
  ctx.stroke()
  ctx.restore()
}

const REGION_ALPHA = '2e'

/** Draws the time that is selected. */
export function drawRegion(plot: uPlot, region: TimeSpan | undefined, theme: ChartTheme): void {
  if (region === undefined) return
  const { ctx, bbox } = plot
  const within = (atMs: number) =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(atMs / 1000, 'x', true)))
  const [left, right] = [within(region.startMs), within(region.endMs)]
  if (right <= left) return
  ctx.save()
  ctx.fillStyle = theme.warning + REGION_ALPHA
  ctx.fillRect(left, bbox.top, right - left, bbox.height)
  ctx.strokeStyle = theme.warning
  ctx.lineWidth = devicePixelRatio
  ctx.strokeRect(left, bbox.top, right - left, bbox.height)
  ctx.restore()
}

function drawMarkLine(ctx: CanvasRenderingContext2D, x: number, top: number, height: number, ratio: number): void {
  ctx.setLineDash(DASH_PX.map((px) => px * ratio))
  ctx.beginPath()
  ctx.moveTo(x, top)
  ctx.lineTo(x, top + height)
  ctx.stroke()
  const head = HEAD_PX * ratio
  ctx.beginPath()
  ctx.moveTo(x - head, top - head)
  ctx.lineTo(x + head, top - head)
  ctx.lineTo(x, top + head * 0.6)
  ctx.fill()
}

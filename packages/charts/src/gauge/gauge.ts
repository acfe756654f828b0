import type { Threshold } from '@vantage/model/dashboards'
import { sizedContext } from '../canvas-text.ts'
import type { ChartTheme } from '../palette.ts'
import { toneFill, toneOf } from '../tone.ts'

export interface Gauge {
  readonly value: number
  readonly max: number
  readonly thresholds: readonly Threshold[]
}

/** Three quarters of a circle, open at the bottom. */
const FROM = Math.PI * 0.75
const SWEEP = Math.PI * 1.5
const RING_SHARE = 0.2
const MARKS_SHARE = 0.05

/** How far along its scale a value is, 0 to 1; 0 without a value. */
export function gaugeShare({ value, max }: Gauge): number {
  return max > 0 && value > 0 ? Math.min(1, value / max) : 0
}

/** An arc as far as the value goes, in its tone; a thin one outside shows where tones begin, but for the one at zero. */
export function paintGauge(
  canvas: HTMLCanvasElement,
  gauge: Gauge,
  theme: ChartTheme,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): void {
  const context = sizedContext(canvas, widthPx, heightPx)
  context.clearRect(0, 0, widthPx, heightPx)
  // The open quarter leaves room below.
  const radius = Math.max(8, Math.min(widthPx / 2, heightPx / 1.75) - 6)
  const [x, y] = [widthPx / 2, radius + 6]
  const arc = (from: number, to: number, atRadius: number, thickness: number, colour: string) => {
    context.beginPath()
    context.arc(x, y, atRadius, FROM + SWEEP * from, FROM + SWEEP * to)
    context.lineWidth = thickness
    context.strokeStyle = colour
    context.stroke()
  }
  const thickness = radius * RING_SHARE
  const inner = radius - radius * MARKS_SHARE * 2 - thickness / 2
  arc(0, 1, inner, thickness, theme.grid)
  const share = gaugeShare(gauge)
  if (share > 0) arc(0, share, inner, thickness, toneFill(theme, toneOf(gauge.value, gauge.thresholds)))
  gauge.thresholds.forEach(({ from, tone }, i) => {
    const until = gauge.thresholds[i + 1]?.from ?? gauge.max
    if (from <= 0 || from >= gauge.max || until <= from) return
    const end = Math.min(1, until / gauge.max)
    arc(from / gauge.max, end, radius, Math.max(2, radius * MARKS_SHARE), toneFill(theme, tone))
  })
}

import { type Bucket, bucketName, bucketsOf, type CumulativeBucket, trimmedBuckets } from '../buckets.ts'
import { SMALL_FONT, sizedContext } from '../canvas-text.ts'
import { type ChartTheme, slotColour } from '../palette.ts'
import { valueTicks } from '../ticks.ts'
import { formatScaled, formatValue, PLAIN, scaleFor, type Unit } from '../units.ts'

export interface HistogramBar extends Pick<Bucket, 'low' | 'high'> {
  readonly count: number
  /** Of all counts. */
  readonly share: number
}

/** How many values lie between which bounds, over the whole time. */
export interface HistogramChart {
  readonly bars: readonly HistogramBar[]
  readonly total: number
  readonly max: number
  readonly unit: Unit
}

const LEFT_PX = 48
const RIGHT_PX = 8
const TOP_PX = 8
const BOTTOM_PX = 22
const LABEL_PX = 56
const TICK_EVERY_PX = 44

export function histogramOf(buckets: readonly CumulativeBucket[], unit: Unit): HistogramChart {
  const rows = trimmedBuckets(bucketsOf(buckets))
  const counts = rows.map((row) => row.counts.reduce((sum, one) => sum + one, 0))
  const total = counts.reduce((sum, one) => sum + one, 0)
  const bars = rows.map(({ low, high }, i) => {
    const count = counts[i] as number
    return { low, high, count, share: count / total }
  })
  return { bars, total, max: Math.max(0, ...counts), unit }
}

export function histogramBarAt({ bars }: HistogramChart, xPx: number, widthPx: number): number {
  const share = (xPx - LEFT_PX) / (widthPx - LEFT_PX - RIGHT_PX)
  return share < 0 || share >= 1 ? -1 : Math.floor(share * bars.length)
}

/** One sentence for people who do not see the canvas. */
export function histogramSummary({ bars, total, unit }: HistogramChart): string {
  if (bars.length === 0) return 'Histogram without counts.'
  const fullest = bars.reduce((most, bar) => (bar.count > most.count ? bar : most))
  const name = bucketName(fullest, (value) => formatValue(value, unit))
  return `Histogram of ${formatValue(total, PLAIN)} values in ${bars.length} buckets, most of them in ${name}.`
}

export function paintHistogram(
  canvas: HTMLCanvasElement,
  { bars, max, unit }: HistogramChart,
  theme: ChartTheme,
  box: { readonly widthPx: number; readonly heightPx: number; readonly bar: number | undefined },
): void {
  const { widthPx, heightPx } = box
  const context = sizedContext(canvas, widthPx, heightPx)
  context.clearRect(0, 0, widthPx, heightPx)
  const room = heightPx - TOP_PX - BOTTOM_PX
  const width = (widthPx - LEFT_PX - RIGHT_PX) / Math.max(1, bars.length)
  context.font = SMALL_FONT
  context.textBaseline = 'middle'
  context.textAlign = 'right'
  const scale = scaleFor(PLAIN, max)
  for (const count of valueTicks(0, max, room / TICK_EVERY_PX, scale)) {
    const y = Math.round(TOP_PX + room * (1 - (max > 0 ? count / max : 0)))
    context.fillStyle = theme.grid
    context.fillRect(LEFT_PX, y, widthPx - LEFT_PX - RIGHT_PX, 1)
    context.fillStyle = theme.axisText
    context.fillText(formatScaled(count, scale), LEFT_PX - 8, Math.max(7, y))
  }
  context.textAlign = 'center'
  const every = Math.max(1, Math.ceil(LABEL_PX / width))
  bars.forEach(({ count, high }, i) => {
    const height = max > 0 ? (count / max) * room : 0
    context.fillStyle = slotColour(theme, 0)
    context.globalAlpha = box.bar === undefined || box.bar === i ? 1 : 0.55
    context.fillRect(LEFT_PX + i * width + 1, TOP_PX + room - height, Math.max(1, width - 2), height)
    context.globalAlpha = 1
    if (i % every !== 0 || !Number.isFinite(high)) return
    // A bound stands under the edge that it is.
    const x = LEFT_PX + (i + 1) * width
    if (x > widthPx - LABEL_PX / 2) return
    context.fillStyle = theme.axisText
    context.fillText(formatValue(high, unit), x, heightPx - 8)
  })
  context.textAlign = 'left'
}

import { assert } from '@vantage/model'
import { CHART_THEMES, type ChartTheme, slotColour, slotDash, type ThemeName } from '../palette.ts'
import { paddedRange, RangeHold } from '../range-hold.ts'
import { valueTicks } from '../ticks.ts'
import { formatScaled, PLAIN, scaleFor, type Unit } from '../units.ts'
import { drawLegend, LEGEND_HEIGHT_PX, legendLabelPx } from './legend.ts'
import { STRIP_GAPS_MAX, STRIP_SERIES_MAX } from './limits.ts'
import type { SampleRing } from './ring.ts'
import { traceSeries } from './trace.ts'

const FACE_FONT = '11px "Inter Variable", system-ui, sans-serif'
/** Where the plot lies on the canvas, CSS pixels. */
export const PLOT_LEFT_PX = 52
export const PLOT_RIGHT_PX = 8
const PLOT_TOP_PX = 8
const PLOT_BOTTOM_PX = LEGEND_HEIGHT_PX + 8
const LINE_WIDTH_PX = 1.5
/** Pixels left of the tail that are drawn anew, so that joints and caps are whole. */
const TAIL_PAD_PX = 4
/** The range is looked at, and the legend written, this often; ms. */
const FACE_EVERY_MS = 250
/** Samples of the newest pixel column are drawn this often while the picture has not moved by one; ms. */
const COLUMN_EVERY_MS = 50

export interface StripSeries {
  readonly key: string
  readonly label: string
  readonly slot: number
  readonly ring: SampleRing
}

interface Drawn {
  taken: number
  throughMs: number
}

/**
 * One streaming chart on one canvas: around the plot lies the face (axis, legend; drawn at most four times a second). A
 * frame shifts the plot's old pixels and draws only what is new; everything is drawn anew when scale, size, theme,
 * window or direction of time change. `frame` allocates nothing.
 *
 * One canvas, because a browser hands each canvas of a page on with every frame, drawn or not; off screen, because it
 * does so on the thread that draws, which may be a worker's.
 */
export class LiveStrip {
  readonly canvas: OffscreenCanvas
  unit: Unit = PLAIN
  fromZero = false
  windowMs = 30_000
  threshold: number | undefined
  /** Time that the legend speaks of while a pointer or key is on the chart; else it is that of the right edge. */
  pointerMs: number | undefined
  /** 0 to 1, of a pixel and of other turns: charts of one size do not all move in the same frame. */
  phase = 0
  /** Full redraws and shifted frames so far, for tests and the corner counter. */
  fullDraws = 0
  shiftDraws = 0

  readonly #hold = new RangeHold()
  readonly #context: OffscreenCanvasRenderingContext2D
  #series: readonly StripSeries[] = []
  /** The plot on the canvas, device pixels. */
  readonly #plot = { left: 0, top: 0, width: 1, height: 1 }
  /** Of each series, as wide as its label is written; empty until it is measured. */
  readonly #labelsPx: number[] = []
  #drawn: readonly Drawn[] = []
  readonly #gapsMs = new Float64Array(STRIP_GAPS_MAX * 2)
  #gapCount = 0
  #theme: ChartTheme
  #width = 0
  #height = 0
  #ratio = 1
  #endPx = 0
  #needsFull = true
  #faceAtMs = Number.NEGATIVE_INFINITY
  #drawnAtMs = Number.NEGATIVE_INFINITY

  constructor(canvas: OffscreenCanvas, theme: ThemeName) {
    this.canvas = canvas
    const context = canvas.getContext('2d', { alpha: false })
    assert(context !== null, 'a canvas has a 2d context')
    this.#context = context
    this.#theme = CHART_THEMES[theme]
  }

  /** @param width,height of the canvas in CSS pixels @param ratio device pixels per CSS pixel */
  resize(width: number, height: number, ratio: number): void {
    if (width === this.#width && height === this.#height && ratio === this.#ratio) return
    this.#width = width
    this.#height = height
    this.#ratio = ratio
    const device = (px: number) => Math.max(1, Math.round(px * ratio))
    this.canvas.width = device(width)
    this.canvas.height = device(height)
    this.#plot.left = device(PLOT_LEFT_PX)
    this.#plot.top = device(PLOT_TOP_PX)
    this.#plot.width = device(width - PLOT_LEFT_PX - PLOT_RIGHT_PX)
    this.#plot.height = device(height - PLOT_TOP_PX - PLOT_BOTTOM_PX)
    this.invalidate()
  }

  setTheme(theme: ThemeName): void {
    this.#theme = CHART_THEMES[theme]
    this.invalidate()
  }

  /** Draws these from now on, in this order. */
  setSeries(series: readonly StripSeries[]): void {
    assert(series.length <= STRIP_SERIES_MAX, 'a strip has a limited number of series')
    this.#series = series
    this.#drawn = series.map(() => ({ taken: 0, throughMs: Number.NEGATIVE_INFINITY }))
    this.invalidate()
  }

  /** Samples of this span were lost; it is hatched. The oldest such span is forgotten when there are too many. */
  addGap(fromMs: number, toMs: number): void {
    const at = (this.#gapCount++ % STRIP_GAPS_MAX) * 2
    this.#gapsMs[at] = fromMs
    this.#gapsMs[at + 1] = toMs
    this.invalidate()
  }

  /** The next frame draws everything. */
  invalidate(): void {
    this.#needsFull = true
    this.#labelsPx.length = 0
    this.#faceAtMs = Number.NEGATIVE_INFINITY
  }

  /** Unix ms at a distance from the left edge of the canvas, CSS pixels. */
  timeAt(xPx: number, viewEndMs: number): number {
    const plotWidth = Math.max(1, this.#width - PLOT_LEFT_PX - PLOT_RIGHT_PX)
    return viewEndMs - (1 - (xPx - PLOT_LEFT_PX) / plotWidth) * this.windowMs
  }

  /**
   * Draws what changed since the last frame.
   * @param viewEndMs unix ms at the right edge
   * @param clockMs   a monotonic clock, for what happens at most four times a second
   */
  frame(viewEndMs: number, clockMs: number): void {
    const isFaceDue = clockMs - this.#faceAtMs >= FACE_EVERY_MS
    if (isFaceDue && this.#checkRange(viewEndMs, clockMs)) this.#needsFull = true
    const { width } = this.#plot
    const endPx = Math.floor((viewEndMs * width) / this.windowMs + this.phase)
    const shift = endPx - this.#endPx
    const isFull = this.#needsFull || shift < 0 || shift >= width
    if (isFull || shift > 0 || clockMs - this.#drawnAtMs >= COLUMN_EVERY_MS) {
      this.#drawnAtMs = clockMs
      if (isFull) this.#drawAll(endPx)
      else this.#drawTail(endPx, shift)
    }
    if (isFaceDue) {
      const turnMs = this.phase * FACE_EVERY_MS
      this.#faceAtMs = Math.floor((clockMs + turnMs) / FACE_EVERY_MS) * FACE_EVERY_MS - turnMs
      this.#drawFace(viewEndMs)
    }
  }

  #drawAll(endPx: number): void {
    this.#needsFull = false
    this.#endPx = endPx
    this.fullDraws++
    this.#drawRegion(0)
    this.#noteDrawn()
  }

  #drawTail(endPx: number, shift: number): void {
    const { left, top, width, height } = this.#plot
    const pxPerMs = width / this.windowMs
    let tailMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#series.length; i++) {
      const drawn = this.#drawn[i] as Drawn
      const { ring } = this.#series[i] as StripSeries
      if (ring.taken !== drawn.taken && drawn.throughMs < tailMs) tailMs = drawn.throughMs
    }
    if (shift === 0 && tailMs === Number.POSITIVE_INFINITY) return
    this.#endPx = endPx
    const kept = width - shift
    if (shift > 0) this.#context.drawImage(this.canvas, left + shift, top, kept, height, left, top, kept, height)
    const tailPx = Math.floor(tailMs * pxPerMs) - endPx + width - TAIL_PAD_PX * this.#ratio
    this.shiftDraws++
    this.#drawRegion(Math.max(0, Math.min(kept, tailPx)))
    this.#noteDrawn()
  }

  #noteDrawn(): void {
    for (let i = 0; i < this.#series.length; i++) {
      const drawn = this.#drawn[i] as Drawn
      const { ring } = this.#series[i] as StripSeries
      drawn.taken = ring.taken
      drawn.throughMs = ring.lastMs
    }
  }

  /** Draws the plot from `fromPx` to its right edge, device pixels of the plot. */
  #drawRegion(fromPx: number): void {
    const { left, top, width, height } = this.#plot
    const context = this.#context
    context.save()
    context.setTransform(1, 0, 0, 1, left, top)
    context.beginPath()
    context.rect(fromPx, 0, width - fromPx, height)
    context.clip()
    context.fillStyle = this.#theme.background
    context.fillRect(fromPx, 0, width - fromPx, height)
    this.#drawGrid(fromPx)
    this.#drawGaps(fromPx)
    const pxPerMs = width / this.windowMs
    const { min, max } = this.#hold
    context.lineWidth = LINE_WIDTH_PX * this.#ratio
    context.lineJoin = 'bevel'
    for (let i = 0; i < this.#series.length; i++) {
      const one = this.#series[i] as StripSeries
      context.strokeStyle = slotColour(this.#theme, one.slot)
      context.setLineDash(slotDash(one.slot) as number[])
      traceSeries(context, one.ring, fromPx, width, height, pxPerMs, this.#endPx, min, max)
    }
    context.setLineDash(NO_DASH)
    this.#drawThreshold(fromPx)
    context.restore()
  }

  #drawGrid(fromPx: number): void {
    const { width, height } = this.#plot
    const context = this.#context
    context.fillStyle = this.#theme.grid
    const ticks = this.#ticks
    for (let i = 0; i < ticks.length; i++) {
      context.fillRect(fromPx, Math.round(this.#yOf(ticks[i] as number, height)), width - fromPx, 1)
    }
  }

  #drawThreshold(fromPx: number): void {
    if (this.threshold === undefined) return
    const { width, height } = this.#plot
    this.#context.fillStyle = this.#theme.critical
    this.#context.fillRect(fromPx, Math.round(this.#yOf(this.threshold, height)), width - fromPx, this.#ratio)
  }

  /** Hatching runs along diagonals of absolute time, so that shifted and new parts meet. */
  #drawGaps(fromPx: number): void {
    const { width, height } = this.#plot
    const pxPerMs = width / this.windowMs
    const context = this.#context
    const known = Math.min(this.#gapCount, STRIP_GAPS_MAX)
    const spacing = Math.round(8 * this.#ratio)
    for (let i = 0; i < known; i++) {
      const left = Math.max(fromPx, (this.#gapsMs[i * 2] as number) * pxPerMs - this.#endPx + width)
      const right = Math.min(width, (this.#gapsMs[i * 2 + 1] as number) * pxPerMs - this.#endPx + width)
      if (right - left < 1) continue
      context.save()
      context.beginPath()
      context.rect(left, 0, right - left, height)
      context.clip()
      context.strokeStyle = this.#theme.hatch
      context.lineWidth = this.#ratio
      context.beginPath()
      const phase = this.#endPx % spacing
      for (let x = -height - phase; x < width; x += spacing) {
        context.moveTo(x, height)
        context.lineTo(x + height, 0)
      }
      context.stroke()
      context.restore()
    }
  }

  #ticks: number[] = []

  #yOf(value: number, height: number): number {
    const { min, max } = this.#hold
    return height - ((value - min) / (max - min)) * height
  }

  /** @returns true where the axis changed */
  #checkRange(viewEndMs: number, clockMs: number): boolean {
    let min = this.threshold ?? Number.POSITIVE_INFINITY
    let max = this.threshold ?? Number.NEGATIVE_INFINITY
    for (const { ring } of this.#series) {
      const end = ring.first + ring.count
      for (let i = ring.indexAt(viewEndMs - this.windowMs); i < end; i++) {
        const value = ring.values[i] as number
        if (value < min) min = value
        if (value > max) max = value
      }
    }
    const [low, high] = paddedRange(min, max, this.fromZero)
    if (!this.#hold.offer(low, high, clockMs)) return false
    const scale = scaleFor(this.unit, Math.max(Math.abs(this.#hold.min), Math.abs(this.#hold.max)))
    this.#ticks = valueTicks(this.#hold.min, this.#hold.max, 4, scale)
    return true
  }

  #drawFace(viewEndMs: number): void {
    const context = this.#context
    const ratio = this.#ratio
    context.save()
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.font = FACE_FONT
    context.textBaseline = 'middle'
    this.#clearFace(context)
    this.#drawAxis(context)
    context.textAlign = 'left'
    for (let i = this.#labelsPx.length; i < this.#series.length; i++) {
      this.#labelsPx.push(legendLabelPx(context, this.#series[i] as StripSeries))
    }
    const top = this.#height - LEGEND_HEIGHT_PX
    const atMs = this.pointerMs ?? viewEndMs
    drawLegend(context, this.#series, this.#labelsPx, this.#theme, this.unit, atMs, top, this.#width)
    context.restore()
  }

  /** All around the plot. */
  #clearFace(context: OffscreenCanvasRenderingContext2D): void {
    context.fillStyle = this.#theme.background
    context.fillRect(0, 0, this.#width, PLOT_TOP_PX)
    context.fillRect(0, 0, PLOT_LEFT_PX, this.#height)
    context.fillRect(this.#width - PLOT_RIGHT_PX, 0, PLOT_RIGHT_PX, this.#height)
    context.fillRect(0, this.#height - PLOT_BOTTOM_PX, this.#width, PLOT_BOTTOM_PX)
  }

  #drawAxis(context: OffscreenCanvasRenderingContext2D): void {
    const plotHeight = this.#height - PLOT_TOP_PX - PLOT_BOTTOM_PX
    const scale = scaleFor(this.unit, Math.max(Math.abs(this.#hold.min), Math.abs(this.#hold.max)))
    context.textAlign = 'right'
    context.fillStyle = this.#theme.axisText
    for (const tick of this.#ticks) {
      context.fillText(formatScaled(tick, scale), PLOT_LEFT_PX - 8, PLOT_TOP_PX + this.#yOf(tick, plotHeight))
    }
  }
}

const NO_DASH: number[] = []

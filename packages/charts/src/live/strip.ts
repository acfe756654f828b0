import { assert } from '@vantage/model'
import { CHART_THEMES, type ChartTheme, slotColour, slotDash, type ThemeName } from '../palette.ts'
import { paddedRange, RangeHold } from '../range-hold.ts'
import { valueTicks } from '../ticks.ts'
import { formatScaled, PLAIN, scaleFor, type Unit } from '../units.ts'
import { drawLegend, LEGEND_HEIGHT_PX } from './legend.ts'
import { STRIP_GAPS_MAX, STRIP_SERIES_MAX } from './limits.ts'
import type { SampleRing } from './ring.ts'
import { traceSeries } from './trace.ts'

const FACE_FONT = '11px "Inter Variable", system-ui, sans-serif'
/** Where the plot lies within the card's face, CSS pixels. The style sheet positions its canvas by the same numbers. */
export const PLOT_LEFT_PX = 52
export const PLOT_RIGHT_PX = 8
const PLOT_TOP_PX = 8
const PLOT_BOTTOM_PX = LEGEND_HEIGHT_PX + 8
const LINE_WIDTH_PX = 1.5
/** Pixels left of the tail that are drawn anew, so that joints and caps are whole. */
const TAIL_PAD_PX = 4
/** The range is looked at, and the legend written, this often; ms. */
const FACE_EVERY_MS = 250

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
 * One streaming chart on two canvases: the face (axis, legend; drawn at most four times a second) and
 * the plot. A frame shifts the plot's old pixels and draws only what is new; everything is drawn anew
 * when scale, size, theme, window or direction of time change. `frame` allocates nothing.
 */
export class LiveStrip {
  readonly plot: HTMLCanvasElement
  readonly face: HTMLCanvasElement
  series: StripSeries[] = []
  unit: Unit = PLAIN
  fromZero = false
  windowMs = 30_000
  threshold: number | undefined
  /** Time that the legend speaks of while a pointer or key is on the chart. */
  pointerMs: number | undefined
  /** Full redraws and shifted frames so far, for tests and the corner counter. */
  fullDraws = 0
  shiftDraws = 0

  readonly #hold = new RangeHold()
  readonly #plotContext: CanvasRenderingContext2D
  readonly #faceContext: CanvasRenderingContext2D
  readonly #drawn: Drawn[] = []
  readonly #gapsMs = new Float64Array(STRIP_GAPS_MAX * 2)
  #gapCount = 0
  #theme: ChartTheme
  #width = 0
  #height = 0
  #ratio = 1
  #endPx = 0
  #needsFull = true
  #faceAtMs = Number.NEGATIVE_INFINITY

  constructor(plot: HTMLCanvasElement, face: HTMLCanvasElement, theme: ThemeName) {
    this.plot = plot
    this.face = face
    const plotContext = plot.getContext('2d', { alpha: false })
    const faceContext = face.getContext('2d')
    assert(plotContext !== null && faceContext !== null, 'a canvas has a 2d context')
    this.#plotContext = plotContext
    this.#faceContext = faceContext
    this.#theme = CHART_THEMES[theme]
  }

  /** @param width,height of the face in CSS pixels @param ratio device pixels per CSS pixel */
  resize(width: number, height: number, ratio: number): void {
    if (width === this.#width && height === this.#height && ratio === this.#ratio) return
    this.#width = width
    this.#height = height
    this.#ratio = ratio
    this.face.width = Math.max(1, Math.round(width * ratio))
    this.face.height = Math.max(1, Math.round(height * ratio))
    this.plot.width = Math.max(1, Math.round((width - PLOT_LEFT_PX - PLOT_RIGHT_PX) * ratio))
    this.plot.height = Math.max(1, Math.round((height - PLOT_TOP_PX - PLOT_BOTTOM_PX) * ratio))
    this.invalidate()
  }

  setTheme(theme: ThemeName): void {
    this.#theme = CHART_THEMES[theme]
    this.invalidate()
  }

  addSeries(series: StripSeries): void {
    assert(this.series.length < STRIP_SERIES_MAX, 'a strip has a limited number of series')
    this.series.push(series)
    this.#drawn.push({ taken: 0, throughMs: Number.NEGATIVE_INFINITY })
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
    this.#faceAtMs = Number.NEGATIVE_INFINITY
  }

  /** Unix ms at a distance from the left edge of the face, CSS pixels. */
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
    const { width } = this.plot
    const endPx = Math.floor((viewEndMs * width) / this.windowMs)
    const shift = endPx - this.#endPx
    if (this.#needsFull || shift < 0 || shift >= width) this.#drawAll(endPx)
    else this.#drawTail(endPx, shift)
    if (isFaceDue) {
      this.#faceAtMs = clockMs
      this.#drawFace()
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
    const { width } = this.plot
    const pxPerMs = width / this.windowMs
    let tailMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.series.length; i++) {
      const drawn = this.#drawn[i] as Drawn
      const { ring } = this.series[i] as StripSeries
      if (ring.taken !== drawn.taken && drawn.throughMs < tailMs) tailMs = drawn.throughMs
    }
    if (shift === 0 && tailMs === Number.POSITIVE_INFINITY) return
    this.#endPx = endPx
    const context = this.#plotContext
    if (shift > 0) context.drawImage(this.plot, -shift, 0)
    const tailPx = Math.floor(tailMs * pxPerMs) - endPx + width - TAIL_PAD_PX * this.#ratio
    this.shiftDraws++
    this.#drawRegion(Math.max(0, Math.min(width - shift, tailPx)))
    this.#noteDrawn()
  }

  #noteDrawn(): void {
    for (let i = 0; i < this.series.length; i++) {
      const drawn = this.#drawn[i] as Drawn
      const { ring } = this.series[i] as StripSeries
      drawn.taken = ring.taken
      drawn.throughMs = ring.lastMs
    }
  }

  /** Draws the plot from `fromPx` to its right edge, device pixels. */
  #drawRegion(fromPx: number): void {
    const { width, height } = this.plot
    const context = this.#plotContext
    const isPart = fromPx > 0
    if (isPart) {
      context.save()
      context.beginPath()
      context.rect(fromPx, 0, width - fromPx, height)
      context.clip()
    }
    context.fillStyle = this.#theme.background
    context.fillRect(fromPx, 0, width - fromPx, height)
    this.#drawGrid(fromPx)
    this.#drawGaps(fromPx)
    const pxPerMs = width / this.windowMs
    const { min, max } = this.#hold
    context.lineWidth = LINE_WIDTH_PX * this.#ratio
    context.lineJoin = 'round'
    for (let i = 0; i < this.series.length; i++) {
      const one = this.series[i] as StripSeries
      context.strokeStyle = slotColour(this.#theme, one.slot)
      context.setLineDash(slotDash(one.slot) as number[])
      traceSeries(context, one.ring, fromPx, width, height, pxPerMs, this.#endPx, min, max)
    }
    context.setLineDash(NO_DASH)
    this.#drawThreshold(fromPx)
    if (isPart) context.restore()
  }

  #drawGrid(fromPx: number): void {
    const { width, height } = this.plot
    const context = this.#plotContext
    context.fillStyle = this.#theme.grid
    const ticks = this.#ticks
    for (let i = 0; i < ticks.length; i++) {
      context.fillRect(fromPx, Math.round(this.#yOf(ticks[i] as number, height)), width - fromPx, 1)
    }
  }

  #drawThreshold(fromPx: number): void {
    if (this.threshold === undefined) return
    const { width, height } = this.plot
    this.#plotContext.fillStyle = this.#theme.critical
    this.#plotContext.fillRect(fromPx, Math.round(this.#yOf(this.threshold, height)), width - fromPx, this.#ratio)
  }

  /** Hatching runs along diagonals of absolute time, so that shifted and new parts meet. */
  #drawGaps(fromPx: number): void {
    const { width, height } = this.plot
    const pxPerMs = width / this.windowMs
    const context = this.#plotContext
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
    for (const { ring } of this.series) {
      const end = ring.first + ring.count
      for (let i = ring.indexAt(viewEndMs - this.windowMs); i < end; i++) {
        const value = ring.values[i] as number
        if (value < min) min = value
        if (value > max) max = value
      }
    }
    const [low, high] = paddedRange(min, max, this.fromZero)
    if (!this.#hold.offer(low, high, clockMs)) return false
    const scale = scaleFor(this.unit, Math.max(Math.abs(this.#hold.min), Math.abs(this.#hold.max)) * 0.99)
    this.#ticks = valueTicks(this.#hold.min, this.#hold.max, 4, scale)
    return true
  }

  #drawFace(): void {
    const context = this.#faceContext
    const { face } = this
    const ratio = this.#ratio
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, face.width, face.height)
    context.font = FACE_FONT
    context.textBaseline = 'middle'
    context.textAlign = 'right'
    context.fillStyle = this.#theme.axisText
    const plotHeight = this.#height - PLOT_TOP_PX - PLOT_BOTTOM_PX
    const scale = scaleFor(this.unit, Math.max(Math.abs(this.#hold.min), Math.abs(this.#hold.max)) * 0.99)
    for (const tick of this.#ticks) {
      context.fillText(formatScaled(tick, scale), PLOT_LEFT_PX - 8, PLOT_TOP_PX + this.#yOf(tick, plotHeight))
    }
    context.textAlign = 'left'
    const top = this.#height - LEGEND_HEIGHT_PX
    drawLegend(context, this.series, this.#theme, this.unit, this.pointerMs, top, this.#width)
  }
}

const NO_DASH: number[] = []

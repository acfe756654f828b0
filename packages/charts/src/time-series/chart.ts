import uPlot from 'uplot'
import { CHART_THEMES, type ThemeName } from '../palette.ts'
import { RangeHold } from '../range-hold.ts'
import { onLongPress } from './long-press.ts'
import { drawnValues, EMPTY_FRAME, isStacked, type TimeMark, type TimeSeriesFrame, type TimeSpan } from './model.ts'
import { type ChartSync, type DrawState, plotOptions, structureOf } from './options.ts'

export interface ChartEvents {
  /** Index of the step under the crosshair, undefined where the pointer has left. */
  onCursor(index: number | undefined): void
  /** A range was dragged, panned or wheeled to. */
  onZoom(startMs: number, endMs: number): void
  onZoomBack(): void
  /** It was clicked at, without dragging. */
  onPick(pick: ChartPick): void
  /** A time was dragged with Alt held. */
  onRegion(startMs: number, endMs: number): void
  /** It was drawn: places may be others than before. */
  onDrawn(): void
}

/** A place on the host, CSS pixels. */
export interface ChartPlace {
  readonly x: number
  readonly y: number
}

/** What was clicked at: a step, the value of the axis there, and where that is. */
export interface ChartPick {
  readonly index: number
  readonly value: number
  readonly place: ChartPlace
}

const WHEEL_FACTOR = 1.25
/** Smallest range that a gesture may ask for, ms. */
const ZOOM_MIN_MS = 10
/** A pointer that has moved further was dragged, CSS pixels. */
const CLICK_PX = 4

/**
 * A time series chart in a host element, drawn by uPlot. The owner calls `update` with whole frames;
 * what was drawn stays until then. The host's size is watched; `destroy` ends that.
 */
export class TimeSeriesChart {
  readonly #host: HTMLElement
  readonly #events: ChartEvents
  readonly #state: DrawState
  readonly #watcher: ResizeObserver
  #plot: uPlot | undefined
  #structure = ''
  /** The drag that began on this chart; one on a chart with the same crosshair is none of its own. */
  #drag: 'none' | 'zoom' | 'region' = 'none'
  #endLongPress = () => {}

  constructor(host: HTMLElement, theme: ThemeName, sync: ChartSync, events: ChartEvents) {
    this.#host = host
    this.#events = events
    this.#state = {
      frame: EMPTY_FRAME,
      marks: [],
      region: undefined,
      theme: CHART_THEMES[theme],
      hold: new RangeHold(),
      sync,
    }
    this.#watcher = new ResizeObserver(() => this.#resize())
    this.#watcher.observe(host)
  }

  update(frame: TimeSeriesFrame): void {
    const former = this.#state.frame
    // Only a live refresh may hold the axis; another range, mode or choice of series starts anew.
    const isRefresh = former.endMs - former.startMs === frame.endMs - frame.startMs && former.hidden === frame.hidden
    this.#state.frame = frame
    if (!isRefresh) this.#state.hold.reset()
    const structure = structureOf(frame, this.#state.theme)
    if (this.#plot === undefined || structure !== this.#structure) {
      this.#structure = structure
      this.#rebuild()
      return
    }
    this.#showAndFill(this.#plot)
  }

  /** What happened, beside what was measured. */
  setMarks(marks: readonly TimeMark[]): void {
    this.#state.marks = marks
    this.redraw()
  }

  /** A time that is selected; undefined takes it away. */
  setRegion(region: TimeSpan | undefined): void {
    if (this.#state.region === region) return
    this.#state.region = region
    this.redraw()
  }

  /** Where a value at a moment is drawn, at the edge where the axis does not reach so far; undefined outside of the time. */
  placeOf(atMs: number, value: number): ChartPlace | undefined {
    const plot = this.#plot
    if (plot === undefined) return undefined
    const { left, top, width, height } = plot.bbox
    const x = plot.valToPos(atMs / 1000, 'x', true)
    if (!(x >= left && x <= left + width) || Number.isNaN(value)) return undefined
    const y = Math.min(top + height, Math.max(top, plot.valToPos(value, 'y', true)))
    return { x: x / devicePixelRatio, y: y / devicePixelRatio }
  }

  setTheme(theme: ThemeName): void {
    if (this.#state.theme.name === theme) return
    this.#state.theme = CHART_THEMES[theme]
    this.#structure = structureOf(this.#state.frame, this.#state.theme)
    this.#rebuild()
  }

  /** Draws again, after fonts have loaded. */
  redraw(): void {
    this.#plot?.redraw(false, true)
  }

  /** Raises one series, or none. */
  focusSeries(key: string | undefined): void {
    const at = this.#state.frame.series.findIndex((one) => one.key === key)
    this.#plot?.setSeries(at < 0 ? null : at + 1, { focus: true })
  }

  /** Puts the crosshair on a step, for the keyboard; undefined takes it away. */
  setCursor(index: number | undefined): void {
    const plot = this.#plot
    if (plot === undefined) return
    const at = index === undefined ? undefined : this.#state.frame.timesSeconds[index]
    plot.setCursor(at === undefined ? { left: -10, top: -10 } : { left: plot.valToPos(at, 'x'), top: 0 })
  }

  /** What the pointer does over something that lies on the chart, as if it did it on the chart. */
  point(event: MouseEvent): void {
    this.#plot?.over.dispatchEvent(new MouseEvent(event.type, event))
  }

  /** The drawn picture, for the share menu. */
  canvas(): HTMLCanvasElement | undefined {
    return this.#plot?.ctx.canvas
  }

  destroy(): void {
    this.#watcher.disconnect()
    this.#endLongPress()
    this.#plot?.destroy()
    this.#plot = undefined
  }

  #rebuild(): void {
    this.#plot?.destroy()
    this.#plot = undefined
    const { clientWidth, clientHeight } = this.#host
    if (clientWidth === 0 || clientHeight === 0) return
    const options = plotOptions(this.#state, clientWidth, clientHeight)
    const hooks = options.hooks as uPlot.Hooks.Arrays
    hooks.setCursor = [(plot) => this.#events.onCursor(plot.cursor.idx ?? undefined)]
    hooks.draw?.push(() => this.#events.onDrawn())
    hooks.setSelect = [(plot) => this.#selected(plot)]
    options.cursor!.bind = {
      dblclick: () => () => {
        this.#events.onZoomBack()
        return null
      },
      mousedown: (plot, target, handler) => (event) => {
        this.#pressed(plot, event)
        if (event.shiftKey) this.#startPan(plot, target, event)
        else handler(event)
        return null
      },
    }
    this.#plot = new uPlot(options, this.#data(), this.#host)
    this.#plot.over.addEventListener('wheel', (event) => this.#wheel(event), { passive: false })
    this.#endLongPress()
    this.#endLongPress = onLongPress(this.#plot.over, (x) => this.#plot?.setCursor({ left: x, top: 0 }))
  }

  /** What a press becomes: a pick where the pointer stays, else the selection of uPlot. */
  #pressed(plot: uPlot, down: MouseEvent): void {
    const isPlain = down.button === 0 && !(down.shiftKey || down.ctrlKey || down.metaKey)
    this.#drag = !isPlain ? 'none' : down.altKey ? 'region' : 'zoom'
    plot.root.dataset['drag'] = this.#drag
    if (this.#drag !== 'zoom') return
    const finish = (up: MouseEvent) => {
      const isClick = Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) < CLICK_PX
      // The second press of a double click leads back out of a zoom.
      if (isClick && down.detail < 2) this.#picked(plot, up)
    }
    plot.over.ownerDocument.addEventListener('mouseup', finish, { once: true })
  }

  #picked(plot: uPlot, { clientX, clientY }: MouseEvent): void {
    if (plot !== this.#plot) return
    const over = plot.over.getBoundingClientRect()
    const host = this.#host.getBoundingClientRect()
    const index = plot.posToIdx(clientX - over.left)
    if (this.#state.frame.timesSeconds[index] === undefined) return
    const value = plot.posToVal(clientY - over.top, 'y')
    this.#events.onPick({ index, value, place: { x: clientX - host.left, y: clientY - host.top } })
  }

  #data(): uPlot.AlignedData {
    return [[...this.#state.frame.timesSeconds], ...drawnValues(this.#state.frame)] as uPlot.AlignedData
  }

  #showAndFill(plot: uPlot): void {
    const { frame } = this.#state
    let isChanged = false
    frame.series.forEach((one, i) => {
      const show = !frame.hidden.has(one.key)
      if (plot.series[i + 1]!.show === show) return
      plot.series[i + 1]!.show = show
      isChanged = true
    })
    // The bands of a stack name its neighbours, which a hidden series changes.
    if (isChanged && isStacked(frame.mode)) {
      this.#rebuild()
      return
    }
    plot.setData(this.#data())
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#host
    if (clientWidth === 0 || clientHeight === 0) return
    if (this.#plot === undefined) this.#rebuild()
    else if (this.#plot.width !== clientWidth || this.#plot.height !== clientHeight) {
      this.#plot.setSize({ width: clientWidth, height: clientHeight })
    }
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select
    if (width < 4) return
    const startMs = plot.posToVal(left, 'x') * 1000
    const endMs = plot.posToVal(left + width, 'x') * 1000
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    if (this.#drag === 'zoom') this.#zoomTo(startMs, endMs)
    else if (this.#drag === 'region') this.#events.onRegion(Math.round(startMs), Math.round(endMs))
    this.#drag = 'none'
  }

  #zoomTo(startMs: number, endMs: number): void {
    if (endMs - startMs >= ZOOM_MIN_MS) this.#events.onZoom(Math.round(startMs), Math.round(endMs))
  }

  /** Ctrl or ⌘ with the wheel zooms around the pointer; the plain wheel scrolls the page. */
  #wheel(event: WheelEvent): void {
    const plot = this.#plot
    if (plot === undefined || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    const { startMs, endMs } = this.#state.frame
    const atMs = plot.posToVal(event.offsetX, 'x') * 1000
    const factor = event.deltaY > 0 ? WHEEL_FACTOR : 1 / WHEEL_FACTOR
    this.#zoomTo(atMs - (atMs - startMs) * factor, atMs + (endMs - atMs) * factor)
  }

  #startPan(plot: uPlot, target: HTMLElement, down: MouseEvent): void {
    const { startMs, endMs } = this.#state.frame
    const msPerPx = (endMs - startMs) / (plot.bbox.width / devicePixelRatio)
    const finish = (up: MouseEvent) => {
      const movedMs = (down.clientX - up.clientX) * msPerPx
      if (Math.abs(down.clientX - up.clientX) >= 4) this.#zoomTo(startMs + movedMs, endMs + movedMs)
    }
    target.ownerDocument.addEventListener('mouseup', finish, { once: true })
  }
}

import {
  formatInstant,
  formatValue,
  LiveStrip,
  NO_DATA,
  PLOT_LEFT_PX,
  PLOT_RIGHT_PX,
  type ThemeName,
  valueAt,
} from '@vantage/charts'
import { Gauge, Pin, PinOff, Table2 } from 'lucide-react'
import { type KeyboardEvent, memo, type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { usePreferences } from '../app/preferences.ts'
import { Popover } from '../parts/popover.tsx'
import type { LiveChart } from './live-chart.ts'
import type { LiveView } from './use-live.ts'

interface LiveCardProps {
  readonly chart: LiveChart
  readonly view: LiveView
  readonly host: string
  readonly windowS: number
  /** Lines of the chart now; a change of it redraws the card. */
  readonly lineCount: number
  readonly isPinned: boolean
  readonly threshold: number | undefined
  readonly onPin: (metric: string) => void
  readonly onThreshold: (metric: string, threshold: number | undefined) => void
}

/** One streaming chart. Everything that moves is canvas; the card itself changes only when asked. */
export const LiveCard = memo(function LiveCard(props: LiveCardProps) {
  const { chart, view, isPinned } = props
  const [isTable, setTable] = useState(false)
  const shown = chart.shown(props.host)
  const kind = chart.isRate ? 'per second' : ''
  const pinLabel = `${isPinned ? 'Unpin' : 'Pin'} ${chart.metric}`
  const Mark = isPinned ? PinOff : Pin
  return (
    <section className="card live-card" aria-label={chart.metric}>
      <div className="card-head">
        <h2 className="code live-title" title={chart.metric}>
          {chart.metric}
        </h2>
        <span className="aside live-kind">{kind}</span>
        {shown.leftOut > 0 && <span className="badge warning">{`10 of ${10 + shown.leftOut}`}</span>}
        <div className="tools">
          <button
            type="button"
            className="button quiet icon-only small"
            aria-pressed={isTable}
            aria-label={`Latest values of ${chart.metric} as table`}
            title="As table"
            onClick={() => setTable(!isTable)}
          >
            <Table2 className="icon" />
          </button>
          <ThresholdMenu {...props} />
          <button
            type="button"
            className="button quiet icon-only small"
            aria-pressed={isPinned}
            aria-label={pinLabel}
            title={pinLabel}
            onClick={() => props.onPin(chart.metric)}
          >
            <Mark className="icon" />
          </button>
        </div>
      </div>
      {isTable ? <LatestTable chart={chart} host={props.host} view={view} /> : <Strip {...props} />}
    </section>
  )
})

function Strip(props: LiveCardProps) {
  const { chart, view, host, windowS, threshold, lineCount } = props
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const line = useRef<HTMLDivElement>(null)
  const strip = useRef<LiveStrip | undefined>(undefined)
  const theme = usePreferences((one) => one.drawnTheme)
  useStrip({ box, canvas, strip }, props, theme, lineCount)
  useEffect(() => {
    if (strip.current === undefined) return
    strip.current.windowMs = windowS * 1000
    strip.current.threshold = threshold
    strip.current.invalidate()
  })
  const point = (xPx: number | undefined) => {
    const width = box.current?.clientWidth ?? 0
    const isInside = xPx !== undefined && xPx >= PLOT_LEFT_PX && xPx <= width - PLOT_RIGHT_PX
    if (strip.current !== undefined) {
      strip.current.pointerMs = isInside ? strip.current.timeAt(xPx, view.viewEndMs()) : undefined
    }
    if (line.current === null) return
    line.current.style.visibility = isInside ? 'visible' : 'hidden'
    if (isInside) line.current.style.transform = `translateX(${Math.round(xPx)}px)`
  }
  const crosshair = useKeyCrosshair(point, box)
  const hostText = host === '' ? '' : ` of ${host}`
  return (
    <div
      className="strip"
      ref={box}
      role="img"
      aria-label={`Streaming chart of ${chart.metric}${hostText}, ${chart.linesOf(host).length} series, last ${windowS} seconds. The table button lists the latest values.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the crosshair moves by keys.
      tabIndex={0}
      onPointerMove={(event: PointerEvent) => point(event.clientX - (box.current?.getBoundingClientRect().left ?? 0))}
      onPointerLeave={() => point(undefined)}
      onKeyDown={crosshair}
      onBlur={() => point(undefined)}
    >
      <canvas ref={canvas} className="strip-canvas" />
      <div className="strip-line" ref={line} />
    </div>
  )
}

interface StripRefs {
  readonly box: RefObject<HTMLDivElement | null>
  readonly canvas: RefObject<HTMLCanvasElement | null>
  readonly strip: RefObject<LiveStrip | undefined>
}

/** Makes the renderer, gives it its lines, and tells it size, theme and whether it can be seen. */
function useStrip(refs: StripRefs, props: LiveCardProps, theme: ThemeName, lineCount: number): void {
  const { chart, view, host } = props
  // biome-ignore lint/correctness/useExhaustiveDependencies: a line that comes makes the renderer anew; the theme has its own effect.
  useEffect(() => {
    const box = refs.box.current as HTMLDivElement
    const made = new LiveStrip(refs.canvas.current as HTMLCanvasElement, theme)
    made.unit = chart.unit
    made.fromZero = chart.isRate
    made.windowMs = props.windowS * 1000
    made.threshold = props.threshold
    for (const one of chart.shown(host).series) made.addSeries(one)
    chart.strip = made
    refs.strip.current = made
    view.stage.add(made)
    const resize = () => made.resize(box.clientWidth, box.clientHeight, devicePixelRatio)
    resize()
    const sizes = new ResizeObserver(resize)
    sizes.observe(box)
    const sight = new IntersectionObserver(([entry]) => view.stage.setVisible(made, entry?.isIntersecting === true))
    sight.observe(box)
    void document.fonts.ready.then(() => made.invalidate())
    return () => {
      sizes.disconnect()
      sight.disconnect()
      view.stage.remove(made)
      chart.strip = undefined
    }
  }, [chart, view, host, lineCount])
  useEffect(() => refs.strip.current?.setTheme(theme), [refs.strip, theme])
}

/** ← and → move the crosshair by two pixels, with Shift by twenty; Home, End and Escape as usual. */
function useKeyCrosshair(point: (xPx: number | undefined) => void, box: RefObject<HTMLDivElement | null>) {
  const at = useRef<number | undefined>(undefined)
  return (event: KeyboardEvent) => {
    const right = (box.current?.clientWidth ?? 0) - PLOT_RIGHT_PX
    const step = event.shiftKey ? 20 : 2
    const from = at.current ?? right
    const to = {
      ArrowLeft: from - step,
      ArrowRight: from + step,
      Home: PLOT_LEFT_PX,
      End: right,
      Escape: Number.NaN,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    at.current = Number.isNaN(to) ? undefined : Math.max(PLOT_LEFT_PX, Math.min(right, to))
    point(at.current)
  }
}

function ThresholdMenu({ chart, threshold, onThreshold }: LiveCardProps) {
  const [text, setText] = useState(threshold === undefined ? '' : String(threshold))
  return (
    <Popover
      label={`Threshold of ${chart.metric}`}
      kind="dialog"
      triggerLabel={`Threshold of ${chart.metric}`}
      triggerClass="button quiet icon-only small"
      trigger={<Gauge className="icon" aria-hidden="true" />}
    >
      {(close) => (
        <form
          className="threshold-form"
          onSubmit={(event) => {
            event.preventDefault()
            const value = text.trim() === '' ? undefined : Number(text)
            if (value !== undefined && !Number.isFinite(value)) return
            onThreshold(chart.metric, value)
            close()
          }}
        >
          <label className="field">
            <span className="visually-hidden">Threshold</span>
            <input
              data-autofocus
              inputMode="decimal"
              placeholder="Number; empty removes it"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <button type="submit" className="button primary">
            Set
          </button>
        </form>
      )}
    </Popover>
  )
}

/** The table twin; it is written once when it opens and on request, so that it can be read in peace. */
function LatestTable({ chart, host, view }: Pick<LiveCardProps, 'chart' | 'host' | 'view'>) {
  const [atMs, setAtMs] = useState(() => view.viewEndMs())
  return (
    <div className="strip-table">
      <div className="strip-table-head">
        {formatInstant(Math.floor(atMs / 1000) * 1000, 'browser').slice(11)}
        <button type="button" className="button small" onClick={() => setAtMs(view.viewEndMs())}>
          Read again
        </button>
      </div>
      <section
        className="table-scroll"
        aria-label={`Latest values of ${chart.metric}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
        tabIndex={0}
      >
        <table>
          <tbody>
            {chart.shown(host).series.map((one) => {
              const value = valueAt(one.ring, atMs)
              return (
                <tr key={one.key}>
                  <th scope="row">{one.label}</th>
                  <td className="number">{Number.isNaN(value) ? NO_DATA : formatValue(value, chart.unit)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
    </div>
  )
}

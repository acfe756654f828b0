import { formatInstant, formatValue, NO_DATA, PLOT_LEFT_PX, PLOT_RIGHT_PX } from '@vantage/charts'
import { Gauge, Pin, PinOff, Table2 } from 'lucide-react'
import { type KeyboardEvent, memo, type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import { Popover } from '../parts/popover.tsx'
import { useZone } from '../time/pane-time.ts'
import { type LiveChart, linesOf, shownLines } from './live-chart.ts'
import type { LiveSession, LiveStripHandle } from './live-session.ts'
import type { LineFigures, StripState } from './worker-messages.ts'

interface LiveCardProps {
  readonly chart: LiveChart
  readonly session: LiveSession
  readonly host: string
  readonly windowS: number
  readonly isTable: boolean
  readonly isPinned: boolean
  readonly threshold: number | undefined
  readonly onTable: (metric: string) => void
  readonly onPin: (metric: string) => void
  readonly onThreshold: (metric: string, threshold: number | undefined) => void
}

/** One streaming chart. What moves is drawn by the worker; the card itself changes only when asked. */
export const LiveCard = memo(function LiveCard(props: LiveCardProps) {
  const { chart, session, isTable, isPinned } = props
  const { leftOut } = shownLines(chart, props.host)
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
        {leftOut > 0 && <span className="badge warning">{`10 of ${10 + leftOut}`}</span>}
        <div className="tools">
          <button
            type="button"
            className="button quiet icon-only small"
            aria-pressed={isTable}
            aria-label={`Latest values of ${chart.metric} as table`}
            title="As table"
            onClick={() => props.onTable(chart.metric)}
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
      {isTable ? <LatestTable chart={chart} host={props.host} session={session} /> : <Strip {...props} />}
    </section>
  )
})

function Strip(props: LiveCardProps) {
  const { chart, host, windowS } = props
  const box = useRef<HTMLDivElement>(null)
  const line = useRef<HTMLDivElement>(null)
  const strip = useStrip(box, props)
  const point = (xPx: number | undefined) => {
    const width = box.current?.clientWidth ?? 0
    const isInside = xPx !== undefined && xPx >= PLOT_LEFT_PX && xPx <= width - PLOT_RIGHT_PX
    strip.current?.set({ pointerPx: isInside ? xPx : undefined })
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
      aria-label={`Streaming chart of ${chart.metric}${hostText}, ${linesOf(chart, host).length} series, last ${windowS} seconds. The table button lists the latest values.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the crosshair moves by keys.
      tabIndex={0}
      onPointerMove={(event: PointerEvent) => point(event.clientX - (box.current?.getBoundingClientRect().left ?? 0))}
      onPointerLeave={() => point(undefined)}
      onKeyDown={crosshair}
      onBlur={() => point(undefined)}
    >
      <div className="strip-line" ref={line} />
    </div>
  )
}

/** Puts a canvas into the box, gives it to the worker, and tells the worker what is to be seen on it. */
function useStrip(box: RefObject<HTMLDivElement | null>, props: LiveCardProps): RefObject<LiveStripHandle | undefined> {
  const { session, chart, host, windowS, threshold } = props
  const theme = usePreferences((one) => one.drawnTheme)
  const ratio = useDeviceRatio()
  const strip = useRef<LiveStripHandle | undefined>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme has its own effect.
  useEffect(() => {
    const around = box.current as HTMLDivElement
    // Made here and not by the page's template: a canvas can be given away only once.
    const canvas = document.createElement('canvas')
    canvas.className = 'strip-canvas'
    around.prepend(canvas)
    const made = session.addStrip(canvas, theme)
    strip.current = made
    const sizes = new ResizeObserver(() => made.set({ size: sizeOf(around, devicePixelRatio) }))
    sizes.observe(around)
    const sight = new IntersectionObserver(([entry]) => made.set({ isVisible: entry?.isIntersecting === true }))
    sight.observe(around)
    return () => {
      sizes.disconnect()
      sight.disconnect()
      made.remove()
      canvas.remove()
      strip.current = undefined
    }
  }, [session])
  useEffect(() => strip.current?.set({ size: sizeOf(box.current as HTMLDivElement, ratio) }), [box, ratio])
  useEffect(() => strip.current?.set({ theme }), [theme])
  useEffect(() => {
    strip.current?.set({ lines: shownLines(chart, host).lines, unit: chart.unit, fromZero: chart.isRate })
  }, [chart, host])
  useEffect(() => strip.current?.set({ windowMs: windowS * 1000, threshold }), [windowS, threshold])
  return strip
}

function sizeOf(box: HTMLDivElement, ratio: number): StripState['size'] {
  return { width: box.clientWidth, height: box.clientHeight, ratio }
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
function LatestTable({ chart, host, session }: Pick<LiveCardProps, 'chart' | 'host' | 'session'>) {
  const zone = useZone()
  const [atMs, setAtMs] = useState(() => session.viewEndMs())
  const [figures, setFigures] = useState<ReadonlyMap<string, LineFigures>>(new Map())
  useEffect(() => {
    let isWanted = true
    void session.lineFigures(atMs).then((answer) => isWanted && setFigures(answer))
    return () => {
      isWanted = false
    }
  }, [session, atMs])
  return (
    <div className="strip-table">
      <div className="strip-table-head">
        {formatInstant(Math.floor(atMs / 1000) * 1000, zone).slice(11)}
        <button type="button" className="button small" onClick={() => setAtMs(session.viewEndMs())}>
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
            {shownLines(chart, host).lines.map(({ key, label }) => {
              const line = figures.get(key)
              // A line that came after the table was read is in the next reading.
              return (
                line !== undefined && (
                  <tr key={key}>
                    <th scope="row">{label}</th>
                    <td className="number">
                      {Number.isNaN(line.value) ? NO_DATA : formatValue(line.value, chart.unit)}
                    </td>
                  </tr>
                )
              )
            })}
          </tbody>
        </table>
      </section>
    </div>
  )
}

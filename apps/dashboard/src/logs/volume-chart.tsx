import type { QueryAnswer } from '@vantage/api/client'
import {
  formatInstant,
  formatScaled,
  formatTick,
  formatValue,
  PLAIN,
  scaleFor,
  type TimeSpan,
  timeTicks,
  valueTicks,
  type Zone,
} from '@vantage/charts'
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type RefObject,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { navigateSearch, useParam } from '../app/router.ts'
import { barSpot } from '../drill/drill-model.ts'
import { explainChange, REGION_PARAM, spanOf } from '../drill/explain-url.ts'
import { useDrillMenu } from '../drill/use-drill-menu.tsx'
import type { SteppedRange } from '../explore/range-steps.ts'
import { usePaneZoom } from '../time/pane-time.ts'
import {
  afterBarKey,
  type BarChoice,
  barsIn,
  barsSpan,
  isCovered,
  stackVolume,
  type Volume,
  type VolumeBar,
} from './volume-model.ts'

/** Beside the bars, with the edges of the card; as in logs.css. */
const AXIS_PX = 24 + 40
const TIME_TICK_PX = 90
const VALUE_TICKS = 3

interface VolumeChartProps {
  readonly answer: QueryAnswer | undefined
  /** Whose lines are counted. */
  readonly query: string
  /** That was asked for. */
  readonly range: SteppedRange
  readonly zone: Zone
}

/** Bars of lines over time, the most severe level at the bottom. A bar is a button with a menu of what it leads to; dragging zooms, with Alt it explains. */
export function VolumeChart({ answer, query, range, zone }: VolumeChartProps) {
  const { startMs, endMs, stepMs } = range
  const host = useRef<HTMLDivElement>(null)
  const widthPx = useWidthPx(host)
  const barsMax = barsIn(widthPx)
  const volume = useMemo(
    () => stackVolume(answer, { startMs, endMs, stepMs }, barsMax),
    [answer, startMs, endMs, stepMs, barsMax],
  )
  return (
    <div className="volume-chart" ref={host}>
      {volume.bars.length === 0 ? (
        <p className="log-volume-empty">{answer !== undefined && 'No lines in this time.'}</p>
      ) : (
        <Bars volume={volume} query={query} range={range} zone={zone} widthPx={widthPx} />
      )}
    </div>
  )
}

/** The room of the bars: without the values beside them. */
function useWidthPx(host: RefObject<HTMLDivElement | null>): number {
  const [widthPx, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = host.current as HTMLDivElement
    const measure = () => setWidth(Math.max(0, element.clientWidth - AXIS_PX))
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [host])
  return widthPx
}

interface BarsProps extends Pick<VolumeChartProps, 'query' | 'range' | 'zone'> {
  readonly volume: Volume
  readonly widthPx: number
}

function Bars({ volume, query, range, zone, widthPx }: BarsProps) {
  const { bars } = volume
  const zoom = usePaneZoom()
  const explained = spanOf(useParam(REGION_PARAM))
  const explain = (region: TimeSpan) => navigateSearch(explainLines(query, region, range))
  const shown = { startMs: bars[0]?.startMs ?? 0, endMs: bars.at(-1)?.endMs ?? 0 }
  const drag = useBarDrag(shown, (aMs, bMs, isAlt) => {
    const { startMs, endMs } = barsSpan(bars, aMs, bMs)
    if (isAlt) explain({ startMs, endMs })
    else zoom(Math.max(startMs, range.startMs), Math.min(endMs, range.endMs))
  })
  const keys = useBarKeys(bars, (aMs, bMs) => explain(barsSpan(bars, aMs, bMs)))
  const menu = useDrillMenu()
  const open = (bar: VolumeBar, { detail, clientX, clientY, currentTarget }: MouseEvent<HTMLElement>) => {
    const { left, top, width } = currentTarget.getBoundingClientRect()
    const isByKey = detail === 0
    const place = isByKey ? { x: left + width / 2, y: top } : { x: clientX, y: clientY }
    menu.open(barSpot({ ...bar, text: barText(bar, zone), query, range }), place, currentTarget)
  }
  const chosen = drag.chosen ?? keys.chosen
  const region = chosen === undefined ? explained : barsSpan(bars, ...chosen)
  return (
    <>
      <Values max={volume.max} />
      <ol
        className="volume-bars"
        aria-label="Lines over time; each bar has a menu, Space begins a region to explain"
        {...drag.handlers}
        {...keys.handlers}
      >
        {bars.map((bar) => (
          <Bar
            key={bar.startMs}
            bar={bar}
            max={volume.max}
            label={barText(bar, zone)}
            isChosen={isCovered(bar, region)}
            onClick={(event) => (event.altKey ? explain(bar) : open(bar, event))}
          />
        ))}
      </ol>
      <Times span={shown} zone={zone} countMax={widthPx / TIME_TICK_PX} />
      <ul className="volume-legend">
        {volume.totals.map(({ level, count }) => (
          <li key={level} data-level={level}>
            {level} <strong>{formatValue(count, PLAIN)}</strong>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Lines at round numbers, behind the bars. */
function Values({ max }: { readonly max: number }) {
  const scale = scaleFor(PLAIN, max)
  return (
    <div className="volume-values" aria-hidden="true">
      {valueTicks(0, max, VALUE_TICKS, scale).map((value) => (
        <span key={value} style={{ bottom: `${(value / max) * 100}%` }}>
          <b>{formatScaled(value, scale)}</b>
        </span>
      ))}
    </div>
  )
}

interface TimesProps {
  readonly span: TimeSpan
  readonly zone: Zone
  readonly countMax: number
}

function Times({ span: { startMs, endMs }, zone, countMax }: TimesProps) {
  const { stepMs, atMs } = timeTicks(startMs, endMs, Math.max(2, countMax), zone)
  const placed = atMs.map((at) => ({ at, share: (at - startMs) / Math.max(1, endMs - startMs) }))
  // Half of a label would lie beyond the ends.
  const shown = placed.filter(({ share }) => share > 0.03 && share < 0.97)
  return (
    <div className="volume-axis" aria-hidden="true">
      {shown.map(({ at, share }) => (
        <span key={at} style={{ left: `${share * 100}%` }}>
          {formatTick(at, stepMs, zone)}
        </span>
      ))}
    </div>
  )
}

/** What the lines of a time have that those around it have not. */
function explainLines(query: string, { startMs, endMs }: TimeSpan, { startMs: fromMs, endMs: toMs }: TimeSpan) {
  const around = { startMs: fromMs, endMs: toMs }
  return explainChange({ signal: 'logs', query, scope: '', region: { startMs, endMs }, against: 'around', around })
}

type TwoTimes = readonly [fromMs: number, toMs: number]
/** A pointer that has moved less is still, CSS pixels. */
const STILL_PX = 5

/** Dragging over bars. @param onDragged is not told of a press that stays in its place: that is a click */
function useBarDrag({ startMs, endMs }: TimeSpan, onDragged: (fromMs: number, toMs: number, isAlt: boolean) => void) {
  const [chosen, setChosen] = useState<TwoTimes>()
  const press = useRef<{ readonly atMs: number; readonly xPx: number; readonly isAlt: boolean }>(undefined)
  const timeAt = ({ clientX, currentTarget }: PointerEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect()
    return startMs + ((clientX - left) / width) * (endMs - startMs)
  }
  const end = () => {
    press.current = undefined
    setChosen(undefined)
  }
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      // A finger scrolls the page.
      if (event.button !== 0 || event.pointerType === 'touch') return
      press.current = { atMs: timeAt(event), xPx: event.clientX, isAlt: event.altKey }
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const from = press.current
      if (from === undefined) return
      if (chosen === undefined && Math.abs(event.clientX - from.xPx) < STILL_PX) return
      event.currentTarget.setPointerCapture(event.pointerId)
      setChosen([from.atMs, timeAt(event)])
    },
    onPointerUp: () => {
      if (press.current !== undefined && chosen !== undefined) onDragged(...chosen, press.current.isAlt)
      end()
    },
    onPointerCancel: end,
  }
  return { chosen, handlers }
}

/** A region by keys: the bar in focus is one end of it. */
function useBarKeys(bars: readonly VolumeBar[], onExplain: (fromMs: number, toMs: number) => void) {
  const [{ at, anchorMs }, setChoice] = useState<BarChoice>({ at: 0, anchorMs: undefined })
  const chosen = anchorMs === undefined ? undefined : ([anchorMs, bars[at]?.startMs ?? anchorMs] as const)
  const handlers = {
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      const buttons = [...event.currentTarget.querySelectorAll('button')]
      const now = { at: buttons.indexOf(event.target as HTMLButtonElement), anchorMs }
      const next = event.altKey ? undefined : afterBarKey(now, event.key, bars)
      if (next === undefined) return
      event.preventDefault()
      if (next === 'explain') {
        if (chosen !== undefined) onExplain(...chosen)
        setChoice({ at: now.at, anchorMs: undefined })
        return
      }
      setChoice(next)
      buttons[next.at]?.focus()
    },
    // Space would press the bar when it is let go.
    onKeyUp: (event: KeyboardEvent) => {
      if (event.key === ' ') event.preventDefault()
    },
  }
  return { chosen, handlers }
}

function barText({ startMs, total }: VolumeBar, zone: Zone): string {
  return `${formatInstant(startMs, zone).slice(5, 19)}: ${formatValue(total, PLAIN)} ${total === 1 ? 'line' : 'lines'}`
}

interface BarProps {
  readonly bar: VolumeBar
  readonly max: number
  readonly label: string
  readonly isChosen: boolean
  readonly onClick: (event: MouseEvent<HTMLElement>) => void
}

function Bar({ bar, max, label, isChosen, onClick }: BarProps) {
  return (
    <li data-chosen={isChosen}>
      <button type="button" title={label} aria-label={label} aria-haspopup="menu" onClick={onClick}>
        {bar.parts.map(({ level, count }) => (
          <span key={level} data-level={level} style={{ height: `${(count / max) * 100}%` }} />
        ))}
      </button>
    </li>
  )
}

import type { QueryAnswer } from '@vantage/api/client'
import { formatInstant, formatValue, PLAIN, type TimeSpan, type Zone } from '@vantage/charts'
import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { navigateSearch, useParam } from '../app/router.ts'
import { explainChange, REGION_PARAM, spanOf } from '../drill/explain-url.ts'
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

interface VolumeChartProps {
  readonly answer: QueryAnswer | undefined
  /** Whose lines are counted. */
  readonly query: string
  /** That was asked for. */
  readonly range: SteppedRange
  readonly zone: Zone
}

/** Bars of lines over time, the most severe level at the bottom. A bar is a button that zooms into its step; dragging zooms, too, with Alt it explains. */
export function VolumeChart({ answer, query, range, zone }: VolumeChartProps) {
  const { startMs, endMs, stepMs } = range
  const host = useRef<HTMLDivElement>(null)
  const barsMax = useBarsMax(host)
  const volume = useMemo(
    () => stackVolume(answer, { startMs, endMs, stepMs }, barsMax),
    [answer, startMs, endMs, stepMs, barsMax],
  )
  return (
    <div className="volume-chart" ref={host}>
      {volume.bars.length === 0 ? (
        <p className="log-volume-empty">{answer !== undefined && 'No lines in this time.'}</p>
      ) : (
        <Bars volume={volume} query={query} range={range} zone={zone} />
      )}
    </div>
  )
}

function useBarsMax(host: RefObject<HTMLDivElement | null>): number {
  const [barsMax, setBarsMax] = useState(barsIn(0))
  useLayoutEffect(() => {
    const element = host.current as HTMLDivElement
    const measure = () => setBarsMax(barsIn(element.clientWidth))
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [host])
  return barsMax
}

interface BarsProps extends Pick<VolumeChartProps, 'query' | 'range' | 'zone'> {
  readonly volume: Volume
}

function Bars({ volume, query, range, zone }: BarsProps) {
  const { bars } = volume
  const zoom = usePaneZoom()
  const explained = spanOf(useParam(REGION_PARAM))
  const explain = (region: TimeSpan) => navigateSearch(explainLines(query, region, range))
  const drag = useBarDrag(range, (aMs, bMs, isAlt) => {
    const { startMs, endMs } = barsSpan(bars, aMs, bMs)
    if (isAlt) explain({ startMs, endMs })
    else zoom(startMs, endMs)
  })
  const keys = useBarKeys(bars, (aMs, bMs) => explain(barsSpan(bars, aMs, bMs)))
  const chosen = drag.chosen ?? keys.chosen
  const region = chosen === undefined ? explained : barsSpan(bars, ...chosen)
  return (
    <>
      <div className="volume-top">{formatValue(volume.max, PLAIN)}</div>
      <ol
        className="volume-bars"
        aria-label="Lines over time; each bar zooms into its time, Space begins a region to explain"
        {...drag.handlers}
        {...keys.handlers}
      >
        {bars.map((bar) => (
          <Bar
            key={bar.endMs}
            bar={bar}
            max={volume.max}
            zone={zone}
            isChosen={isCovered(bar, region)}
            onOpen={(isAlt) => (isAlt ? explain(bar) : zoom(bar.startMs, bar.endMs))}
          />
        ))}
      </ol>
      <div className="volume-axis">
        <span>{formatInstant(range.startMs, zone).slice(5, 19)}</span>
        <span>{formatInstant(range.endMs, zone).slice(5, 19)}</span>
      </div>
      <ul className="volume-legend">
        {volume.totals.map(({ level, count }) => (
          <li key={level} data-level={level}>
            {level} {formatValue(count, PLAIN)}
          </li>
        ))}
      </ul>
    </>
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
function useBarDrag(range: TimeSpan, onDragged: (fromMs: number, toMs: number, isAlt: boolean) => void) {
  const [chosen, setChosen] = useState<TwoTimes>()
  const press = useRef<{ readonly atMs: number; readonly xPx: number; readonly isAlt: boolean }>(undefined)
  const timeAt = ({ clientX, currentTarget }: PointerEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect()
    return range.startMs + ((clientX - left) / width) * (range.endMs - range.startMs)
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

interface BarProps {
  readonly bar: VolumeBar
  readonly max: number
  readonly zone: Zone
  readonly isChosen: boolean
  readonly onOpen: (isAlt: boolean) => void
}

function Bar({ bar, max, zone, isChosen, onOpen }: BarProps) {
  const label = `${formatInstant(bar.startMs, zone).slice(5, 19)}: ${formatValue(bar.total, PLAIN)} ${bar.total === 1 ? 'line' : 'lines'}`
  return (
    <li data-chosen={isChosen}>
      <button type="button" title={label} aria-label={label} onClick={(event) => onOpen(event.altKey)}>
        {bar.parts.map(({ level, count }) => (
          <span key={level} data-level={level} style={{ height: `${(count / max) * 100}%` }} />
        ))}
      </button>
    </li>
  )
}

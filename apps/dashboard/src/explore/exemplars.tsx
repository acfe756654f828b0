import type { Exemplar } from '@vantage/api/client'
import { formatInstant, formatValue, type TimeSeriesFrame } from '@vantage/charts'
import { apart, type ChartPlace, type TimeSeriesChart } from '@vantage/charts/time-series'
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { useAsked } from './use-asked.ts'

/** Of one chart; more are not told apart. */
const SHOWN_MAX = 12
/** Half of a diamond's place; the style sheet has the whole. */
const HALF_PX = 12

const NO_EXEMPLARS: readonly Exemplar[] = []

/** The single requests behind a chart of durations: buckets keep some. Without them it is as good a chart. */
export function useExemplars(texts: readonly string[], { unit, startMs, endMs }: TimeSeriesFrame): readonly Exemplar[] {
  const query = texts.find((text) => text.includes('_bucket'))
  const isAsked = query !== undefined && unit.kind === 'seconds'
  const asked = useAsked(isAsked ? JSON.stringify([query, startMs, endMs]) : undefined, (signal) =>
    client.exemplars(query as string, { startMs, endMs }, signal),
  )
  return isAsked ? (asked.answer ?? NO_EXEMPLARS) : NO_EXEMPLARS
}

/** A pointer that has moved so far was dragged. */
const DRAG_MIN_PX = 4

interface ExemplarsProps {
  readonly exemplars: readonly Exemplar[]
  readonly frame: TimeSeriesFrame
  readonly chart: RefObject<TimeSeriesChart | undefined>
  /** Called whenever the chart was drawn. */
  readonly onDrawn: RefObject<() => void>
}

type Placed = Exemplar & ChartPlace

/** Single requests on a chart of durations, the longest first: each leads to its trace. */
export function Exemplars({ exemplars, frame, chart, onDrawn }: ExemplarsProps) {
  const [shown, setShown] = useState<readonly Placed[]>([])
  useLayoutEffect(() => {
    const place = () => setShown((former) => placed(exemplars, chart.current, former))
    onDrawn.current = place
    place()
    return () => {
      onDrawn.current = () => {}
    }
  }, [exemplars, chart, onDrawn])
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => (list.current === null ? undefined : passedOn(list.current, chart)), [chart])
  return (
    <ul className="exemplars" aria-label="Single requests" ref={list}>
      {shown.map(({ traceId, spanId, atMs, value, x, y }) => {
        const text = `${formatValue(value, frame.unit)} at ${formatInstant(atMs, frame.zone).slice(11, 19)}: open its trace`
        return (
          <li key={`${traceId} ${atMs}`} style={{ left: `${x - HALF_PX}px`, top: `${y - HALF_PX}px` }}>
            <Link
              keepsWay={true}
              to={`/trace/${traceId}`}
              params={{ span: spanId === '' ? null : spanId }}
              aria-label={text}
              title={text}
            />
          </li>
        )
      })}
    </ul>
  )
}

/** A range may be dragged from where one of them lies, and the crosshair goes on below them. @returns ends it */
function passedOn(list: HTMLUListElement, chart: RefObject<TimeSeriesChart | undefined>): () => void {
  const ended = new AbortController()
  let downPx = 0
  const pass = (event: MouseEvent) => chart.current?.point(event)
  const down = (event: MouseEvent) => {
    // Otherwise the browser drags the link.
    event.preventDefault()
    downPx = event.clientX
    pass(event)
  }
  const click = (event: MouseEvent) => {
    const isDrag = event.detail > 0 && Math.abs(event.clientX - downPx) >= DRAG_MIN_PX
    if (isDrag) event.preventDefault()
  }
  const { signal } = ended
  list.addEventListener('mousedown', down, { signal })
  list.addEventListener('mousemove', pass, { signal })
  list.addEventListener('click', click, { signal, capture: true })
  return () => ended.abort()
}

/** Where they are drawn now; the former list where nothing has moved. */
function placed(
  exemplars: readonly Exemplar[],
  chart: TimeSeriesChart | undefined,
  former: readonly Placed[],
): readonly Placed[] {
  const found = [...exemplars]
    .sort((a, b) => b.value - a.value)
    .flatMap((one): Placed[] => {
      const place = chart?.placeOf(one.atMs, one.value)
      return place === undefined ? [] : [{ ...one, ...place }]
    })
  const next = apart(found, SHOWN_MAX)
  const isSame =
    next.length === former.length &&
    next.every(({ traceId, x, y }, i) => {
      const other = former[i]
      return other?.traceId === traceId && other.x === x && other.y === y
    })
  return isSame ? former : next
}

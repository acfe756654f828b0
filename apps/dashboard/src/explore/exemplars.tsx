import type { Exemplar } from '@vantage/api/client'
import { formatInstant, formatValue, type TimeSeriesFrame } from '@vantage/charts'
import { apart, type ChartPlace, type TimeSeriesChart } from '@vantage/charts/time-series'
import { type RefObject, useLayoutEffect, useState } from 'react'
import { Link } from '../app/link.tsx'

/** Of one chart; more are not told apart. */
const SHOWN_MAX = 12
/** Half of a diamond's place; the style sheet has the whole. */
const HALF_PX = 12

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
  return (
    <ul className="exemplars" aria-label="Single requests">
      {shown.map(({ traceId, spanId, atMs, value, x, y }) => {
        const text = `${formatValue(value, frame.unit)} at ${formatInstant(atMs, frame.zone).slice(11, 19)}: open its trace`
        return (
          <li key={`${traceId} ${atMs}`} style={{ left: `${x - HALF_PX}px`, top: `${y - HALF_PX}px` }}>
            <Link
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

import type { QueryAnswer } from '@vantage/api/client'
import { type DrawMode, gridSeconds, onGrid, type TimeSeriesFrame, type Unit, type Zone } from '@vantage/charts'
import type { TimeSeriesChart } from '@vantage/charts/time-series'
import { useMemo, useRef, useState } from 'react'
import { ChartPanel } from '../explore/chart-panel.tsx'
import type { SteppedRange } from '../explore/range-steps.ts'
import type { Asked } from '../explore/use-asked.ts'

interface ServiceChartProps {
  readonly title: string
  readonly asked: Asked<QueryAnswer>
  readonly range: SteppedRange
  readonly zone: Zone
  readonly unit: Unit
  readonly mode: DrawMode
  /** The label that slots a line, and the words for its values; lines stand in this order. */
  readonly label: string
  readonly slots: Readonly<Record<string, number>>
}

/** One chart of a service page: dragging zooms, the legend hides and shows. */
export function ServiceChart({ title, asked, range, zone, unit, mode, label, slots }: ServiceChartProps) {
  const chart = useRef<TimeSeriesChart>(undefined)
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const { answer, fault } = asked
  const frame = useMemo(
    () => frameOf({ answer, range, zone, unit, mode, label, slots, hidden }),
    [answer, range, zone, unit, mode, label, slots, hidden],
  )
  const toggle = (key: string) => {
    setHidden((former) => {
      const next = new Set(former)
      if (!next.delete(key)) next.add(key)
      return next
    })
  }
  return (
    <section className="card service-chart" aria-label={title} aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2>{title}</h2>
      </div>
      {fault !== undefined && <p className="service-fault">{fault.message}</p>}
      {answer === undefined && fault === undefined && <div className="skeleton panel-skeleton" />}
      {answer !== undefined && frame.series.length === 0 && <p className="service-none">Nothing in this time.</p>}
      {frame.series.length > 0 && <ChartPanel frame={frame} chart={chart} onSeriesClick={toggle} />}
    </section>
  )
}

type FrameInput = Omit<ServiceChartProps, 'title' | 'asked'> & {
  readonly answer: QueryAnswer | undefined
  readonly hidden: ReadonlySet<string>
}

function frameOf({ answer, range, zone, unit, mode, label, slots, hidden }: FrameInput): TimeSeriesFrame {
  const grid = gridSeconds(range.startMs, range.endMs, range.stepMs)
  const all = answer?.data.kind === 'matrix' ? answer.data.series : []
  const lineOf = (wanted: string) => all.find(({ metric }) => metric[label] === wanted)
  return {
    timesSeconds: grid,
    series: Object.entries(slots).flatMap(([key, slot]) => {
      const line = lineOf(key)
      if (line === undefined) return []
      return [{ key, label: key, slot, values: onGrid(line.timesSeconds, line.values, grid, range.stepMs) }]
    }),
    ...range,
    unit,
    mode,
    zone,
    hidden,
    fromZero: true,
    completeUntilMs: range.endMs,
  }
}

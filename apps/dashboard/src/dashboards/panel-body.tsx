import type { TimeMark } from '@vantage/charts'
import type { TimeSeriesChart } from '@vantage/charts/time-series'
import { unreachable } from '@vantage/model'
import type { Panel } from '@vantage/model/dashboards'
import type { RefObject } from 'react'
import { readSearch } from '../app/router.ts'
import { ChartPanel } from '../explore/chart-panel.tsx'
import { hiddenAfterClick } from '../explore/explore-url.ts'
import { BarFigures, GaugeFigures, PieFigure, StatFigures } from './figure-panels.tsx'
import { hiddenOf, setHidden, setSort } from './panel-url.ts'
import type { PanelView } from './panel-view.ts'
import { type HeatmapExplain, HeatmapPicture, HistogramPicture, StatePicture } from './picture-panels.tsx'
import { LogRows, TraceRows, ValueRows } from './row-panels.tsx'

interface PanelBodyProps {
  readonly panel: Panel
  readonly view: PanelView
  readonly marks: readonly TimeMark[] | undefined
  readonly explain: HeatmapExplain | undefined
  readonly chart: RefObject<TimeSeriesChart | undefined>
}

/** What a panel shows, drawn by its kind. */
export function PanelBody({ panel, view, marks, explain, chart }: PanelBodyProps) {
  switch (view.kind) {
    case 'time-series': {
      const keys = view.frame.series.map(({ key }) => key)
      const click = (key: string, isToggle: boolean) =>
        setHidden(panel.id, hiddenAfterClick(hiddenOf(readSearch(), panel.id), keys, key, isToggle))
      return (
        <ChartPanel
          frame={view.frame}
          sources={view.sources}
          marks={marks}
          exemplars={view.exemplars}
          chart={chart}
          onSeriesClick={click}
        />
      )
    }
    case 'stat':
      return <StatFigures items={view.items} unit={view.unit} />
    case 'gauge':
      return <GaugeFigures items={view.items} unit={view.unit} />
    case 'bars':
      return <BarFigures rows={view.rows} unit={view.unit} />
    case 'heatmap':
      return <HeatmapPicture heatmap={view.heatmap} explain={panel.unit === 'seconds' ? explain : undefined} />
    case 'histogram':
      return <HistogramPicture histogram={view.histogram} />
    case 'pie':
      return <PieFigure pie={view.pie} unit={view.unit} />
    case 'state-timeline':
      return <StatePicture timeline={view.timeline} />
    case 'table':
      return <ValueRows title={panel.title} table={view.table} onSort={(sort) => setSort(panel.id, sort)} />
    case 'logs':
      return <LogRows title={panel.title} lines={view.lines} zone={view.zone} />
    case 'traces':
      return <TraceRows title={panel.title} traces={view.traces} zone={view.zone} />
    default:
      return unreachable(view)
  }
}

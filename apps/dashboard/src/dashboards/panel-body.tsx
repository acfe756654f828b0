import type { TimeMark } from '@vantage/charts'
import type { HeatmapCell } from '@vantage/charts/panels'
import type { ChartPlace, TimeSeriesChart } from '@vantage/charts/time-series'
import { unreachable } from '@vantage/model'
import type { Panel } from '@vantage/model/dashboards'
import type { RefObject } from 'react'
import { navigateSearch, readSearch, useSearch } from '../app/router.ts'
import { announceDone } from '../app/toast.tsx'
import { cellSpot } from '../drill/cell-spot.ts'
import { explainedBox, type ValueBox } from '../drill/explain-box.ts'
import { explainChange, explainedOf } from '../drill/explain-url.ts'
import { useDrillMenu } from '../drill/use-drill-menu.tsx'
import { ChartPanel } from '../explore/chart-panel.tsx'
import { hiddenAfterClick } from '../explore/explore-url.ts'
import { usePaneZoom } from '../time/pane-time.ts'
import { BarFigures, GaugeFigures, PieFigure, StatFigures } from './figure-panels.tsx'
import { hiddenOf, setHidden, setSort } from './panel-url.ts'
import type { PanelView } from './panel-view.ts'
import {
  type HeatmapExplain,
  HeatmapPicture,
  HistogramPicture,
  regionSelection,
  StatePicture,
} from './picture-panels.tsx'
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
      return <HeatmapBody view={view} explain={panel.unit === 'seconds' ? explain : undefined} />
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

interface HeatmapBodyProps {
  readonly view: PanelView & { readonly kind: 'heatmap' }
  readonly explain: HeatmapExplain | undefined
}

/** Dragging zooms, with Alt it explains; where the page explains parts of it, all dragging does. A click asks what next. */
function HeatmapBody({ view: { heatmap, sources }, explain }: HeatmapBodyProps) {
  const zoom = usePaneZoom()
  const explained = explainedOf(useSearch())
  const menu = useDrillMenu()
  const onCell = (cell: HeatmapCell, place: ChartPlace, host: HTMLElement) =>
    menu.open(cellSpot(heatmap, sources, cell), place, host)
  if (explain !== undefined) {
    return <HeatmapPicture heatmap={heatmap} selection={{ ...regionSelection(explain), onCell }} />
  }
  const all = { low: 0, high: Number.POSITIVE_INFINITY }
  const box = explained && { ...explained.region, ...(explained.values ?? all) }
  const onBox = (chosen: ValueBox, isAlt: boolean) => {
    const { startMs, endMs } = heatmap
    const next = isAlt ? explainedBox(sources, heatmap.unit, chosen, { startMs, endMs }) : undefined
    if (next !== undefined) navigateSearch(explainChange(next))
    else if (isAlt) announceDone('The labels of this heatmap name no service and no host')
    else zoom(chosen.startMs, chosen.endMs)
  }
  return <HeatmapPicture heatmap={heatmap} selection={{ box, onBox, onCell }} />
}

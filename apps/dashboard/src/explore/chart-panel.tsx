import type { Exemplar } from '@vantage/api/client'
import {
  CHART_THEMES,
  dataView,
  formatExact,
  formatInstant,
  formatValue,
  frameSummary,
  legendRows,
  slotColour,
  slotLine,
  type TimeMark,
  type TimeSeriesFrame,
} from '@vantage/charts'
import { TimeSeriesChart } from '@vantage/charts/time-series'
import { type MouseEvent, type RefObject, useEffect, useMemo, useRef } from 'react'
import { usePreferences } from '../app/preferences.ts'
import { usePane } from '../app/router.ts'
import type { SeriesSources } from '../drill/subject.ts'
import { useChartDrill } from '../drill/use-chart-drill.ts'
import { usePaneZoom } from '../time/pane-time.ts'
import { zoomBack } from '../time/time-store.ts'
import { Exemplars } from './exemplars.tsx'

interface ChartPanelProps {
  readonly frame: TimeSeriesFrame
  readonly chart: RefObject<TimeSeriesChart | undefined>
  /** What the series are of. */
  readonly sources: SeriesSources
  /** What happened meanwhile. */
  readonly marks?: readonly TimeMark[] | undefined
  /** Single requests of what is drawn. */
  readonly exemplars?: readonly Exemplar[]
  readonly onSeriesClick: (key: string, isToggle: boolean) => void
}

const NO_MARKS: readonly TimeMark[] = []
const NO_EXEMPLARS: readonly Exemplar[] = []

/** The chart with its legend; the legend's first number is the value under the crosshair. */
export function ChartPanel(props: ChartPanelProps) {
  const { frame, chart, sources, marks = NO_MARKS, exemplars = NO_EXEMPLARS, onSeriesClick } = props
  const host = useRef<HTMLDivElement>(null)
  const theme = usePreferences((one) => one.drawnTheme)
  const onDrawn = useRef(() => {})
  const drill = useChartDrill({ frame, sources, exemplars, chart, host })
  useChart(host, chart, frame, theme, { drill: drill.events, onDrawn })
  useEffect(() => chart.current?.setMarks(marks), [chart, marks])
  const summary = useMemo(() => {
    return `${frameSummary(frame, (value) => formatValue(value, frame.unit))}${marksText(marks, frame)}`
  }, [frame, marks])
  return (
    <>
      <div className="chart-box">
        <div
          className="chart-host"
          ref={host}
          role="img"
          aria-label={summary}
          aria-keyshortcuts="ArrowLeft ArrowRight Space Enter"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the crosshair moves by keys.
          tabIndex={0}
          onKeyDown={drill.onKeyDown}
          onBlur={drill.onBlur}
        />
        {exemplars.length > 0 && <Exemplars exemplars={exemplars} frame={frame} chart={chart} onDrawn={onDrawn} />}
        <p className="visually-hidden" aria-live="polite">
          {drill.said}
        </p>
      </div>
      <Legend frame={frame} cursor={drill.cursor} chart={chart} onSeriesClick={onSeriesClick} />
    </>
  )
}

/** What happened in the time of a chart, for people who do not see the lines. */
function marksText(marks: readonly TimeMark[], { startMs, endMs, zone }: TimeSeriesFrame): string {
  const within = marks.filter(({ atMs }) => atMs >= startMs && atMs <= endMs)
  const texts = within.map(({ atMs, label }) => `${label} at ${formatInstant(atMs, zone).slice(11, 19)}`)
  return texts.length === 0 ? '' : ` Meanwhile: ${texts.join(', ')}.`
}

function useChart(
  host: RefObject<HTMLDivElement | null>,
  chart: RefObject<TimeSeriesChart | undefined>,
  frame: TimeSeriesFrame,
  theme: 'dark' | 'light',
  on: {
    readonly drill: ReturnType<typeof useChartDrill>['events']
    readonly onDrawn: RefObject<() => void>
  },
): void {
  const zoom = usePaneZoom()
  const pane = usePane()
  const latest = useRef({ zoom, ...on.drill })
  latest.current = { zoom, ...on.drill }
  // biome-ignore lint/correctness/useExhaustiveDependencies: theme and frame reach the chart through the effects below.
  useEffect(() => {
    const made = new TimeSeriesChart(
      host.current as HTMLDivElement,
      theme,
      { key: 'page', isByPlace: pane !== '' },
      {
        onCursor: (index) => latest.current.onCursor(index),
        onZoom: (startMs, endMs) => latest.current.zoom(startMs, endMs),
        onZoomBack: zoomBack,
        onPick: (pick) => latest.current.onPick(pick),
        onRegion: (startMs, endMs) => latest.current.onRegion(startMs, endMs),
        onDrawn: () => on.onDrawn.current(),
      },
    )
    chart.current = made
    made.update(frame)
    // Text is measured again once the bundled fonts are there.
    void document.fonts.ready.then(() => chart.current?.redraw())
    return () => {
      made.destroy()
      chart.current = undefined
    }
  }, [])
  useEffect(() => chart.current?.setTheme(theme), [theme, chart])
  useEffect(() => chart.current?.update(frame), [frame, chart])
}

interface LegendProps extends Omit<ChartPanelProps, 'sources'> {
  readonly cursor: number | undefined
}

function Legend({ frame, cursor, chart, onSeriesClick }: LegendProps) {
  const theme = usePreferences((one) => one.drawnTheme)
  const rows = useMemo(() => legendRows(frame), [frame])
  const at = cursor === undefined ? undefined : frame.timesSeconds[cursor]
  const show = (value: number) => <span title={formatExact(value)}>{formatValue(value, frame.unit)}</span>
  const click = (event: MouseEvent, key: string) => onSeriesClick(key, event.ctrlKey || event.metaKey)
  if (rows.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll legend" tabIndex={0} aria-label="Legend">
      <table>
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col" className="number readout">
              {at === undefined ? 'Last' : formatInstant(at * 1000, frame.zone).slice(11)}
            </th>
            <th scope="col" className="number">
              Min
            </th>
            <th scope="col" className="number">
              Mean
            </th>
            <th scope="col" className="number">
              Max
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr
              key={row.key}
              data-hidden={row.isHidden}
              onPointerEnter={() => chart.current?.focusSeries(row.key)}
              onPointerLeave={() => chart.current?.focusSeries(undefined)}
            >
              <th scope="row">
                <button
                  type="button"
                  className="legend-name"
                  aria-pressed={!row.isHidden}
                  title={`${row.label}\nClick shows only this one, Ctrl or ⌘ toggles it`}
                  onClick={(event) => click(event, row.key)}
                >
                  <Swatch slot={row.slot} theme={theme} />
                  <span>{row.label}</span>
                </button>
              </th>
              <td className="number readout">
                {show(cursor === undefined ? row.last : (frame.series[i]?.values[cursor] ?? Number.NaN))}
              </td>
              <td className="number">{show(row.min)}</td>
              <td className="number">{show(row.mean)}</td>
              <td className="number">{show(row.max)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Swatch({ slot, theme }: { readonly slot: number; readonly theme: 'dark' | 'light' }) {
  return (
    <span
      className="swatch"
      style={{ borderTopColor: slotColour(CHART_THEMES[theme], slot), borderTopStyle: slotLine(slot) }}
      aria-hidden="true"
    />
  )
}

/** The chart as a table, for eyes that read numbers and for screen readers (Shift+T). */
export function ChartTable({ frame }: { readonly frame: TimeSeriesFrame }) {
  const view = useMemo(() => dataView(frame), [frame])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll chart-table" tabIndex={0} aria-label="Chart as table">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {view.columns.map((column) => (
              <th key={column.key} scope="col" className="number" title={column.label}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {view.rows.map((row) => (
            <tr key={row.atMs}>
              <th scope="row">{row.time}</th>
              {row.values.map((value, i) => (
                <td key={view.columns[i]?.key} className="number">
                  {formatValue(value ?? Number.NaN, frame.unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {(view.rowsLeftOut > 0 || view.columnsLeftOut > 0) && (
        <p className="browser-note">
          {view.rowsLeftOut} older steps and {view.columnsLeftOut} series are left out; save as CSV for all.
        </p>
      )}
    </section>
  )
}

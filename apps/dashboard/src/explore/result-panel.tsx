import { DRAW_MODES, type DrawMode, formatValue } from '@vantage/charts'
import type { TimeSeriesChart } from '@vantage/charts/time-series'
import { type RefObject, useId } from 'react'
import { Choice } from '../parts/choice.tsx'
import { Faults } from '../parts/faults.tsx'
import { Notice } from '../parts/notice.tsx'
import { askAgain } from '../time/time-store.ts'
import { ChartPanel, ChartTable } from './chart-panel.tsx'
import { EmptyPanel } from './empty-panel.tsx'
import { useExemplars } from './exemplars.tsx'
import { ExplainPanel } from './explain-panel.tsx'
import { type ExploreView, TOP_CHOICES } from './explore-url.ts'
import type { ExploreFrame } from './frame-model.ts'
import type { SteppedRange } from './range-steps.ts'
import type { RowResult, RowResults } from './run-queries.ts'
import { TablePanel } from './table-panel.tsx'
import type { Explore } from './use-explore.ts'

interface ResultPanelProps {
  readonly explore: Explore
  readonly results: RowResults
  readonly shown: ExploreFrame
  readonly range: SteppedRange
  readonly chart: RefObject<TimeSeriesChart | undefined>
  readonly isTable: boolean
  readonly setTable: (isTable: boolean) => void
}

const VIEW_NAMES: Readonly<Record<ExploreView, string>> = { chart: 'Chart', table: 'Table', explain: 'Explain' }
const MODE_NAMES: Readonly<Record<DrawMode, string>> = {
  line: 'Line',
  area: 'Area',
  bars: 'Bars',
  stacked: 'Stacked',
  'stacked-bars': 'Stacked bars',
}

export function ResultPanel(props: ResultPanelProps) {
  const { explore, results, shown } = props
  const { view, mode } = explore.state
  const titleId = useId()
  const asked = Object.values(results)
  return (
    <section
      className="card result"
      aria-labelledby={titleId}
      aria-busy={asked.some(({ phase }) => phase === 'loading')}
    >
      <div className="card-head">
        <h2 id={titleId} className="visually-hidden">
          Result
        </h2>
        <Choice
          label="View"
          value={view}
          options={(Object.keys(VIEW_NAMES) as ExploreView[]).map((value) => ({ value, label: VIEW_NAMES[value] }))}
          onChoose={(value) => explore.apply({ view: value })}
        />
        {view === 'chart' && (
          <Choice
            label="Draw as"
            value={mode}
            options={DRAW_MODES.map((value) => ({ value, label: MODE_NAMES[value] }))}
            onChoose={(value) => explore.apply({ mode: value })}
          />
        )}
        <Facts {...props} />
      </div>
      <Notices results={results} shown={shown} />
      <div className="result-body">
        <ResultBody {...props} asked={asked} isEmpty={shown.seriesTotal === 0} />
      </div>
    </section>
  )
}

function Facts({ results, shown, explore }: ResultPanelProps) {
  const { seriesTotal, frame } = shown
  const isCut = explore.state.view === 'chart' && seriesTotal > frame.series.length
  const elapsedMs = Math.max(0, ...Object.values(results).map((one) => one.elapsedMs))
  return (
    <div className="tools facts">
      {isCut && (
        <label className="badge warning">
          Top
          <select
            aria-label="Series drawn at most"
            value={explore.state.top}
            onChange={(event) => explore.apply({ top: Number(event.target.value) })}
          >
            {TOP_CHOICES.map((top) => (
              <option key={top} value={top}>
                {top}
              </option>
            ))}
          </select>
          of {seriesTotal.toLocaleString('en')} series by last value
        </label>
      )}
      {!isCut && seriesTotal > 0 && explore.state.view === 'chart' && <span>{seriesTotal} series</span>}
      {seriesTotal > 0 && explore.state.view === 'chart' && (
        <span>{formatValue(frame.stepMs / 1000, { kind: 'seconds' })} step</span>
      )}
      {elapsedMs > 0 && <span>{formatValue(elapsedMs / 1000, { kind: 'seconds' })}</span>}
    </div>
  )
}

function Notices({ results, shown }: Pick<ResultPanelProps, 'results' | 'shown'>) {
  const asked = Object.entries(results).map(([ref, { phase, text, answer, fault }]) => {
    const question = { query: text, answer, fault: phase === 'failed' ? fault : undefined, retry: askAgain }
    return [`Query ${ref.toUpperCase()}`, question] as const
  })
  return (
    <div className="notices">
      <Faults of={Object.fromEntries(asked)} />
      {shown.histogramSeries > 0 && (
        <Notice kind="info">
          {shown.histogramSeries} native histogram {shown.histogramSeries === 1 ? 'series is' : 'series are'} not drawn;
          use histogram_quantile() or histogram_count().
        </Notice>
      )}
    </div>
  )
}

interface ResultBodyProps extends ResultPanelProps {
  readonly asked: readonly RowResult[]
  readonly isEmpty: boolean
}

function ResultBody(props: ResultBodyProps) {
  const { explore, results, shown, range, asked, isEmpty, isTable } = props
  const { view, rows } = explore.state
  if (asked.length === 0) {
    return (
      <div className="empty result-empty">
        <strong>Ask something</strong>
        <p>Choose a metric from the list, or write PromQL and run it: Ctrl or ⌘ with ↵.</p>
      </div>
    )
  }
  if (asked.every((one) => one.answer === undefined)) {
    const isWaiting = asked.some((one) => one.phase === 'loading')
    return isWaiting ? <div className="skeleton result-skeleton" /> : <div className="result-empty" />
  }
  if (view === 'table') return <TablePanel rows={rows} results={results} unit={shown.frame.unit} />
  if (view === 'explain') return <ExplainPanel rows={rows} results={results} />
  const first = rows.find((row) => !row.isOff && row.text.trim() !== '')
  if (isEmpty && first !== undefined) {
    return <EmptyPanel query={first.text} endMs={range.endMs} onQuery={explore.actions.onQuery} />
  }
  return (
    <>
      <ResultChart {...props} />
      <div className="table-toggle">
        <button type="button" className="button small quiet" onClick={() => props.setTable(!isTable)}>
          {isTable ? 'Hide the table' : 'Chart as table'} <kbd>Shift T</kbd>
        </button>
      </div>
      {isTable && <ChartTable frame={shown.frame} />}
    </>
  )
}

function ResultChart({ explore, results, shown: { frame, sources }, chart }: ResultPanelProps) {
  const exemplars = useExemplars(
    explore.state.rows.map(({ ref }) => results[ref]?.answeredText ?? ''),
    frame,
  )
  const keys = frame.series.map((one) => one.key)
  return (
    <ChartPanel
      frame={frame}
      chart={chart}
      sources={sources}
      exemplars={exemplars}
      onSeriesClick={(key, isToggle) => explore.onSeriesClick(keys, key, isToggle)}
    />
  )
}

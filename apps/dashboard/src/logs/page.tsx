import type { QueryAnswer } from '@vantage/api/client'
import type { Zone } from '@vantage/charts'
import { WrapText } from 'lucide-react'
import { memo, useId, useMemo, useState } from 'react'
import { client } from '../app/client.ts'
import { useNavigate, useSearch } from '../app/router.ts'
import { ExploreModes } from '../explore/modes.tsx'
import { QueryLine } from '../explore/query-line.tsx'
import { type SteppedRange, steppedRange } from '../explore/range-steps.ts'
import { type Asked, useAsked } from '../explore/use-asked.ts'
import { useLiveRefresh } from '../explore/use-live-refresh.ts'
import { Choice } from '../parts/choice.tsx'
import { Faults } from '../parts/faults.tsx'
import { usePaneTime } from '../time/pane-time.ts'
import { rangeOf, useTimeMemory } from '../time/time-store.ts'
import { ColumnsMenu } from './columns-menu.tsx'
import { FieldsView } from './fields-view.tsx'
import { LinesView } from './lines-view.tsx'
import { volumeQuery } from './log-model.ts'
import { type LogState, logStateOf, toggleWrap } from './log-url.ts'
import { PatternsView } from './patterns-view.tsx'
import { useLogRows } from './use-log-rows.ts'
import { VolumeChart } from './volume-chart.tsx'

const DEFAULT_QUERY = '{service_name=~".+"}'

/** Explore › Logs: lines, what they have in common, and how many there were when. */
export default function LogsPage() {
  const search = useSearch()
  const navigate = useNavigate()
  const query = search.get('q') ?? DEFAULT_QUERY
  const state = logStateOf(search)
  const time = usePaneTime()
  const { nowMs } = useTimeMemory()
  const whole = rangeOf(time, nowMs, time.shiftMs)
  // What was earlier does not grow.
  const isFollowed = time.isLive && time.shiftMs === 0
  const range = useMemo(
    () => steppedRange({ startMs: whole.startMs, endMs: whole.endMs }),
    [whole.startMs, whole.endMs],
  )
  const asks = query.trim() !== ''
  const key = asks ? JSON.stringify([query, range]) : undefined
  // While live, lines come by themselves, and what they have in common takes its time: neither is asked for with each step.
  const linesKey = asks ? JSON.stringify([query, isFollowed ? time.choice : whole]) : undefined
  const isLines = state.tab === 'lines' || state.tab === 'table'
  const loaded = useLogRows(isLines ? linesKey : undefined, query, whole)
  const volume = useAsked(key, (signal) =>
    client.logMetric({ query: volumeQuery(query, range.stepMs), ...range }, range.stepMs, signal),
  )
  useLiveRefresh(time.isLive, range)
  const labels = useMemo(() => labelsOf(loaded.rows?.slice(0, LABEL_ROWS) ?? []), [loaded.rows])
  const [isColumnsOpen, setColumnsOpen] = useState(false)
  return (
    <div className="explore logs">
      <div className="page-head">
        <ExploreModes signal="logs" />
        {isLines && (
          <Tools state={state} labels={labels} isColumnsOpen={isColumnsOpen} setColumnsOpen={setColumnsOpen} />
        )}
      </div>
      <section className="card queries" aria-label="Query">
        <QueryLine
          label="LogQL query"
          language="logql"
          range={range}
          text={query}
          placeholder={`LogQL, e.g. ${DEFAULT_QUERY} |= "error"`}
          asked={isLines ? { ...loaded, answer: loaded.rows } : volume}
        />
      </section>
      <Volume
        volume={volume}
        query={query}
        isSaid={isLines && loaded.fault === undefined}
        range={range}
        zone={time.zone}
      />
      <Choice
        label="View"
        value={state.tab}
        options={[
          { value: 'lines', label: 'Lines' },
          { value: 'patterns', label: 'Patterns' },
          { value: 'table', label: 'Table' },
          { value: 'fields', label: 'Fields' },
        ]}
        onChoose={(value) => navigate({ tab: value === 'lines' ? null : value })}
      />
      {isLines && (
        <LinesView
          loaded={loaded}
          query={query}
          range={range}
          state={state}
          zone={time.zone}
          isLive={isFollowed}
          openColumns={() => setColumnsOpen(true)}
        />
      )}
      {state.tab === 'patterns' && <PatternsView askKey={linesKey} query={query} range={range} zone={time.zone} />}
      {state.tab === 'fields' && <FieldsView askKey={linesKey} query={query} range={range} state={state} />}
    </div>
  )
}

/** Rows whose labels are offered as columns. */
const LABEL_ROWS = 500

function labelsOf(rows: readonly { readonly labels: Readonly<Record<string, string>> }[]): readonly string[] {
  return [...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))].sort()
}

interface ToolsProps {
  readonly state: LogState
  readonly labels: readonly string[]
  readonly isColumnsOpen: boolean
  readonly setColumnsOpen: (isOpen: boolean) => void
}

function Tools({ state, labels, isColumnsOpen, setColumnsOpen }: ToolsProps) {
  const navigate = useNavigate()
  return (
    <div className="tools">
      <ColumnsMenu labels={labels} columns={state.columns} isOpen={isColumnsOpen} onOpenChange={setColumnsOpen} />
      {state.tab === 'lines' && (
        <button
          type="button"
          className="button"
          aria-pressed={state.isWrapped}
          title="Wrap long lines (w)"
          onClick={() => toggleWrap(navigate, state)}
        >
          <WrapText className="icon" aria-hidden="true" />
          Wrap
        </button>
      )}
    </div>
  )
}

interface VolumeProps {
  readonly volume: Asked<QueryAnswer>
  /** What fails is said here; else the query line says what is wrong with it. */
  readonly isSaid: boolean
  readonly query: string
  readonly range: SteppedRange
  readonly zone: Zone
}

const Volume = memo(function Volume({ volume, query, isSaid, range, zone }: VolumeProps) {
  const titleId = useId()
  return (
    <section className="card log-volume" aria-labelledby={titleId} aria-busy={volume.isLoading}>
      <div className="card-head">
        <h2 id={titleId}>Lines over time, by level</h2>
      </div>
      {isSaid && <Faults of={{ 'Lines over time': volume }} />}
      <VolumeChart answer={volume.answer} query={query} range={range} zone={zone} />
    </section>
  )
})

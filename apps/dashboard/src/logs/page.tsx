import type { LogLine, QueryAnswer } from '@vantage/api/client'
import { formatInstant, formatValue, PLAIN, type Zone } from '@vantage/charts'
import { ChevronDown, ChevronRight, Copy, Minus, Plus, WrapText } from 'lucide-react'
import { useMemo, useState } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigateSearch, useSearch } from '../app/router.ts'
import { copyText } from '../app/toast.tsx'
import { ExploreModes } from '../explore/modes.tsx'
import { NoMatches } from '../explore/no-matches.tsx'
import { QueryLine } from '../explore/query-line.tsx'
import { type SteppedRange, steppedRange } from '../explore/range-steps.ts'
import { type Asked, useAsked } from '../explore/use-asked.ts'
import { useLiveRefresh } from '../explore/use-live-refresh.ts'
import { rangeOf, refresh, timeStateOf, useTimeMemory } from '../time/time-store.ts'
import { type Facet, facetsOf, LINES_MAX, levelOf, volumeQuery, withFilter } from './log-model.ts'
import { VolumeChart } from './volume-chart.tsx'

const DEFAULT_QUERY = '{service_name=~".+"}'

/** Explore › Logs: lines, what they have in common, and how many there were when. */
export default function LogsPage() {
  const search = useSearch()
  const query = search.get('q') ?? DEFAULT_QUERY
  const isWrapped = search.get('wrap') === '1'
  const time = timeStateOf(search)
  const { nowMs } = useTimeMemory()
  const range = steppedRange(rangeOf(time, nowMs))
  const asks = query.trim() !== ''
  const key = asks ? JSON.stringify([query, range]) : undefined
  const lines = useAsked(key, (signal) => client.logLines({ query, ...range }, LINES_MAX, signal))
  const volume = useAsked(key, (signal) =>
    client.logMetric({ query: volumeQuery(query, range.stepMs), ...range }, range.stepMs, signal),
  )
  useLiveRefresh(time.isLive, range)
  return (
    <div className="explore logs">
      <div className="page-head">
        <h1>Explore logs</h1>
        <ExploreModes />
        <div className="tools">
          <button
            type="button"
            className="button"
            aria-pressed={isWrapped}
            onClick={() => navigateSearch({ wrap: isWrapped ? null : '1' })}
          >
            <WrapText className="icon" aria-hidden="true" />
            Wrap
          </button>
        </div>
      </div>
      <section className="card queries" aria-label="Query">
        <QueryLine
          label="LogQL query"
          text={query}
          placeholder={`LogQL, e.g. ${DEFAULT_QUERY} |= "error"`}
          fault={lines.fault}
        />
      </section>
      <Volume volume={volume} range={range} zone={time.zone} />
      <Lines asked={lines} query={query} zone={time.zone} isWrapped={isWrapped} />
    </div>
  )
}

interface VolumeProps {
  readonly volume: Asked<QueryAnswer>
  readonly range: SteppedRange
  readonly zone: Zone
}

function Volume({ volume, range, zone }: VolumeProps) {
  return (
    <section className="card log-volume" aria-labelledby="volume-title" aria-busy={volume.isLoading}>
      <div className="card-head">
        <h2 id="volume-title">Lines over time, by level</h2>
      </div>
      <VolumeChart answer={volume.answer} range={range} zone={zone} />
    </section>
  )
}

interface LinesProps {
  readonly asked: Asked<readonly LogLine[]>
  readonly query: string
  readonly zone: Zone
  readonly isWrapped: boolean
}

function Lines({ asked, query, zone, isWrapped }: LinesProps) {
  const lines = asked.answer
  const facets = useMemo(() => facetsOf(lines ?? []), [lines])
  if (lines === undefined) {
    return <div className="skeleton page-skeleton" aria-busy={asked.isLoading} />
  }
  if (lines.length === 0) {
    return (
      <NoMatches one="line" signal="logs">
        Nothing in this time fulfils <span className="code">{query}</span>. A wider time or a shorter query finds more.
      </NoMatches>
    )
  }
  return (
    <div className="log-columns">
      <Facets facets={facets} query={query} />
      <section className="card log-lines" aria-labelledby="lines-title" aria-busy={asked.isLoading}>
        <div className="card-head">
          <h2 id="lines-title">Lines</h2>
          <span className="aside">
            {lines.length < LINES_MAX
              ? `${formatValue(lines.length, PLAIN)} lines`
              : `the newest ${formatValue(LINES_MAX, PLAIN)} lines; narrow the query or the time for others`}
          </span>
        </div>
        <ol className="log-list" data-wrap={isWrapped}>
          {lines.map((line, i) => (
            // Lines have no identity of their own: equal ones may follow each other.
            // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole.
            <LogRow key={`${line.timeNs} ${i}`} line={line} query={query} zone={zone} />
          ))}
        </ol>
      </section>
    </div>
  )
}

function LogRow({ line, query, zone }: { readonly line: LogLine; readonly query: string; readonly zone: Zone }) {
  const [isOpen, setOpen] = useState(false)
  const level = levelOf(line.labels)
  const Fold = isOpen ? ChevronDown : ChevronRight
  const atMs = Number(line.timeNs / 1_000_000n)
  const service = line.labels['service_name'] ?? ''
  return (
    <li className="log-row" data-level={level}>
      <button type="button" className="log-line" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Fold className="icon" aria-hidden="true" />
        <time dateTime={new Date(atMs).toISOString()}>
          <span className="log-date">{formatInstant(atMs, zone).slice(5, 11)}</span>
          {formatInstant(atMs, zone).slice(11, 19)}
        </time>
        <span className="log-level">{level === 'unknown' ? '–' : level}</span>
        <span className="log-service">{service}</span>
        <span className="log-text code">{line.line}</span>
      </button>
      {isOpen && <LogDetail line={line} query={query} />}
    </li>
  )
}

function LogDetail({ line, query }: { readonly line: LogLine; readonly query: string }) {
  const traceId = line.labels['trace_id']
  const filter = (label: string, value: string, isWanted: boolean) => {
    navigateSearch({ q: withFilter(query, label, value, isWanted) })
    refresh()
  }
  return (
    <div className="log-detail">
      <div className="row">
        {traceId !== undefined && (
          <Link className="button small" to={`/trace/${traceId}`} params={{ span: line.labels['span_id'] ?? null }}>
            Open the trace
          </Link>
        )}
        <button type="button" className="button small" onClick={() => copyText(line.line, 'Line')}>
          <Copy className="icon" aria-hidden="true" />
          Copy the line
        </button>
      </div>
      <pre className="code">{line.line}</pre>
      <table>
        <tbody>
          {Object.entries(line.labels).map(([label, value]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td className="code">{value}</td>
              <td className="log-filters">
                <button
                  type="button"
                  className="button quiet icon-only small"
                  aria-label={`Only lines with this ${label}`}
                  title="Filter for"
                  onClick={() => filter(label, value, true)}
                >
                  <Plus className="icon" />
                </button>
                <button
                  type="button"
                  className="button quiet icon-only small"
                  aria-label={`No lines with this ${label}`}
                  title="Filter out"
                  onClick={() => filter(label, value, false)}
                >
                  <Minus className="icon" />
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Facets({ facets, query }: { readonly facets: readonly Facet[]; readonly query: string }) {
  return (
    <section className="card log-facets" aria-labelledby="facets-title">
      <div className="card-head">
        <h2 id="facets-title">Fields</h2>
        <span className="aside">of the lines shown</span>
      </div>
      {facets.map(({ label, values, others }) => (
        <details key={label} open={values.length > 1 && values.length <= 6}>
          <summary>
            {label}
            <span className="badge">{values.length + others}</span>
          </summary>
          <ul>
            {values.map(({ value, count }) => (
              <li key={value}>
                <button
                  type="button"
                  className="facet-value"
                  title={`Only lines with ${label} = ${value}`}
                  onClick={() => {
                    navigateSearch({ q: withFilter(query, label, value, true) })
                    refresh()
                  }}
                >
                  <span className="facet-text">{value}</span>
                  <span className="number">{formatValue(count, PLAIN)}</span>
                </button>
              </li>
            ))}
            {others > 0 && <li className="facet-others">and {others} more values</li>}
          </ul>
        </details>
      ))}
    </section>
  )
}

import type { FoundTrace } from '@vantage/api/client'
import { formatInstant, formatMs, formatValue, PLAIN, type Zone } from '@vantage/charts'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigateSearch, useSearch } from '../app/router.ts'
import { ExploreModes } from '../explore/modes.tsx'
import { NoMatches } from '../explore/no-matches.tsx'
import { QueryLine } from '../explore/query-line.tsx'
import { steppedRange } from '../explore/range-steps.ts'
import { type Asked, useAsked } from '../explore/use-asked.ts'
import { useLiveRefresh } from '../explore/use-live-refresh.ts'
import { Choice } from '../parts/choice.tsx'
import { rangeOf, timeStateOf, useTimeMemory } from '../time/time-store.ts'
import { serviceSlot } from './service-slot.ts'

const DEFAULT_QUERY = '{}'
const TRACES_MAX = 100

const SORTS = ['newest', 'slowest', 'errors'] as const
type Sort = (typeof SORTS)[number]

/** Explore › Traces: find traces by TraceQL, see how long they took, open one. */
export default function TracesPage() {
  const search = useSearch()
  const query = search.get('q') ?? DEFAULT_QUERY
  const asked = search.get('sort') as Sort
  const sort = SORTS.includes(asked) ? asked : 'newest'
  const time = timeStateOf(search)
  const { nowMs } = useTimeMemory()
  const range = steppedRange(rangeOf(time, nowMs))
  const key = query.trim() === '' ? undefined : JSON.stringify([query, range])
  const traces = useAsked(key, (signal) => client.searchTraces(query, range.startMs, range.endMs, TRACES_MAX, signal))
  useLiveRefresh(time.isLive, range)
  return (
    <div className="explore traces">
      <div className="page-head">
        <h1>Explore traces</h1>
        <ExploreModes />
        <div className="tools">
          <Choice
            label="Order"
            value={sort}
            options={[
              { value: 'newest', label: 'Newest' },
              { value: 'slowest', label: 'Slowest' },
              { value: 'errors', label: 'Errors' },
            ]}
            onChoose={(value) => navigateSearch({ sort: value === 'newest' ? null : value })}
          />
        </div>
      </div>
      <section className="card queries" aria-label="Query">
        <QueryLine
          label="TraceQL query"
          text={query}
          placeholder="TraceQL, e.g. { resource.service.name = &quot;checkout&quot; && duration > 200ms }"
          fault={traces.fault}
        />
      </section>
      <Found traces={traces} sort={sort} zone={time.zone} />
    </div>
  )
}

function Found({
  traces,
  sort,
  zone,
}: {
  readonly traces: Asked<readonly FoundTrace[]>
  readonly sort: Sort
  readonly zone: Zone
}) {
  const { answer } = traces
  if (answer === undefined) return <div className="skeleton page-skeleton" aria-busy={traces.isLoading} />
  if (answer.length === 0) {
    return (
      <NoMatches one="trace" signal="traces">
        A wider time or a shorter query finds more.
      </NoMatches>
    )
  }
  const longest = Math.max(1, ...answer.map((one) => one.durationMs))
  return (
    <section className="card trace-list" aria-labelledby="found-title" aria-busy={traces.isLoading}>
      <div className="card-head">
        <h2 id="found-title">Traces</h2>
        <span className="aside">
          {answer.length < TRACES_MAX
            ? `${formatValue(answer.length, PLAIN)} traces`
            : `the newest ${TRACES_MAX} that match; narrow the query or the time for others`}
        </span>
      </div>
      <section className="table-scroll" aria-label="Traces that match">
        <table>
          <thead>
            <tr>
              <th scope="col">Start</th>
              <th scope="col">Root</th>
              <th scope="col">Duration</th>
              <th scope="col" className="number">
                Spans
              </th>
              <th scope="col" className="number">
                Errors
              </th>
              <th scope="col">Services</th>
            </tr>
          </thead>
          <tbody>
            {sorted(answer, sort).map((trace) => (
              <TraceRow key={trace.traceId} trace={trace} longest={longest} zone={zone} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

function TraceRow({
  trace,
  longest,
  zone,
}: {
  readonly trace: FoundTrace
  readonly longest: number
  readonly zone: Zone
}) {
  const { spans, errors } = sums(trace)
  return (
    <tr>
      <td className="trace-start">{formatInstant(Number(trace.startNs / 1_000_000n), zone).slice(5, 19)}</td>
      <td className="trace-root">
        <Link to={`/trace/${trace.traceId}`}>
          <strong>{trace.rootService}</strong> {trace.rootName}
        </Link>
      </td>
      <td className="trace-duration">
        <span className="duration-bar" aria-hidden="true">
          <span style={{ width: `${Math.max(1, (trace.durationMs / longest) * 100)}%` }} data-failed={errors > 0} />
        </span>
        {formatMs(trace.durationMs)}
      </td>
      <td className="number">{spans}</td>
      <td className="number">{errors > 0 ? <span className="badge critical">{errors}</span> : '0'}</td>
      <td className="trace-services">
        {trace.services.map(({ name, spans: count }) => (
          <span key={name} className="service-chip" title={`${count} spans`}>
            <span className="service-mark" data-slot={serviceSlot(name)} aria-hidden="true" />
            {name}
          </span>
        ))}
      </td>
    </tr>
  )
}

function sums(trace: FoundTrace): { readonly spans: number; readonly errors: number } {
  return trace.services.reduce((sum, one) => ({ spans: sum.spans + one.spans, errors: sum.errors + one.errors }), {
    spans: 0,
    errors: 0,
  })
}

function sorted(traces: readonly FoundTrace[], sort: Sort): readonly FoundTrace[] {
  const newest = (a: FoundTrace, b: FoundTrace) => (a.startNs < b.startNs ? 1 : a.startNs > b.startNs ? -1 : 0)
  if (sort === 'slowest') return [...traces].sort((a, b) => b.durationMs - a.durationMs || newest(a, b))
  if (sort === 'errors') return [...traces].sort((a, b) => sums(b).errors - sums(a).errors || newest(a, b))
  return [...traces].sort(newest)
}

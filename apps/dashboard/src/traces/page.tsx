import type { FoundTrace } from '@vantage/api/client'
import { formatInstant, formatMs, type Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { GitCompareArrows } from 'lucide-react'
import { useId } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { useNavigate, useSearch } from '../app/router.ts'
import { useRowKeys } from '../app/use-row-keys.ts'
import { CulpritList, useCulprits } from '../explore/culprits.tsx'
import { ExploreModes } from '../explore/modes.tsx'
import { NoMatches } from '../explore/no-matches.tsx'
import { QueryLine } from '../explore/query-line.tsx'
import { type Asked, useAsked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Choice } from '../parts/choice.tsx'
import { traceVariants } from './empty-reason.ts'
import { GroupsCard } from './groups-card.tsx'
import { isWithin, PICKS_MAX, type Region, regionOf, startMsOf, withPick } from './region.ts'
import { RegionDifference } from './region-difference.tsx'
import { RootName } from './root-name.tsx'
import { ScatterCard } from './scatter-card.tsx'
import { serviceSlot } from './service-slot.ts'

const DEFAULT_QUERY = '{}'
const TRACES_MAX = 500
/** Of a trace, in its row: as many as fit beside the other columns. */
const SERVICES_SHOWN_MAX = 4

const SORTS = ['newest', 'slowest', 'errors'] as const
type Sort = (typeof SORTS)[number]

/** Explore › Traces: find traces by TraceQL, see how long they took, open one. */
export default function TracesPage() {
  useRowKeys('.trace-list tbody tr')
  const search = useSearch()
  const navigate = useNavigate()
  const query = search.get('q') ?? DEFAULT_QUERY
  const asked = search.get('sort') as Sort
  const sort = SORTS.includes(asked) ? asked : 'newest'
  const { range, zone } = usePageRange()
  const key = query.trim() === '' ? undefined : JSON.stringify([query, range])
  const traces = useAsked(key, (signal) => client.searchTraces(query, range.startMs, range.endMs, TRACES_MAX, signal))
  const region = regionOf(search.get('region'))
  const picks = search.getAll('pick').slice(0, PICKS_MAX)
  return (
    <div className="explore traces">
      <div className="page-head">
        <ExploreModes signal="traces" />
        <div className="tools">
          <Choice
            label="Order"
            value={sort}
            options={[
              { value: 'newest', label: 'Newest' },
              { value: 'slowest', label: 'Slowest' },
              { value: 'errors', label: 'Errors' },
            ]}
            onChoose={(value) => navigate({ sort: value === 'newest' ? null : value })}
          />
        </div>
      </div>
      <section className="card queries" aria-label="Query">
        <QueryLine
          label="TraceQL query"
          language="traceql"
          range={range}
          text={query}
          placeholder="TraceQL, e.g. { resource.service.name = &quot;checkout&quot; && duration > 200ms }"
          asked={traces}
        />
      </section>
      {(traces.answer?.length ?? 0) > 0 && (
        <ScatterCard
          traces={traces.answer ?? []}
          isCut={(traces.answer?.length ?? 0) >= TRACES_MAX}
          region={region}
          range={range}
          zone={zone}
        />
      )}
      {region !== undefined && <RegionDifference query={query} region={region} range={range} />}
      <GroupsCard query={query} field={search.get('by') ?? ''} range={range} />
      <Found traces={traces} query={query} range={range} sort={sort} region={region} picks={picks} zone={zone} />
    </div>
  )
}

interface FoundProps {
  readonly traces: Asked<readonly FoundTrace[]>
  readonly query: string
  readonly range: TimeRange
  readonly sort: Sort
  readonly region: Region | undefined
  /** Traces that are to be compared. */
  readonly picks: readonly string[]
  readonly zone: Zone
}

function Found({ traces, query, range, sort, region, picks, zone }: FoundProps) {
  const titleId = useId()
  const { answer } = traces
  if (answer === undefined) return traces.isLoading ? <div className="skeleton page-skeleton" aria-busy="true" /> : null
  if (answer.length === 0) {
    return <NoTraces query={query} range={range} />
  }
  const longest = Math.max(1, ...answer.map((one) => one.durationMs))
  const shown = answer.filter((one) => region === undefined || isWithin(region, startMsOf(one), one.durationMs))
  return (
    <section className="card trace-list" aria-labelledby={titleId} aria-busy={traces.isLoading}>
      <div className="card-head">
        <h2 id={titleId}>Traces</h2>
        <span className="aside">{countText(shown.length, answer.length)}</span>
        <div className="tools">
          <CompareButton picks={picks} />
        </div>
      </div>
      <section className="table-scroll" aria-label="Traces that match">
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Compare</span>
              </th>
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
            {sorted(shown, sort).map((trace) => (
              <TraceRow key={trace.traceId} trace={trace} longest={longest} picks={picks} zone={zone} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

function NoTraces({ query, range: { startMs, endMs } }: Pick<FoundProps, 'query' | 'range'>) {
  const navigate = useNavigate()
  const culprits = useCulprits(query, traceVariants, async ({ countQuery }, signal) => {
    const answer = await client.searchTraces(countQuery, startMs, endMs, TRACES_MAX, signal)
    return answer.ok ? answer.value.length : 0
  })
  return (
    <NoMatches one="trace" signal="traces">
      Nothing in this time fulfils <span className="code">{query}</span>.
      <CulpritList culprits={culprits} one="trace" many="traces" onQuery={(q) => navigate({ q })} />
    </NoMatches>
  )
}

function countText(shown: number, found: number): string {
  const all = found < TRACES_MAX ? `${found} traces` : `the newest ${TRACES_MAX} that match`
  if (shown < found) return `${shown} selected of ${all}`
  return found < TRACES_MAX ? all : `${all}; narrow the query or the time for others`
}

function CompareButton({ picks }: { readonly picks: readonly string[] }) {
  const [first, second] = picks
  if (first === undefined || second === undefined) {
    return <span className="aside">{first === undefined ? 'pick two to compare' : 'pick another to compare'}</span>
  }
  return (
    <Link className="button small" to={`/trace/${first}/compare/${second}`}>
      <GitCompareArrows className="icon" aria-hidden="true" />
      Compare
    </Link>
  )
}

interface TraceRowProps {
  readonly trace: FoundTrace
  readonly longest: number
  readonly picks: readonly string[]
  readonly zone: Zone
}

function TraceRow({ trace, longest, picks, zone }: TraceRowProps) {
  const navigate = useNavigate()
  const { spans, errors } = sums(trace)
  const others = trace.services.slice(SERVICES_SHOWN_MAX)
  return (
    <tr>
      <td className="trace-pick">
        <label>
          <span className="visually-hidden">Compare {trace.traceId}</span>
          <input
            type="checkbox"
            checked={picks.includes(trace.traceId)}
            onChange={() => navigate({ pick: withPick(picks, trace.traceId) }, { replace: true })}
          />
        </label>
      </td>
      <td className="trace-start">{formatInstant(Number(trace.startNs / 1_000_000n), zone).slice(5, 19)}</td>
      <td className="trace-root">
        <Link to={`/trace/${trace.traceId}`} title={`${trace.rootService} ${trace.rootName}`}>
          <RootName of={trace} />
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
        {trace.services.slice(0, SERVICES_SHOWN_MAX).map(({ name, spans: count }) => (
          <span key={name} className="service-chip" title={`${count} spans`}>
            <span className="service-mark" data-slot={serviceSlot(name)} aria-hidden="true" />
            {name}
          </span>
        ))}
        {others.length > 0 && (
          <span className="service-chip" title={others.map(({ name }) => name).join(', ')}>
            {others.length} more
          </span>
        )}
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

import { formatValue, NO_DATA, PLAIN, type Zone } from '@vantage/charts'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { pathPart, usePath, useSearch } from '../app/router.ts'
import { type SteppedRange, steppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { useLiveRefresh } from '../explore/use-live-refresh.ts'
import { volumeQuery } from '../logs/log-model.ts'
import { VolumeChart } from '../logs/volume-chart.tsx'
import { Notice } from '../parts/notice.tsx'
import { rangeOf, timeStateOf, useTimeMemory } from '../time/time-store.ts'
import { ChangeList } from './change-list.tsx'
import { DifferenceCard } from './difference-card.tsx'
import { Change, NumberHeads, StateMark } from './figures.tsx'
import { ServiceChart } from './service-charts.tsx'
import {
  type DependencyRow,
  dependencyRows,
  NO_RED,
  type OperationRow,
  operationRows,
  type Red,
  redBy,
  STATE_RULE,
  stateOf,
} from './service-model.ts'
import { dependencyQuery, figuresQuery, latencyQuery, quoted, requestsQuery, timeQuery } from './service-queries.ts'
import { StarButton } from './star-button.tsx'
import { RATE, RATIO, SECONDS } from './units.ts'

const OPERATIONS_MAX = 20
const EVENTS_MAX = 20
/** Lines of the charts, with their places in the palette. */
const ENDS = { ok: 0, failed: 3 }
const QUANTILES = { p50: 0, p95: 1, p99: 3 }

interface PartProps {
  readonly service: string
  readonly range: SteppedRange
  readonly zone: Zone
}

/** One service: how it does, against the time before, and the ways to why. */
export default function ServicePage() {
  const service = pathPart(usePath(), 2)
  const time = timeStateOf(useSearch())
  const { nowMs } = useTimeMemory()
  const range = steppedRange(rangeOf(time, nowMs))
  useLiveRefresh(time.isLive, range)
  const part: PartProps = { service, range, zone: time.zone }
  return (
    <div className="service">
      <Head {...part} />
      <Charts {...part} />
      <div className="service-columns">
        <Operations {...part} />
        <div className="service-side">
          <DifferenceCard service={service} range={range} />
          <Dependencies {...part} />
          <Changes {...part} />
        </div>
      </div>
    </div>
  )
}

function keyOf({ service, range }: PartProps): string {
  return JSON.stringify([service, range])
}

function Head(part: PartProps) {
  const { service, range } = part
  const spanMs = range.endMs - range.startMs
  const ask = (offsetMs: number) => (signal: AbortSignal) =>
    client.queryInstant(figuresQuery(spanMs, offsetMs, 'service', service), range.endMs, signal)
  const asked = useAsked(keyOf(part), ask(0))
  const askedBefore = useAsked(keyOf(part), ask(spanMs))
  const now = redBy(asked.answer, 'service').get(service) ?? NO_RED
  const before = redBy(askedBefore.answer, 'service').get(service)
  return (
    <>
      <div className="page-head">
        <h1>{service}</h1>
        {asked.answer !== undefined && (
          <span title={STATE_RULE}>
            <StateMark state={stateOf(now, before)} />
          </span>
        )}
        <div className="tools">
          <StarButton service={service} />
          <Link
            className="button"
            to="/explore/traces"
            params={{ q: `{ resource.service.name = ${quoted(service)} }` }}
          >
            Traces
          </Link>
          <Link className="button" to="/explore/logs" params={{ q: `{service_name=${quoted(service)}}` }}>
            Logs
          </Link>
          <Link className="button" to="/explore/metrics" params={{ a: `{service_name=${quoted(service)}}` }}>
            Metrics
          </Link>
        </div>
      </div>
      {asked.fault !== undefined && <Notice kind="critical">{asked.fault.message}</Notice>}
      <Figures now={now} before={before} isLoading={asked.isLoading} />
    </>
  )
}

interface FiguresProps {
  readonly now: Red
  readonly before: Red | undefined
  readonly isLoading: boolean
}

function Figures({ now, before, isLoading }: FiguresProps) {
  const errors = Number.isNaN(now.errorShare) ? NO_DATA : formatValue(now.errorShare, RATIO)
  const figures = [
    { name: 'Requests/s', text: formatValue(now.rate, PLAIN), now: now.rate, before: before?.rate, isGood: undefined },
    { name: 'Errors', text: errors, now: now.errorShare, before: before?.errorShare, isGood: false },
    { name: 'p50', text: formatValue(now.p50, SECONDS), now: now.p50, before: before?.p50, isGood: false },
    { name: 'p95', text: formatValue(now.p95, SECONDS), now: now.p95, before: before?.p95, isGood: false },
    { name: 'p99', text: formatValue(now.p99, SECONDS), now: now.p99, before: before?.p99, isGood: false },
  ]
  return (
    <section className="card service-figures" aria-label="Figures" aria-busy={isLoading}>
      <dl>
        {figures.map((one) => (
          <div key={one.name}>
            <dt>{one.name}</dt>
            <dd>
              <span className="number">{one.text}</span> <Change {...one} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="service-rule">Changes are against the time before, just as long.</p>
    </section>
  )
}

function Charts(part: PartProps) {
  const { service, range, zone } = part
  const { stepMs } = range
  const requests = useAsked(keyOf(part), (signal) =>
    client.queryRange({ query: requestsQuery(service, stepMs), ...range }, signal),
  )
  const latency = useAsked(keyOf(part), (signal) =>
    client.queryRange({ query: latencyQuery(service, stepMs), ...range }, signal),
  )
  const lines = `{service_name=${quoted(service)}}`
  const volume = useAsked(keyOf(part), (signal) =>
    client.logMetric({ query: volumeQuery(lines, stepMs), ...range }, stepMs, signal),
  )
  return (
    <div className="service-charts">
      <ServiceChart
        {...{ title: 'Requests by how they ended', asked: requests, range, zone, unit: RATE, mode: 'area' }}
        label="end"
        slots={ENDS}
      />
      <ServiceChart
        {...{ title: 'Latency', asked: latency, range, zone, unit: SECONDS, mode: 'line' }}
        label="quantile"
        slots={QUANTILES}
      />
      <section className="card log-volume" aria-labelledby="service-volume" aria-busy={volume.isLoading}>
        <div className="card-head">
          <h2 id="service-volume">Log lines by level</h2>
        </div>
        <VolumeChart answer={volume.answer} range={range} zone={zone} />
      </section>
    </div>
  )
}

function Operations(part: PartProps) {
  const { service, range } = part
  const spanMs = range.endMs - range.startMs
  const figures = useAsked(keyOf(part), (signal) =>
    client.queryInstant(figuresQuery(spanMs, 0, 'span_name', service), range.endMs, signal),
  )
  const time = useAsked(keyOf(part), (signal) => client.queryInstant(timeQuery(service, spanMs), range.endMs, signal))
  const rows = operationRows(figures.answer, time.answer)
  return (
    <section className="card" aria-labelledby="operations-title" aria-busy={figures.isLoading}>
      <div className="card-head">
        <h2 id="operations-title">Operations</h2>
        <span className="aside">
          {rows.length > OPERATIONS_MAX
            ? `the ${OPERATIONS_MAX} of ${rows.length} that take most`
            : 'by the time they take'}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" aria-label="Operations and their figures" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <NumberHeads names={['Time', 'Requests/s', 'Errors', 'p50', 'p95']} />
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, OPERATIONS_MAX).map((row) => (
              <Operation key={row.name} row={row} service={service} />
            ))}
          </tbody>
        </table>
      </section>
      {rows.length === 0 && <p className="service-none">No requests in this time.</p>}
    </section>
  )
}

function Operation({
  row: { name, red, timeShare },
  service,
}: {
  readonly row: OperationRow
  readonly service: string
}) {
  const query = `{ resource.service.name = ${quoted(service)} && name = ${quoted(name)} }`
  return (
    <tr>
      <th scope="row" className="service-name">
        <Link to="/explore/traces" params={{ q: query, sort: 'slowest' }}>
          {name}
        </Link>
      </th>
      <td className="number">{formatValue(timeShare, RATIO)}</td>
      <td className="number">{formatValue(red.rate, PLAIN)}</td>
      <td className="number">{Number.isNaN(red.errorShare) ? NO_DATA : formatValue(red.errorShare, RATIO)}</td>
      <td className="number">{formatValue(red.p50, SECONDS)}</td>
      <td className="number">{formatValue(red.p95, SECONDS)}</td>
    </tr>
  )
}

function Dependencies(part: PartProps) {
  const { service, range } = part
  const asked = useAsked(keyOf(part), (signal) =>
    client.queryInstant(dependencyQuery(service, range.endMs - range.startMs), range.endMs, signal),
  )
  const rows = dependencyRows(asked.answer)
  const group = (title: string, side: string) => {
    const mine = rows.filter((row) => row.side === side)
    return mine.length === 0 ? null : <DependencyList title={title} rows={mine} />
  }
  return (
    <section className="card service-dependencies" aria-labelledby="dependencies-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="dependencies-title">Dependencies</h2>
        <div className="tools">
          <Link to="/map" params={{ node: service, hops: '1' }}>
            Map
          </Link>
        </div>
      </div>
      {group('Called by', 'client')}
      {group('Calls', 'server')}
      {rows.length === 0 && <p className="service-none">No calls between services in this time.</p>}
    </section>
  )
}

function DependencyList({ title, rows }: { readonly title: string; readonly rows: readonly DependencyRow[] }) {
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {rows.map(({ service, rate, errorShare }) => (
          <li key={service}>
            <Link to={`/services/${encodeURIComponent(service)}`}>{service}</Link>
            <span className="number">{formatValue(rate, RATE)}</span>
            {errorShare > 0 && <span className="badge critical">{formatValue(errorShare, RATIO)} errors</span>}
          </li>
        ))}
      </ul>
    </>
  )
}

function Changes(part: PartProps) {
  const { service, range, zone } = part
  const asked = useAsked(keyOf(part), (signal) => client.events(range, service, EVENTS_MAX, signal))
  const events = asked.answer ?? []
  return (
    <section className="card service-changes" aria-labelledby="changes-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="changes-title">Changes</h2>
      </div>
      <ChangeList events={events} zone={zone} hasService={false} />
      {asked.fault !== undefined && <p className="service-fault">{asked.fault.message}</p>}
      {events.length === 0 && asked.fault === undefined && <p className="service-none">None in this time.</p>}
    </section>
  )
}

import { formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import type { Panel } from '@vantage/model/dashboards'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { pathPart, usePath } from '../app/router.ts'
import type { Choices } from '../dashboards/fill.ts'
import { panelRange } from '../dashboards/panel-answer.ts'
import { PanelGrid } from '../dashboards/panel-grid.tsx'
import { UNITS } from '../dashboards/units.ts'
import { useDashboard } from '../dashboards/use-dashboard.ts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Faults } from '../parts/faults.tsx'
import { NumberHeads } from '../services/figures.tsx'
import { rateWindowMs } from '../services/service-queries.ts'
import { RATE, RATIO, SECONDS } from '../services/units.ts'
import { type GroupRow, groupQueries, groupRows } from '../traces/groups-model.ts'
import { withCondition } from '../traces/traceql.ts'
import { type HostRow, hostRows, namesOfHost, type ProcessRow, processRows } from './host-model.ts'
import { HostMark } from './host-parts.tsx'
import { HOST_FACTS_QUERY, hostFiguresQuery, hostLines, hostSpans, processesQuery } from './host-queries.ts'

/** The dashboard whose panels show a host, and its variable. */
const BOARD = 'host'
const VARIABLE = 'host'
const PROCESSES_MAX = 50
const LINES_MAX = 100
const SERVICE_FIELD = 'resource.service.name'

interface PartProps {
  readonly names: readonly string[]
  readonly range: SteppedRange
}

/** One host: how much of it is used, by which processes, which services run there, and what they write. */
export default function HostPage() {
  const name = pathPart(usePath(), 2)
  const { range, zone } = usePageRange('overview')
  const { host, isKnown, isLoading, asked } = useHost(name, range)
  const nodename = host?.nodename ?? ''
  const names = useMemo(() => namesOfHost(name, nodename), [name, nodename])
  const { startMs, endMs } = panelRange('time-series', range)
  const context = useMemo(() => {
    const choices: Choices = new Map([[VARIABLE, names]])
    return { choices, range: { startMs, endMs }, zone }
  }, [names, startMs, endMs, zone])
  return (
    <div className="service host">
      <Head name={name} host={host} isKnown={isKnown} />
      <Faults of={asked} />
      {/* Names of a host follow from what it says of itself; asking before that is known would ask twice. */}
      {(isKnown || !isLoading) && (
        <>
          <Panels names={names} context={context} />
          <div className="service-columns">
            <Processes names={names} range={range} />
            <Services names={names} range={range} />
          </div>
        </>
      )}
    </div>
  )
}

function useHost(name: string, range: SteppedRange) {
  const key = JSON.stringify([name, range.endMs])
  const figures = hostFiguresQuery(rateWindowMs(0), [name])
  const now = useAsked(key, (signal) => client.queryInstant(figures, range.endMs, signal))
  const facts = useAsked(key, (signal) =>
    client.queryInstant(`${HOST_FACTS_QUERY}{instance=${JSON.stringify(name)}}`, range.endMs, signal),
  )
  const host = hostRows({ now: now.answer, trend: undefined, facts: facts.answer, range }).find(
    (one) => one.name === name,
  )
  const isKnown = now.answer !== undefined && facts.answer !== undefined
  return { host, isKnown, isLoading: now.isLoading || facts.isLoading, asked: { Figures: now, System: facts } }
}

interface HeadProps {
  readonly name: string
  readonly host: HostRow | undefined
  readonly isKnown: boolean
}

function Head({ name, host, isKnown }: HeadProps) {
  const facts = [
    host?.nodename === name ? '' : (host?.nodename ?? ''),
    host?.system ?? '',
    host === undefined || Number.isNaN(host.now.cores)
      ? ''
      : host.now.cores === 1
        ? '1 core'
        : `${host.now.cores} cores`,
    host === undefined || Number.isNaN(host.now.uptime) ? '' : `up ${formatValue(host.now.uptime, SECONDS)}`,
  ]
  return (
    <div className="page-head">
      <h1>{name}</h1>
      {isKnown && <HostMark state={host?.state ?? 'silent'} />}
      <span className="aside host-system">{facts.filter(Boolean).join(' · ')}</span>
      <div className="tools">
        <Link className="button" to={`/d/${BOARD}`}>
          All hosts in one
        </Link>
      </div>
    </div>
  )
}

interface PanelsProps {
  readonly names: readonly string[]
  readonly context: Parameters<typeof PanelGrid>[0]['context']
}

function Panels({ names, context }: PanelsProps) {
  const asked = useDashboard(BOARD)
  const { answer } = asked
  const panels = useMemo(() => [...(answer?.panels ?? []), linesPanel(answer?.panels ?? [], names)], [answer, names])
  if (answer === undefined) {
    if (asked.isLoading) return <div className="skeleton page-skeleton" aria-busy="true" />
    return <Faults of={{ 'The panels of hosts cannot be shown': asked }} />
  }
  return <PanelGrid panels={panels} context={context} />
}

/** Log lines stand below all panels of the dashboard. */
function linesPanel(panels: readonly Panel[], names: readonly string[]): Panel {
  return {
    id: 'host-lines',
    kind: 'logs',
    title: 'Log lines of this host',
    description: 'Lines whose resource names it: host.name.',
    empty: 'No lines of this host in this time.',
    place: { x: 0, y: Math.max(0, ...panels.map(({ place }) => place.y + place.height)), width: 24, height: 7 },
    unit: 'none',
    rows: LINES_MAX,
    queries: [{ language: 'logql', text: hostLines(names), legend: '', tone: 'neutral' }],
  }
}

function Processes({ names, range }: PartProps) {
  const query = processesQuery(names, rateWindowMs(0))
  const asked = useAsked(JSON.stringify([query, range.endMs]), (signal) =>
    client.queryInstant(query, range.endMs, signal),
  )
  const rows = processRows(asked.answer)
  return (
    <section className="card host-processes" aria-labelledby="processes-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="processes-title">Processes</h2>
        <span className="aside">
          {rows.length > PROCESSES_MAX ? `the ${PROCESSES_MAX} of ${rows.length} that use most` : 'by what they use'}
        </span>
      </div>
      <Faults of={{ 'The processes': asked }} />
      {rows.length === 0 ? (
        asked.answer !== undefined && (
          <p className="service-none">
            No process says that it runs here (process metrics with its instance or host.name).
          </p>
        )
      ) : (
        <ProcessTable rows={rows.slice(0, PROCESSES_MAX)} />
      )}
    </section>
  )
}

function ProcessTable({ rows }: { readonly rows: readonly ProcessRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll" aria-label="Processes and what they use" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Process</th>
            <NumberHeads names={['Processor', 'Memory', 'Threads', 'Open files']} />
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, detail, service, now }) => (
            <tr key={key}>
              <th scope="row" className="service-name">
                {service === '' ? name : <Link to={`/services/${encodeURIComponent(service)}`}>{name}</Link>}{' '}
                <span className="host-nodename">{detail}</span>
              </th>
              <td className="number">{formatValue(now.cpu, UNITS.cores)}</td>
              <td className="number">{formatValue(now.memory, UNITS.bytes)}</td>
              <td className="number">{formatValue(now.threads, PLAIN)}</td>
              <td className="number">{formatValue(now.files, PLAIN)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Services({ names, range }: PartProps) {
  const spans = hostSpans(names)
  const { rate, errors, latency } = groupQueries(spans, SERVICE_FIELD, withCondition(spans, 'status = error'))
  const key = (query: string) => JSON.stringify([query, range.startMs, range.endMs])
  const rates = useAsked(key(rate), (signal) => client.traceMetric(rate, range, signal))
  const failed = useAsked(key(errors), (signal) => client.traceMetric(errors, range, signal))
  const times = useAsked(key(latency), (signal) => client.traceMetric(latency, range, signal))
  const rows = groupRows(SERVICE_FIELD, rates.answer ?? [], failed.answer ?? [], times.answer ?? [])
  return (
    <section className="card host-services" aria-labelledby="host-services-title" aria-busy={rates.isLoading}>
      <div className="card-head">
        <h2 id="host-services-title">Services that run here</h2>
        <div className="tools">
          <Link to="/explore/traces" params={{ q: spans }}>
            Traces
          </Link>
        </div>
      </div>
      <Faults of={{ 'Spans a second': rates, Errors: failed, Durations: times }} />
      {rates.answer !== undefined && rows.length === 0 && (
        <p className="service-none">No span names this host (resource attribute host.name) in this time.</p>
      )}
      {rows.length > 0 && <ServiceTable rows={rows} />}
    </section>
  )
}

function ServiceTable({ rows }: { readonly rows: readonly GroupRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll" aria-label="Services of this host" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <NumberHeads names={['Spans', 'Errors', 'p95']} />
          </tr>
        </thead>
        <tbody>
          {rows.map(({ value, rate, errors, p95Ms }) => (
            <tr key={value}>
              <th scope="row" className="service-name">
                <Link to={`/services/${encodeURIComponent(value)}`}>{value}</Link>
              </th>
              <td className="number">{formatValue(rate, RATE)}</td>
              <td className="number">{formatValue(errors, RATIO)}</td>
              <td className="number">{Number.isNaN(p95Ms) ? NO_DATA : formatValue(p95Ms / 1_000, SECONDS)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

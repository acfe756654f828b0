import { formatValue } from '@vantage/charts'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { ChangeList } from './change-list.tsx'
import { DifferenceCard } from './difference-card.tsx'
import { OperationTable, useOperations } from './operation-table.tsx'
import { OverviewPanels } from './panel-tabs.tsx'
import { PatternsCard } from './patterns-card.tsx'
import { type DependencyRow, dependencyRows } from './service-model.ts'
import { dependencyQuery } from './service-queries.ts'
import { partKey, type ServicePartProps, tabPath } from './service-tabs.ts'
import { RATE, RATIO } from './units.ts'
import { useServiceEvents } from './use-service-events.ts'

const OPERATIONS_MAX = 20

/** How a service does, what takes its time, and the ways to why. */
export function OverviewTab(part: ServicePartProps) {
  const events = useServiceEvents(part)
  return (
    <>
      <OverviewPanels {...part} events={events.answer} />
      <div className="service-columns">
        <div className="service-side">
          <Operations {...part} />
          <PatternsCard {...part} />
        </div>
        <div className="service-side">
          <DifferenceCard {...part} />
          <Dependencies {...part} />
          <Changes asked={events} zone={part.zone} />
        </div>
      </div>
    </>
  )
}

function Operations(part: ServicePartProps) {
  const { rows, asked, isKnown, isLoading } = useOperations(part)
  return (
    <section className="card" aria-labelledby="operations-title" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="operations-title">Operations</h2>
        <span className="aside">
          {rows.length > OPERATIONS_MAX
            ? `the ${OPERATIONS_MAX} of ${rows.length} that take most`
            : 'by the time they take'}
        </span>
        <div className="tools">
          <Link to={tabPath(part.service, 'operations')}>All operations</Link>
        </div>
      </div>
      <Faults of={asked} />
      <OperationTable rows={rows.slice(0, OPERATIONS_MAX)} service={part.service} />
      {isKnown && rows.length === 0 && <p className="service-none">No requests in this time.</p>}
    </section>
  )
}

function Dependencies(part: ServicePartProps) {
  const { service, range } = part
  const asked = useAsked(partKey(part), (signal) =>
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
      <Faults of={{ 'The calls': asked }} />
      {group('Called by', 'client')}
      {group('Calls', 'server')}
      {asked.answer !== undefined && rows.length === 0 && (
        <p className="service-none">No calls between services in this time.</p>
      )}
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

interface ChangesProps {
  readonly asked: ReturnType<typeof useServiceEvents>
  readonly zone: ServicePartProps['zone']
}

function Changes({ asked, zone }: ChangesProps) {
  const { answer: events, isLoading } = asked
  return (
    <section className="card service-changes" aria-labelledby="changes-title" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="changes-title">Changes</h2>
      </div>
      <ChangeList events={events ?? []} zone={zone} hasService={false} />
      <Faults of={{ 'The changes': asked }} />
      {events?.length === 0 && <p className="service-none">None in this time.</p>}
    </section>
  )
}

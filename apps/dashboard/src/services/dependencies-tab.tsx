import { formatValue, NO_DATA } from '@vantage/charts'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { useRowKeys } from '../app/use-row-keys.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { NumberHeads } from './figures.tsx'
import { type DependencyRow, dependencyRows } from './service-model.ts'
import { dependencyQuery, quoted } from './service-queries.ts'
import { partKey, type ServicePartProps, tabPath } from './service-tabs.ts'
import { RATE, RATIO, SECONDS } from './units.ts'

/** Who calls a service, and whom it calls: how often, how well, how long. */
export default function DependenciesTab(part: ServicePartProps) {
  useRowKeys('.service tbody tr')
  const { service, range } = part
  const asked = useAsked(partKey(part), (signal) =>
    client.queryInstant(dependencyQuery(service, range.endMs - range.startMs), range.endMs, signal),
  )
  const rows = dependencyRows(asked.answer)
  const group = (title: string, side: string) => {
    return (
      <Calls
        title={title}
        service={service}
        rows={asked.answer && rows.filter((row) => row.side === side)}
        isBusy={asked.isLoading}
      />
    )
  }
  return (
    <>
      <Faults of={{ 'The calls': asked }} />
      {group('Called by', 'client')}
      {group('Calls', 'server')}
      <p className="service-none">
        <Link to="/map" params={{ node: service, hops: '1' }}>
          Its place on the map
        </Link>
      </p>
    </>
  )
}

interface CallsProps {
  readonly title: string
  readonly service: string
  /** Undefined until they are known. */
  readonly rows: readonly DependencyRow[] | undefined
  readonly isBusy: boolean
}

function Calls({ title, service, rows, isBusy }: CallsProps) {
  return (
    <section className="card" aria-label={title} aria-busy={isBusy}>
      <div className="card-head">
        <h2>{title}</h2>
        <span className="aside">{rows?.length}</span>
      </div>
      {rows?.length === 0 && <p className="service-none">No calls in this time.</p>}
      {rows !== undefined && rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
        <section className="table-scroll" aria-label={`${title}: figures`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Service</th>
                <NumberHeads names={['Calls', 'Errors', 'p95']} />
                <th scope="col">Traces</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Call key={row.service} row={row} service={service} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}

function Call({ row, service }: { readonly row: DependencyRow; readonly service: string }) {
  const { service: other, side, rate, errorShare, p95 } = row
  const [caller, called] = side === 'client' ? [other, service] : [service, other]
  const query = `{ resource.service.name = ${quoted(caller)} } >> { resource.service.name = ${quoted(called)} }`
  return (
    <tr>
      <th scope="row" className="service-name">
        <Link to={tabPath(other, 'overview')}>{other}</Link>
      </th>
      <td className="number">{formatValue(rate, RATE)}</td>
      <td className="number">{Number.isNaN(errorShare) ? NO_DATA : formatValue(errorShare, RATIO)}</td>
      <td className="number">{formatValue(p95, SECONDS)}</td>
      <td>
        <Link to="/explore/traces" params={{ q: query, sort: 'slowest' }}>
          Over this call
        </Link>
      </td>
    </tr>
  )
}

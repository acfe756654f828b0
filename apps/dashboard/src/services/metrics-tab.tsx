import { formatValue, PLAIN } from '@vantage/charts'
import { useEffect, useMemo } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigateSearch, useSearch } from '../app/router.ts'
import { useRowKeys } from '../app/use-row-keys.ts'
import { loadCatalogue, searchCatalogue, useCatalogue } from '../explore/catalogue.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { FindField } from '../parts/find-field.tsx'
import { NoneCalled } from '../parts/nothing.tsx'
import { NumberHeads } from './figures.tsx'
import { type ServiceMetric, serviceMetrics } from './service-metrics.ts'
import { quoted } from './service-queries.ts'
import { partKey, type ServicePartProps } from './service-tabs.ts'

const ROWS_MAX = 500

/** Every metric that a service sends, with its type and its number of series. */
export default function MetricsTab(part: ServicePartProps) {
  useRowKeys('.service tbody tr')
  const { service, range } = part
  const find = useSearch().get('find') ?? ''
  const catalogue = useCatalogue()
  useEffect(loadCatalogue, [])
  const query = `count by (__name__) ({service_name=${quoted(service)}})`
  const counts = useAsked(partKey(part), (signal) => client.queryInstant(query, range.endMs, signal))
  const all = useMemo(
    () => serviceMetrics(counts.answer, catalogue.metrics, service),
    [counts.answer, catalogue.metrics, service],
  )
  const names = new Set(searchCatalogue(all, find).map(({ name }) => name))
  const shown = all.filter(({ name }) => names.has(name))
  return (
    <section className="card" aria-labelledby="metrics-title" aria-busy={counts.isLoading}>
      <div className="card-head">
        <h2 id="metrics-title">Metrics</h2>
        <span className="aside">{shown.length > ROWS_MAX ? `${ROWS_MAX} of ${shown.length}` : `${shown.length}`}</span>
        <div className="tools">
          <FindField label="Find a metric" look="small-field" />
        </div>
      </div>
      <Faults of={{ 'Its metrics': counts }} />
      {shown.length > 0 && <MetricTable metrics={shown.slice(0, ROWS_MAX)} />}
      {counts.answer !== undefined && all.length === 0 && (
        <p className="service-none">It sends no metrics of its own (label service_name) in this time.</p>
      )}
      {all.length > 0 && shown.length === 0 && (
        <NoneCalled one="metric" find={find} total={all.length} onDrop={() => navigateSearch({ find: null })} />
      )}
    </section>
  )
}

function MetricTable({ metrics }: { readonly metrics: readonly ServiceMetric[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll" aria-label="Metrics of this service" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">Type</th>
            <NumberHeads names={['Series']} />
            <th scope="col">What it says</th>
          </tr>
        </thead>
        <tbody>
          {metrics.map(({ name, type, series, help, query }) => (
            <tr key={name}>
              <th scope="row" className="service-name code">
                <Link to="/explore/metrics" params={{ a: query }}>
                  {name}
                </Link>
              </th>
              <td>{type}</td>
              <td className="number">{formatValue(series, PLAIN)}</td>
              <td className="cell" title={help}>
                {help}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

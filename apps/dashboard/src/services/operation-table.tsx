import { formatValue, PLAIN } from '@vantage/charts'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { useAsked } from '../explore/use-asked.ts'
import { ErrorsCell, NumberHeads, Trend } from './figures.tsx'
import { type OperationRow, operationRows } from './service-model.ts'
import { figuresQuery, quoted, timeQuery, trendQuery, trendStepMs } from './service-queries.ts'
import { partKey, type ServicePartProps } from './service-tabs.ts'
import { RATIO, SECONDS } from './units.ts'

/** Operations of a service by the time they take, most first. */
export function useOperations(part: ServicePartProps) {
  const { service, range } = part
  const spanMs = range.endMs - range.startMs
  const figures = useAsked(partKey(part), (signal) =>
    client.queryInstant(figuresQuery(spanMs, 0, 'span_name', service), range.endMs, signal),
  )
  const time = useAsked(partKey(part), (signal) => client.queryInstant(timeQuery(service, spanMs), range.endMs, signal))
  const stepMs = trendStepMs(spanMs)
  const trend = useAsked(partKey(part), (signal) =>
    client.queryRange({ query: trendQuery(stepMs, 'span_name', service), ...range, stepMs }, signal),
  )
  const rows = operationRows(figures.answer, time.answer, trend.answer, range)
  const asked = { Figures: figures, 'Time consumed': time, Trends: trend }
  return { rows, asked, isKnown: figures.answer !== undefined, isLoading: figures.isLoading }
}

interface OperationTableProps {
  readonly rows: readonly OperationRow[]
  readonly service: string
}

/** Each leads to its slowest traces. */
export function OperationTable({ rows, service }: OperationTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll" aria-label="Operations and their figures" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col">Trend</th>
            <NumberHeads names={['Requests/s', 'Errors', 'p50', 'p95', 'p99']} />
            <th scope="col">Time consumed</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Operation key={row.name} row={row} service={service} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface OperationProps {
  readonly row: OperationRow
  readonly service: string
}

function Operation({ row: { name, red, timeShare, trend }, service }: OperationProps) {
  const query = `{ resource.service.name = ${quoted(service)} && name = ${quoted(name)} }`
  return (
    <tr>
      <th scope="row" className="service-name">
        <Link to="/explore/traces" params={{ q: query, sort: 'slowest' }}>
          {name}
        </Link>
      </th>
      <td>
        <Trend values={trend} />
      </td>
      <td className="number">{formatValue(red.rate, PLAIN)}</td>
      <ErrorsCell red={red} />
      <td className="number">{formatValue(red.p50, SECONDS)}</td>
      <td className="number">{formatValue(red.p95, SECONDS)}</td>
      <td className="number">{formatValue(red.p99, SECONDS)}</td>
      <td>
        <span className="service-time">
          <span className="service-time-bar" aria-hidden="true">
            <span style={{ width: `${timeShare * 100}%` }} />
          </span>
          <span className="number">{formatValue(timeShare, RATIO)}</span>
        </span>
      </td>
    </tr>
  )
}

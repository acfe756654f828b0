import type { ChangeEvent } from '@vantage/api/client'
import { formatInstant, formatValue, NO_DATA, type Zone } from '@vantage/charts'
import { useMemo } from 'react'
import { Link } from '../app/link.tsx'
import { navigateSearch, useSearch } from '../app/router.ts'
import { useRowKeys } from '../app/use-row-keys.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Choice } from '../parts/choice.tsx'
import { Faults } from '../parts/faults.tsx'
import { FindField } from '../parts/find-field.tsx'
import { NoneCalled, Nothing } from '../parts/nothing.tsx'
import { CHANGING, ErrorsCell, NumberHeads, P95Cell, RateCell, StateMark, Trend } from './figures.tsx'
import { type ServiceRow, type ServiceSort, SORTS, STATE_RULE, serviceRows, sortedRows } from './service-model.ts'
import { SECONDS } from './units.ts'
import { type ServiceAsked, useServiceAnswers } from './use-service-answers.ts'

const SORT_NAMES: Readonly<Record<ServiceSort, string>> = {
  state: 'State',
  name: 'Name',
  rate: 'Requests',
  errors: 'Errors',
  p95: 'p95',
}

/** Every service that requests came to: how many, how they ended, how long they took, and what is worse than before. */
export default function ServicesPage() {
  useRowKeys('.service-list tbody tr')
  const search = useSearch()
  const { range, zone } = usePageRange()
  const given = search.get('sort') as ServiceSort
  const sort = SORTS.includes(given) ? given : 'state'
  const filter = search.get('find') ?? ''
  const asked = useServiceAnswers(range)
  const rows = useMemo(() => sortedRows(serviceRows(asked.answers), sort), [asked.answers, sort])
  const shown = rows.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()))
  return (
    <div className="services">
      <div className="page-head">
        <h1>Services</h1>
        <div className="tools">
          <FindField label="Find a service" look="service-find" />
          <Choice
            label="Order"
            value={sort}
            options={SORTS.map((one) => ({ value: one, label: SORT_NAMES[one] }))}
            onChoose={(value) => navigateSearch({ sort: value === 'state' ? null : value })}
          />
        </div>
      </div>
      <Faults of={asked.asked} />
      <Found asked={asked} rows={shown} total={rows.length} find={filter} zone={zone} />
    </div>
  )
}

interface FoundProps {
  readonly asked: ServiceAsked
  readonly rows: readonly ServiceRow[]
  readonly total: number
  readonly find: string
  readonly zone: Zone
}

function Found({ asked, rows, total, find, zone }: FoundProps) {
  if (asked.answers.now === undefined) {
    return asked.isLoading ? <div className="skeleton page-skeleton" aria-busy="true" /> : null
  }
  if (total === 0) {
    return (
      <Nothing title="No service has had requests in this time" signal="traces" keptAs="metrics">
        Services are found in spans.
      </Nothing>
    )
  }
  return (
    <section className="card service-list" aria-labelledby="services-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="services-title">
          {rows.length === total ? '' : `${rows.length} of `}
          {total === 1 ? '1 service' : `${total} services`}
        </h2>
        <span className="aside">changes are against the time before, just as long</span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" aria-label="Services and their figures" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">State</th>
              <NumberHeads names={['Requests/s', 'Errors', 'p50', 'p95', 'p99']} changing={CHANGING} />
              <th scope="col">Requests over time</th>
              <th scope="col">Last change</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.name} row={row} zone={zone} />
            ))}
          </tbody>
        </table>
      </section>
      {rows.length === 0 && (
        <NoneCalled one="service" find={find} total={total} onDrop={() => navigateSearch({ find: null })} />
      )}
      <p className="service-rule">{STATE_RULE}</p>
    </section>
  )
}

function Row({ row, zone }: { readonly row: ServiceRow; readonly zone: Zone }) {
  const { name, now, before, state, trend, lastChange } = row
  return (
    <tr>
      <th scope="row" className="service-name">
        <Link to={`/services/${encodeURIComponent(name)}`}>{name}</Link>
      </th>
      <td>
        <StateMark state={state} />
      </td>
      <RateCell now={now} before={before} />
      <ErrorsCell red={now} />
      <td className="number">{formatValue(now.p50, SECONDS)}</td>
      <P95Cell now={now} before={before} />
      <td className="number">{formatValue(now.p99, SECONDS)}</td>
      <td>
        <Trend values={trend} />
      </td>
      <td className="service-change">{lastChange === undefined ? NO_DATA : changeText(lastChange, zone)}</td>
    </tr>
  )
}

function changeText({ timeMs, title }: ChangeEvent, zone: Zone) {
  return (
    <>
      <span className="service-change-title">{title}</span>{' '}
      <time dateTime={new Date(timeMs).toISOString()}>{formatInstant(timeMs, zone).slice(5, 16)}</time>
    </>
  )
}

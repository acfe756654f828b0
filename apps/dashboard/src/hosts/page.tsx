import { formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigateSearch, useSearch } from '../app/router.ts'
import { useRowKeys } from '../app/use-row-keys.ts'
import { UNITS } from '../dashboards/units.ts'
import { type SteppedRange, steppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Choice } from '../parts/choice.tsx'
import { Faults } from '../parts/faults.tsx'
import { FindField } from '../parts/find-field.tsx'
import { NoneCalled, Nothing } from '../parts/nothing.tsx'
import { NumberHeads, Trend } from '../services/figures.tsx'
import { rateWindowMs } from '../services/service-queries.ts'
import { RATIO } from '../services/units.ts'
import { HOST_RULE, HOST_SORTS, type HostRow, type HostSort, hostRows, sortedHosts } from './host-model.ts'
import { HostMark } from './host-parts.tsx'
import { HOST_FACTS_QUERY, hostFiguresQuery, hostTrendQuery } from './host-queries.ts'

/** Steps of a line in the list. */
const TREND_STEPS = 40
const SORT_NAMES: Readonly<Record<HostSort, string>> = {
  state: 'State',
  name: 'Name',
  cpu: 'Processor',
  memory: 'Memory',
  disk: 'Disk',
}

/** Every host that reports: how much of it is used. */
export default function HostsPage() {
  useRowKeys('.host-list tbody tr')
  const search = useSearch()
  const { range } = usePageRange('overview')
  const given = search.get('sort') as HostSort
  const sort = HOST_SORTS.includes(given) ? given : 'state'
  const find = search.get('find') ?? ''
  const { rows, isLoading, isKnown, asked } = useHosts(range)
  const sorted = useMemo(() => sortedHosts(rows, sort), [rows, sort])
  const shown = sorted.filter(({ name, nodename }) => `${name} ${nodename}`.toLowerCase().includes(find.toLowerCase()))
  return (
    <div className="services hosts">
      <div className="page-head">
        <h1>Hosts</h1>
        <div className="tools">
          <FindField label="Find a host" look="service-find" />
          <Choice
            label="Order"
            value={sort}
            options={HOST_SORTS.map((one) => ({ value: one, label: SORT_NAMES[one] }))}
            onChoose={(value) => navigateSearch({ sort: value === 'state' ? null : value })}
          />
        </div>
      </div>
      <Faults of={asked} />
      {!isKnown && isLoading && <div className="skeleton page-skeleton" aria-busy="true" />}
      {isKnown && rows.length === 0 && (
        <Nothing title="No host reports in this time" signal="metrics">
          Hosts are found in the metrics of node_exporter and of OpenTelemetry's host receiver.
        </Nothing>
      )}
      {isKnown && rows.length > 0 && <Found rows={shown} total={rows.length} find={find} isLoading={isLoading} />}
    </div>
  )
}

function useHosts(range: SteppedRange) {
  const { startMs, endMs, stepMs } = steppedRange(range, TREND_STEPS)
  const key = JSON.stringify(range)
  const windowMs = rateWindowMs(0)
  const now = useAsked(key, (signal) => client.queryInstant(hostFiguresQuery(windowMs), range.endMs, signal))
  const facts = useAsked(key, (signal) => client.queryInstant(HOST_FACTS_QUERY, range.endMs, signal))
  const query = hostTrendQuery(Math.max(windowMs, stepMs))
  const trend = useAsked(key, (signal) => client.queryRange({ query, startMs, endMs, stepMs }, signal))
  const rows = useMemo(
    () => hostRows({ now: now.answer, trend: trend.answer, facts: facts.answer, range }),
    [now.answer, trend.answer, facts.answer, range],
  )
  const asked = { Figures: now, 'Lines over time': trend, Systems: facts }
  return { rows, asked, isKnown: now.answer !== undefined, isLoading: now.isLoading || trend.isLoading }
}

interface FoundProps {
  readonly rows: readonly HostRow[]
  readonly total: number
  readonly find: string
  readonly isLoading: boolean
}

function Found({ rows, total, find, isLoading }: FoundProps) {
  return (
    <section className="card host-list" aria-labelledby="hosts-title" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="hosts-title">{rows.length === total ? countText(total) : `${rows.length} of ${countText(total)}`}</h2>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" aria-label="Hosts and their figures" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Host</th>
              <th scope="col">State</th>
              <NumberHeads names={['Processor', 'Memory', 'Disk', 'Load', 'In', 'Out']} />
              <th scope="col">Processor over time</th>
              <th scope="col">System</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.name} row={row} />
            ))}
          </tbody>
        </table>
      </section>
      {rows.length === 0 && (
        <NoneCalled one="host" find={find} total={total} onDrop={() => navigateSearch({ find: null })} />
      )}
      <p className="service-rule">{HOST_RULE}</p>
    </section>
  )
}

function countText(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`
}

function Row({ row: { name, nodename, system, state, now, trend } }: { readonly row: HostRow }) {
  return (
    <tr>
      <th scope="row" className="service-name">
        <Link to={`/hosts/${encodeURIComponent(name)}`}>{name}</Link>
        {nodename !== '' && nodename !== name && <span className="host-nodename"> {nodename}</span>}
      </th>
      <td>
        <HostMark state={state} />
      </td>
      {(['cpu', 'memory', 'disk'] as const).map((figure) => (
        <td key={figure} className="number">
          <Share value={now[figure]} />
        </td>
      ))}
      <td className="number">{formatValue(now.load, PLAIN)}</td>
      <td className="number">{formatValue(now.received, UNITS['bytes-per-second'])}</td>
      <td className="number">{formatValue(now.sent, UNITS['bytes-per-second'])}</td>
      <td>
        <Trend values={trend} />
      </td>
      <td className="host-system">{system === '' ? NO_DATA : system}</td>
    </tr>
  )
}

/** A number with a bar of its size. */
function Share({ value }: { readonly value: number }) {
  if (Number.isNaN(value)) return NO_DATA
  return (
    <span className="host-share">
      <span className="bar-track" aria-hidden="true">
        <span style={{ width: `${Math.min(1, value) * 100}%` }} />
      </span>
      {formatValue(value, RATIO)}
    </span>
  )
}

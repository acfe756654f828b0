import { formatMs, formatValue, PLAIN } from '@vantage/charts'
import { type OperationSums, operationsOf } from '@vantage/charts/trace'
import { spanIdAt } from '@vantage/model'
import { useMemo } from 'react'
import { navigateSearch } from '../app/router.ts'
import { NumberHeads } from '../services/figures.tsx'
import { RATIO } from '../services/units.ts'
import type { TraceState } from './trace-url.ts'
import type { TraceView } from './trace-view.ts'

const ROWS_MAX = 500

interface OperationsViewProps {
  readonly view: TraceView
  readonly state: TraceState
}

/** Where the time of a trace went, by operation. */
export function OperationsView({ view, state }: OperationsViewProps) {
  const all = useMemo(() => operationsOf(view.tree, view.criticalMs), [view])
  const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean)
  const found = all.filter(({ service, name }) =>
    words.every((word) => `${service} ${name}`.toLowerCase().includes(word)),
  )
  const mostMs = Math.max(1e-9, ...all.map((one) => one.selfMs))
  return (
    <section className="card" aria-labelledby="operations-title">
      <div className="card-head">
        <h2 id="operations-title">Operations</h2>
        <span className="aside">
          {found.length === all.length ? `${all.length} by their own time` : `${found.length} of ${all.length}`}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" tabIndex={0} aria-label="Operations of the trace">
        <table className="operations">
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">Service</th>
              <th scope="col">Own time</th>
              <NumberHeads names={['On critical path', 'In all', 'Calls', 'Mean', 'Longest', 'Errors']} />
            </tr>
          </thead>
          <tbody>
            {found.slice(0, ROWS_MAX).map((one) => (
              <Row key={`${one.service}\u0000${one.name}`} view={view} sums={one} mostMs={mostMs} />
            ))}
          </tbody>
        </table>
      </section>
      {found.length > ROWS_MAX && (
        <p className="browser-note">
          The {ROWS_MAX} with the most own time of {formatValue(found.length, PLAIN)}; filter for others.
        </p>
      )}
    </section>
  )
}

interface RowProps {
  readonly view: TraceView
  readonly sums: OperationSums
  readonly mostMs: number
}

function Row({ view, sums, mostMs }: RowProps) {
  const { service, name, count, errors, totalMs, selfMs, maxMs, criticalMs, longest } = sums
  const slot = (view.slots[view.columns.services.indexOf(service)] ?? 0) % 8
  const open = () => navigateSearch({ view: null, span: spanIdAt(view.columns, longest), find: null, levels: 'all' })
  return (
    <tr>
      <th scope="row" className="operation-name">
        {name}
      </th>
      <td>
        <span className="service-chip">
          <span className="service-mark" data-slot={slot + 1} aria-hidden="true" />
          {service}
        </span>
      </td>
      <td className="trace-duration">
        <span className="duration-bar" aria-hidden="true">
          <span style={{ width: `${(selfMs / mostMs) * 100}%` }} />
        </span>
        {formatMs(selfMs)}
      </td>
      <td className="number">{formatValue(criticalMs / view.tree.durationMs, RATIO)}</td>
      <td className="number">{formatMs(totalMs)}</td>
      <td className="number">{formatValue(count, PLAIN)}</td>
      <td className="number">{formatMs(totalMs / count)}</td>
      <td className="number">
        <button type="button" className="text-button" title="Show it in the waterfall" onClick={open}>
          {formatMs(maxMs)}
        </button>
      </td>
      <td className="number">{errors > 0 ? <span className="badge critical">◆ {errors}</span> : '0'}</td>
    </tr>
  )
}

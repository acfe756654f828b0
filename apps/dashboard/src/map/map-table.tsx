import { formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import type { ReactNode } from 'react'
import { Link } from '../app/link.tsx'
import { useRowKeys } from '../app/use-row-keys.ts'
import { Change, NumberHeads, StateMark } from '../services/figures.tsx'
import { type Red, STATE_ORDER } from '../services/service-model.ts'
import { RATIO, SECONDS } from '../services/units.ts'
import { callTraces } from './call-traces.ts'
import type { MapEdge, MapNode, ServiceMap } from './map-model.ts'

interface MapTableProps {
  readonly map: ServiceMap
  readonly onSelect: (id: string) => void
}

/** The same as the map in rows: services with their neighbours, and calls. */
export function MapTable({ map: { nodes, edges }, onSelect }: MapTableProps) {
  useRowKeys('.map-table tbody tr')
  const order = [...nodes].sort(
    (a, b) => STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) || b.now.rate - a.now.rate,
  )
  const busiest = [...edges].sort(
    (a, b) => STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state) || b.now.rate - a.now.rate,
  )
  return (
    <div className="map-tables">
      <Table title="Services" heads={['Service', 'State']} numbers={['Called by', 'Calls']}>
        {order.map((node) => (
          <NodeRow key={node.id} node={node} edges={edges} onSelect={onSelect} />
        ))}
      </Table>
      <Table title="Calls" heads={['From', 'To', 'State']} numbers={[]} last="Traces">
        {busiest.map((edge) => (
          <EdgeRow key={`${edge.from}\n${edge.to}`} edge={edge} nodes={nodes} />
        ))}
      </Table>
    </div>
  )
}

interface TableProps {
  readonly title: string
  readonly heads: readonly string[]
  /** Columns after the figures. */
  readonly numbers: readonly string[]
  readonly last?: string
  readonly children: ReactNode
}

function Table({ title, heads, numbers, last, children }: TableProps) {
  return (
    <section className="card map-table" aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" aria-label={`${title} and their figures`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
              <NumberHeads names={['Requests/s', 'Errors', 'p95', ...numbers]} />
              {last !== undefined && <th scope="col">{last}</th>}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </section>
    </section>
  )
}

interface NodeRowProps {
  readonly node: MapNode
  readonly edges: readonly MapEdge[]
  readonly onSelect: (id: string) => void
}

function NodeRow({ node: { id, name, state, now, before }, edges, onSelect }: NodeRowProps) {
  const callers = edges.filter(({ to }) => to === id).length
  const callees = edges.filter(({ from }) => from === id).length
  return (
    <tr>
      <th scope="row" className="service-name">
        <button type="button" className="map-link" onClick={() => onSelect(id)}>
          {name}
        </button>
      </th>
      <td>
        <StateMark state={state} />
      </td>
      <Figures now={now} before={before} />
      <td className="number">{callers}</td>
      <td className="number">{callees}</td>
    </tr>
  )
}

function EdgeRow({ edge, nodes }: { readonly edge: MapEdge; readonly nodes: readonly MapNode[] }) {
  const nameOf = (id: string) => nodes.find((node) => node.id === id)?.name ?? id
  const traces = callTraces(edge, nodes)
  return (
    <tr>
      <th scope="row" className="service-name">
        {nameOf(edge.from)}
      </th>
      <td className="service-name">{nameOf(edge.to)}</td>
      <td>
        <StateMark state={edge.state} />
      </td>
      <Figures now={edge.now} before={edge.before} />
      <td>
        {traces === undefined ? (
          NO_DATA
        ) : (
          <Link to="/explore/traces" params={{ q: traces }} aria-label={`Traces from ${edge.from} to ${edge.to}`}>
            Traces
          </Link>
        )}
      </td>
    </tr>
  )
}

function Figures({ now, before }: { readonly now: Red; readonly before: Red | undefined }) {
  return (
    <>
      <td className="number">
        {formatValue(now.rate, PLAIN)} <Change now={now.rate} before={before?.rate} isGood={undefined} />
      </td>
      <td className="number">{Number.isNaN(now.errorShare) ? NO_DATA : formatValue(now.errorShare, RATIO)}</td>
      <td className="number">
        {formatValue(now.p95, SECONDS)} <Change now={now.p95} before={before?.p95} isGood={false} />
      </td>
    </>
  )
}

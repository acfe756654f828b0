import { formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import { X } from 'lucide-react'
import { Link } from '../app/link.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { Change, StateMark } from '../services/figures.tsx'
import { STATE_RULE } from '../services/service-model.ts'
import { quoted } from '../services/service-queries.ts'
import { RATE, RATIO, SECONDS } from '../services/units.ts'
import { callTraces } from './call-traces.ts'
import type { MapEdge, MapNode, ServiceMap } from './map-model.ts'

/** Neighbours that are listed on each side. */
const NEIGHBOURS_MAX = 8

interface NodeDrawerProps {
  readonly node: MapNode
  /** All of it, not only what the filters leave. */
  readonly map: ServiceMap
  readonly onSelect: (id: string | undefined) => void
  readonly onOpenGroup: (namespace: string) => void
}

/** What is selected: its figures against the time before, who calls it most and whom it calls most. */
export function NodeDrawer({ node, map, onSelect, onOpenGroup }: NodeDrawerProps) {
  const callers = map.edges.filter(({ to }) => to === node.id)
  const callees = map.edges.filter(({ from }) => from === node.id)
  return (
    <aside className="card map-drawer" aria-labelledby="map-drawer-title">
      <div className="card-head">
        <h2 id="map-drawer-title">{node.name}</h2>
        <div className="tools">
          <IconButton label="Close" keys="Esc" icon={X} onClick={() => onSelect(undefined)} />
        </div>
      </div>
      <p className="map-state" title={STATE_RULE}>
        <StateMark state={node.state} /> <span>{kindText(node)}</span>
      </p>
      <Figures node={node} />
      <NodeLinks node={node} onOpenGroup={onOpenGroup} />
      <Neighbours title="Called by" edges={callers} side="from" map={map} onSelect={onSelect} />
      <Neighbours title="Calls" edges={callees} side="to" map={map} onSelect={onSelect} />
    </aside>
  )
}

function kindText({ kind, namespace, connection, members }: MapNode): string {
  if (kind === 'group') return `namespace of ${members} services`
  const what =
    kind === 'service' ? 'service' : connection === '' ? 'seen by its callers only' : connection.replace('_', ' ')
  return namespace === '' ? what : `${what} in ${namespace}`
}

function Figures({ node: { now, before } }: { readonly node: MapNode }) {
  const errors = Number.isNaN(now.errorShare) ? NO_DATA : formatValue(now.errorShare, RATIO)
  const rows = [
    { name: 'Requests/s', text: formatValue(now.rate, PLAIN), now: now.rate, before: before?.rate, isGood: undefined },
    { name: 'Errors', text: errors, now: now.errorShare, before: before?.errorShare, isGood: false },
    { name: 'p95', text: formatValue(now.p95, SECONDS), now: now.p95, before: before?.p95, isGood: false },
  ]
  return (
    <dl className="map-red">
      {rows.map((row) => (
        <div key={row.name}>
          <dt>{row.name}</dt>
          <dd>
            <span className="number">{row.text}</span> <Change {...row} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function NodeLinks({ node, onOpenGroup }: Pick<NodeDrawerProps, 'node' | 'onOpenGroup'>) {
  if (node.kind === 'group') {
    return (
      <p className="map-links">
        <button type="button" className="button small" onClick={() => onOpenGroup(node.namespace)}>
          Show its services
        </button>
      </p>
    )
  }
  if (node.kind === 'virtual') return null
  return (
    <p className="map-links">
      <Link className="button small" to={`/services/${encodeURIComponent(node.name)}`}>
        Open service
      </Link>
      <Link
        className="button small"
        to="/explore/traces"
        params={{ q: `{ resource.service.name = ${quoted(node.name)} }`, sort: 'slowest' }}
      >
        Slowest traces
      </Link>
    </p>
  )
}

interface NeighboursProps {
  readonly title: string
  readonly edges: readonly MapEdge[]
  readonly side: 'from' | 'to'
  readonly map: ServiceMap
  readonly onSelect: (id: string) => void
}

function Neighbours({ title, edges, side, map, onSelect }: NeighboursProps) {
  if (edges.length === 0) return null
  const busiest = [...edges].sort((a, b) => b.now.rate - a.now.rate)
  return (
    <>
      <h3>
        {title}{' '}
        {busiest.length > NEIGHBOURS_MAX && (
          <span>
            the busiest {NEIGHBOURS_MAX} of {busiest.length}
          </span>
        )}
      </h3>
      <ul>
        {busiest.slice(0, NEIGHBOURS_MAX).map((edge) => {
          const name = map.nodes.find(({ id }) => id === edge[side])?.name ?? edge[side]
          const traces = callTraces(edge, map.nodes)
          return (
            <li key={edge[side]}>
              <button type="button" className="map-link" onClick={() => onSelect(edge[side])}>
                {name}
              </button>
              {traces !== undefined && (
                <Link
                  to="/explore/traces"
                  params={{ q: traces }}
                  aria-label={`Traces of calls: ${edge.from} to ${edge.to}`}
                >
                  traces
                </Link>
              )}
              <span className="map-call">
                <span className="number">{formatValue(edge.now.rate, RATE)}</span>
                <span className="number">{formatValue(edge.now.p95, SECONDS)}</span>
                {edge.now.errorShare > 0 && (
                  <span
                    className={`badge ${edge.state === 'failing' ? 'critical' : edge.state === 'degraded' ? 'warning' : ''}`}
                  >
                    {formatValue(edge.now.errorShare, RATIO)} errors
                  </span>
                )}
              </span>
            </li>
          )
        })}
      </ul>
    </>
  )
}

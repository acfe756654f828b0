import { quoted } from '../services/service-queries.ts'
import type { MapEdge, MapNode } from './map-model.ts'

/** TraceQL that finds the traces over one call; undefined between groups. */
export function callTraces({ from, to }: MapEdge, nodes: readonly MapNode[]): string | undefined {
  const [caller, called] = [from, to].map((id) => nodes.find((node) => node.id === id))
  if (caller === undefined || called === undefined || caller.kind === 'group' || called.kind === 'group')
    return undefined
  const own = `{ resource.service.name = ${quoted(caller.name)}`
  // Who sends no spans is seen from its caller only.
  return called.kind === 'virtual'
    ? `${own} && kind = client }`
    : `${own} } >> { resource.service.name = ${quoted(called.name)} }`
}

/** Who calls whom; ends that are no nodes are left out. */
export interface MapGraph {
  readonly nodes: readonly string[]
  readonly edges: readonly MapLink[]
}

export interface MapLink {
  readonly from: string
  readonly to: string
}

/** A place on the grid of the map; columns go with the calls, from left to right. */
export interface Place {
  readonly column: number
  readonly row: number
}

/** Rows of one column of a new layout; a layer of more nodes takes several columns. */
export const COLUMN_ROWS_MAX = 24
/** Times that layers are put in the order of their neighbours. */
const SWEEPS = 8

/**
 * Gives every node of a graph a place of its own. What follows from the graph alone does not depend on the order in which it
 * is given, and calls lead to the right, but for those that close a circle.
 * @param known places of before: who has one keeps it, new nodes take free places beside those whom they call or who call them
 */
export function layoutMap(graph: MapGraph, known: ReadonlyMap<string, Place>): Map<string, Place> {
  const net = new Net(graph)
  const kept = net.ids.filter((id) => known.has(id))
  return kept.length === 0 ? freshLayout(net) : slotIn(net, known)
}

/** The graph with its nodes in order, and the neighbours of each. */
class Net {
  readonly ids: readonly string[]
  readonly callees = new Map<string, readonly string[]>()
  readonly callers = new Map<string, readonly string[]>()

  constructor({ nodes, edges }: MapGraph) {
    this.ids = [...new Set(nodes)].sort(byName)
    const out = new Map<string, Set<string>>(this.ids.map((id) => [id, new Set()]))
    const into = new Map<string, Set<string>>(this.ids.map((id) => [id, new Set()]))
    for (const { from, to } of edges) {
      if (from === to || !out.has(from) || !into.has(to)) continue
      out.get(from)?.add(to)
      into.get(to)?.add(from)
    }
    for (const id of this.ids) {
      this.callees.set(id, [...(out.get(id) ?? [])].sort(byName))
      this.callers.set(id, [...(into.get(id) ?? [])].sort(byName))
    }
  }

  neighbours(id: string): readonly string[] {
    return [...(this.callers.get(id) ?? []), ...(this.callees.get(id) ?? [])]
  }
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function freshLayout(net: Net): Map<string, Place> {
  const alone = net.ids.filter((id) => net.neighbours(id).length === 0)
  const layers = orderedLayers(net)
  const places = new Map<string, Place>()
  const tallest = Math.max(0, ...layers.map((layer) => Math.min(layer.length, COLUMN_ROWS_MAX)))
  let column = 0
  for (const layer of layers) {
    for (let at = 0; at < layer.length; at += COLUMN_ROWS_MAX) {
      placeColumn(net, layer.slice(at, at + COLUMN_ROWS_MAX), column++, tallest, places)
    }
  }
  const width = Math.max(column, Math.ceil(Math.sqrt(alone.length)))
  const below = 1 + Math.max(-1, ...[...places.values()].map(({ row }) => row))
  for (const [i, id] of alone.entries()) places.set(id, { column: i % width, row: below + Math.floor(i / width) })
  return places
}

/** Puts nodes of one column beside those that call them, in their order. */
function placeColumn(
  net: Net,
  ids: readonly string[],
  column: number,
  tallest: number,
  places: Map<string, Place>,
): void {
  const wanted = ids.map(
    (id, i) => meanRow(net.callers.get(id) ?? [], places) ?? Math.floor((tallest - ids.length) / 2) + i,
  )
  const rows: number[] = []
  for (const [i, row] of wanted.entries())
    rows.push(Math.max(Math.round(row), i === 0 ? 0 : (rows[i - 1] as number) + 1))
  // What was pushed down goes up again as a whole.
  const surplus = rows.reduce((sum, row, i) => sum + row - (wanted[i] as number), 0) / rows.length
  const lift = Math.min(Math.max(0, Math.round(surplus)), rows[0] as number)
  for (const [i, id] of ids.entries()) places.set(id, { column, row: (rows[i] as number) - lift })
}

function meanRow(ids: readonly string[], places: ReadonlyMap<string, Place>): number | undefined {
  const rows = ids.flatMap((id) => places.get(id)?.row ?? [])
  return rows.length === 0 ? undefined : rows.reduce((sum, row) => sum + row, 0) / rows.length
}

/** Nodes with neighbours by the longest way to them, each layer in the order of its neighbours. */
function orderedLayers(net: Net): string[][] {
  const layers: string[][] = []
  for (const [id, layer] of layersOf(net)) {
    const ids = layers[layer] ?? []
    layers[layer] = ids
    ids.push(id)
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0
    const order = isDown ? layers : [...layers].reverse()
    for (const layer of order) sortByNeighbours(layer, positionsOf(layers), isDown ? net.callers : net.callees)
  }
  return layers
}

/** Of each node, how far down its layer it stands, of 1. */
function positionsOf(layers: readonly (readonly string[])[]): Map<string, number> {
  return new Map(layers.flatMap((layer) => layer.map((id, i): [string, number] => [id, (i + 0.5) / layer.length])))
}

function sortByNeighbours(
  layer: string[],
  positions: ReadonlyMap<string, number>,
  neighbours: ReadonlyMap<string, readonly string[]>,
): void {
  const means = new Map(
    layer.map((id) => {
      const around = (neighbours.get(id) ?? []).flatMap((one) => positions.get(one) ?? [])
      const own = positions.get(id) as number
      return [id, around.length === 0 ? own : around.reduce((sum, at) => sum + at, 0) / around.length]
    }),
  )
  layer.sort((a, b) => (means.get(a) as number) - (means.get(b) as number) || byName(a, b))
}

/** The longest way to each node with neighbours, without the calls that close circles. */
function layersOf(net: Net): Map<string, number> {
  const order = callOrder(net)
  const place = new Map(order.map((id, i) => [id, i]))
  const layers = new Map<string, number>()
  for (const id of order) {
    const callers = (net.callers.get(id) ?? []).filter((one) => (place.get(one) as number) < (place.get(id) as number))
    layers.set(id, Math.max(-1, ...callers.map((one) => layers.get(one) as number)) + 1)
  }
  // Who is called by nobody stands beside what it calls.
  for (const id of order) {
    if ((net.callers.get(id) ?? []).length > 0) continue
    layers.set(id, Math.max(0, Math.min(...(net.callees.get(id) ?? []).map((one) => layers.get(one) as number)) - 1))
  }
  return layers
}

/** Callers before those they call, as far as there is no circle: the reverse order in which a walk in depth leaves nodes. */
function callOrder(net: Net): string[] {
  const linked = net.ids.filter((id) => net.neighbours(id).length > 0)
  const roots = [...linked].sort(
    (a, b) => (net.callers.get(a) ?? []).length - (net.callers.get(b) ?? []).length || byName(a, b),
  )
  const left: string[] = []
  const seen = new Set<string>()
  for (const root of roots) {
    if (seen.has(root)) continue
    seen.add(root)
    const way = [{ id: root, next: 0 }]
    for (let step = way.at(-1); step !== undefined; step = way.at(-1)) {
      const callee = net.callees.get(step.id)?.[step.next++]
      if (callee === undefined) {
        left.push(step.id)
        way.pop()
      } else if (!seen.has(callee)) {
        seen.add(callee)
        way.push({ id: callee, next: 0 })
      }
    }
  }
  return left.reverse()
}

/** Known nodes stay; the others come in one after the other, first those that have a neighbour already. */
function slotIn(net: Net, known: ReadonlyMap<string, Place>): Map<string, Place> {
  // Places of nodes that are not there now stay free for them.
  const taken = new Set([...known.values()].map(({ column, row }) => `${column} ${row}`))
  const places = new Map<string, Place>()
  for (const id of net.ids) {
    const place = known.get(id)
    if (place !== undefined) places.set(id, place)
  }
  const top = Math.min(...[...places.values()].map(({ row }) => row))
  let waiting = net.ids.filter((id) => !places.has(id))
  while (waiting.length > 0) {
    const id = waiting.find((one) => net.neighbours(one).some((other) => places.has(other))) ?? (waiting[0] as string)
    const wanted = wantedPlace(net, id, places)
    const place = nearestFree(wanted, top, taken)
    taken.add(`${place.column} ${place.row}`)
    places.set(id, place)
    waiting = waiting.filter((one) => one !== id)
  }
  return places
}

function wantedPlace(net: Net, id: string, places: ReadonlyMap<string, Place>): Place {
  const columnsOf = (ids: readonly string[] = []) => ids.flatMap((one) => places.get(one)?.column ?? [])
  const callers = columnsOf(net.callers.get(id))
  const callees = columnsOf(net.callees.get(id))
  const row = Math.round(meanRow(net.neighbours(id), places) ?? 0)
  if (callers.length > 0) return { column: Math.max(...callers) + 1, row }
  return { column: callees.length > 0 ? Math.min(...callees) - 1 : 0, row }
}

function nearestFree({ column, row }: Place, top: number, taken: ReadonlySet<string>): Place {
  for (let distance = 0; ; distance++) {
    for (const at of [row + distance, row - distance]) {
      if (at >= top && !taken.has(`${column} ${at}`)) return { column, row: at }
    }
  }
}

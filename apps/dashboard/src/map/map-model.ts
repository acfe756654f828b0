import type { QueryAnswer, VectorSample } from '@vantage/api/client'
import { NO_RED, type Red, redBy, type ServiceState, STATE_ORDER, stateOf } from '../services/service-model.ts'

/** Nodes above which a map begins grouped, and is drawn on a canvas. */
export const PLAIN_NODES_MAX = 150

/** `virtual` sends no spans itself: a database, a queue, a service elsewhere. */
export type NodeKind = 'service' | 'virtual' | 'group'

export interface MapNode {
  readonly id: string
  readonly name: string
  readonly kind: NodeKind
  /** '' where nobody says. */
  readonly namespace: string
  /** What it is connected by: `database`, `messaging_system`, or ''. */
  readonly connection: string
  readonly now: Red
  readonly before: Red | undefined
  readonly state: ServiceState
  /** Services of a group; of others 1. */
  readonly members: number
}

export interface MapEdge {
  readonly from: string
  readonly to: string
  readonly now: Red
  readonly before: Red | undefined
  readonly state: ServiceState
}

export interface ServiceMap {
  readonly nodes: readonly MapNode[]
  readonly edges: readonly MapEdge[]
}

export interface MapAnswers {
  readonly services: QueryAnswer | undefined
  readonly servicesBefore: QueryAnswer | undefined
  readonly calls: QueryAnswer | undefined
  readonly callsBefore: QueryAnswer | undefined
  readonly namespaces: QueryAnswer | undefined
}

/** Calls of one time. */
interface Calls {
  readonly edges: ReadonlyMap<string, Call>
  /** p95 of what each server was called for. */
  readonly served: ReadonlyMap<string, number>
}

interface Call {
  readonly from: string
  readonly to: string
  connection: string
  rate: number
  errors: number
  p95: number
}

/** Who calls whom, and how each does against the time before. */
export function serviceMapOf(answers: MapAnswers): ServiceMap {
  const calls = readCalls(answers.calls)
  const callsBefore = readCalls(answers.callsBefore)
  const edges = [...calls.edges].map(([key, call]): MapEdge => {
    const now = redOf(call)
    const former = callsBefore.edges.get(key)
    const before = former === undefined ? undefined : redOf(former)
    return { from: call.from, to: call.to, now, before, state: stateOf(now, before) }
  })
  const own = redBy(answers.services, 'service')
  const ownBefore = redBy(answers.servicesBefore, 'service')
  const namespaces = namespacesOf(answers)
  const names = new Set([...own.keys(), ...edges.flatMap(({ from, to }) => [from, to])])
  const nodes = [...names].sort().map((name): MapNode => {
    const isService = own.has(name) || !edges.some(({ to }) => to === name)
    const now = own.get(name) ?? servedRed(name, calls) ?? NO_RED
    const before = isService ? ownBefore.get(name) : servedRed(name, callsBefore)
    const connection = [...calls.edges.values()].find((call) => call.to === name)?.connection ?? ''
    return {
      id: name,
      name,
      kind: isService ? 'service' : 'virtual',
      namespace: namespaces.get(name) ?? '',
      connection: isService ? '' : connection,
      now,
      before,
      state: stateOf(now, before),
      members: 1,
    }
  })
  return { nodes, edges }
}

function samplesOf(answer: QueryAnswer | undefined): readonly VectorSample[] {
  return answer?.data.kind === 'vector' ? answer.data.samples : []
}

/** Reads what `callsQuery` asked; calls that differ in other labels only are one. */
function readCalls(answer: QueryAnswer | undefined): Calls {
  const edges = new Map<string, Call>()
  const served = new Map<string, number>()
  for (const { metric, value } of samplesOf(answer)) {
    const { client: from = '', server: to = '', connection_type: connection = '', figure } = metric
    if (figure === 'served') {
      served.set(to, value)
      continue
    }
    const key = JSON.stringify([from, to])
    const call = edges.get(key) ?? { from, to, connection, rate: 0, errors: 0, p95: Number.NaN }
    edges.set(key, call)
    if (figure === 'rate') call.rate += value
    else if (figure === 'errors') call.errors += value
    else if (figure === 'p95' && !(call.p95 >= value)) call.p95 = value
  }
  return { edges, served }
}

function redOf({ rate, errors, p95 }: Pick<Call, 'rate' | 'errors' | 'p95'>): Red {
  return { ...NO_RED, rate, errorShare: rate > 0 ? errors / rate : Number.NaN, p95 }
}

/** What somebody is called for, as the callers saw it; undefined where nobody calls. */
function servedRed(name: string, { edges, served }: Calls): Red | undefined {
  const own = [...edges.values()].filter((call) => call.to === name)
  if (own.length === 0) return undefined
  const sum = (read: (call: Call) => number) => own.reduce((total, call) => total + read(call), 0)
  return redOf({ rate: sum((one) => one.rate), errors: sum((one) => one.errors), p95: served.get(name) ?? Number.NaN })
}

function namespacesOf({ namespaces, calls }: MapAnswers): Map<string, string> {
  const found = new Map<string, string>()
  const add = (name = '', namespace = '') => {
    if (namespace !== '') found.set(name, namespace)
  }
  for (const { metric } of samplesOf(calls)) {
    add(metric['client'], metric['client_service_namespace'])
    add(metric['server'], metric['server_service_namespace'])
  }
  for (const { metric } of samplesOf(namespaces)) add(metric['service'], metric['service_namespace'])
  return found
}

const GROUP_PREFIX = 'group:'

function groupId(namespace: string): string {
  return `${GROUP_PREFIX}${namespace}`
}

/**
 * Namespaces in place of their services: what they are asked for comes from outside of them, and they do as badly as the worst
 * of them.
 * @param open namespaces whose services stay apart
 */
export function groupedMap({ nodes, edges }: ServiceMap, open: readonly string[]): ServiceMap {
  const groupOf = new Map(
    nodes.map(({ id, namespace, kind }) => [
      id,
      kind === 'virtual' || open.includes(namespace) ? id : groupId(namespace),
    ]),
  )
  const joined = new Map<string, MapEdge[]>()
  for (const edge of edges) {
    const [from, to] = [groupOf.get(edge.from) as string, groupOf.get(edge.to) as string]
    if (from === to) continue
    const key = JSON.stringify([from, to])
    joined.set(key, [...(joined.get(key) ?? []), { ...edge, from, to }])
  }
  const allEdges = [...joined.values()].map(joinEdges)
  const groups = new Map<string, MapNode[]>()
  for (const node of nodes) {
    const id = groupOf.get(node.id) as string
    groups.set(id, [...(groups.get(id) ?? []), node])
  }
  const allNodes = [...groups].map(([id, members]) => {
    const [first] = members as [MapNode, ...MapNode[]]
    return id === first.id ? first : groupNode(id, members, edges, groupOf)
  })
  return { nodes: allNodes, edges: allEdges }
}

function groupNode(
  id: string,
  members: readonly MapNode[],
  edges: readonly MapEdge[],
  groupOf: ReadonlyMap<string, string>,
): MapNode {
  const entering = edges.filter(({ from, to }) => groupOf.get(to) === id && groupOf.get(from) !== id)
  const roots = members.filter((member) => edges.every(({ to }) => to !== member.id))
  const asked = [...entering, ...roots]
  const { namespace } = members[0] as MapNode
  return {
    id,
    name: namespace === '' ? 'no namespace' : namespace,
    kind: 'group',
    namespace,
    connection: '',
    now: joinRed(asked.map(({ now }) => now)),
    before: joinRed(asked.flatMap(({ before }) => before ?? [])),
    state: worst(members.map(({ state }) => state)),
    members: members.length,
  }
}

function joinEdges(edges: readonly MapEdge[]): MapEdge {
  const [first] = edges as [MapEdge, ...MapEdge[]]
  const now = joinRed(edges.map((one) => one.now))
  const before = joinRed(edges.flatMap((one) => one.before ?? []))
  return { from: first.from, to: first.to, now, before, state: worst(edges.map(({ state }) => state)) }
}

/** Sums of rates and errors; of quantiles the largest, as they cannot be added. */
function joinRed(parts: readonly Red[]): Red {
  const rate = parts.reduce((sum, one) => sum + one.rate, 0)
  const errors = parts.reduce((sum, one) => sum + (one.rate > 0 ? one.rate * one.errorShare : 0), 0)
  const p95 = parts.reduce((most, one) => (one.p95 > most || Number.isNaN(most) ? one.p95 : most), Number.NaN)
  return redOf({ rate, errors, p95 })
}

function worst(states: readonly ServiceState[]): ServiceState {
  return STATE_ORDER.find((state) => states.includes(state)) ?? 'quiet'
}

export interface MapFilter {
  /** Only what fails or is worse than before, and who calls it. */
  readonly isErrorsOnly: boolean
  /** Calls and services with fewer requests a second are hidden. */
  readonly rateMin: number
  readonly selected: string | undefined
  /** How many calls away from what is selected; undefined = any. */
  readonly hops: number | undefined
}

/** What is left of a map; what is selected stays. */
export function filteredMap({ nodes, edges }: ServiceMap, filter: MapFilter): ServiceMap {
  const { isErrorsOnly, rateMin, selected, hops } = filter
  const isBad = ({ state, now }: MapNode | MapEdge) => state === 'failing' || state === 'degraded' || now.errorShare > 0
  const loud = edges.filter((edge) => edge.now.rate >= rateMin && (!isErrorsOnly || isBad(edge)))
  const touched = new Set(loud.flatMap(({ from, to }) => [from, to]))
  const near = selected === undefined || hops === undefined ? undefined : within(edges, selected, hops)
  const kept = nodes.filter((node) => {
    if (node.id === selected) return true
    if (near?.has(node.id) === false) return false
    if (isErrorsOnly && !isBad(node) && !touched.has(node.id)) return false
    return node.now.rate >= rateMin || touched.has(node.id)
  })
  const ids = new Set(kept.map(({ id }) => id))
  return { nodes: kept, edges: loud.filter(({ from, to }) => ids.has(from) && ids.has(to)) }
}

/** Nodes at most so many calls away, in either direction. */
export function within(edges: readonly MapEdge[], start: string, hops: number): Set<string> {
  const found = new Set([start])
  for (let hop = 0; hop < hops; hop++) {
    const last = new Set(found)
    for (const { from, to } of edges) {
      if (last.has(from)) found.add(to)
      if (last.has(to)) found.add(from)
    }
  }
  return found
}

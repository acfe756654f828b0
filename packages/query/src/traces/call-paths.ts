import { serviceOf } from '@vantage/model'
import type { SpanView, TraceView } from '../traceql/index.ts'

const PATHS_MAX = 10_000
/** Calls beyond are not followed. */
const HOPS_MAX = 100
const EXAMPLES_MAX = 10

/** One service, and what it was asked for. */
interface Hop {
  readonly service: string
  readonly operation: string
}

interface CallPath {
  readonly path: readonly Hop[]
  /** Ids of some traces that have it. */
  readonly traceIds: string[]
}

interface Node extends Hop {
  readonly key: string
  readonly from: Node | undefined
  readonly depth: number
  /** It is one of the service's, or below one. */
  readonly isThrough: boolean
  isLast: boolean
}

/** Ways from the first service of a trace to the last ones that lead through one service, each once. */
export class CallPaths {
  readonly #service: string
  readonly #paths = new Map<string, CallPath>()

  constructor(service: string) {
    this.#service = service
  }

  add(traceId: string, { spans, order, parents }: TraceView): void {
    const nodes = new Map<string, Node>()
    const at: Node[] = []
    for (const place of order) {
      const from = at[parents[place] as number]
      at[place] = this.#nodeOf(spans[place] as SpanView, from, nodes)
    }
    for (const node of nodes.values()) if (node.isLast && node.isThrough) this.#keep(node, traceId)
  }

  all(): readonly CallPath[] {
    return [...this.#paths.values()]
  }

  /** Where a span stands: on a way of its own where it was called by another service. */
  #nodeOf(span: SpanView, from: Node | undefined, nodes: Map<string, Node>): Node {
    const service = serviceOf(span.origin)
    if (from !== undefined && (from.service === service || from.depth >= HOPS_MAX)) return from
    const key = `${from?.key ?? ''} ${JSON.stringify([service, span.name])}`
    const known = nodes.get(key)
    if (known !== undefined) return known
    if (from !== undefined) from.isLast = false
    const node: Node = {
      service,
      operation: span.name,
      key,
      from,
      depth: (from?.depth ?? 0) + 1,
      isThrough: service === this.#service || from?.isThrough === true,
      isLast: true,
    }
    nodes.set(key, node)
    return node
  }

  #keep(last: Node, traceId: string): void {
    const known = this.#paths.get(last.key)
    if (known !== undefined) {
      if (known.traceIds.length < EXAMPLES_MAX) known.traceIds.push(traceId)
      return
    }
    if (this.#paths.size >= PATHS_MAX) return
    const path: Hop[] = []
    for (let node: Node | undefined = last; node !== undefined; node = node.from) {
      path.unshift({ service: node.service, operation: node.operation })
    }
    this.#paths.set(last.key, { path, traceIds: [traceId] })
  }
}

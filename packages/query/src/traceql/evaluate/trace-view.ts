import {
  type ByteRanges,
  FaultError,
  fault,
  type Origin,
  type QueryBudget,
  SpanBatch,
  type SpanBlock,
  type SpanColumns,
} from '@vantage/model'
import type { TraceqlLimits } from '../limits.ts'
import { SpanView } from './span-view.ts'

/** No parent in the trace: the span is a root, or its parent has not been stored. */
export const NO_PARENT = -1

/**
 * All spans of one trace that were read, in memory of its own, with who is whose parent. Places are in the order in
 * which the spans were read.
 */
export class TraceView {
  readonly spans: readonly SpanView[]
  /** Place of each span's parent, or NO_PARENT. */
  readonly parents: Int32Array
  readonly childCounts: Int32Array
  /** Places, parents before their children. */
  readonly order: Int32Array
  /** Nested set numbers from 1, in which a child's lie between its parent's. */
  readonly left: Int32Array
  readonly right: Int32Array
  readonly startNs: bigint
  readonly endNs: bigint
  /** The earliest span without a parent id. */
  readonly root: SpanView | undefined

  /** @param spans of one trace, each once; they become this trace's */
  constructor(spans: readonly SpanView[]) {
    this.spans = spans
    const count = spans.length
    this.parents = new Int32Array(count).fill(NO_PARENT)
    this.childCounts = new Int32Array(count)
    this.order = new Int32Array(count)
    this.left = new Int32Array(count)
    this.right = new Int32Array(count)
    let [startNs, endNs] = [0n, 0n]
    let root: SpanView | undefined
    for (const [place, span] of spans.entries()) {
      span.trace = this
      span.place = place
      if (place === 0 || span.startNs < startNs) startNs = span.startNs
      if (span.endNs > endNs) endNs = span.endNs
      if (span.parentSpanId === '' && (root === undefined || span.startNs < root.startNs)) root = span
    }
    this.startNs = startNs
    this.endNs = endNs > startNs ? endNs : startNs
    this.root = root
    this.#findParents()
    this.#number()
  }

  parentOf(span: SpanView): SpanView | undefined {
    return this.spans[this.parents[span.place] as number]
  }

  /** Two spans may share an id (Zipkin's client and server); the server is the parent of what names the id. */
  #findParents(): void {
    const places = new Map<string, number>()
    for (const [place, span] of this.spans.entries()) {
      const known = places.get(span.spanId)
      if (known === undefined || span.kind === SERVER) places.set(span.spanId, place)
    }
    for (const [place, span] of this.spans.entries()) {
      const parentId = span.parentSpanId
      const parent = parentId === '' ? undefined : places.get(parentId)
      if (parent !== undefined && parent !== place) this.parents[place] = parent
    }
  }

  /** Numbers the tree; spans in a ring of parents, which nothing leads to, are cut loose first. */
  #number(): void {
    const children = this.#children()
    const seen = new Uint8Array(this.spans.length)
    const counter = { next: 1, ordered: 0 }
    for (let place = 0; place < this.spans.length; place++) {
      if (this.parents[place] === NO_PARENT) this.#walk(place, children, seen, counter)
    }
    for (let place = 0; place < this.spans.length; place++) {
      if (seen[place] === 1) continue
      this.parents[place] = NO_PARENT
      this.#walk(place, children, seen, counter)
    }
    for (const parent of this.parents)
      if (parent !== NO_PARENT) this.childCounts[parent] = (this.childCounts[parent] as number) + 1
  }

  #children(): number[][] {
    const children: number[][] = this.spans.map(() => [])
    for (const [place, parent] of this.parents.entries()) if (parent !== NO_PARENT) children[parent]?.push(place)
    return children
  }

  #walk(
    top: number,
    children: readonly number[][],
    seen: Uint8Array,
    counter: { next: number; ordered: number },
  ): void {
    const open = [top]
    while (open.length > 0) {
      const place = open[open.length - 1] as number
      if (seen[place] === 1) {
        open.pop()
        if (this.right[place] === 0) this.right[place] = counter.next++
        continue
      }
      seen[place] = 1
      this.left[place] = counter.next++
      this.order[counter.ordered++] = place
      const below = children[place] as number[]
      for (let i = below.length - 1; i >= 0; i--) if (seen[below[i] as number] === 0) open.push(below[i] as number)
    }
  }
}

const SERVER = 2

/** Copies spans of many traces out of borrowed blocks, sorted by trace. */
export class TraceCollector {
  readonly #limits: TraceqlLimits
  readonly #budget: QueryBudget
  readonly #traces = new Map<string, TraceRows>()

  constructor(limits: TraceqlLimits, budget: QueryBudget) {
    this.#limits = limits
    this.#budget = budget
  }

  /** @param wanted trace ids in hex; others are left out. Absent = all */
  add({ columns, rows, origins }: SpanBlock, wanted?: ReadonlySet<string>): void {
    const view = new SpanView()
    for (const row of rows) {
      view.moveTo(columns, origins, row)
      const id = view.traceId
      if (wanted !== undefined && !wanted.has(id)) continue
      let trace = this.#traces.get(id)
      if (trace === undefined) {
        trace = new TraceRows()
        this.#traces.set(id, trace)
      }
      const bytes = trace.add(view)
      this.#budget.chargeBytes(bytes)
      this.#check(id, trace)
    }
    this.#budget.check()
  }

  /** The traces by their ids; the collector is empty afterwards. */
  finish(): Map<string, TraceView> {
    const views = new Map<string, TraceView>()
    for (const [id, rows] of this.#traces) views.set(id, rows.finish())
    this.#traces.clear()
    return views
  }

  #check(id: string, { bytes, count }: TraceRows): void {
    const { traceBytesMax, traceSpansMax } = this.#limits
    if (bytes > traceBytesMax) throw tooLarge(id, `${traceBytesMax} bytes`, 'query.maxTraceBytes')
    if (count > traceSpansMax) throw tooLarge(id, `${traceSpansMax} spans`, 'query.maxTraceSpans')
  }
}

function tooLarge(id: string, max: string, limit: string): FaultError {
  const message = `trace ${id} is too large to be read whole: want at most ${max} (${limit})`
  return new FaultError(fault('unprocessable', message, { limit }))
}

/** Bytes that a span takes beside its texts. */
const ROW_BYTES = 128

/** The rows of one trace, copied; a span that was stored twice is kept once. */
class TraceRows {
  readonly #batch = new SpanBatch()
  readonly #origins: Origin[] = []
  readonly #placeOfOrigin = new Map<Origin, number>()
  readonly #seen = new Set<string>()
  #arena = new Uint8Array(4096)
  #used = 0

  get bytes(): number {
    return this.#used + this.count * ROW_BYTES
  }

  get count(): number {
    return this.#batch.columns.count
  }

  /** @returns bytes taken */
  add(view: SpanView): number {
    const key = `${view.spanId}${view.kind}${view.startNs}`
    if (this.#seen.has(key)) return 0
    this.#seen.add(key)
    const before = this.#used
    const row = this.#batch.addRow(this.#origin(view.origin))
    const { columns } = this.#batch
    copyFixed(view.columns, view.row, columns, row)
    const sources = rangesOf(view.columns)
    for (const [i, target] of rangesOf(columns).entries())
      this.#copyRange(sources[i] as ByteRanges, view.row, target, row)
    return this.#used - before + ROW_BYTES
  }

  finish(): TraceView {
    const { columns } = this.#batch
    for (const ranges of rangesOf(columns)) ranges.bytes = this.#arena
    const views = Array.from({ length: columns.count }, (_, row) => {
      const view = new SpanView()
      view.moveTo(columns, this.#origins, row)
      return view
    })
    return new TraceView(views)
  }

  #origin(origin: Origin): number {
    const known = this.#placeOfOrigin.get(origin)
    if (known !== undefined) return known
    this.#placeOfOrigin.set(origin, this.#origins.length)
    return this.#origins.push(origin) - 1
  }

  #copyRange(source: ByteRanges, sourceRow: number, target: ByteRanges, row: number): void {
    const [from, to] = [source.from[sourceRow] as number, source.to[sourceRow] as number]
    const need = this.#used + to - from
    if (need > this.#arena.length) {
      const grown = new Uint8Array(Math.max(need, this.#arena.length * 2))
      grown.set(this.#arena.subarray(0, this.#used))
      this.#arena = grown
    }
    this.#arena.set(source.bytes.subarray(from, to), this.#used)
    target.set(row, this.#used, need)
    this.#used = need
  }
}

function rangesOf({ names, statusMessages, traceStates, attributes, events, links }: SpanColumns): ByteRanges[] {
  return [names, statusMessages, traceStates, attributes, events, links]
}

function copyFixed(from: SpanColumns, fromRow: number, to: SpanColumns, row: number): void {
  to.startTimes[row] = from.startTimes[fromRow] as bigint
  to.endTimes[row] = from.endTimes[fromRow] as bigint
  to.traceIds.set(from.traceIds.subarray(fromRow * 16, fromRow * 16 + 16), row * 16)
  to.spanIds.set(from.spanIds.subarray(fromRow * 8, fromRow * 8 + 8), row * 8)
  to.parentSpanIds.set(from.parentSpanIds.subarray(fromRow * 8, fromRow * 8 + 8), row * 8)
  to.kinds[row] = from.kinds[fromRow] as number
  to.statusCodes[row] = from.statusCodes[fromRow] as number
  to.flags[row] = from.flags[fromRow] as number
  to.droppedAttributes[row] = from.droppedAttributes[fromRow] as number
  to.droppedEvents[row] = from.droppedEvents[fromRow] as number
  to.droppedLinks[row] = from.droppedLinks[fromRow] as number
}

import {
  type ByteRanges,
  FaultError,
  fault,
  type Origin,
  type QueryBudget,
  SpanBatch,
  type SpanBlock,
} from '@vantage/model'
import type { TraceqlLimits } from '../limits.ts'
import { SpanView } from './span-view.ts'

/** No parent in the trace: the span is a root, or its parent has not been stored. */
export const NO_PARENT = -1

/**
 * All spans of one trace that were read, copied, with who is whose parent. Places are in the order in
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

  /** What it takes in memory, about. */
  readonly bytes: number

  /** @param spans of one trace, each once; they become this trace's */
  constructor(spans: readonly SpanView[], bytes: number) {
    this.bytes = bytes
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

/** Place in SPAN_KINDS. */
const SERVER = 2

/** Charges a budget for the most that is held at one time: what a batch took is free for the next one. */
export class ByteMeter {
  readonly #budget: QueryBudget
  #held = 0
  #charged = 0

  constructor(budget: QueryBudget) {
    this.#budget = budget
  }

  hold(bytes: number): void {
    this.#held += bytes
    if (this.#held <= this.#charged) return
    this.#budget.chargeBytes(this.#held - this.#charged)
    this.#charged = this.#held
  }

  release(): void {
    this.#held = 0
  }
}

/** Bytes that a span takes beside its texts. */
const ROW_BYTES = 256
const ARENA_BYTES = 64 * 1024

/** Rows of one trace in the collector's columns. */
interface TraceRows {
  readonly rows: number[]
  /** Spans that are there, so that one that was stored twice is kept once. */
  readonly seen: Set<string>
  bytes: number
}

/** Copies spans of many traces out of borrowed blocks, into columns that the traces share. */
export class TraceCollector {
  readonly #limits: TraceqlLimits
  readonly #meter: ByteMeter
  readonly #traces = new Map<string, TraceRows>()
  readonly #batch = new SpanBatch()
  readonly #origins: Origin[] = []
  readonly #placeOfOrigin = new Map<Origin, number>()
  #arena = new Uint8Array(ARENA_BYTES)
  #used = 0

  constructor(limits: TraceqlLimits, meter: ByteMeter) {
    this.#limits = limits
    this.#meter = meter
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
        trace = { rows: [], seen: new Set(), bytes: 0 }
        this.#traces.set(id, trace)
      }
      this.#copy(view, trace)
      this.#check(id, trace)
    }
  }

  /** The traces by their ids. The collector has done its work. */
  finish(): Map<string, TraceView> {
    const { columns } = this.#batch
    for (const ranges of columns.ranges) ranges.bytes = this.#arena
    const views = new Map<string, TraceView>()
    for (const [id, { rows, bytes }] of this.#traces) {
      const spans = rows.map((row) => {
        const span = new SpanView()
        span.moveTo(columns, this.#origins, row)
        return span
      })
      views.set(id, new TraceView(spans, bytes))
    }
    return views
  }

  #copy(view: SpanView, trace: TraceRows): void {
    const key = `${view.spanId}${view.kind}${view.startNs}`
    if (trace.seen.has(key)) return
    trace.seen.add(key)
    const before = this.#used
    const row = this.#batch.addRow(this.#origin(view.origin))
    const { columns } = this.#batch
    columns.copyFixed(row, view.columns, view.row)
    for (const [i, target] of columns.ranges.entries()) {
      this.#copyRange(view.columns.ranges[i] as ByteRanges, view.row, target, row)
    }
    trace.rows.push(row)
    const bytes = this.#used - before + ROW_BYTES
    trace.bytes += bytes
    this.#meter.hold(bytes)
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

  #check(id: string, { bytes, rows }: TraceRows): void {
    const { traceBytesMax, traceSpansMax } = this.#limits
    if (bytes > traceBytesMax) throw tooLarge(id, `${traceBytesMax} bytes`, 'query.maxTraceBytes')
    if (rows.length > traceSpansMax) throw tooLarge(id, `${traceSpansMax} spans`, 'query.maxTraceSpans')
  }
}

function tooLarge(id: string, max: string, limit: string): FaultError {
  const message = `trace ${id} is too large to be read whole: want at most ${max} (${limit})`
  return new FaultError(fault('unprocessable', message, { limit }))
}

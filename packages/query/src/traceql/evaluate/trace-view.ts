import {
  type ByteRanges,
  FaultError,
  fault,
  hexText,
  isZero,
  NO_ORIGIN,
  type Origin,
  type QueryBudget,
  SpanBatch,
  type SpanBlock,
  type SpanColumns,
} from '@vantage/model'
import type { TraceqlLimits } from '../limits.ts'
import { KeyTable, putSpanId } from './key-table.ts'
import { nsBetween, SpanView } from './span-view.ts'

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
  readonly #columns: SpanColumns
  /** Place of the span that began first. */
  readonly #first: number

  /** @param rows of one trace, each span once */
  constructor(columns: SpanColumns, origins: readonly Origin[], rows: readonly number[], bytes: number) {
    this.bytes = bytes
    this.#columns = columns
    const count = rows.length
    this.spans = rows.map((row, place) => {
      const span = new SpanView()
      span.moveTo(columns, origins, row)
      span.trace = this
      span.place = place
      return span
    })
    this.parents = new Int32Array(count).fill(NO_PARENT)
    this.childCounts = new Int32Array(count)
    this.order = new Int32Array(count)
    this.left = new Int32Array(count)
    this.right = new Int32Array(count)
    const { first, last, root } = edgesOf(columns, rows)
    this.#first = first
    this.root = this.spans[root]
    this.startNs = this.spans[first]?.startNs ?? 0n
    const endNs = this.spans[last]?.endNs ?? 0n
    this.endNs = endNs > this.startNs ? endNs : this.startNs
    this.#findParents()
    this.#number()
  }

  /** How long after the trace a span began. */
  offsetNs({ row }: SpanView): number {
    const { startHalves } = this.#columns
    return nsBetween(startHalves, (this.spans[this.#first] as SpanView).row, startHalves, row)
  }

  parentOf(span: SpanView): SpanView | undefined {
    return this.spans[this.parents[span.place] as number]
  }

  /** Two spans may share an id (Zipkin's client and server); the server is the parent of what names the id. */
  #findParents(): void {
    const { spanIds, parentSpanIds, kinds } = this.#columns
    const places = new KeyTable(2, this.spans.length)
    const key = new Int32Array(2)
    for (const { row, place } of this.spans) {
      putSpanId(key, 0, spanIds, row)
      if (kinds[row] === SERVER || places.get(key) < 0) places.set(key, place)
    }
    for (const { row, place } of this.spans) {
      if (isZero(parentSpanIds, row * 8, row * 8 + 8)) continue
      putSpanId(key, 0, parentSpanIds, row)
      const parent = places.get(key)
      if (parent >= 0 && parent !== place) this.parents[place] = parent
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
      this.#cutLoose(place)
      this.#walk(place, children, seen, counter)
    }
  }

  #cutLoose(place: number): void {
    const parent = this.parents[place] as number
    this.childCounts[parent] = (this.childCounts[parent] as number) - 1
    this.parents[place] = NO_PARENT
  }

  /** Counts the children of all places, and lists them, one list behind the other. */
  #children(): Children {
    const { parents, childCounts } = this
    const from = new Int32Array(parents.length + 1)
    for (const parent of parents) if (parent !== NO_PARENT) childCounts[parent] = (childCounts[parent] as number) + 1
    for (let place = 0; place < parents.length; place++) {
      from[place + 1] = (from[place] as number) + (childCounts[place] as number)
    }
    const places = new Int32Array(from[parents.length] as number)
    const next = from.slice()
    for (let place = 0; place < parents.length; place++) {
      const parent = parents[place] as number
      if (parent === NO_PARENT) continue
      const at = next[parent] as number
      places[at] = place
      next[parent] = at + 1
    }
    return { from, places }
  }

  #walk(top: number, { from, places }: Children, seen: Uint8Array, counter: { next: number; ordered: number }): void {
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
      for (let i = (from[place + 1] as number) - 1; i >= (from[place] as number); i--) {
        const child = places[i] as number
        if (seen[child] === 0) open.push(child)
      }
    }
  }
}

/** Children of a place are `places` from `from[place]` to `from[place + 1]`. */
interface Children {
  readonly from: Int32Array
  readonly places: Int32Array
}

/** Places of the first to begin, the last to end, and the first without a parent id; -1 without. */
function edgesOf(
  columns: SpanColumns,
  rows: readonly number[],
): { readonly first: number; readonly last: number; readonly root: number } {
  const { startHalves, endHalves, parentSpanIds } = columns
  let [first, last, root] = [-1, -1, -1]
  const isEarlier = (row: number, place: number) =>
    place < 0 || nsBetween(startHalves, rows[place] as number, startHalves, row) < 0
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place] as number
    if (isEarlier(row, first)) first = place
    if (last < 0 || nsBetween(endHalves, rows[last] as number, endHalves, row) > 0) last = place
    if (isZero(parentSpanIds, row * 8, row * 8 + 8) && isEarlier(row, root)) root = place
  }
  return { first, last, root }
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

/** What is copied by a loop: less than this is cheaper so, bytes. */
const LOOP_BYTES_MAX = 48
/** A span is there once: its id, when it began, and its kind, as Zipkin's client and server share an id. */
const SEEN_WORDS = 5

/** Rows of one trace in the collector's columns. */
interface TraceRows {
  readonly id: string
  readonly rows: number[]
  /** Spans that are there, so that one that was stored twice is kept once. */
  readonly seen: KeyTable
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
  readonly #key = new Int32Array(SEEN_WORDS)
  #arena = new Uint8Array(ARENA_BYTES)
  #used = 0

  constructor(limits: TraceqlLimits, meter: ByteMeter) {
    this.#limits = limits
    this.#meter = meter
  }

  /** @param wanted trace ids in hex; others are left out. Absent = all */
  add({ columns, rows, origins }: SpanBlock, wanted?: ReadonlySet<string>): void {
    let former = -1
    let trace: TraceRows | undefined
    for (const row of rows) {
      // Fast path: the same trace again.
      if (former < 0 || !isSameTrace(columns.traceIds, former, row))
        trace = this.#traceOf(columns.traceIds, row, wanted)
      former = row
      if (trace === undefined || this.#isSeen(columns, row, trace)) continue
      this.#copy(columns, row, origins[columns.origins[row] as number] ?? NO_ORIGIN, trace)
      this.#check(trace)
    }
  }

  /** The traces by their ids. The collector has done its work. */
  finish(): Map<string, TraceView> {
    const { columns } = this.#batch
    for (const ranges of columns.ranges) ranges.bytes = this.#arena
    const views = new Map<string, TraceView>()
    for (const [id, { rows, bytes }] of this.#traces) {
      views.set(id, new TraceView(columns, this.#origins, rows, bytes))
    }
    return views
  }

  #traceOf(traceIds: Uint8Array, row: number, wanted: ReadonlySet<string> | undefined): TraceRows | undefined {
    const id = hexText(traceIds, row * 16, row * 16 + 16)
    if (wanted !== undefined && !wanted.has(id)) return undefined
    const known = this.#traces.get(id)
    if (known !== undefined) return known
    const trace = { id, rows: [], seen: new KeyTable(SEEN_WORDS), bytes: 0 }
    this.#traces.set(id, trace)
    return trace
  }

  /** Whether a span is there already; from now on it is. */
  #isSeen({ spanIds, startHalves, kinds }: SpanColumns, row: number, { seen, rows }: TraceRows): boolean {
    const key = this.#key
    putSpanId(key, 0, spanIds, row)
    key[2] = startHalves[row * 2] as number
    key[3] = startHalves[row * 2 + 1] as number
    key[4] = kinds[row] as number
    if (seen.get(key) >= 0) return true
    seen.set(key, rows.length)
    return false
  }

  #copy(source: SpanColumns, sourceRow: number, origin: Origin, trace: TraceRows): void {
    const before = this.#used
    const row = this.#batch.addRow(this.#origin(origin))
    const { columns } = this.#batch
    columns.copyFixed(row, source, sourceRow)
    for (let i = 0; i < columns.ranges.length; i++) {
      this.#copyRange(source.ranges[i] as ByteRanges, sourceRow, columns.ranges[i] as ByteRanges, row)
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
    if (to - from < LOOP_BYTES_MAX) {
      const [bytes, arena] = [source.bytes, this.#arena]
      for (let i = from, at = this.#used; i < to; i++) arena[at++] = bytes[i] as number
    } else this.#arena.set(source.bytes.subarray(from, to), this.#used)
    target.set(row, this.#used, need)
    this.#used = need
  }

  #check({ id, bytes, rows }: TraceRows): void {
    const { traceBytesMax, traceSpansMax } = this.#limits
    if (bytes > traceBytesMax) throw tooLarge(id, `${traceBytesMax} bytes`, 'query.maxTraceBytes')
    if (rows.length > traceSpansMax) throw tooLarge(id, `${traceSpansMax} spans`, 'query.maxTraceSpans')
  }
}

function isSameTrace(traceIds: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < 16; i++) if (traceIds[a * 16 + i] !== traceIds[b * 16 + i]) return false
  return true
}

function tooLarge(id: string, max: string, limit: string): FaultError {
  const message = `trace ${id} is too large to be read whole: want at most ${max} (${limit})`
  return new FaultError(fault('unprocessable', message, { limit }))
}

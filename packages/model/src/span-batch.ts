import { ByteRanges, grownInts } from './byte-ranges.ts'
import { ItemVerdict } from './item-verdict.ts'
import { grownBytes, grownLongs, grownWords } from './log-batch.ts'
import type { Refusal } from './metric-batch.ts'
import type { Origin } from './origin.ts'

/** Source: opentelemetry-proto trace/v1, Span.SpanKind. */
export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
/** Source: opentelemetry-proto trace/v1, Status.StatusCode. */
export const STATUS_CODES = ['unset', 'ok', 'error'] as const

/**
 * Spans in columns. Rows hold what OpenTelemetry's `Span` holds; times are unix ns. Ids are bytes, 16 or 8 for each
 * row; a parent of zeros = root. A time of 0 = absent.
 */
export class SpanColumns {
  count = 0
  startTimes: BigInt64Array
  endTimes: BigInt64Array
  traceIds: Uint8Array
  spanIds: Uint8Array
  parentSpanIds: Uint8Array
  /** Place in SPAN_KINDS. */
  kinds: Uint8Array
  /** Place in STATUS_CODES. */
  statusCodes: Uint8Array
  flags: Uint32Array
  droppedAttributes: Uint32Array
  droppedEvents: Uint32Array
  droppedLinks: Uint32Array
  /** Place in a list of origins beside the columns. */
  origins: Int32Array
  readonly names: ByteRanges
  readonly statusMessages: ByteRanges
  readonly traceStates: ByteRanges
  /** As `attribute-codec.ts` says. */
  readonly attributes: ByteRanges
  /** (one byte tag, varint length, Span.Event message)*; see `span-parts.ts`. */
  readonly events: ByteRanges
  /** (one byte tag, varint length, Span.Link message)*; see `span-parts.ts`. */
  readonly links: ByteRanges
  /** The six columns of ranges above, in that order. */
  readonly ranges: readonly ByteRanges[]
  #startsOf: BigInt64Array | undefined
  #starts: Int32Array = NO_HALVES
  #endsOf: BigInt64Array | undefined
  #ends: Int32Array = NO_HALVES

  constructor(capacity: number) {
    this.startTimes = new BigInt64Array(capacity)
    this.endTimes = new BigInt64Array(capacity)
    this.traceIds = new Uint8Array(capacity * 16)
    this.spanIds = new Uint8Array(capacity * 8)
    this.parentSpanIds = new Uint8Array(capacity * 8)
    this.kinds = new Uint8Array(capacity)
    this.statusCodes = new Uint8Array(capacity)
    this.flags = new Uint32Array(capacity)
    this.droppedAttributes = new Uint32Array(capacity)
    this.droppedEvents = new Uint32Array(capacity)
    this.droppedLinks = new Uint32Array(capacity)
    this.origins = new Int32Array(capacity)
    this.names = new ByteRanges(capacity)
    this.statusMessages = new ByteRanges(capacity)
    this.traceStates = new ByteRanges(capacity)
    this.attributes = new ByteRanges(capacity)
    this.events = new ByteRanges(capacity)
    this.links = new ByteRanges(capacity)
    this.ranges = [this.names, this.statusMessages, this.traceStates, this.attributes, this.events, this.links]
  }

  get capacity(): number {
    return this.startTimes.length
  }

  /** The starts as halves, low at 2 · row, high at 2 · row + 1: a bigint for each look would be garbage. */
  get startHalves(): Int32Array {
    if (this.#startsOf !== this.startTimes) {
      this.#startsOf = this.startTimes
      this.#starts = halvesOf(this.startTimes)
    }
    return this.#starts
  }

  /** The ends, likewise. */
  get endHalves(): Int32Array {
    if (this.#endsOf !== this.endTimes) {
      this.#endsOf = this.endTimes
      this.#ends = halvesOf(this.endTimes)
    }
    return this.#ends
  }

  /** Takes over another row's times, ids and numbers; not its origin, nor what `ranges` hold. */
  copyFixed(row: number, from: SpanColumns, fromRow: number): void {
    this.startTimes[row] = from.startTimes[fromRow] as bigint
    this.endTimes[row] = from.endTimes[fromRow] as bigint
    copyId(this.traceIds, row * 16, from.traceIds, fromRow * 16, 16)
    copyId(this.spanIds, row * 8, from.spanIds, fromRow * 8, 8)
    copyId(this.parentSpanIds, row * 8, from.parentSpanIds, fromRow * 8, 8)
    this.kinds[row] = from.kinds[fromRow] as number
    this.statusCodes[row] = from.statusCodes[fromRow] as number
    this.flags[row] = from.flags[fromRow] as number
    this.droppedAttributes[row] = from.droppedAttributes[fromRow] as number
    this.droppedEvents[row] = from.droppedEvents[fromRow] as number
    this.droppedLinks[row] = from.droppedLinks[fromRow] as number
  }

  /** Puts a row in the place of another one. */
  moveRow(row: number, fromRow: number): void {
    this.copyFixed(row, this, fromRow)
    this.origins[row] = this.origins[fromRow] as number
    for (const ranges of this.ranges) ranges.set(row, ranges.from[fromRow] as number, ranges.to[fromRow] as number)
  }
}

const NO_HALVES = new Int32Array(0)

function halvesOf(times: BigInt64Array): Int32Array {
  return new Int32Array(times.buffer, times.byteOffset, times.length * 2)
}

/** A few bytes: cheaper than a copy by the engine. */
function copyId(to: Uint8Array, at: number, from: Uint8Array, fromAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[fromAt + i] as number
}

/** One decoded request of spans; otherwise as `LogBatch`. */
export class SpanBatch {
  readonly columns = new SpanColumns(1024)
  originCount = 0
  readonly originBytes = new ByteRanges(64)
  originSpace = 0
  originOf: (origin: number) => Origin = () => {
    throw new Error('BUG: no decoder filled this batch')
  }
  readonly verdict = new ItemVerdict()
  /** Items of each row, as `verdict` counts them. */
  rowItems = new Int32Array(1024)
  readonly refused: Refusal[] = []
  readonly warnings: string[] = []
  /** Rows from here on hold nothing since the last reset. */
  #emptyFrom = 0

  /** @param replayed the verdict of a record that is replayed */
  reset(replayed?: Uint8Array): void {
    this.verdict.reset(replayed)
    this.columns.count = 0
    clearSpans(this.columns, 0, this.#emptyFrom)
    this.#emptyFrom = 0
    this.originCount = 0
    this.refused.length = 0
    this.warnings.length = 0
  }

  /** Opens a row with everything absent. @returns its place */
  addRow(origin: number): number {
    const columns = this.columns
    if (columns.count === columns.capacity) growSpanColumns(columns)
    const row = columns.count++
    if (row >= this.rowItems.length) this.rowItems = grownInts(this.rowItems, columns.capacity)
    this.rowItems[row] = this.verdict.count - 1
    // Fast path: no row was here, all columns were emptied at once.
    if (row >= this.#emptyFrom) this.#emptyFrom = row + 1
    else clearSpans(columns, row, row + 1)
    columns.origins[row] = origin
    return row
  }

  addOrigin(from: number, to: number): number {
    if (this.originCount === this.originBytes.from.length) this.originBytes.grow(this.originCount * 2)
    this.originBytes.set(this.originCount, from, to)
    return this.originCount++
  }
}

/** Makes everything of rows [from, to) absent. */
function clearSpans(columns: SpanColumns, from: number, to: number): void {
  columns.startTimes.fill(0n, from, to)
  columns.endTimes.fill(0n, from, to)
  columns.traceIds.fill(0, from * 16, to * 16)
  columns.spanIds.fill(0, from * 8, to * 8)
  columns.parentSpanIds.fill(0, from * 8, to * 8)
  columns.kinds.fill(0, from, to)
  columns.statusCodes.fill(0, from, to)
  columns.flags.fill(0, from, to)
  columns.droppedAttributes.fill(0, from, to)
  columns.droppedEvents.fill(0, from, to)
  columns.droppedLinks.fill(0, from, to)
  for (const ranges of columns.ranges) ranges.clear(from, to)
}

/** Doubles the room; what is there stays. */
function growSpanColumns(columns: SpanColumns): void {
  const capacity = columns.capacity * 2
  columns.startTimes = grownLongs(columns.startTimes, capacity)
  columns.endTimes = grownLongs(columns.endTimes, capacity)
  columns.traceIds = grownBytes(columns.traceIds, capacity * 16)
  columns.spanIds = grownBytes(columns.spanIds, capacity * 8)
  columns.parentSpanIds = grownBytes(columns.parentSpanIds, capacity * 8)
  columns.kinds = grownBytes(columns.kinds, capacity)
  columns.statusCodes = grownBytes(columns.statusCodes, capacity)
  columns.flags = grownWords(columns.flags, capacity)
  columns.droppedAttributes = grownWords(columns.droppedAttributes, capacity)
  columns.droppedEvents = grownWords(columns.droppedEvents, capacity)
  columns.droppedLinks = grownWords(columns.droppedLinks, capacity)
  columns.origins = grownInts(columns.origins, capacity)
  for (const ranges of columns.ranges) ranges.grow(capacity)
}

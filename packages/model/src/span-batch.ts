import { ByteRanges, grownInts } from './byte-ranges.ts'
import { grownBytes, grownLongs, grownWords } from './log-batch.ts'
import { RecordBatch } from './record-batch.ts'

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

  /** Makes everything of rows [from, to) absent. */
  clear(from: number, to: number): void {
    this.startTimes.fill(0n, from, to)
    this.endTimes.fill(0n, from, to)
    this.traceIds.fill(0, from * 16, to * 16)
    this.spanIds.fill(0, from * 8, to * 8)
    this.parentSpanIds.fill(0, from * 8, to * 8)
    this.kinds.fill(0, from, to)
    this.statusCodes.fill(0, from, to)
    this.flags.fill(0, from, to)
    this.droppedAttributes.fill(0, from, to)
    this.droppedEvents.fill(0, from, to)
    this.droppedLinks.fill(0, from, to)
    for (const ranges of this.ranges) ranges.clear(from, to)
  }

  /** Doubles the room; what is there stays. */
  grow(): void {
    const capacity = this.capacity * 2
    this.startTimes = grownLongs(this.startTimes, capacity)
    this.endTimes = grownLongs(this.endTimes, capacity)
    this.traceIds = grownBytes(this.traceIds, capacity * 16)
    this.spanIds = grownBytes(this.spanIds, capacity * 8)
    this.parentSpanIds = grownBytes(this.parentSpanIds, capacity * 8)
    this.kinds = grownBytes(this.kinds, capacity)
    this.statusCodes = grownBytes(this.statusCodes, capacity)
    this.flags = grownWords(this.flags, capacity)
    this.droppedAttributes = grownWords(this.droppedAttributes, capacity)
    this.droppedEvents = grownWords(this.droppedEvents, capacity)
    this.droppedLinks = grownWords(this.droppedLinks, capacity)
    this.origins = grownInts(this.origins, capacity)
    for (const ranges of this.ranges) ranges.grow(capacity)
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

/** Spans, decoded. */
export class SpanBatch extends RecordBatch<SpanColumns> {
  constructor() {
    super(new SpanColumns(1024))
  }
}

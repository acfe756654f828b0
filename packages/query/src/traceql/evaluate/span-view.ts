import {
  type AnyValue,
  type Attributes,
  type ByteRanges,
  decodeAttributes,
  decodeEvents,
  decodeLinks,
  hexText,
  isZero,
  NO_ORIGIN,
  type Origin,
  SpanColumns,
  type SpanEvent,
  type SpanLink,
} from '@vantage/model'
import { findAttribute } from './attribute-bytes.ts'
import type { TraceView } from './trace-view.ts'

const decoder = new TextDecoder()
const NO_COLUMNS = new SpanColumns(0)
const NO_HALVES = new Int32Array(0)

/** UTF-8 of one row. Shared memory is copied first: decoders refuse it. */
function rangeText(ranges: ByteRanges, row: number): string {
  const { bytes, from, to } = ranges
  const [start, end] = [from[row] as number, to[row] as number]
  if (start === end) return ''
  const part = bytes.subarray(start, end)
  return decoder.decode(part.buffer instanceof ArrayBuffer ? part : part.slice())
}

/**
 * One row of span columns, read field by field. It moves: a view of a scan is good until its next row, views of a trace
 * stay where they are.
 */
export class SpanView {
  columns: SpanColumns = NO_COLUMNS
  origins: readonly Origin[] = []
  row = 0
  /** The trace that the span was read with; undefined in a scan, where fields of the trace are nil. */
  trace: TraceView | undefined
  /** Place in the trace. */
  place = 0
  /** Times as halves, with the column of starts that they were made of: a bigint for each span would be garbage. */
  #timed: BigInt64Array | undefined
  #starts: Int32Array = NO_HALVES
  #ends: Int32Array = NO_HALVES

  moveTo(columns: SpanColumns, origins: readonly Origin[], row: number): void {
    this.columns = columns
    this.origins = origins
    this.row = row
  }

  #useTimes(): void {
    const { startTimes, endTimes } = this.columns
    this.#starts = new Int32Array(startTimes.buffer, startTimes.byteOffset, startTimes.length * 2)
    this.#ends = new Int32Array(endTimes.buffer, endTimes.byteOffset, endTimes.length * 2)
    this.#timed = startTimes
  }

  get origin(): Origin {
    return this.origins[this.columns.origins[this.row] as number] ?? NO_ORIGIN
  }

  get name(): string {
    return rangeText(this.columns.names, this.row)
  }

  get statusMessage(): string {
    return rangeText(this.columns.statusMessages, this.row)
  }

  get traceState(): string {
    return rangeText(this.columns.traceStates, this.row)
  }

  get startNs(): bigint {
    return this.columns.startTimes[this.row] as bigint
  }

  get endNs(): bigint {
    return this.columns.endTimes[this.row] as bigint
  }

  /** 0 where the end is absent or before the start. */
  get durationNs(): number {
    if (this.columns.startTimes !== this.#timed) this.#useTimes()
    const at = this.row * 2
    const high = (this.#ends[at + 1] as number) - (this.#starts[at + 1] as number)
    const low = ((this.#ends[at] as number) >>> 0) - ((this.#starts[at] as number) >>> 0)
    return Math.max(high * 2 ** 32 + low, 0)
  }

  get statusCode(): number {
    return this.columns.statusCodes[this.row] as number
  }

  get kind(): number {
    return this.columns.kinds[this.row] as number
  }

  /** Lower-case hex. */
  get traceId(): string {
    return hexText(this.columns.traceIds, this.row * 16, this.row * 16 + 16)
  }

  get spanId(): string {
    return hexText(this.columns.spanIds, this.row * 8, this.row * 8 + 8)
  }

  /** '' for a root. */
  get parentSpanId(): string {
    const { parentSpanIds } = this.columns
    const at = this.row * 8
    return isZero(parentSpanIds, at, at + 8) ? '' : hexText(parentSpanIds, at, at + 8)
  }

  /** @param key UTF-8 */
  attribute(key: Uint8Array): AnyValue | undefined {
    const { bytes, from, to } = this.columns.attributes
    return findAttribute(bytes, from[this.row] as number, to[this.row] as number, key)
  }

  get attributes(): Attributes {
    const { bytes, from, to } = this.columns.attributes
    return decodeAttributes(bytes, from[this.row] as number, to[this.row] as number)
  }

  get events(): SpanEvent[] {
    const { bytes, from, to } = this.columns.events
    return decodeEvents(bytes, from[this.row] as number, to[this.row] as number)
  }

  get links(): SpanLink[] {
    const { bytes, from, to } = this.columns.links
    return decodeLinks(bytes, from[this.row] as number, to[this.row] as number)
  }
}

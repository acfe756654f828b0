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

/** UTF-8 of one row. Shared memory is copied first: decoders refuse it. */
function rangeText(ranges: ByteRanges, row: number): string {
  const { bytes, from, to } = ranges
  const [start, end] = [from[row] as number, to[row] as number]
  if (start === end) return ''
  const part = bytes.subarray(start, end)
  return decoder.decode(part.buffer instanceof ArrayBuffer ? part : part.slice())
}

/** From one time to another, both as halves, ns. */
export function nsBetween(from: Int32Array, fromRow: number, to: Int32Array, toRow: number): number {
  const high = (to[toRow * 2 + 1] as number) - (from[fromRow * 2 + 1] as number)
  const low = ((to[toRow * 2] as number) >>> 0) - ((from[fromRow * 2] as number) >>> 0)
  return high * 2 ** 32 + low
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

  moveTo(columns: SpanColumns, origins: readonly Origin[], row: number): void {
    this.columns = columns
    this.origins = origins
    this.row = row
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
    const { startHalves, endHalves } = this.columns
    return Math.max(nsBetween(startHalves, this.row, endHalves, this.row), 0)
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

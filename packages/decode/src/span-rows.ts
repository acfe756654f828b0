import {
  type Attribute,
  type Attributes,
  type ByteRanges,
  encodeAttributes,
  encodeEvents,
  encodeLinks,
  type ItemReason,
  type Origin,
  type SpanBatch,
  type SpanEvent,
  type SpanLink,
} from '@vantage/model'
import { Arena } from './arena.ts'
import { RECORD_LIMITS, type RecordLimits } from './limits.ts'
import { refuseItems, warnOnce } from './refusals.ts'
import { isTooLong, shortenValue } from './shorten-value.ts'

/** One span as decoders of whole spans read it. Absent ids are all zero, absent times 0. */
export interface ReadSpan {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly parentSpanId: Uint8Array
  readonly name: string
  /** Place in SPAN_KINDS. */
  readonly kind: number
  readonly startNs: bigint
  readonly endNs: bigint
  /** Place in STATUS_CODES. */
  readonly statusCode: number
  readonly statusMessage: string
  readonly traceState: string
  readonly flags: number
  readonly attributes: Attributes
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
}

export interface SpanProblem {
  readonly reason: Extract<ItemReason, 'invalid_id' | 'invalid_value' | 'invalid_utf8'>
  readonly message: string
}

/** Spans that were read one by one → rows of a batch. Owner: one decoder, one request at a time. */
export class SpanRows {
  readonly #limits: RecordLimits
  readonly #arena = new Arena()
  readonly #places = new Map<string, number>()
  #origins: Origin[] = []
  #batch: SpanBatch | undefined

  constructor(limits: RecordLimits = RECORD_LIMITS) {
    this.#limits = limits
  }

  /** @param space what the bytes of origins are unique in */
  start(batch: SpanBatch, space: number): void {
    this.#batch = batch
    this.#arena.reset()
    this.#places.clear()
    const origins: Origin[] = []
    this.#origins = origins
    batch.originSpace = space
    batch.originOf = (origin) => origins[origin] as Origin
  }

  /**
   * The place of an origin in the batch.
   * @param key text that always means the same origin in this space
   */
  origin(key: string, make: () => Origin): number {
    const known = this.#places.get(key)
    if (known !== undefined) return known
    const origin = this.#origins.push(make()) - 1
    this.#places.set(key, origin)
    return origin
  }

  /** Adds a span, or refuses it where it passes a limit. */
  add(origin: number, span: ReadSpan): void {
    const batch = this.#batch as SpanBatch
    if (span.attributes.length > this.#limits.maxAttributes) {
      batch.verdict.refuse()
      const message = `span: want at most ${this.#limits.maxAttributes} attributes (limits.maxAttributes), got ${span.attributes.length}`
      refuseItems(batch, 'too_many_attributes', 1, message)
      return
    }
    const { columns } = batch
    const row = batch.addRow(origin)
    columns.traceIds.set(span.traceId, row * 16)
    columns.spanIds.set(span.spanId, row * 8)
    columns.parentSpanIds.set(span.parentSpanId, row * 8)
    columns.kinds[row] = span.kind
    columns.startTimes[row] = span.startNs
    columns.endTimes[row] = span.endNs
    columns.statusCodes[row] = span.statusCode
    columns.flags[row] = span.flags
    this.#arena.put(columns.names, row, Buffer.from(span.name))
    this.#arena.put(columns.statusMessages, row, Buffer.from(span.statusMessage))
    this.#arena.put(columns.traceStates, row, Buffer.from(span.traceState))
    this.#arena.put(columns.attributes, row, encodeAttributes(this.#within(batch, span.attributes)))
    this.#arena.put(columns.events, row, encodeEvents(span.events))
    this.#arena.put(columns.links, row, encodeLinks(span.links))
  }

  refuse({ reason, message }: SpanProblem): void {
    const batch = this.#batch as SpanBatch
    batch.verdict.refuse()
    refuseItems(batch, reason, 1, message)
  }

  /** All spans are in. */
  finish(): void {
    const batch = this.#batch as SpanBatch
    for (const key of this.#places.keys()) {
      const origin = batch.addOrigin(0, 0)
      this.#arena.put(batch.originBytes, origin, Buffer.from(key))
    }
    const { names, statusMessages, traceStates, attributes, events, links } = batch.columns
    const all: ByteRanges[] = [names, statusMessages, traceStates, attributes, events, links, batch.originBytes]
    for (const ranges of all) ranges.bytes = this.#arena.bytes
  }

  #within(batch: SpanBatch, attributes: Attributes): Attributes {
    const max = this.#limits.maxAttributeBytes
    if (!attributes.some(({ value }) => isTooLong(value, max))) return attributes
    warnOnce(batch, `attribute values longer than ${max} bytes were cut`)
    return attributes.map(({ key, value }): Attribute => ({ key, value: shortenValue(value, max) }))
  }
}

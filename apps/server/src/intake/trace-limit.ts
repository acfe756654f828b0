import { type Clock, hexText, keepRows, type SpanBatch, type SpanColumns, type TenantId } from '@vantage/model'
import type { RowLimit } from './row-limit.ts'
import { TraceSizes } from './trace-sizes.ts'

/** Of a span, beside its texts and attributes: ids, times, numbers. */
const SPAN_BYTES = 96
/** A trace without a span for so long, and at most twice as long, may begin anew. */
const IDLE_MS = 300_000
/** Odd, with its bits all over: both halves of an id count. */
const FOLD = 0xc2b2ae35
/** What a table can count. */
const MAX_BYTES = 2 ** 32 - 1

interface Book {
  readonly sizes: TraceSizes
  turnedMs: number
}

/** `limits.maxTraceBytes`: how large a trace may become. */
export class TraceLimit implements RowLimit<SpanBatch> {
  readonly #max: number
  readonly #clock: Clock
  readonly #newSeed: () => number
  readonly #books = new Map<TenantId, Book>()

  /** @param max 0 = as large as they like */
  constructor(max: number, clock: Clock, newSeed: () => number) {
    this.#max = Math.min(max, MAX_BYTES)
    this.#clock = clock
    this.#newSeed = newSeed
  }

  refuse(tenant: TenantId, batch: SpanBatch): void {
    if (this.#max === 0) return
    const { columns } = batch
    const beyond = this.#add(tenant, columns, this.#max)
    if (beyond.length === 0) return
    const at = (beyond[0] as number) * 16
    const traceId = hexText(columns.traceIds, at, at + 16)
    let next = 0
    const count = keepRows(batch, (row) => {
      if (beyond[next] !== row) return true
      next++
      batch.verdict.refuse(batch.rowItems[row] as number)
      return false
    })
    const message = `trace ${traceId}: want at most ${this.#max} bytes of spans (limits.maxTraceBytes), got more`
    batch.refused.push({ reason: 'trace_too_large', count, message })
  }

  note(tenant: TenantId, { columns }: SpanBatch): void {
    if (this.#max > 0) this.#add(tenant, columns, MAX_BYTES)
  }

  /** @returns rows that make their traces too large, in order */
  #add(tenant: TenantId, columns: SpanColumns, max: number): number[] {
    const { sizes } = this.#bookOf(tenant)
    const { traceIds } = columns
    const words = new Int32Array(traceIds.buffer, traceIds.byteOffset, columns.count * 4)
    const beyond: number[] = []
    for (let row = 0; row < columns.count; row++) {
      const at = row * 4
      const first = Math.imul(words[at] as number, FOLD) ^ (words[at + 2] as number)
      const second = Math.imul(words[at + 1] as number, FOLD) ^ (words[at + 3] as number)
      if (!sizes.add(first, second, bytesOf(columns, row), max)) beyond.push(row)
    }
    return beyond
  }

  #bookOf(tenant: TenantId): Book {
    const nowMs = this.#clock.monotonicMs()
    let book = this.#books.get(tenant)
    if (book === undefined) {
      book = { sizes: new TraceSizes(this.#newSeed()), turnedMs: nowMs }
      this.#books.set(tenant, book)
    }
    if (nowMs - book.turnedMs >= IDLE_MS) {
      book.sizes.turn()
      book.turnedMs = nowMs
    }
    return book
  }
}

function bytesOf({ ranges }: SpanColumns, row: number): number {
  let bytes = SPAN_BYTES
  for (let i = 0; i < ranges.length; i++) {
    const { from, to } = ranges[i] as SpanColumns['ranges'][number]
    bytes += (to[row] as number) - (from[row] as number)
  }
  return bytes
}

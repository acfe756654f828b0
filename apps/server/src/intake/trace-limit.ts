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
  #bytes = new Int32Array(1_024)

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
    const { traceIds, count } = columns
    const words = new Int32Array(traceIds.buffer, traceIds.byteOffset, count * 4)
    const bytes = this.#bytesOf(columns)
    const beyond: number[] = []
    for (let row = 0; row < count; ) {
      const end = endOfTrace(words, row, count)
      const at = row * 4
      const first = Math.imul(words[at] as number, FOLD) ^ (words[at + 2] as number)
      const second = Math.imul(words[at + 1] as number, FOLD) ^ (words[at + 3] as number)
      let sum = 0
      for (let i = row; i < end; i++) sum += bytes[i] as number
      // Fast path: all spans of the trace that lie behind each other fit.
      if (sizes.add(first, second, sum, max)) {
        row = end
        continue
      }
      for (; row < end; row++) if (!sizes.add(first, second, bytes[row] as number, max)) beyond.push(row)
    }
    return beyond
  }

  /** Column by column: bytes of each row. */
  #bytesOf({ ranges, count }: SpanColumns): Int32Array {
    if (this.#bytes.length < count) this.#bytes = new Int32Array(count * 2)
    const bytes = this.#bytes
    bytes.fill(SPAN_BYTES, 0, count)
    for (const { from, to } of ranges) {
      for (let row = 0; row < count; row++) {
        bytes[row] = (bytes[row] as number) + (to[row] as number) - (from[row] as number)
      }
    }
    return bytes
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

/** The row behind the last one of this trace that lies without another in between. */
function endOfTrace(words: Int32Array, row: number, count: number): number {
  const at = row * 4
  let end = row + 1
  for (let i = at + 4; end < count; end++, i += 4) {
    if (words[i + 3] !== words[at + 3] || words[i + 2] !== words[at + 2]) break
    if (words[i + 1] !== words[at + 1] || words[i] !== words[at]) break
  }
  return end
}

import {
  type Clock,
  foreign,
  formatLabels,
  keepRows,
  type Labels,
  type LogBatch,
  labelsKey,
  streamLabels,
  type TenantId,
} from '@vantage/model'
import type { RowLimit } from './row-limit.ts'

/** A stream without a row for so long makes room for another one: the time after which rows are in files at the latest. */
const IDLE_MS = 3_600_000
/** A full book looks so often for streams that are over. */
const SWEEP_MS = 10_000
/** Ways to say an origin that are remembered for each stream that may be; beyond them all are learnt anew. */
const ALIASES_PER_STREAM = 4

interface Stream {
  lastMs: number
}

/** The streams of one tenant. */
interface Book {
  readonly streams: Map<string, Stream>
  /** By the bytes of an origin as they were sent. */
  readonly aliases: Map<string, Stream>
  sweptMs: number
}

/** `limits.maxStreams`: how many streams of log rows a tenant may have at a time. */
export class StreamLimit implements RowLimit<LogBatch> {
  readonly #max: number
  readonly #clock: Clock
  readonly #books = new Map<TenantId, Book>()

  /** @param max 0 = as many as they like */
  constructor(max: number, clock: Clock) {
    this.#max = max
    this.#clock = clock
  }

  /** Streams of all tenants that had rows lately. */
  get count(): number {
    let sum = 0
    for (const { streams } of this.#books.values()) sum += streams.size
    return sum
  }

  refuse(tenant: TenantId, batch: LogBatch): void {
    if (this.#max === 0) return
    const refused = this.#add(tenant, batch, true)
    if (refused.size === 0) return
    const count = keepRows(batch, (row) => {
      if (!refused.has(batch.columns.origins[row] as number)) return true
      batch.verdict.refuse(batch.rowItems[row] as number)
      return false
    })
    if (count === 0) return
    const [first] = refused.values()
    const name = foreign(formatLabels(first as Labels))
    const message = `stream ${name}: want at most ${this.#max} streams (limits.maxStreams), got one more`
    batch.refused.push({ reason: 'stream_limit', count, message })
  }

  note(tenant: TenantId, batch: LogBatch): void {
    if (this.#max > 0) this.#add(tenant, batch, false)
  }

  /** @returns the origins whose streams are too many, with their labels */
  #add(tenant: TenantId, batch: LogBatch, isLimited: boolean): Map<number, Labels> {
    const { columns } = batch
    const book = this.#bookOf(tenant)
    const nowMs = this.#clock.monotonicMs()
    const refused = new Map<number, Labels>()
    const seen = new Set<number>()
    let last = -1
    for (let row = 0; row < columns.count; row++) {
      const origin = columns.origins[row] as number
      // Fast path: rows of one sender come behind each other.
      if (origin === last) continue
      last = origin
      if (seen.has(origin)) continue
      seen.add(origin)
      const alias = aliasOf(batch, origin)
      const known = book.aliases.get(alias)
      if (known !== undefined) {
        known.lastMs = nowMs
        continue
      }
      const labels = streamLabels(batch.originOf(origin))
      const stream = this.#streamOf(book, labelsKey(labels), nowMs, isLimited)
      if (stream === undefined) refused.set(origin, labels)
      else this.#remember(book, alias, stream)
    }
    return refused
  }

  /** @returns undefined where it would be one too many */
  #streamOf(book: Book, key: string, nowMs: number, isLimited: boolean): Stream | undefined {
    const known = book.streams.get(key)
    if (known !== undefined) {
      known.lastMs = nowMs
      return known
    }
    if (isLimited && book.streams.size >= this.#max) sweep(book, nowMs)
    if (isLimited && book.streams.size >= this.#max) return undefined
    const stream = { lastMs: nowMs }
    book.streams.set(key, stream)
    return stream
  }

  #remember({ aliases }: Book, alias: string, stream: Stream): void {
    if (aliases.size >= this.#max * ALIASES_PER_STREAM) aliases.clear()
    aliases.set(alias, stream)
  }

  #bookOf(tenant: TenantId): Book {
    let book = this.#books.get(tenant)
    if (book === undefined) {
      book = { streams: new Map(), aliases: new Map(), sweptMs: Number.NEGATIVE_INFINITY }
      this.#books.set(tenant, book)
    }
    return book
  }
}

/** Forgets streams that are over. */
function sweep(book: Book, nowMs: number): void {
  if (nowMs - book.sweptMs < SWEEP_MS) return
  book.sweptMs = nowMs
  for (const [key, { lastMs }] of book.streams) if (nowMs - lastMs >= IDLE_MS) book.streams.delete(key)
  // Some may name streams that are gone.
  book.aliases.clear()
}

function aliasOf(
  { originSpace, originBytes: { bytes, from, to } }: Pick<LogBatch, 'originSpace' | 'originBytes'>,
  origin: number,
): string {
  const start = from[origin] as number
  const sent = Buffer.from(bytes.buffer, bytes.byteOffset + start, (to[origin] as number) - start)
  return `${originSpace} ${sent.toString('latin1')}`
}

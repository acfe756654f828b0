import {
  type ByteRanges,
  type Clock,
  foreign,
  formatLabels,
  type ItemReason,
  keepRows,
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

/** Streams that are told apart where they have no number, for the sake of their rate; more are not held to it. */
const RATED_MAX = 100_000

interface Stream {
  lastMs: number
  /** Bytes that it may send at once, as of `filledMs`. */
  tokens: number
  filledMs: number
}

/** Of one stream. */
export interface StreamRate {
  /** Bytes of lines and attributes a second; 0 = as many as it likes. */
  readonly rate: number
  /** At once. */
  readonly burst: number
}

const NO_RATE: StreamRate = { rate: 0, burst: 0 }

/** The streams of one tenant. */
interface Book {
  readonly streams: Map<string, Stream>
  /** By the bytes of an origin as they were sent. */
  readonly aliases: Map<string, Stream>
  sweptMs: number
}

/** `limits.maxStreams`: how many streams of log rows a tenant may have at a time; `limits.streamBytesRate` of each. */
export class StreamLimit implements RowLimit<LogBatch> {
  readonly #max: number
  readonly #clock: Clock
  readonly #rate: StreamRate
  readonly #books = new Map<TenantId, Book>()

  /** @param max 0 = as many as they like */
  constructor(max: number, clock: Clock, rate: StreamRate = NO_RATE) {
    this.#max = max
    this.#clock = clock
    this.#rate = rate
  }

  /** Streams of all tenants that had rows lately. */
  get count(): number {
    let sum = 0
    for (const { streams } of this.#books.values()) sum += streams.size
    return sum
  }

  refuse(tenant: TenantId, batch: LogBatch): void {
    if (this.#isOff) return
    const { streams, refused } = this.#add(tenant, batch, true)
    // Without a number they are too many to be told apart, and are taken.
    if (this.#max > 0) {
      const want = `at most ${this.#max} streams (limits.maxStreams), got one more`
      drop(batch, refused, 'stream_limit', want)
    }
    if (this.#rate.rate > 0) {
      const want = `at most ${this.#rate.rate} bytes a second (limits.streamBytesRate), got more`
      drop(batch, this.#tooFast(batch, streams), 'tenant_rate', want)
    }
  }

  note(tenant: TenantId, batch: LogBatch): void {
    if (!this.#isOff) this.#add(tenant, batch, false)
  }

  get #isOff(): boolean {
    return this.#max === 0 && this.#rate.rate === 0
  }

  /** Takes the bytes of each stream from what it may send. @returns the origins of which that is less */
  #tooFast({ columns }: LogBatch, streams: ReadonlyMap<number, Stream>): Set<number> {
    const bytes = new Map<Stream, number>()
    const { origins, bodies, attributes } = columns
    for (let row = 0; row < columns.count; row++) {
      const stream = streams.get(origins[row] as number)
      if (stream === undefined) continue
      bytes.set(stream, (bytes.get(stream) ?? 0) + lengthOf(bodies, row) + lengthOf(attributes, row))
    }
    const nowMs = this.#clock.monotonicMs()
    const over = new Set<Stream>()
    for (const [stream, sent] of bytes) {
      const { rate, burst } = this.#rate
      stream.tokens = Math.min(burst, stream.tokens + ((nowMs - stream.filledMs) / 1_000) * rate)
      stream.filledMs = nowMs
      if (sent > stream.tokens) over.add(stream)
      else stream.tokens -= sent
    }
    return new Set([...streams].flatMap(([origin, stream]) => (over.has(stream) ? [origin] : [])))
  }

  /** @returns the streams of the origins, and the origins whose streams are too many */
  #add(tenant: TenantId, batch: LogBatch, isLimited: boolean) {
    const { columns } = batch
    const book = this.#bookOf(tenant)
    const nowMs = this.#clock.monotonicMs()
    const refused = new Set<number>()
    const streams = new Map<number, Stream>()
    let last = -1
    for (let row = 0; row < columns.count; row++) {
      const origin = columns.origins[row] as number
      // Fast path: rows of one sender come behind each other.
      if (origin === last) continue
      last = origin
      if (streams.has(origin) || refused.has(origin)) continue
      const alias = aliasOf(batch, origin)
      const known = book.aliases.get(alias)
      if (known !== undefined) {
        known.lastMs = nowMs
        streams.set(origin, known)
        continue
      }
      const labels = streamLabels(batch.originOf(origin))
      const stream = this.#streamOf(book, labelsKey(labels), nowMs, isLimited)
      if (stream === undefined) refused.add(origin)
      else {
        streams.set(origin, stream)
        this.#remember(book, alias, stream)
      }
    }
    return { streams, refused }
  }

  /** @returns undefined where it would be one too many */
  #streamOf(book: Book, key: string, nowMs: number, isLimited: boolean): Stream | undefined {
    const known = book.streams.get(key)
    if (known !== undefined) {
      known.lastMs = nowMs
      return known
    }
    const max = this.#max || RATED_MAX
    if (isLimited && book.streams.size >= max) sweep(book, nowMs)
    if (isLimited && book.streams.size >= max) return undefined
    const stream = { lastMs: nowMs, tokens: this.#rate.burst, filledMs: nowMs }
    book.streams.set(key, stream)
    return stream
  }

  #remember({ aliases }: Book, alias: string, stream: Stream): void {
    if (aliases.size >= (this.#max || RATED_MAX) * ALIASES_PER_STREAM) aliases.clear()
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

/** Refuses the rows of some origins. @param want what their streams should be */
function drop(batch: LogBatch, origins: ReadonlySet<number>, reason: ItemReason, want: string): void {
  if (origins.size === 0) return
  const count = keepRows(batch, (row) => {
    if (!origins.has(batch.columns.origins[row] as number)) return true
    batch.verdict.refuse(batch.rowItems[row] as number)
    return false
  })
  const [first] = origins
  if (count === 0) return
  const name = foreign(formatLabels(streamLabels(batch.originOf(first as number))))
  batch.refused.push({ reason, count, message: `stream ${name}: want ${want}` })
}

function lengthOf({ from, to }: ByteRanges, row: number): number {
  return (to[row] as number) - (from[row] as number)
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

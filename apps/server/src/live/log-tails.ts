import { type LogsJob, tailMessage } from '@vantage/api'
import {
  type Clock,
  err,
  type Fault,
  fault,
  type LogBatch,
  type LogBlock,
  ok,
  type Result,
  streamLabels,
  type TenantId,
} from '@vantage/model'
import { followLogql, type Stream } from '@vantage/query/logql'

/** `live.maxTails`. */
const TAILS_MAX_PER_TENANT = 10
/** A follower whose socket holds more loses rows, and is told so. */
const BACKLOG_BYTES_MAX = 4 * 1024 * 1024
const HISTORY_ROWS = 100
const HISTORY_ROWS_MAX = 5_000
const HISTORY_MS = 3_600_000
/** What is stored meanwhile waits so long for what was there, then goes ahead of it: finding that may mean reading an hour. */
const HISTORY_PATIENCE_MS = 100
/** Rows that may come while nothing is read yet: they are in the answer, too, where they are known by what they hold. */
const AHEAD_ROWS_MAX = 5_000
/** Rows that a message names as lost, at most. */
const DROPPED_MAX = 100
const NS_PER_MS = 1_000_000n
const TIME_MAX_NS = 2n ** 63n - 1n

/** What a follower asks for, as Loki's clients write it. */
export interface TailRequest {
  readonly tenant: TenantId
  readonly params: URLSearchParams
}

/** The socket of a follower. */
export interface TailSocket {
  send(data: Uint8Array): void
  readonly bufferedAmount: number
}

interface Tail {
  readonly tenant: TenantId
  readonly socket: TailSocket
  readonly follow: (block: LogBlock) => Stream[]
  dropped: { timeNs: bigint; labels: readonly string[] }[]
  /** Messages that wait for what was there before them; undefined = they no longer do. */
  waiting: Uint8Array[] | undefined
  waitingBytes: number
  /** Rows since the tail was opened, until what was there is being read; undefined = it is, or nobody asked for it. */
  ahead: Set<string> | undefined
}

export interface LogTailsOptions {
  readonly clock: Clock
  /**
   * Asks for the rows before those that arrive: an answer of `query_range`.
   * @param onBegin called once, in the turn in which it is settled which rows are stored already
   */
  history(tenant: TenantId, job: LogsJob, onBegin: () => void): Promise<Result<Uint8Array, Fault>>
  /** Resolves once everything that was stored is synced. */
  whenDurable(): Promise<void>
}

/**
 * Followers of logs: what was there, and each row that is stored, once it is synced; no row twice, none left out between
 * the two. What was there comes first, unless finding it takes its time.
 */
export class LogTails {
  readonly #options: LogTailsOptions
  readonly #tails = new Set<Tail>()

  constructor(options: LogTailsOptions) {
    this.#options = options
  }

  /** Begins to follow, first with what was there. @returns ends it; or why the query cannot be followed */
  open(request: TailRequest, socket: TailSocket): Result<() => void> {
    const { tenant, params } = request
    const query = params.get('query') ?? ''
    const nowMs = this.#options.clock.nowMs()
    const follow = followOf(query, nowMs)
    if (!follow.ok) return follow
    const own = [...this.#tails].filter((one) => one.tenant === tenant)
    if (own.length >= TAILS_MAX_PER_TENANT) {
      return err(
        fault('too_many', `want at most ${TAILS_MAX_PER_TENANT} followers, got one more`, { limit: 'live.maxTails' }),
      )
    }
    const limit = historyLimit(params)
    const waits = limit === 0 ? { waiting: undefined, ahead: undefined } : { waiting: [], ahead: new Set<string>() }
    const tail: Tail = { tenant, socket, follow: follow.value, dropped: [], waitingBytes: 0, ...waits }
    this.#tails.add(tail)
    if (limit > 0) void this.#sendHistory(tail, query, params, limit, nowMs)
    return ok(() => {
      this.#tails.delete(tail)
    })
  }

  /** Rows that were stored just now; the batch is the caller's again afterwards. */
  add(tenant: TenantId, batch: LogBatch): void {
    const tails = [...this.#tails].filter((one) => one.tenant === tenant)
    if (tails.length === 0) return
    const block = blockOf(batch, BigInt(Math.round(this.#options.clock.nowMs())) * NS_PER_MS)
    for (const tail of tails) {
      const streams = tail.follow(block)
      if (streams.length === 0) continue
      const isBehind = tail.socket.bufferedAmount + tail.waitingBytes > BACKLOG_BYTES_MAX
      if (isBehind || !remember(tail, streams)) {
        drop(tail, streams)
        continue
      }
      const message = tailMessage(streams, tail.dropped.splice(0), false)
      if (tail.waiting === undefined) this.#send(tail, [message])
      else {
        tail.waiting.push(message)
        tail.waitingBytes += message.length
      }
    }
  }

  #send(tail: Tail, messages: readonly Uint8Array[]): void {
    void this.#options.whenDurable().then(() => {
      if (this.#tails.has(tail)) for (const message of messages) tail.socket.send(message)
    })
  }

  async #sendHistory(tail: Tail, query: string, params: URLSearchParams, limit: number, nowMs: number): Promise<void> {
    const start = params.get('start') ?? ''
    const hourAgoNs = BigInt(Math.round(nowMs) - HISTORY_MS) * NS_PER_MS
    const job: LogsJob = {
      kind: 'logql',
      query,
      startNs: /^\d{1,19}$/.test(start) ? BigInt(start) : hourAgoNs,
      // All that is stored when it begins, whatever its time says: nobody else would send it.
      endNs: TIME_MAX_NS,
      stepNs: 0n,
      limit,
      direction: 'backward',
      intervalNs: 0n,
      detectsLevels: true,
      isCategorized: false,
    }
    const patience = setTimeout(() => this.#goOn(tail), HISTORY_PATIENCE_MS)
    const { ahead = new Set<string>() } = tail
    const answer = await this.#options.history(tail.tenant, job, () => {
      tail.ahead = undefined
    })
    clearTimeout(patience)
    if (answer.ok && this.#tails.has(tail)) {
      const streams = streamsBut(ahead, answer.value)
      if (streams.length > 0) tail.socket.send(Buffer.from(JSON.stringify({ streams })))
    }
    tail.ahead = undefined
    this.#goOn(tail)
  }

  /** Sends what waits; what comes from now on waits for nothing. */
  #goOn(tail: Tail): void {
    const waiting = tail.waiting ?? []
    tail.waiting = undefined
    tail.waitingBytes = 0
    this.#send(tail, waiting)
  }
}

/** Rows that the answer of what was there will have, too. @returns false where they are too many */
function remember({ ahead }: Tail, streams: readonly Stream[]): boolean {
  if (ahead === undefined) return true
  if (ahead.size > AHEAD_ROWS_MAX) return false
  for (const { labels, entries } of streams) {
    for (const { timeNs, line } of entries) ahead.add(rowKey(labels, String(timeNs), line))
  }
  return true
}

interface FoundStream {
  readonly stream: Readonly<Record<string, string>>
  readonly values: readonly (readonly [string, string])[]
}

/** The streams of an answer without the rows that a follower gets as they came. */
function streamsBut(ahead: ReadonlySet<string>, answer: Uint8Array): readonly FoundStream[] {
  const { data } = JSON.parse(Buffer.from(answer).toString('utf8')) as { data: { result: readonly FoundStream[] } }
  if (ahead.size === 0) return data.result
  const left = data.result.map(({ stream, values }) => {
    const labels = Object.entries(stream).flat()
    return { stream, values: values.filter(([timeNs, line]) => !ahead.has(rowKey(labels, timeNs, line))) }
  })
  return left.filter(({ values }) => values.length > 0)
}

function rowKey(labels: readonly string[], timeNs: string, line: string): string {
  return JSON.stringify([labels, timeNs, line])
}

function historyLimit(params: URLSearchParams): number {
  const wanted = Number(params.get('limit') ?? HISTORY_ROWS)
  return Number.isInteger(wanted) ? Math.min(HISTORY_ROWS_MAX, Math.max(0, wanted)) : HISTORY_ROWS
}

function followOf(query: string, nowMs: number) {
  return followLogql(query, BigInt(Math.round(nowMs)) * NS_PER_MS)
}

/** A batch as readers give rows out. Rows without a time have that of their receipt, as in the store. */
function blockOf(batch: LogBatch, receivedAtNs: bigint): LogBlock {
  const { columns } = batch
  for (let row = 0; row < columns.count; row++) {
    if (columns.times[row] !== 0n) continue
    const observed = columns.observedTimes[row] as bigint
    columns.times[row] = observed === 0n ? receivedAtNs : observed
  }
  const origins = Array.from({ length: batch.originCount }, (_, origin) => batch.originOf(origin))
  return {
    columns,
    rows: Int32Array.from({ length: columns.count }, (_, row) => row),
    origins,
    streams: origins.map(streamLabels),
  }
}

function drop(tail: Tail, streams: readonly Stream[]): void {
  for (const { labels, entries } of streams) {
    for (const { timeNs } of entries) if (tail.dropped.length < DROPPED_MAX) tail.dropped.push({ timeNs, labels })
  }
}

import type { Notice, NoticeFollower, Notices } from '@vantage/api'
import type { Clock } from '@vantage/model'
import type { Logger } from '@vantage/observe'
import type { Phase } from '@vantage/receive'

/** More tell nobody more. */
const NOTICES_MAX = 100
/** Of problems that parts of the server told; the oldest goes. */
const WARNINGS_MAX = 20
/** Proxies close connections on which nothing came for a minute. */
const BEAT_MS = 15_000

export interface NoticeBoardOptions {
  readonly clock: Clock
  /** `live.maxNotificationClients` */
  readonly followersMax: number
  /** What a person should know now, each text once. */
  current(): readonly string[]
}

/** Remembers since when each state lasts, and tells followers of what comes and goes. */
export class NoticeBoard implements Notices {
  readonly #options: NoticeBoardOptions
  readonly #active = new Map<string, Notice>()
  readonly #followers = new Set<NoticeFollower>()
  #beatAtMs = 0
  #isClosed = false

  constructor(options: NoticeBoardOptions) {
    this.#options = options
  }

  get hasRoom(): boolean {
    return !this.#isClosed && this.#followers.size < this.#options.followersMax
  }

  list(): readonly Notice[] {
    this.look()
    return [...this.#active.values()]
  }

  follow(follower: NoticeFollower): () => void {
    for (const notice of this.list()) follower.tell(notice)
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** Compares what is with what was; call it now and then. */
  look(): void {
    const { clock, current } = this.#options
    const texts = new Set(current().slice(-NOTICES_MAX))
    for (const [text, notice] of this.#active) {
      if (texts.has(text)) continue
      this.#active.delete(text)
      this.#tell({ ...notice, active: false })
    }
    for (const text of texts) {
      if (this.#active.has(text)) continue
      const notice = { text, date: new Date(clock.nowMs()).toISOString(), active: true }
      this.#active.set(text, notice)
      this.#tell(notice)
    }
    if (clock.monotonicMs() - this.#beatAtMs < BEAT_MS) return
    this.#beatAtMs = clock.monotonicMs()
    for (const follower of [...this.#followers]) follower.beat()
  }

  /** Ends every follower; no more come. */
  close(): void {
    this.#isClosed = true
    for (const follower of [...this.#followers]) follower.end()
  }

  #tell(notice: Notice): void {
    for (const follower of [...this.#followers]) follower.tell(notice)
  }
}

export interface ServerState {
  readonly warnings: readonly string[]
  readonly reloadProblem: string | undefined
  readonly isDiskLow: boolean
  readonly isMemoryShort: boolean
  readonly phase: Phase
}

/** What a person should know of these states. */
export function noticeTexts({ warnings, reloadProblem, isDiskLow, isMemoryShort, phase }: ServerState): string[] {
  const texts = [...warnings]
  if (reloadProblem !== undefined)
    texts.push(`The scrape configuration cannot be read, the old one stays: ${reloadProblem}`)
  if (isDiskLow) texts.push('The disk is nearly full: nothing is taken in (storage.minFree).')
  if (isMemoryShort) texts.push('Memory is short: nothing is taken in (memory.softPercent).')
  if (phase !== 'ready') texts.push(`The server is ${phase}.`)
  return texts
}

/** Problems that a person should know of until the server ends. */
export class Warnings {
  readonly kept: string[] = []
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  add(message: string): void {
    this.#logger.warn(message)
    this.kept.push(message)
    if (this.kept.length > WARNINGS_MAX) this.kept.shift()
  }
}

import type { Clock, MetricMetadata } from '@vantage/model'
import type { BodyFetcher, FetchedBody } from './fetch-body.ts'
import { acceptOf } from './protocols.ts'
import type { Target } from './target.ts'

/** One try: the body, or why there is none. */
export interface Scrape {
  /** When it began, unix ms: the time of samples that bring none. */
  readonly timeMs: number
  readonly durationMs: number
  readonly outcome: { readonly body: FetchedBody } | { readonly problem: string }
}

export interface StoredScrape {
  /** Samples of the body, before relabelling. */
  readonly samples: number
  /** Why the scrape counts as failed: no answer, a body that does not parse, a limit, or no room. */
  readonly problem: string | undefined
}

/** Where scrapes go: parsed, relabelled, stored with `up` and its like. */
export interface ScrapeSink {
  store(target: Target, scrape: Scrape): Promise<StoredScrape>
  /** What the last scrapes said about the target's metrics. */
  metadata(target: Target): readonly MetricMetadata[]
  /** The target is gone for good: all its series end here. */
  end(target: Target, timeMs: number): Promise<void>
}

export type Health = 'unknown' | 'up' | 'down'

/** What the last scrape of a target came to. */
export interface TargetState {
  readonly health: Health
  readonly lastScrapeMs: number
  readonly lastDurationMs: number
  readonly lastError: string
  readonly samples: number
}

export interface LoopDeps {
  readonly clock: Clock
  readonly fetcher: BodyFetcher
  readonly sink: ScrapeSink
  /** True while memory is short or the server starts: a scrape is then passed over. */
  readonly isShedding: () => boolean
}

/** Scrapes one target at its interval until it is stopped. Never two scrapes at once. */
export class ScrapeLoop {
  readonly target: Target
  readonly #deps: LoopDeps
  readonly #accept: string
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #isRunning = false
  state: TargetState = { health: 'unknown', lastScrapeMs: 0, lastDurationMs: 0, lastError: '', samples: 0 }

  constructor(target: Target, deps: LoopDeps) {
    this.target = target
    this.#deps = deps
    this.#accept = acceptOf(target.job.protocols)
    this.#plan()
  }

  /** Scrapes now, beside the plan; waits for the one that runs. */
  async scrapeNow(): Promise<TargetState> {
    await this.#running
    await this.#start()
    return this.state
  }

  /**
   * Ends after the scrape that runs, which is stored.
   * @param isGone the target is no longer wanted: its series are ended too
   */
  async stop(isGone: boolean): Promise<void> {
    clearTimeout(this.#timer)
    if (!isGone) this.#abort.abort()
    this.#isStopped = true
    await this.#running
    this.#abort.abort()
    if (isGone && this.state.health !== 'unknown') await this.#deps.sink.end(this.target, this.#deps.clock.nowMs())
  }

  #isStopped = false

  /** Targets of one interval are spread over it by their ids, at the same place after every start. */
  #plan(): void {
    if (this.#isStopped) return
    const { intervalMs, id } = this.target
    const offsetMs = Number.parseInt(id.slice(0, 12), 16) % intervalMs
    const nowMs = this.#deps.clock.nowMs()
    const waitMs = intervalMs - ((nowMs - offsetMs) % intervalMs)
    this.#timer = setTimeout(() => {
      void this.#start()
      this.#plan()
    }, waitMs)
  }

  #start(): Promise<void> {
    if (this.#isRunning || this.#isStopped || this.#deps.isShedding()) return this.#running
    this.#isRunning = true
    this.#running = this.#scrape().finally(() => {
      this.#isRunning = false
    })
    return this.#running
  }

  async #scrape(): Promise<void> {
    const { clock, fetcher, sink } = this.#deps
    const timeMs = clock.nowMs()
    const startedMs = clock.monotonicMs()
    const answer = await fetcher.get(this.target.url, {
      accept: this.#accept,
      timeoutMs: this.target.timeoutMs,
      bytesMax: this.target.job.bodyBytesMax,
      headers: { 'x-prometheus-scrape-timeout-seconds': String(this.target.timeoutMs / 1000) },
      signal: this.#abort.signal,
    })
    // A server that goes down says nothing about its targets.
    if (this.#abort.signal.aborted) return
    const durationMs = clock.monotonicMs() - startedMs
    const outcome = answer.ok ? { body: answer.value } : { problem: answer.error }
    const stored = await sink.store(this.target, { timeMs, durationMs, outcome })
    this.state = {
      health: stored.problem === undefined ? 'up' : 'down',
      lastScrapeMs: timeMs,
      lastDurationMs: durationMs,
      lastError: stored.problem ?? '',
      samples: stored.samples,
    }
  }
}

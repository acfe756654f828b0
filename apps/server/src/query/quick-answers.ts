import { runQueryJob } from '@vantage/api'
import type { Clock, MetricReader, Result, TenantId } from '@vantage/model'
import type { KnownSteps } from '@vantage/query/promql'
import { Budget, type QueryLimits } from './budget.ts'
import { QUICK_PIECES, warmUpQuick } from './warm-up.ts'
import type { WorkerJob } from './worker-job.ts'

type PromqlJob = Extract<WorkerJob, { kind: 'promql' }>

/** What a query may have cost its thread to be answered on the main thread from then on: at any time, ... */
const SMALL = { ms: 2, samples: 2_500 }
/** ... and while the main thread has little else to do. */
const MIDDLING = { ms: 3, samples: 50_000 }
/** What it may cost here: twice that, for data that has grown. What needs more goes to a thread after all. */
const SMALL_LIMITS = { maxSamples: 2 * SMALL.samples, maxBytes: 512 * 1024, maxSeries: 100 }
const MIDDLING_LIMITS = { maxSamples: 2 * MIDDLING.samples, maxBytes: 8 * 1024 * 1024, maxSeries: 2_000 }
/** A warm-up begins when this process has stored figures of itself, and takes a piece at a time. */
const WARM_UP_AFTER_MS = 2_000
const WARM_UP_EVERY_MS = 10
/** The part of its time that an idle thread may be busy, and how often it is looked at. */
const IDLE_BUSY_MAX = 0.5
const LOOK_MS = 250
/** After so many it stays a thread's: code that is new to this thread is slow at first. */
const FAILURES_MAX = 4
/** Queries that are remembered, and the longest text of one. */
const TEXTS_MAX = 1_000
const TEXT_CHARS_MAX = 1_024

/** What a thread found a query to cost. */
export interface QueryCost {
  readonly samples: number
  readonly elapsedMs: number
}

/** A query that a thread answered quickly. */
interface Quick {
  isSmall: boolean
  /** A thread was quick since it was last too much here. */
  isWelcome: boolean
  /** How often it was too much here. */
  failures: number
}

/**
 * Answers queries on the main thread that cost a thread less than the way there and back: panels of few series that are
 * asked again and again. Which those are is learnt from the threads, and forgotten where it no longer holds.
 */
export class QuickAnswers {
  readonly #reader: MetricReader
  readonly #clock: Clock
  readonly #activeMs: () => number
  readonly #small: QueryLimits
  readonly #middling: QueryLimits
  /** Known to be quick, least recently used first. */
  readonly #quick = new Map<string, Quick>()
  #lookedMs: number
  #lookedActiveMs: number
  #isIdle = false
  #warmTimer: NodeJS.Timeout | undefined
  answered = 0

  /**
   * @param reader of the main thread
   * @param limits of any query
   * @param activeMs how long the main thread has been busy since some point of time
   */
  constructor(reader: MetricReader, limits: QueryLimits, clock: Clock, activeMs: () => number) {
    this.#reader = reader
    this.#small = lesser(limits, SMALL_LIMITS)
    this.#middling = lesser(limits, MIDDLING_LIMITS)
    this.#clock = clock
    this.#activeMs = activeMs
    this.#lookedMs = clock.monotonicMs()
    this.#lookedActiveMs = activeMs()
  }

  /** Compiles the engine for this thread while it has little else to do, before anybody's panel does so. */
  warmUp(): void {
    let piece = 0
    const next = (): void => {
      if (this.#isIdleNow() && !this.#warmUpPiece(piece++)) return
      if (piece < QUICK_PIECES) this.#warmTimer = setTimeout(next, WARM_UP_EVERY_MS).unref()
    }
    this.#warmTimer = setTimeout(next, WARM_UP_AFTER_MS).unref()
  }

  #warmUpPiece(piece: number): boolean {
    try {
      warmUpQuick(piece, this.#reader, new Budget(this.#small, 2 * SMALL.ms), this.#clock)
      return true
    } catch {
      // Nobody asked: whoever does so next is told what is wrong.
      return false
    }
  }

  close(): void {
    clearTimeout(this.#warmTimer)
  }

  /** @returns the answer; undefined = a thread's to give, and nothing was told to `onKnown` */
  answer(
    tenant: TenantId,
    job: WorkerJob,
    onKnown: (known: KnownSteps) => void,
  ): Result<Uint8Array<ArrayBuffer>> | undefined {
    const key = keyOf(tenant, job)
    const quick = key === undefined ? undefined : this.#quick.get(key)
    if (key === undefined || quick?.isWelcome !== true) return undefined
    if (!quick.isSmall && !this.#isIdleNow()) return undefined
    this.#quick.delete(key)
    this.#quick.set(key, quick)
    let known: KnownSteps | undefined
    const budget = quick.isSmall ? new Budget(this.#small, 2 * SMALL.ms) : new Budget(this.#middling, 2 * MIDDLING.ms)
    const result = runQueryJob(job as PromqlJob, tenant, this.#reader, budget, this.#clock, {
      onKnown: (steps) => {
        known = steps
      },
    })
    // Whatever is wrong, a thread says it: here it may only have been too much.
    if (!result.ok) {
      quick.isWelcome = false
      quick.failures++
      return undefined
    }
    this.answered++
    if (known !== undefined) onKnown(known)
    return result
  }

  /** A thread has answered. */
  note(tenant: TenantId, job: WorkerJob, { samples, elapsedMs }: QueryCost): void {
    if (elapsedMs > MIDDLING.ms || samples > MIDDLING.samples) return
    const key = keyOf(tenant, job)
    if (key === undefined) return
    const quick = this.#quick.get(key) ?? { isSmall: false, isWelcome: false, failures: 0 }
    quick.isSmall = samples <= SMALL.samples && elapsedMs <= SMALL.ms
    quick.isWelcome = quick.failures < FAILURES_MAX
    this.#quick.set(key, quick)
    if (this.#quick.size > TEXTS_MAX) this.#quick.delete(this.#quick.keys().next().value as string)
  }

  /** Whether this thread had little else to do of late. */
  #isIdleNow(): boolean {
    const nowMs = this.#clock.monotonicMs()
    const passedMs = nowMs - this.#lookedMs
    if (passedMs < LOOK_MS) return this.#isIdle
    const activeMs = this.#activeMs()
    this.#isIdle = activeMs - this.#lookedActiveMs < passedMs * IDLE_BUSY_MAX
    this.#lookedMs = nowMs
    this.#lookedActiveMs = activeMs
    return this.#isIdle
  }
}

function lesser(a: QueryLimits, b: QueryLimits): QueryLimits {
  return {
    maxSamples: Math.min(a.maxSamples, b.maxSamples),
    maxBytes: Math.min(a.maxBytes, b.maxBytes),
    maxSeries: Math.min(a.maxSeries, b.maxSeries),
  }
}

/** The query with what decides its cost: how many steps it takes, but not when. */
function keyOf(tenant: TenantId, job: WorkerJob): string | undefined {
  if (job.kind !== 'promql' || job.explain || job.query.length > TEXT_CHARS_MAX) return undefined
  const { startMs, endMs, stepMs } = job.range
  return `${tenant} ${stepMs} ${endMs - startMs} ${job.lookbackMs} ${job.query}`
}

import { runQueryJob } from '@vantage/api'
import type { Clock, MetricReader, Result, TenantId } from '@vantage/model'
import type { KnownSteps } from '@vantage/query/promql'
import { Budget } from './budget.ts'
import type { WorkerJob } from './worker-job.ts'

type PromqlJob = Extract<WorkerJob, { kind: 'promql' }>

/** What a query may have cost in its thread to be answered on the main thread from then on. */
const QUICK_MS = 2
const QUICK_SAMPLES = 2_500
/** What it may cost here: twice that, for data that has grown. What needs more goes to a thread after all. */
const LIMITS = { maxSamples: 2 * QUICK_SAMPLES, maxBytes: 512 * 1024, maxSeries: 100 }
const TIMEOUT_MS = 4
/** Queries that are remembered, and the longest text of one. */
const TEXTS_MAX = 1_000
const TEXT_CHARS_MAX = 1_024

/** What a thread found a query to cost. */
export interface QueryCost {
  readonly samples: number
  readonly elapsedMs: number
}

/**
 * Answers queries on the main thread that cost a thread less than the way there and back: panels of one series that are
 * asked again and again. Which those are is learnt from the threads, and forgotten where it no longer holds.
 */
export class QuickAnswers {
  readonly #reader: MetricReader
  readonly #clock: Clock
  /** Known to be quick, least recently used first. */
  readonly #quick = new Set<string>()
  answered = 0

  /** @param reader of the main thread */
  constructor(reader: MetricReader, clock: Clock) {
    this.#reader = reader
    this.#clock = clock
  }

  /** @returns the answer; undefined = a thread's to give, and nothing was told to `onKnown` */
  answer(
    tenant: TenantId,
    job: WorkerJob,
    onKnown: (known: KnownSteps) => void,
  ): Result<Uint8Array<ArrayBuffer>> | undefined {
    const key = keyOf(tenant, job)
    if (key === undefined || !this.#quick.delete(key)) return undefined
    let known: KnownSteps | undefined
    const result = runQueryJob(job as PromqlJob, tenant, this.#reader, new Budget(LIMITS, TIMEOUT_MS), this.#clock, {
      onKnown: (steps) => {
        known = steps
      },
    })
    // Whatever is wrong, a thread says it: here it may only have been too much.
    if (!result.ok) return undefined
    this.#quick.add(key)
    this.answered++
    if (known !== undefined) onKnown(known)
    return result
  }

  /** A thread has answered. */
  note(tenant: TenantId, job: WorkerJob, { samples, elapsedMs }: QueryCost): void {
    if (elapsedMs > QUICK_MS || samples > QUICK_SAMPLES) return
    const key = keyOf(tenant, job)
    if (key === undefined) return
    this.#quick.add(key)
    if (this.#quick.size > TEXTS_MAX) this.#quick.delete(this.#quick.values().next().value as string)
  }
}

/** The query with what decides its cost: how many steps it takes, but not when. */
function keyOf(tenant: TenantId, job: WorkerJob): string | undefined {
  if (job.kind !== 'promql' || job.explain || job.query.length > TEXT_CHARS_MAX) return undefined
  const { startMs, endMs, stepMs } = job.range
  return `${tenant} ${stepMs} ${endMs - startMs} ${job.lookbackMs} ${job.query}`
}

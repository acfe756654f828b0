import type { AskOptions, MetricQueries, QueryJob } from '@vantage/api'
import type { Clock, Fault, Result, TenantId } from '@vantage/model'
import type { Counter, Registry } from '@vantage/observe'
import { type KnownSteps, keepableReach, LOOKBACK_MS, parsePromql, sliceSteps } from '@vantage/query/promql'
import type { Arrivals } from '@vantage/store/metrics'
import type { WorkerJob } from './worker-job.ts'

type PromqlJob = Extract<QueryJob, { kind: 'promql' }>

/** Queries of which it is remembered whether they can be kept: their texts are looked at once. */
const TEXTS_MAX = 2_000
/** Larger answers are mostly their own writing: keeping them would save little and cost much. */
const POINTS_MAX = 200_000
/** Memory of one point, and about that of one series' labels. */
const POINT_BYTES = 9
const SERIES_BYTES = 1_024
/** A part that saves fewer steps than this share of them is not worth its way to the worker. */
const KNOWN_SHARE_MIN = 1 / 4

interface Kept {
  readonly known: KnownSteps
  readonly stamp: number
  readonly bytes: number
}

export interface ResultCacheOptions {
  readonly queries: {
    ask(
      tenant: TenantId,
      job: WorkerJob,
      options: AskOptions,
      onKnown?: (known: KnownSteps) => void,
    ): Promise<Result<Uint8Array, Fault>>
  }
  readonly arrivals: (tenant: TenantId) => Arrivals
  /** Samples younger than this do not expire. */
  readonly shortestRetentionMs: (tenant: TenantId) => number
  readonly clock: Clock
  readonly registry: Registry
  /** `query.cacheBytes`; 0 = nothing is kept. */
  readonly maxBytes: number
}

/**
 * Keeps the steps of range queries, so that a dashboard that is asked again a little later works out its newest steps
 * only. A step is used again while nothing has changed that it was worked out from: no sample arrived that is so old,
 * nothing was deleted, nothing has expired. An answer is never another than without it.
 */
export class ResultCache implements MetricQueries {
  readonly #options: ResultCacheOptions
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>()
  /** How far a query looks back; undefined = its steps cannot be kept. */
  readonly #reaches = new Map<string, number | undefined>()
  readonly #lookups: Counter
  #bytes = 0

  constructor(options: ResultCacheOptions) {
    this.#options = options
    const { registry } = options
    this.#lookups = registry.counter('vantage_query_cache_lookups_total', 'Range queries by what was kept of them.', [
      'outcome',
    ])
    registry.computed('vantage_query_cache_bytes', 'Memory of kept answers.', 'gauge', () => this.#bytes)
  }

  async ask(tenant: TenantId, job: WorkerJob, options: AskOptions): Promise<Result<Uint8Array, Fault>> {
    const { queries } = this.#options
    if (job.kind !== 'promql' || !this.#isKeepable(tenant, job)) return queries.ask(tenant, job, options)
    const key = keyOf(tenant, job)
    const arrivals = this.#options.arrivals(tenant)
    // What arrives while the query runs counts as a change: it may or may not have been seen.
    const stamp = arrivals.stamp()
    const known = this.#find(key, job, arrivals)
    this.#lookups.add(1, known === undefined ? 'miss' : 'hit')
    const asked: PromqlJob = { ...job, isKept: true, ...(known === undefined ? {} : { known }) }
    return queries.ask(tenant, asked, options, (answer) => this.#keep(key, answer, stamp))
  }

  #isKeepable(tenant: TenantId, job: PromqlJob): boolean {
    const { maxBytes, clock, shortestRetentionMs } = this.#options
    const { range } = job
    if (maxBytes === 0 || range.stepMs === 0 || job.explain || job.limit > 0 || job.isFresh === true) return false
    const steps = Math.floor((range.endMs - range.startMs) / range.stepMs) + 1
    if (steps > job.options.limits.pointsMax) return false
    const reachMs = this.#reachOf(job)
    if (reachMs === undefined) return false
    // What expires changes an answer without anything arriving.
    return range.startMs - reachMs > clock.nowMs() - shortestRetentionMs(tenant)
  }

  #reachOf(job: PromqlJob): number | undefined {
    const lookbackMs = job.lookbackMs ?? LOOKBACK_MS
    const key = `${lookbackMs} ${job.range.stepMs} ${job.options.durationExpressions} ${job.query}`
    if (this.#reaches.has(key)) return this.#reaches.get(key)
    const parsed = parsePromql(job.query, job.options)
    const reach = parsed.ok ? keepableReach(parsed.value, job.range, lookbackMs, job.options) : undefined
    const reachMs = reach?.ok === true ? reach.value : undefined
    if (this.#reaches.size >= TEXTS_MAX) this.#reaches.clear()
    this.#reaches.set(key, reachMs)
    return reachMs
  }

  /** @returns the first steps of the range, as far as they are known and still hold */
  #find(key: string, { range }: PromqlJob, arrivals: Arrivals): KnownSteps | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    const { known, stamp } = kept
    const { stepMs } = known
    const from = (range.startMs - known.startMs) / stepMs
    if (from < 0) return undefined
    // A step sees the samples up to its own time: those from `changedMs` on are not what they were.
    const changedMs = arrivals.earliestSince(stamp)
    const holding = Math.min(known.steps, Math.ceil((changedMs - known.startMs) / stepMs))
    const wanted = Math.floor((range.endMs - range.startMs) / stepMs) + 1
    // One step at least is worked out: it says whether the query still may.
    const steps = Math.min(holding - from, wanted - 1)
    return steps < wanted * KNOWN_SHARE_MIN ? undefined : sliceSteps(known, from, steps)
  }

  #keep(key: string, known: KnownSteps, stamp: number): void {
    const points = known.steps * known.series.length
    if (points > POINTS_MAX) return
    const bytes = points * POINT_BYTES + known.series.length * SERIES_BYTES
    const { maxBytes } = this.#options
    if (bytes > maxBytes) return
    this.#drop(key)
    this.#kept.set(key, { known, stamp, bytes })
    this.#bytes += bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= maxBytes) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#bytes -= kept.bytes
  }
}

/** Ranges whose steps fall on the same moments share what is known. */
function keyOf(tenant: TenantId, { query, range, lookbackMs }: PromqlJob): string {
  return JSON.stringify([tenant, query, range.stepMs, range.startMs % range.stepMs, lookbackMs])
}

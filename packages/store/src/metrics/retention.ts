import type { Matcher, TenantId } from '@vantage/model'
import { RETENTION_MS, TIER_RETENTION_MS } from './limits.ts'
import { MatchedSeries } from './matched-series.ts'
import type { SeriesIndex } from './series-index.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Buckets of the tiers, finest first; each bucket of a tier is made of whole buckets of the tier before. */
export const TIER_BUCKETS_MS = [5 * 60_000, HOUR_MS] as const

/** How long what one series sent is kept. */
export interface Keep {
  /** Infinity = for ever. */
  readonly rawMs: number
  /** By tier, as in `TIER_BUCKETS_MS`; 0 = not at all. */
  readonly tierMs: readonly [number, number]
}

/** Series with a period of their own. */
export interface RetentionFilter {
  /** Undefined = of all tenants. */
  readonly tenant?: TenantId
  /** Empty = all series of the tenant that no filter with matchers takes. */
  readonly matchers: readonly Matcher[]
  readonly keep: Keep
}

export interface Retention {
  /** Of series that no filter takes. */
  readonly keep: Keep
  readonly filters: readonly RetentionFilter[]
}

export const DEFAULT_RETENTION: Retention = { keep: { rawMs: RETENTION_MS, tierMs: TIER_RETENTION_MS }, filters: [] }

/**
 * The periods of one tenant. A series that several filters with matchers take is kept for the shortest of their
 * periods; one that none takes as the tenant's filter without matchers says, else as the default says.
 */
export class TenantRetention {
  readonly fallback: Keep
  readonly filters: readonly RetentionFilter[]
  readonly #keeps: readonly Keep[]

  constructor(retention: Retention, tenant: TenantId) {
    const own = retention.filters.filter((one) => one.tenant === undefined || one.tenant === tenant)
    this.fallback = own.filter((one) => one.matchers.length === 0).reduce(shorterFilter, undefined) ?? retention.keep
    this.filters = own.filter((one) => one.matchers.length > 0)
    this.#keeps = [this.fallback, ...this.filters.map((one) => one.keep)]
  }

  /** Each period that a series may have, ascending. */
  rawPeriodsMs(): readonly number[] {
    return [...new Set(this.#keeps.map((one) => one.rawMs))].sort((a, b) => a - b)
  }

  /** @param tier place in `TIER_BUCKETS_MS` */
  tierPeriodsMs(tier: number): readonly number[] {
    const longestMs = this.longestTierMs(tier)
    const periods = new Set(this.#keeps.map((one) => one.tierMs[tier] as number))
    return [...periods].filter((keepMs) => keepMs < longestMs).sort((a, b) => a - b)
  }

  shortestRawMs(): number {
    return this.#keeps.reduce((least, one) => Math.min(least, one.rawMs), Number.POSITIVE_INFINITY)
  }

  longestRawMs(): number {
    return this.#keeps.reduce((most, one) => Math.max(most, one.rawMs), 0)
  }

  /** @param tier place in `TIER_BUCKETS_MS` */
  longestTierMs(tier: number): number {
    return this.#keeps.reduce((most, one) => Math.max(most, one.tierMs[tier] as number), 0)
  }
}

function shorterFilter(keep: Keep | undefined, filter: RetentionFilter): Keep {
  return keep === undefined ? filter.keep : shorter(keep, filter.keep)
}

function shorter(a: Keep, b: Keep): Keep {
  const tierMs = [Math.min(a.tierMs[0], b.tierMs[0]), Math.min(a.tierMs[1], b.tierMs[1])] as const
  return { rawMs: Math.min(a.rawMs, b.rawMs), tierMs }
}

/** The periods of the series of one index. */
export class SeriesKeeps {
  readonly #retention: TenantRetention
  readonly #filters: readonly { readonly series: MatchedSeries; readonly keep: Keep }[]

  constructor(index: SeriesIndex, retention: TenantRetention) {
    this.#retention = retention
    this.#filters = retention.filters.map(({ matchers, keep }) => ({
      series: new MatchedSeries(index, matchers),
      keep,
    }))
  }

  keep(series: number): Keep {
    let keep: Keep | undefined
    for (const filter of this.#filters) {
      if (filter.series.has(series)) keep = keep === undefined ? filter.keep : shorter(keep, filter.keep)
    }
    return keep ?? this.#retention.fallback
  }
}

/**
 * Samples of a file or a generation at this time or before are over; -Infinity where none is. Whole hours, so that no
 * bucket of a tier lies on both sides.
 * @param ageFromMs of the file, from `ageFromMs`
 */
export function expiredToMs(nowMs: number, keepMs: number, ageFromMs: number): number {
  const edgeMs = Math.floor((nowMs - keepMs) / HOUR_MS) * HOUR_MS
  return edgeMs >= ageFromMs ? edgeMs : Number.NEGATIVE_INFINITY
}

/**
 * The age of a sample counts from its own time, but not from before this: the begin of the day of the newest sample
 * that it was sealed with or, where that day was long past, the end of the day of its arrival. So an import is kept for
 * its whole period. Only files that agree are merged, which is why merging does not change when a sample is over.
 */
export function ageFromMs(maxTimeMs: number, arrivedMs: number): number {
  const day = Math.floor(maxTimeMs / DAY_MS)
  const arrivalDay = Math.floor(arrivedMs / DAY_MS)
  return (arrivalDay > day + 1 ? arrivalDay + 1 : day) * DAY_MS
}

/** Which samples of one source are over, by series. */
export interface ExpiredSeries {
  /** Samples of the series at this time or before are over. */
  toMs(series: number): number
}

/** @returns undefined where no series of the source can hold samples that are over */
export function expiredSeries(
  keeps: SeriesKeeps,
  retention: TenantRetention,
  nowMs: number,
  scope: { readonly minTimeMs: number; readonly ageFromMs: number },
): ExpiredSeries | undefined {
  if (expiredToMs(nowMs, retention.shortestRawMs(), scope.ageFromMs) < scope.minTimeMs) return undefined
  return { toMs: (series) => expiredToMs(nowMs, keeps.keep(series).rawMs, scope.ageFromMs) }
}

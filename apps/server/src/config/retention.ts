import { DEFAULT_OPTIONS, parsePromql } from '@vantage/query/promql'
import type { SignalName } from '@vantage/store/columns'
import type { Keep, Retention, RetentionFilter } from '@vantage/store/metrics'
import { z } from 'zod'
import { duration, period } from './duration.ts'

/** Each costs a look per series of a part, once. */
const FILTERS_MAX = 256

/** Keys of `storage` that say how long what is kept. */
export const RETENTION_KEYS = {
  retention: duration(15 * 86_400_000),
  retention5m: duration(90 * 86_400_000),
  retention1h: duration(400 * 86_400_000),
  retentionLogs: period.transform((ms) => ms ?? Number.POSITIVE_INFINITY).optional(),
  retentionTraces: period.transform((ms) => ms ?? Number.POSITIVE_INFINITY).optional(),
  retentionFilters: z
    .array(
      z
        .strictObject({
          tenant: z.string().optional(),
          matcher: z.string().optional(),
          keep: period.transform((ms) => ms ?? Number.POSITIVE_INFINITY),
          keep5m: period.transform((ms) => ms ?? 0).optional(),
          keep1h: period.transform((ms) => ms ?? 0).optional(),
        })
        .transform((filter, context) => readFilter(filter, (message) => context.addIssue(message)) ?? z.NEVER),
    )
    .max(FILTERS_MAX)
    .default([]),
}

interface FilterKeys {
  readonly tenant?: string | undefined
  readonly matcher?: string | undefined
  readonly keep: number
  readonly keep5m?: number | undefined
  readonly keep1h?: number | undefined
}

/** `off` is for ever for raw samples, and no tier for a tier; tiers go with the raw samples unless they are named. */
function readFilter(filter: FilterKeys, refuse: (message: string) => void): RetentionFilter | undefined {
  const { tenant, matcher, keep: rawMs, keep5m, keep1h } = filter
  const keep: Keep = { rawMs, tierMs: [keep5m ?? rawMs, keep1h ?? rawMs] }
  if (matcher === undefined) {
    if (tenant !== undefined) return { tenant, matchers: [], keep }
    refuse('want a tenant or a matcher, got neither: for everything there is storage.retention')
    return undefined
  }
  const parsed = parsePromql(matcher, DEFAULT_OPTIONS)
  if (!parsed.ok || parsed.value.kind !== 'vectorSelector') {
    const why = parsed.ok ? '' : `: ${parsed.error.message}`
    refuse(`want a series selector such as {env="dev"}, got ${JSON.stringify(matcher)}${why}`)
    return undefined
  }
  return { ...(tenant === undefined ? {} : { tenant }), matchers: parsed.value.matchers, keep }
}

interface RowKeys {
  readonly retention: number | undefined
  readonly retentionLogs?: number | undefined
  readonly retentionTraces?: number | undefined
}

interface StorageKeys {
  readonly retention: number | undefined
  readonly retention5m: number | undefined
  readonly retention1h: number | undefined
  readonly retentionFilters: readonly RetentionFilter[]
}

/** How long rows are kept: as samples are, unless their signal has a period of its own. */
export function rowRetentionOf(storage: RowKeys): (signal: SignalName) => number {
  const ms = storage.retention ?? Number.POSITIVE_INFINITY
  return (signal) => (signal === 'logs' ? storage.retentionLogs : storage.retentionTraces) ?? ms
}

/** The keys as the store takes them: raw samples for ever where switched off, tiers not at all. */
export function retentionOf(storage: StorageKeys): Retention {
  const rawMs = storage.retention ?? Number.POSITIVE_INFINITY
  const keep: Keep = { rawMs, tierMs: [storage.retention5m ?? 0, storage.retention1h ?? 0] }
  return { keep, filters: storage.retentionFilters }
}

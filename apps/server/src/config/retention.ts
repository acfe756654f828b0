import type { Matcher } from '@vantage/model'
import { parseLogql } from '@vantage/query/logql'
import { DEFAULT_OPTIONS, parsePromql } from '@vantage/query/promql'
import type { RowRetention, RowRetentionFilter } from '@vantage/store/columns'
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
          signal: z.enum(['metrics', 'logs', 'traces']).default('metrics'),
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
  readonly signal: 'metrics' | 'logs' | 'traces'
  readonly tenant?: string | undefined
  readonly matcher?: string | undefined
  readonly keep: number
  readonly keep5m?: number | undefined
  readonly keep1h?: number | undefined
}

type Filter = { readonly metrics: RetentionFilter } | { readonly rows: RowRetentionFilter }

/** `off` is for ever, and no tier for a tier; tiers go with the raw samples unless they are named. */
function readFilter(filter: FilterKeys, refuse: (message: string) => void): Filter | undefined {
  const { signal, tenant, matcher, keep: keepMs, keep5m, keep1h } = filter
  const ofTenant = tenant === undefined ? {} : { tenant }
  if (matcher === undefined && tenant === undefined) {
    refuse('want a tenant or a matcher, got neither: for everything there is storage.retention')
    return undefined
  }
  const parsed = signal === 'metrics' ? seriesMatchers : streamMatchers
  const matchers = matcher === undefined ? [] : parsed(matcher, refuse)
  if (matchers === undefined) return undefined
  if (signal === 'metrics') {
    return { metrics: { ...ofTenant, matchers, keep: { rawMs: keepMs, tierMs: [keep5m ?? keepMs, keep1h ?? keepMs] } } }
  }
  if (keep5m !== undefined || keep1h !== undefined) {
    refuse(`want keep alone, got a period of tiers: ${signal} have none`)
    return undefined
  }
  return { rows: { ...ofTenant, signal: signal === 'logs' ? 'logs' : 'spans', matchers, keepMs } }
}

function seriesMatchers(text: string, refuse: (message: string) => void): readonly Matcher[] | undefined {
  const parsed = parsePromql(text, DEFAULT_OPTIONS)
  if (parsed.ok && parsed.value.kind === 'vectorSelector') return parsed.value.matchers
  const why = parsed.ok ? '' : `: ${parsed.error.message}`
  refuse(`want a series selector such as {env="dev"}, got ${JSON.stringify(text)}${why}`)
  return undefined
}

/** Of logs and of traces alike: labels that a stream of who sent them has. */
function streamMatchers(text: string, refuse: (message: string) => void): readonly Matcher[] | undefined {
  const parsed = parseLogql(text)
  const plan = parsed.ok ? parsed.value : undefined
  if (plan?.kind === 'selector' && plan.stages.length === 0) return plan.matchers
  const why = parsed.ok ? '' : `: ${parsed.error.message}`
  refuse(`want a stream selector such as {service_name="shop"}, got ${JSON.stringify(text)}${why}`)
  return undefined
}

interface RowKeys {
  readonly retention: number | undefined
  readonly retentionLogs?: number | undefined
  readonly retentionTraces?: number | undefined
  readonly retentionFilters: readonly Filter[]
}

interface StorageKeys {
  readonly retention: number | undefined
  readonly retention5m: number | undefined
  readonly retention1h: number | undefined
  readonly retentionFilters: readonly Filter[]
}

/** How long rows are kept: as samples are, unless their signal has a period of its own. */
export function rowRetentionOf(storage: RowKeys): RowRetention {
  const ms = storage.retention ?? Number.POSITIVE_INFINITY
  return {
    keepMs: { logs: storage.retentionLogs ?? ms, spans: storage.retentionTraces ?? ms },
    filters: storage.retentionFilters.flatMap((one) => ('rows' in one ? [one.rows] : [])),
  }
}

/** The keys as the store takes them: raw samples for ever where switched off, tiers not at all. */
export function retentionOf(storage: StorageKeys): Retention {
  const rawMs = storage.retention ?? Number.POSITIVE_INFINITY
  const keep: Keep = { rawMs, tierMs: [storage.retention5m ?? 0, storage.retention1h ?? 0] }
  return { keep, filters: storage.retentionFilters.flatMap((one) => ('metrics' in one ? [one.metrics] : [])) }
}

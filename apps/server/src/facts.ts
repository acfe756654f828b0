import { availableParallelism } from 'node:os'
import type { ServerFacts } from '@vantage/api'
import type { SegmentLog } from '@vantage/log'
import type { Registry } from '@vantage/observe'
import type { RecentRequests } from '@vantage/receive'
import type { MetricStore } from '@vantage/store/metrics'
import type { Config } from './config/schema.ts'
import type { MetricsIntake } from './intake/metrics-intake.ts'
import { DISCOVERY_KINDS } from './scrape/prometheus-yml.ts'
import type { Scraping } from './scrape/scraping.ts'
import { selfMetrics } from './self/self-metrics.ts'
import { VERSION } from './version.ts'

/** Rates are means over this time. */
const RATE_WINDOW_MS = 5_000

interface FactSources {
  readonly store: () => MetricStore | undefined
  readonly log: () => SegmentLog | undefined
  readonly intake: () => MetricsIntake | undefined
  readonly recent: RecentRequests
  readonly config: Config
  readonly registry: Registry
  readonly scraping: () => Scraping | undefined
  readonly walReplay: () => { min: number; max: number; current: number }
}

/** What the server tells about itself, from the parts that know it. */
export function serverFacts(sources: FactSources): ServerFacts {
  const startedAt = new Date()
  const rate = new RateMeter()
  return {
    buildInfo: () => ({
      version: VERSION,
      revision: '',
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: `node ${process.version}`,
      application: 'Vantage',
    }),
    runtimeInfo: () => ({
      startTime: startedAt.toISOString(),
      CWD: '',
      serverTime: new Date().toISOString(),
      reloadConfigSuccess: sources.scraping()?.problem === undefined,
      lastConfigTime: new Date(sources.scraping()?.readAtMs || startedAt).toISOString(),
      corruptionCount: sources.log()?.stats('metrics-raw').corruptions ?? 0,
      goroutineCount: 0,
      GOMAXPROCS: availableParallelism(),
      storageRetention:
        sources.config.storage.retention === undefined ? '' : `${sources.config.storage.retention / 86_400_000}d`,
    }),
    stats: () => statsOf(sources, rate),
    scrapeConfig: () => sources.scraping()?.fileText ?? '',
    flags: () => flagsOf(sources.config),
    walReplay: () => sources.walReplay(),
    parts: (tenant) => (sources.store()?.parts() ?? []).filter((part) => part.tenant === tenant),
    selfMetrics: (pattern) => selfMetrics(sources.registry.collect(), pattern),
    userLimits: () => userLimitsOf(sources.config),
    discoveries: () => DISCOVERY_KINDS,
    senders: (tenant, limit) => sources.intake()?.senders.top(tenant, limit) ?? [],
  }
}

/** Source: Grafana Mimir HTTP API, "Get user limits". What no limit of ours is like is 0, which means none there. */
function userLimitsOf({ limits, query, storage }: Config): Record<string, number> {
  return {
    compactor_blocks_retention_period_seconds: (storage.retention ?? 0) / 1_000,
    ingestion_rate: 0,
    ingestion_burst_size: 0,
    ingestion_burst_factor: 0,
    max_global_series_per_user: limits.maxSeries,
    max_global_series_per_metric: limits.maxSeriesPerMetric,
    max_global_exemplars_per_user: 0,
    max_fetched_chunks_per_query: 0,
    max_fetched_series_per_query: query.maxSeries,
    max_fetched_chunk_bytes_per_query: query.maxBytes,
    ruler_max_rules_per_rule_group: 0,
    ruler_max_rule_groups_per_tenant: 0,
  }
}

/** Keys with dots, as the guide names them. Keys of callers are secrets. */
function flagsOf(config: Config): Record<string, string> {
  const flags: Record<string, string> = {}
  const walk = (prefix: string, value: unknown): void => {
    if (Array.isArray(value)) {
      flags[prefix] = value.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join()
    } else if (typeof value !== 'object' || value === null) flags[prefix] = String(value)
    else for (const [key, inner] of Object.entries(value)) walk(prefix === '' ? key : `${prefix}.${key}`, inner)
  }
  walk('', { ...config, auth: { ...config.auth, keys: `${config.auth.keys.length} keys` } })
  return flags
}

function statsOf(sources: FactSources, rate: RateMeter): Record<string, unknown> {
  const store = sources.store()?.stats()
  const samplesTotal = sources.intake()?.samples ?? 0
  const byReceiver = new Map<
    string,
    { signal: string; receiver: string; requests: number; items: number; refused: number }
  >()
  for (const { signal, receiver, items, refused } of sources.recent.list()) {
    const key = `${signal} ${receiver}`
    const row = byReceiver.get(key) ?? { signal, receiver, requests: 0, items: 0, refused: 0 }
    byReceiver.set(key, {
      signal,
      receiver,
      requests: row.requests + 1,
      items: row.items + items,
      refused: row.refused + refused,
    })
  }
  return {
    version: VERSION,
    uptimeSeconds: Math.round(process.uptime()),
    samplesPerSecond: rate.read(samplesTotal),
    seriesActive: store?.series ?? 0,
    samplesTotal,
    diskBytes:
      (store?.partBytes ?? 0) + (store?.tierBytes ?? 0) + (sources.log()?.stats('metrics-raw').bytesOnDisk ?? 0),
    receivers: [...byReceiver.values()],
  }
}

/** Turns a count that only grows into a rate, whoever asks and however often. */
class RateMeter {
  #atMs = performance.now()
  #count = 0
  #rate = 0

  read(count: number): number {
    const nowMs = performance.now()
    const elapsedMs = nowMs - this.#atMs
    if (elapsedMs < RATE_WINDOW_MS && this.#rate > 0) return this.#rate
    if (elapsedMs > 0) this.#rate = Math.round(((count - this.#count) / elapsedMs) * 1000)
    if (elapsedMs >= RATE_WINDOW_MS) {
      this.#atMs = nowMs
      this.#count = count
    }
    return this.#rate
  }
}

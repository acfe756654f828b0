import type { Fault, NameCount, Result, SeriesScan, TenantId } from '@vantage/model'
import type { QueryJob } from './query-job.ts'

export interface AskOptions {
  readonly signal: AbortSignal
  /** Shortens the deadline; never beyond `query.timeout`. */
  readonly timeoutMs: number | undefined
  /** Called when the question begins: what is stored in that turn's past is in the answer, what comes later is not. */
  readonly onBegin?: (() => void) | undefined
}

/** Where jobs go: query workers, or the main thread for small ones. Answers are complete JSON bodies. */
export interface MetricQueries {
  ask(tenant: TenantId, job: QueryJob, options: AskOptions): Promise<Result<Uint8Array, Fault>>
}

/** What changes stored metrics. */
export interface MetricAdmin {
  /** Deletes what the scan selects, durable before it resolves. @returns why nothing was deleted */
  deleteSeries(tenant: TenantId, scan: SeriesScan): Promise<Fault | undefined>
  /** Resolves once no file holds what the tenant's deletions cover. @returns why some still do */
  cleanTombstones(tenant: TenantId): Promise<Fault | undefined>
  /**
   * Copies what is stored, of all tenants, to a folder of its own beside the data.
   * @param skipsHead leaves out what is in memory only
   * @returns the folder's name
   */
  snapshot(skipsHead: boolean): Promise<Result<string>>
}

/** What the server knows of itself. */
export interface ServerFacts {
  buildInfo(): Readonly<Record<string, string>>
  runtimeInfo(): Readonly<Record<string, string | number | boolean>>
  stats(): Readonly<Record<string, unknown>>
  /** The text of the scrape configuration; '' without one. */
  scrapeConfig(): string
  /** Every key of the configuration but secrets. */
  flags(): Readonly<Record<string, string>>
  /** Who made most series since the start: door and sender, largest first. */
  senders(tenant: TenantId, limit: number): NameCount[]
  /** Log offsets: from, to and how far the replay came. */
  walReplay(): { readonly min: number; readonly max: number; readonly current: number }
}

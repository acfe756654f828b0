import type { Fault, NameCount, Result, SeriesScan, TenantId } from '@vantage/model'
import type { QueryJob } from './query-job.ts'

export interface AskOptions {
  readonly signal: AbortSignal
  /** Shortens the deadline; never beyond `query.timeout`. */
  readonly timeoutMs: number | undefined
  /** Called when the question begins: what is stored in that turn's past is in the answer, what comes later is not. */
  readonly onBegin?: (() => void) | undefined
  /** Takes what a question that streams has to say before its answer. */
  readonly onPart?: ((part: Uint8Array) => void) | undefined
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
  /** Sealed parts of the tenant's samples, oldest data first. */
  parts(tenant: TenantId): readonly StoredPart[]
  /** Our own metrics, families as ProtoJSON. @param pattern regular expression of whole names; '' = all */
  selfMetrics(pattern: string): Result<readonly unknown[]>
  /** Limits of the tenant by the names of Grafana Mimir's `user_limits`; 0 = none. */
  userLimits(): Readonly<Record<string, number>>
  /** Kinds of service discovery that a scrape configuration may use. */
  discoveries(): readonly string[]
}

/** An immutable file of samples. */
export interface StoredPart {
  readonly fileName: string
  readonly id: number
  readonly checksum: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly arrivedMs: number
  readonly seriesCount: number
  readonly sampleCount: number
  readonly bytes: number
  /** 0 = written by a seal, then one more per merge. */
  readonly level: number
}

/** A state of the server that a person should know of. */
export interface Notice {
  readonly text: string
  /** Since when, RFC 3339. */
  readonly date: string
  /** False: it is over. */
  readonly active: boolean
}

/** Who is told of notices as they come and go. */
export interface NoticeFollower {
  tell(notice: Notice): void
  /** Nothing happened for a while. */
  beat(): void
  /** Nothing more will come. */
  end(): void
}

export interface Notices {
  list(): readonly Notice[]
  /** False where as many follow as may. */
  readonly hasRoom: boolean
  /** Tells what is active now at once. @returns ends it */
  follow(follower: NoticeFollower): () => void
}

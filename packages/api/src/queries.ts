import type { Fault, Result, TenantId } from '@vantage/model'
import type { QueryJob } from './query-job.ts'

export interface AskOptions {
  readonly signal: AbortSignal
  /** Shortens the deadline; never beyond `query.timeout`. */
  readonly timeoutMs: number | undefined
}

/** Where jobs go: query workers, or the main thread for small ones. Answers are complete JSON bodies. */
export interface MetricQueries {
  ask(tenant: TenantId, job: QueryJob, options: AskOptions): Promise<Result<Uint8Array, Fault>>
}

/** What the server knows of itself. */
export interface ServerFacts {
  buildInfo(): Readonly<Record<string, string>>
  runtimeInfo(): Readonly<Record<string, string | number | boolean>>
  stats(): Readonly<Record<string, unknown>>
}

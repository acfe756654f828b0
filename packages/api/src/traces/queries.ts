import type { Fault, Result, TenantId } from '@vantage/model'
import type { AskOptions } from '../queries.ts'
import type { TracesJob } from './job.ts'

/** Where jobs about traces go: query threads. Answers are complete bodies. */
export interface TraceQueries {
  ask(tenant: TenantId, job: TracesJob, options: AskOptions): Promise<Result<Uint8Array, Fault>>
}

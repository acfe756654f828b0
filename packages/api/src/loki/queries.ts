import type { Fault, Result, TenantId } from '@vantage/model'
import type { AskOptions } from '../queries.ts'
import type { LogsJob } from './logs-job.ts'

/** Where jobs over logs go: query threads. Answers are complete JSON bodies. */
export interface LogQueries {
  ask(tenant: TenantId, job: LogsJob, options: AskOptions): Promise<Result<Uint8Array, Fault>>
}

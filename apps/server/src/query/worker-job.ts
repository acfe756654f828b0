import { type QueryJob, runQueryJob } from '@vantage/api'
import { remoteReadAnswer } from '@vantage/decode/remote-read'
import {
  type Clock,
  err,
  type Fault,
  FaultError,
  type MetricReader,
  ok,
  type QueryBudget,
  type Result,
  type SeriesScan,
  type TenantId,
} from '@vantage/model'

/** All that a query worker can be asked: the API's questions, and those that answer in another protocol's bytes. */
export type WorkerJob = QueryJob | { readonly kind: 'remote-read'; readonly scans: readonly SeriesScan[] }

/** As `runQueryJob`; a remote read answers its protobuf message in snappy. */
export function runWorkerJob(
  job: WorkerJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
  clock: Clock,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  if (job.kind !== 'remote-read') return runQueryJob(job, tenant, reader, budget, clock)
  try {
    return ok(remoteReadAnswer(job.scans, tenant, reader, budget))
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

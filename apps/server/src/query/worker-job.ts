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
import { warmUp } from './warm-up.ts'

/** All that a query worker can be asked: the API's questions, and those that answer in another protocol's bytes. */
export type WorkerJob =
  | QueryJob
  | { readonly kind: 'remote-read'; readonly scans: readonly SeriesScan[] }
  /** Nobody's question: a new worker gets ready, piece by piece. */
  | { readonly kind: 'warm-up'; readonly piece: number }

/** As `runQueryJob`; a remote read answers its protobuf message in snappy. */
export function runWorkerJob(
  job: WorkerJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
  clock: Clock,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  if (job.kind !== 'remote-read' && job.kind !== 'warm-up') return runQueryJob(job, tenant, reader, budget, clock)
  try {
    if (job.kind === 'warm-up') {
      const warmed = warmUp(job.piece, tenant, reader, budget, clock)
      return warmed.ok ? ok(new Uint8Array(0)) : warmed
    }
    return ok(remoteReadAnswer(job.scans, tenant, reader, budget))
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

import {
  type JoinsJob,
  type LogsJob,
  type QueryJob,
  runJoinsJob,
  runLogsJob,
  runQueryJob,
  runTracesJob,
  type TracesJob,
  transformedBody,
} from '@vantage/api'
import { OtlpJsonDecoder, OtlpTracesDecoder, TRACES_REQUEST } from '@vantage/decode/otlp'
import { type ReadForm, sampledReadAnswer, streamedReadAnswer } from '@vantage/decode/remote-read'
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
  SpanBatch,
  type TenantId,
} from '@vantage/model'
import type { KnownSteps } from '@vantage/query/promql'
import type { TraceqlLimits } from '@vantage/query/traceql'
import { runWhole } from '../intake/sliced.ts'
import { help, type SharedTask, type ThreadHelpers } from './help.ts'
import { type ReadersToWarm, warmUp } from './warm-up.ts'

/** All that a query worker can be asked: the API's questions, and those that answer in another protocol's bytes. */
export type WorkerJob =
  | QueryJob
  | { readonly kind: 'remote-read'; readonly scans: readonly SeriesScan[]; readonly form: ReadForm }
  | { readonly kind: 'logs'; readonly job: LogsJob }
  | { readonly kind: 'traces'; readonly job: TracesJob; readonly limits: TraceqlLimits }
  /** Of all signals. */
  | { readonly kind: 'joins'; readonly job: JoinsJob; readonly limits: TraceqlLimits }
  /** Spans of a request of OTLP/JSON, as Jaeger's interface reads traces. */
  | { readonly kind: 'transform'; readonly body: Uint8Array; readonly limits: TraceqlLimits }
  /** Another worker's call for help. */
  | { readonly kind: 'share'; readonly share: SharedTask }
  /** Nobody's question: a new worker gets ready, piece by piece. */
  | { readonly kind: 'warm-up'; readonly piece: number }

/** The stores as a query thread sees them. */
export type WorkerReaders = ReadersToWarm

interface JobExtras {
  readonly helpers: ThreadHelpers
  readonly onKnown: (known: KnownSteps) => void
  /** Takes what comes before the answer. */
  readonly onPart: (part: Uint8Array) => void
}

/** As `runQueryJob`; a remote read answers its protobuf messages, and help goes to who asked for it. */
export function runWorkerJob(
  job: WorkerJob,
  tenant: TenantId,
  readers: WorkerReaders,
  budget: QueryBudget,
  clock: Clock,
  { helpers, onKnown, onPart }: JobExtras,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  switch (job.kind) {
    case 'share':
      help(job.share, tenant, readers, budget)
      return ok(new Uint8Array(0))
    case 'warm-up': {
      const warmed = warmUp(job.piece, tenant, readers, budget, clock)
      return warmed.ok ? ok(new Uint8Array(0)) : warmed
    }
    case 'remote-read':
      return remoteRead(job.form, job.scans, tenant, readers.metrics, budget)
    case 'logs':
      return runLogsJob(job.job, tenant, readers.logs, budget, clock, helpers.logql)
    case 'traces':
      return runTracesJob(job.job, tenant, readers.spans, budget, job.limits, { clock, send: onPart })
    case 'transform':
      return transformed(job.body, job.limits, budget, clock)
    case 'joins':
      return runJoinsJob(job.job, tenant, readers, budget, job.limits, clock)
    default:
      return runQueryJob(job, tenant, readers.metrics, budget, clock, { helpers: helpers.promql, onKnown })
  }
}

function remoteRead(
  form: ReadForm,
  scans: readonly SeriesScan[],
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  try {
    const answer = form === 'streamed' ? streamedReadAnswer : sampledReadAnswer
    return ok(answer(scans, tenant, reader, budget))
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

function transformed(
  body: Uint8Array,
  limits: TraceqlLimits,
  budget: QueryBudget,
  clock: Clock,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  const batch = new SpanBatch()
  batch.reset()
  const decoder = new OtlpJsonDecoder(TRACES_REQUEST, new OtlpTracesDecoder())
  decoder.start(body, body.length, batch)
  const problem = runWhole(decoder, clock)
  if (problem !== undefined) return err(problem)
  const { columns, originCount } = batch
  const origins = Array.from({ length: originCount }, (_, place) => batch.originOf(place))
  const rows = Int32Array.from({ length: columns.count }, (_, row) => row)
  return transformedBody({ columns, rows, origins }, budget, limits)
}

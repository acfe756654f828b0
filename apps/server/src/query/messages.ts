import type { Fault, Result, TenantId } from '@vantage/model'
import type { KnownSteps } from '@vantage/query/promql'
import type { ColumnViewMessage, ColumnViewOptions } from '@vantage/store/columns'
import type { TenantViewMessage, ViewOptions } from '@vantage/store/metrics'
import type { QueryLimits } from './budget.ts'
import type { WorkerJob } from './worker-job.ts'

/** How a thread sees the stores. */
export interface WorkerViews {
  readonly metrics: ViewOptions
  /** Logs and spans. */
  readonly columns: ColumnViewOptions | undefined
}

/** What a query worker starts with. */
export interface QueryWorkerData {
  /** Undefined: the store is not open yet; until `OpenView` comes, the worker gets ready by itself. */
  readonly view: WorkerViews | undefined
}

export interface OpenView {
  readonly view: WorkerViews
}

export interface WorkerQuestion {
  readonly id: number
  readonly tenant: TenantId
  /** What the thread lacks of the store that the job reads: metrics, or logs and spans. */
  readonly update: TenantViewMessage | undefined
  readonly rows: ColumnViewMessage | undefined
  readonly job: WorkerJob
  readonly limits: QueryLimits
  readonly timeoutMs: number
  /** See Budget. */
  readonly words: Int32Array
}

/** What a question that streams has to say before its answer. */
export interface WorkerPart {
  readonly id: number
  readonly part: Uint8Array
}

export interface WorkerReply {
  readonly id: number
  readonly result: Result<Uint8Array<ArrayBuffer>, Fault>
  readonly samples: number
  /** In the thread alone. */
  readonly elapsedMs: number
  readonly peakBytes: number
  /** Damage that the worker's view met. */
  readonly problems: readonly string[]
  /** The answer to be kept, where the job asked for it. */
  readonly known: KnownSteps | undefined
}

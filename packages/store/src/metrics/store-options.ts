import type { Clock, FileSystem, Topic } from '@vantage/model'
import type { HeadLimits } from './head/head-limits.ts'
import type { Retention } from './retention.ts'
import type { WorkerHost } from './worker-port.ts'

export interface MetricStoreOptions {
  /** Belongs to the store alone: the catalogue and the parts lie in it. */
  readonly directory: string
  readonly files: FileSystem
  readonly clock: Clock
  readonly workers: WorkerHost
  readonly topic?: Topic
  readonly limits?: Partial<HeadLimits>
  readonly sealAfterMs?: number
  readonly sealLogBytes?: number
  /** `DEFAULT_RETENTION` unless given. */
  readonly retention?: Retention
  /** Seed of the hash tables; random unless a test sets it. */
  readonly seed?: number
  /**
   * Resolves once the log holds everything below the offset, synced. A seal asks before its transaction, so that parts
   * never run ahead of the log: after a crash the log would give their offsets to other records.
   */
  readonly whenDurable?: (toOffset: number) => Promise<void>
  /** Told about what failed and will be tried again, or was refused: one sentence each. */
  readonly onProblem: (message: string) => void
}

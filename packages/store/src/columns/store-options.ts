import type { Clock, FileSystem, Topic } from '@vantage/model'
import type { WorkerPort } from '../metrics/worker-port.ts'
import type { RowRetention } from './row-expiry.ts'
import type { ColumnsWorkerData } from './worker/protocol.ts'

/** Starts the thread of the columns; passed in, because only the composition root knows its entry file. */
export interface ColumnsWorkerHost {
  spawn(role: 'columns', data: ColumnsWorkerData): WorkerPort
}

export interface ColumnStoreOptions {
  /** Belongs to the store alone: the catalogue and the files lie in it. */
  readonly directory: string
  readonly files: FileSystem
  readonly clock: Clock
  readonly workers: ColumnsWorkerHost
  /** Memory of hot rows of all tenants, bytes. */
  readonly hotBytesMax?: number
  readonly sealAfterMs?: number
  /** How long rows are kept; `ROW_RETENTION` unless given. */
  readonly retention?: RowRetention
  /**
   * Resolves once the log holds everything of the topic below the offset, synced. A seal asks before its transaction,
   * so that files never run ahead of the log: after a crash the log would give their offsets to other records.
   */
  readonly whenDurable?: (topic: Topic, toOffset: number) => Promise<void>
  /** Told about what failed and will be tried again, or was refused: one sentence each. */
  readonly onProblem: (message: string) => void
}

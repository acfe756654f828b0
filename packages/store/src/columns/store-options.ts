import type { Clock, FileSystem } from '@vantage/model'

export interface ColumnStoreOptions {
  /** Belongs to the store alone: the catalogue and the files lie in it. */
  readonly directory: string
  readonly files: FileSystem
  readonly clock: Clock
  /** Memory of hot rows of all tenants, bytes. */
  readonly hotBytesMax?: number
  /** Told about what failed and will be tried again, or was refused: one sentence each. */
  readonly onProblem: (message: string) => void
}

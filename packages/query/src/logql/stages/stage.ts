import type { Row } from './row.ts'

/** One step of a pipeline, ready to run. @returns false where the row is not wanted */
export type RowStep = (row: Row) => boolean

/** What the query does with the rows, so that steps may leave out what nobody sees. */
export interface StepOptions {
  /** Labels are never looked at: parsers need not run. */
  readonly needsNoLabels: boolean
  /** Somebody asks for `__error__`: rows with errors are marked, so that metric queries take them. */
  readonly preservesErrors: boolean
  /** Unix ns that templates take for now. */
  readonly nowNs: bigint
}

export const ALL_LABELS: StepOptions = { needsNoLabels: false, preservesErrors: false, nowNs: 0n }

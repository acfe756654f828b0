import type { Origin, TimeMarks } from '@vantage/model'
import type { ColumnSet } from '../rows/column-set.ts'
import type { ScanPart } from './scan-part.ts'

/** Rows of one place that fulfil a scan. */
export interface Piece<Columns> {
  readonly columns: Columns
  readonly set: ColumnSet
  readonly origins: readonly Origin[]
  /** Places in the columns, in the scan's order. */
  readonly rows: Int32Array
  /** Set where the columns have no times. */
  readonly marks: TimeMarks | undefined
}

/** Rows of one place that may fulfil a scan, not looked at yet. Both times are inclusive, unix ns. */
export interface PieceRef<Columns> {
  readonly minTimeNs: bigint
  readonly maxTimeNs: bigint
  /** Order of arrival among pieces: of rows of equal times the one in the lower piece came first. */
  readonly sequence: number
  /** Looks at the rows. */
  open(): Piece<Columns>
}

/** What a piece's rows are tested by. */
export interface RowFilter<Columns> {
  /** What it looks at, beside times and origins. */
  readonly parts: readonly ScanPart[]
  /**
   * False where no row of these origins can fulfil the scan.
   * @param places of those that there are rows of; undefined: maybe all
   */
  mayHold(origins: readonly Origin[], places: readonly number[] | undefined): boolean
  /**
   * Those of `rows` that fulfil it, in their order; `rows` themselves where all do.
   * @param places as in `mayHold`
   */
  select(
    columns: Columns,
    set: ColumnSet,
    origins: readonly Origin[],
    rows: Int32Array,
    places: readonly number[] | undefined,
  ): Int32Array
}

import { ByteRanges, grownInts } from './byte-ranges.ts'
import { ItemVerdict } from './item-verdict.ts'
import type { Refusal } from './metric-batch.ts'
import type { Origin } from './origin.ts'

/** What the columns of all records share. */
interface RecordColumns {
  count: number
  readonly capacity: number
  /** Place in a list of origins beside the columns. */
  readonly origins: Int32Array
  /** Makes everything of rows [from, to) absent. */
  clear(from: number, to: number): void
  /** Doubles the room; what is there stays. */
  grow(): void
}

/**
 * One decoded request of records, the same for every door. Filled by a decoder, read by the store.
 *
 * Owner: the request that holds it, from decode until its log write is done; then it is reset and reused. The ranges of
 * a column are of its own `bytes`: the body, or an arena of the decoder's.
 */
export class RecordBatch<Columns extends RecordColumns> {
  readonly columns: Columns
  /**
   * Origins of the rows in the order of the request, each as bytes that always mean the same origin for this tenant and
   * `originSpace`: the store interns them by these bytes and calls `originOf` only for bytes it has not met.
   */
  originCount = 0
  readonly originBytes = new ByteRanges(64)
  originSpace = 0
  originOf: (origin: number) => Origin = () => {
    throw new Error('BUG: no decoder filled this batch')
  }
  /** Refused while decoding; rows of refused records are not in the columns. */
  readonly verdict = new ItemVerdict()
  /** Items of each row, as `verdict` counts them. */
  rowItems = new Int32Array(1024)
  readonly refused: Refusal[] = []
  readonly warnings: string[] = []
  /** Rows from here on hold nothing since the last reset. */
  #emptyFrom = 0

  constructor(columns: Columns) {
    this.columns = columns
  }

  /** @param replayed the verdict of a record that is replayed */
  reset(replayed?: Uint8Array): void {
    this.verdict.reset(replayed)
    this.columns.count = 0
    this.columns.clear(0, this.#emptyFrom)
    this.#emptyFrom = 0
    this.originCount = 0
    this.refused.length = 0
    this.warnings.length = 0
  }

  /** Opens a row with everything absent. @returns its place */
  addRow(origin: number): number {
    const { columns } = this
    if (columns.count === columns.capacity) columns.grow()
    const row = columns.count++
    if (row >= this.rowItems.length) this.rowItems = grownInts(this.rowItems, columns.capacity)
    this.rowItems[row] = this.verdict.count - 1
    // Fast path: no row was here, all columns were emptied at once.
    if (row >= this.#emptyFrom) this.#emptyFrom = row + 1
    else columns.clear(row, row + 1)
    columns.origins[row] = origin
    return row
  }

  addOrigin(from: number, to: number): number {
    if (this.originCount === this.originBytes.from.length) this.originBytes.grow(this.originCount * 2)
    this.originBytes.set(this.originCount, from, to)
    return this.originCount++
  }
}

import type { LogBatch } from './log-batch.ts'
import type { SpanBatch } from './span-batch.ts'

/** Leaves out the rows of a batch that are not wanted; the others keep their order. @returns how many went */
export function keepRows(batch: LogBatch | SpanBatch, isWanted: (row: number) => boolean): number {
  const { columns, rowItems } = batch
  const { count } = columns
  let kept = 0
  for (let row = 0; row < count; row++) {
    if (!isWanted(row)) continue
    if (kept < row) {
      columns.moveRow(kept, row)
      rowItems[kept] = rowItems[row] as number
    }
    kept++
  }
  columns.count = kept
  return count - kept
}

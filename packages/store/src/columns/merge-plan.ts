import type { FileRow } from './catalogue/protocol.ts'
import { MERGE_BYTES_MAX, MERGE_FILES_MAX, MERGE_FILES_MIN, MERGE_ROWS_ENOUGH, MERGE_ROWS_MAX } from './limits.ts'

const DAY_MS = 86_400_000

/**
 * Which files of one tenant and signal are to be merged next: neighbours in log order, so that rows of equal times keep
 * the order in which they arrived; none that is large enough as it is, and none that is larger than all the others
 * together, so that a row is written anew a few times only. What arrived on different days is never merged: rows of one
 * file age together.
 * @param files lowest log offset first
 */
export function nextMerge(files: readonly FileRow[]): readonly FileRow[] | undefined {
  for (let from = 0; from + MERGE_FILES_MIN <= files.length; from++) {
    let rows = 0
    let bytes = 0
    let largest = 0
    let best: readonly FileRow[] | undefined
    for (let to = from; to < Math.min(files.length, from + MERGE_FILES_MAX); to++) {
      const file = files[to] as FileRow
      if (file.rows >= MERGE_ROWS_ENOUGH || dayOf(file) !== dayOf(files[from] as FileRow)) break
      rows += file.rows
      bytes += file.bytes
      largest = Math.max(largest, file.rows)
      if (rows > MERGE_ROWS_MAX || bytes > MERGE_BYTES_MAX) break
      if (to - from + 1 >= MERGE_FILES_MIN && largest <= rows / 2) best = files.slice(from, to + 1)
    }
    if (best !== undefined) return best
  }
  return undefined
}

function dayOf({ arrivedMs }: FileRow): number {
  return Math.floor(arrivedMs / DAY_MS)
}

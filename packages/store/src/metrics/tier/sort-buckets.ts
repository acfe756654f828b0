import { BUCKET, BUCKET_COLUMNS, type BucketColumns } from '@vantage/model'

/** Sorts by the times of the last samples. Fast path: mostly they ascend already. */
export function sortBuckets(buckets: BucketColumns): void {
  const { count } = buckets
  const times = buckets.columns[BUCKET.lastMs] as Float64Array
  let at = 1
  while (at < count && (times[at] as number) >= (times[at - 1] as number)) at++
  if (at >= count) return
  const order = Int32Array.from({ length: count }, (_, i) => i)
  order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b)
  for (let c = 0; c < BUCKET_COLUMNS; c++) {
    const halves = buckets.halves[c] as Uint32Array
    const before = halves.slice(0, count * 2)
    for (let i = 0; i < count; i++) {
      const from = order[i] as number
      halves[i * 2] = before[from * 2] as number
      halves[i * 2 + 1] = before[from * 2 + 1] as number
    }
  }
}

import { BUCKET_COLUMNS, type BucketColumns } from '@vantage/model'

/** Copies one bucket over another, bit for bit. */
export function moveBucket(buckets: BucketColumns, from: number, to: number): void {
  for (let c = 0; c < BUCKET_COLUMNS; c++) {
    const halves = buckets.halves[c] as Uint32Array
    halves[to * 2] = halves[from * 2] as number
    halves[to * 2 + 1] = halves[from * 2 + 1] as number
  }
}

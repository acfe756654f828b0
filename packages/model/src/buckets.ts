/** What a bucket tells of its samples: places in `BucketColumns.columns`. Staleness markers are no samples. */
export const BUCKET = {
  /** At least 1. */
  count: 0,
  /** Times of the newest and the oldest sample, unix ms. */
  lastMs: 1,
  last: 2,
  firstMs: 3,
  first: 4,
  /** NaN only where all samples are. */
  min: 5,
  max: 6,
  /** Neumaier's sum and its compensation, which is to be added. */
  sum: 7,
  compensation: 8,
  /** Sum of the values from which a counter went down inside the bucket: last - first + resets is its increase. */
  resets: 9,
} as const

export const BUCKET_COLUMNS = 10

/**
 * Samples of one series, run by run: ascending, no two overlap, owned by the caller and reused between reads.
 * `halves` is the same memory as `columns`. Columns that were not asked for hold anything.
 */
export class BucketColumns {
  count = 0
  /** Samples and buckets that were read to know these. */
  work = 0
  columns: Float64Array[] = []
  halves: Uint32Array[] = []
  #capacity = 0

  constructor(capacity = 256) {
    this.reserve(capacity)
  }

  reset(): void {
    this.count = 0
    this.work = 0
  }

  /** Grows so that `capacity` buckets fit; what is there stays. */
  reserve(capacity: number): void {
    if (capacity <= this.#capacity) return
    this.#capacity = Math.max(capacity, this.#capacity * 2)
    const before = this.columns
    this.columns = []
    this.halves = []
    for (let i = 0; i < BUCKET_COLUMNS; i++) {
      const column = new Float64Array(this.#capacity)
      const old = before[i]
      if (old !== undefined) column.set(old.subarray(0, this.count))
      this.columns.push(column)
      this.halves.push(new Uint32Array(column.buffer))
    }
  }
}

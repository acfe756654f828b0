/**
 * Counts of positive numbers in buckets that grow by a fixed ratio, for quantiles within 1.1 % of the true value. Zero
 * and less share one bucket.
 */
export class QuantileSketch {
  readonly #counts = new Map<number, number>()
  #below = 0
  #count = 0

  add(value: number): void {
    this.#count++
    if (value <= 0) {
      this.#below++
      return
    }
    const bucket = Math.ceil(Math.log2(value) * BUCKETS_PER_DOUBLING)
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
  }

  /** @param quantiles 0 … 1 @returns one value for each, NaN for an empty sketch */
  quantiles(quantiles: readonly number[]): number[] {
    if (this.#count === 0) return quantiles.map(() => Number.NaN)
    const buckets = [...this.#counts].sort(([a], [b]) => a - b)
    return quantiles.map((quantile) => {
      const rank = quantile * (this.#count - 1)
      let seen = this.#below
      if (rank < seen) return 0
      for (const [bucket, count] of buckets) {
        seen += count
        // The middle of the bucket on the logarithmic scale.
        if (rank < seen) return 2 ** ((bucket - 0.5) / BUCKETS_PER_DOUBLING)
      }
      return Number.NaN
    })
  }
}

const BUCKETS_PER_DOUBLING = 32

/** Buckets for each doubling: their bounds are 2.2 % apart. */
const BUCKETS_PER_DOUBLING = 32
/** Room beside the buckets that are there, and half as much again: values of one group are mostly near each other. */
const MARGIN = 8

/**
 * Counts of positive numbers in buckets that grow by a fixed ratio, for quantiles within 1.1 % of the true value. Zero
 * and less share one bucket.
 */
export class QuantileSketch {
  /** From the lowest bucket on that there is room for. */
  #counts = new Uint32Array(0)
  #lowest = 0
  #below = 0
  #count = 0

  add(value: number): void {
    this.#count++
    if (value <= 0) {
      this.#below++
      return
    }
    // Infinity is counted with the largest number.
    const bucket = Math.ceil(Math.log2(Math.min(value, Number.MAX_VALUE)) * BUCKETS_PER_DOUBLING)
    let place = bucket - this.#lowest
    if (place < 0 || place >= this.#counts.length) place = this.#makeRoom(bucket)
    this.#counts[place] = (this.#counts[place] as number) + 1
  }

  /** @returns the place of the bucket */
  #makeRoom(bucket: number): number {
    const { length } = this.#counts
    const margin = MARGIN + (length >> 1)
    const lowest = length === 0 ? bucket - margin : bucket < this.#lowest ? bucket - margin : this.#lowest
    const end = Math.max(this.#lowest + length, bucket < this.#lowest ? 0 : bucket + margin)
    const counts = new Uint32Array((length === 0 ? bucket + margin : end) - lowest)
    if (length > 0) counts.set(this.#counts, this.#lowest - lowest)
    this.#counts = counts
    this.#lowest = lowest
    return bucket - lowest
  }

  /** @param quantiles 0 … 1 @returns one value for each, NaN for an empty sketch */
  quantiles(quantiles: readonly number[]): number[] {
    if (this.#count === 0) return quantiles.map(() => Number.NaN)
    return quantiles.map((quantile) => {
      const rank = quantile * (this.#count - 1)
      let seen = this.#below
      if (rank < seen) return 0
      for (const [place, count] of this.#counts.entries()) {
        seen += count
        // The middle of the bucket on the logarithmic scale.
        if (rank < seen) return 2 ** ((this.#lowest + place - 0.5) / BUCKETS_PER_DOUBLING)
      }
      return Number.NaN
    })
  }
}

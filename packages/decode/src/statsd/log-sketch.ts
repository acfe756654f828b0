/** Values of one bin differ by at most 2 %: a quantile is off by at most 1 %. */
const GROWTH = 1.02
const LOG_GROWTH = Math.log(GROWTH)
/** Bins of one sketch: 2^48 between the smallest and the largest, on either side of zero. */
const BINS_MAX = 4_096
/** Magnitudes below this count as zero. */
const TINY = 1e-9

/**
 * Quantiles of a stream with a bounded relative error: counts in bins that grow geometrically.
 * Source: Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch", PVLDB 12 (2019), section 2.
 */
export class LogSketch {
  readonly #bins = new Map<number, number>()
  count = 0

  add(value: number, count: number): void {
    const bin = binOf(value)
    const before = this.#bins.get(bin)
    // Full of bins: what does not fit is left out of the quantiles; sum and count are kept elsewhere.
    if (before === undefined && this.#bins.size >= BINS_MAX) return
    this.#bins.set(bin, (before ?? 0) + count)
    this.count += count
  }

  addAll(other: LogSketch): void {
    for (const [bin, count] of other.#bins) {
      this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + count)
      this.count += count
    }
  }

  /** @returns NaN where nothing was seen */
  quantiles(quantiles: readonly number[]): number[] {
    const bins = [...this.#bins].sort(([a], [b]) => a - b)
    return quantiles.map((quantile) => {
      let left = Math.max(1, Math.ceil(quantile * this.count))
      for (const [bin, count] of bins) {
        left -= count
        if (left <= 0) return middleOf(bin)
      }
      return Number.NaN
    })
  }
}

/** Offset of the bins' numbers, so that those of positive values are positive. */
const BIN_SHIFT = Math.ceil(-Math.log(TINY) / LOG_GROWTH) + 1

function binOf(value: number): number {
  const magnitude = Math.abs(value)
  if (magnitude < TINY) return 0
  const bin = Math.ceil(Math.log(magnitude) / LOG_GROWTH) + BIN_SHIFT
  return value < 0 ? -bin : bin
}

function middleOf(bin: number): number {
  if (bin === 0) return 0
  const upper = GROWTH ** (Math.abs(bin) - BIN_SHIFT)
  const middle = (2 * upper) / (1 + GROWTH)
  return bin < 0 ? -middle : middle
}

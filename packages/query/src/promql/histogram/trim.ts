import type { Histogram, HistogramBuckets } from '@vantage/model'
import {
  type BucketRange,
  compact,
  negativeRange,
  positiveRange,
  usesCustomBuckets,
  zeroRange,
} from '@vantage/model/histograms'
import { fractionBelow } from './estimate.ts'

/** `</` keeps what lies below the cut, `>/` what lies above it. */
export type KeptSide = 'below' | 'above'

/** What is left of a bucket, and the value that stands for it in the estimated sum. */
interface Rest {
  readonly count: number
  readonly middle: number
}

const NOTHING: Rest = { count: 0, middle: 0 }

/**
 * Cuts a histogram at a value. Buckets across the cut are split as quantiles interpolate; a bucket that is open to
 * infinity cannot be split and goes away, unless zero is a natural end of it. The sum of what is left is estimated
 * from the middles of the buckets; where nothing is cut off the histogram stays as it is.
 * Source: prometheus/prometheus docs/querying/operators.md, "Histogram trim operators".
 */
export function trimHistogram(histogram: Histogram, cut: number, kept: KeptSide): Histogram {
  const trimmer = new Trimmer(histogram, cut, kept)
  const positive = trimmer.trimSide(histogram.positive, positiveRange, true)
  const negative = trimmer.trimSide(histogram.negative, negativeRange, false)
  const zeroCount = trimmer.trimZero(positive.hasCounts, negative.hasCounts)
  if (!trimmer.isChanged) return histogram
  const { count, sum } = trimmer
  return compact({ ...histogram, count, sum, zeroCount, positive: positive.side, negative: negative.side })
}

class Trimmer {
  readonly #histogram: Histogram
  readonly #cut: number
  readonly #kept: KeptSide
  readonly #isCustom: boolean
  count = 0
  sum = 0
  isChanged = false

  constructor(histogram: Histogram, cut: number, kept: KeptSide) {
    this.#histogram = histogram
    this.#cut = cut
    this.#kept = kept
    this.#isCustom = usesCustomBuckets(histogram)
  }

  trimSide(
    side: HistogramBuckets,
    rangeAt: (histogram: Histogram, at: number) => BucketRange,
    isPositive: boolean,
  ): { readonly side: HistogramBuckets; readonly hasCounts: boolean } {
    const counts = side.counts.slice()
    let hasCounts = false
    for (let at = 0; at < counts.length; at++) {
      const range = rangeAt(this.#histogram, at)
      if (range.count === 0) continue
      hasCounts = true
      counts[at] = this.#take(range.count, this.#restOf(range, isPositive))
    }
    return { side: { indexes: side.indexes, counts }, hasCounts }
  }

  trimZero(hasPositive: boolean, hasNegative: boolean): number {
    const { zeroCount } = this.#histogram
    if (!(zeroCount > 0)) return zeroCount
    const zero = zeroRange(this.#histogram)
    const lower = hasPositive && !hasNegative ? 0 : zero.lower
    const upper = hasNegative && !hasPositive ? 0 : zero.upper
    return this.#take(zeroCount, this.#restOfZero(zeroCount, lower, upper))
  }

  #take(before: number, rest: Rest): number {
    this.count += rest.count
    this.sum += rest.count * rest.middle
    if (rest.count !== before) this.isChanged = true
    return rest.count
  }

  #restOf({ lower, upper, count }: BucketRange, isPositive: boolean): Rest {
    const cut = this.#cut
    const isKept = this.#kept === 'below' ? upper <= cut : lower >= cut
    if (isKept) return { count, middle: this.#middle(lower, upper, isPositive) }
    const isCut = lower < cut && upper > cut
    if (!isCut) return NOTHING
    if (lower === -Infinity || upper === Infinity) return this.#restOfOpen(lower, upper, count)
    const below = count * fractionBelow(cut, lower, upper, this.#isCustom)
    if (this.#kept === 'below') return { count: below, middle: this.#middle(lower, cut, isPositive) }
    return { count: count - below, middle: this.#middle(cut, upper, isPositive) }
  }

  /** A bucket with an infinite end around the cut. */
  #restOfOpen(lower: number, upper: number, count: number): Rest {
    const cut = this.#cut
    const keepsBelow = this.#kept === 'below'
    if (lower === -Infinity) {
      // All of it may lie below zero: then it may all lie below the cut, too.
      if (upper <= 0) return keepsBelow ? { count, middle: cut } : NOTHING
      if (upper === Infinity) return NOTHING
      if (keepsBelow && cut > 0) return { count: (count * cut) / upper, middle: cut / 2 }
      if (!keepsBelow && cut >= 0) return { count: count * (1 - cut / upper), middle: (cut + upper) / 2 }
      return NOTHING
    }
    return keepsBelow ? NOTHING : { count, middle: cut }
  }

  #restOfZero(count: number, lower: number, upper: number): Rest {
    const cut = this.#cut
    if (this.#kept === 'below') {
      if (cut <= lower) return NOTHING
      if (cut >= upper) return { count, middle: (lower + upper) / 2 }
      return { count: (count * (cut - lower)) / (upper - lower), middle: (lower + cut) / 2 }
    }
    if (cut >= upper) return NOTHING
    if (cut <= lower) return { count, middle: (lower + upper) / 2 }
    return { count: (count * (upper - cut)) / (upper - lower), middle: (cut + upper) / 2 }
  }

  /** The middle of what is left; an infinite end counts as zero where zero lies inside, else as the other end. */
  #middle(lower: number, upper: number, isPositive: boolean): number {
    if (lower === -Infinity) {
      if (upper === Infinity) return 0
      return upper > 0 ? upper / 2 : upper
    }
    if (upper === Infinity) return lower
    if (this.#isCustom) return (lower + upper) / 2
    const middle = Math.sqrt(Math.abs(lower * upper))
    return isPositive ? middle : -middle
  }
}

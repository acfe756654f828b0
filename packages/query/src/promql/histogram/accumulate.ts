import { type Histogram, type HistogramBuckets, NO_BUCKETS, RESET_HINT } from '@vantage/model'
import {
  add,
  align,
  commonHint,
  compact,
  divide,
  isFiniteHistogram,
  mapCounts,
  multiply,
} from '@vantage/model/histograms'
import { kahanCompensation } from '../functions/kahan.ts'
import { addBucketsCompensated } from './compensated.ts'
import { bytesOf } from './size.ts'

/** A sum with what rounding took from it; both have the same buckets. */
interface CompensatedHistogram {
  readonly value: Histogram
  readonly lost: Histogram
}

function zero(): number {
  return 0
}

function startWith(value: Histogram): CompensatedHistogram {
  const positive = mapCounts(value.positive, zero)
  const negative = mapCounts(value.negative, zero)
  return { value, lost: { ...value, count: 0, sum: 0, zeroCount: 0, positive, negative } }
}

interface CompensatedTotal {
  readonly total: CompensatedHistogram
  readonly isReconciled: boolean
}

/** @returns undefined where they are not compatible */
function addCompensated({ value, lost }: CompensatedHistogram, other: Histogram): CompensatedTotal | undefined {
  const aligned = align(value, other)
  if (aligned === undefined) return undefined
  const { a, b, isReconciled } = aligned
  // The errors sit in the same buckets, so the same target gives them the same layout.
  const errors = a === value ? lost : inLayoutOf(a, lost)
  const positive = addBucketsCompensated(a.positive, errors.positive, b.positive)
  const negative = addBucketsCompensated(a.negative, errors.negative, b.negative)
  const { hint } = commonHint(a.resetHint, b.resetHint)
  const total: Histogram = {
    ...a,
    resetHint: hint,
    count: a.count + b.count,
    sum: a.sum + b.sum,
    zeroCount: a.zeroCount + b.zeroCount,
    positive: positive.sum,
    negative: negative.sum,
  }
  const totalLost: Histogram = {
    ...total,
    count: kahanCompensation(a.count, errors.count, b.count),
    sum: kahanCompensation(a.sum, errors.sum, b.sum),
    zeroCount: kahanCompensation(a.zeroCount, errors.zeroCount, b.zeroCount),
    positive: positive.lost,
    negative: negative.lost,
  }
  return { total: { value: total, lost: totalLost }, isReconciled }
}

/** The errors of a sum whose layout was changed to that of `layout`. */
function inLayoutOf(layout: Histogram, lost: Histogram): Histogram {
  const target: Histogram = { ...layout, positive: NO_BUCKETS, negative: NO_BUCKETS }
  const errors = align(lost, target)?.a ?? lost
  return {
    ...errors,
    positive: pickBuckets(errors.positive, layout.positive),
    negative: pickBuckets(errors.negative, layout.negative),
  }
}

/** The counts of a side in the buckets of another. */
function pickBuckets(side: HistogramBuckets, layout: HistogramBuckets): HistogramBuckets {
  const counts = new Float64Array(layout.indexes.length)
  let at = 0
  for (let i = 0; i < counts.length; i++) {
    while (at < side.indexes.length && (side.indexes[at] as number) < (layout.indexes[i] as number)) at++
    if (side.indexes[at] === layout.indexes[i]) counts[i] = side.counts[at] as number
  }
  return { indexes: layout.indexes, counts }
}

/**
 * Sum or mean of histograms, compensated for rounding. The mean divides the sum at the end; from where the sum would
 * overflow it goes on as a running mean.
 * Source: prometheus/prometheus promql/engine.go, aggregation, and functions.go, funcAvgOverTime.
 */
export class HistogramAccumulator {
  readonly #isMean: boolean
  #total: CompensatedHistogram | undefined
  #isRunning = false
  #count = 0
  #sawReset = false
  #sawNotReset = false
  /** Exponential and custom buckets met: there is no result. */
  isIncompatible = false
  /** Custom bounds differed and were cut to the common ones. */
  isReconciled = false

  constructor(kind: 'sum' | 'mean') {
    this.#isMean = kind === 'mean'
  }

  /** Some histograms say that their counter was reset, others that theirs was not. */
  get hasResetConflict(): boolean {
    return this.#sawReset && this.#sawNotReset
  }

  /** What the sum takes in memory, its lost parts included. */
  get bytes(): number {
    return this.#total === undefined ? 0 : 2 * bytesOf(this.#total.value)
  }

  add(histogram: Histogram): void {
    if (this.isIncompatible) return
    if (histogram.resetHint === RESET_HINT.reset) this.#sawReset = true
    if (histogram.resetHint === RESET_HINT.notReset) this.#sawNotReset = true
    this.#count++
    if (this.#total === undefined) {
      this.#total = startWith(histogram)
      return
    }
    if (!this.#isRunning) {
      const next = this.#added(this.#total, histogram)
      if (next === undefined) return
      if (!this.#isMean || isFiniteHistogram(next.value)) {
        this.#total = next
        return
      }
      this.#isRunning = true
      this.#total = rescale(this.#total, (one) => divide(one, this.#count - 1))
    }
    const share = (this.#count - 1) / this.#count
    const scaled = rescale(this.#total, (one) => multiply(one, share))
    this.#total = this.#added(scaled, divide(histogram, this.#count)) ?? this.#total
  }

  #added(total: CompensatedHistogram, histogram: Histogram): CompensatedHistogram | undefined {
    const next = addCompensated(total, histogram)
    if (next === undefined) {
      this.isIncompatible = true
      return undefined
    }
    if (next.isReconciled) this.isReconciled = true
    return next.total
  }

  /** @returns undefined without histograms, or with some that are not compatible */
  result(): Histogram | undefined {
    if (this.#total === undefined || this.isIncompatible) return undefined
    const isDivided = this.#isMean && !this.#isRunning
    const { value, lost } = isDivided ? rescale(this.#total, (one) => divide(one, this.#count)) : this.#total
    return compact(add(value, lost)?.histogram ?? value)
  }
}

function rescale(total: CompensatedHistogram, change: (one: Histogram) => Histogram): CompensatedHistogram {
  return { value: change(total.value), lost: change(total.lost) }
}

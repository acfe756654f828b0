import type { HistogramBuckets } from '@vantage/model'
import { bucketsOf } from './histogram.ts'

/** More than any histogram that is taken: readers stop collecting, the check names the limit. */
export const SPARSE_ENTRIES_MAX = 4_096

/**
 * The buckets of one side as Prometheus' messages spell them: spans and one list of counts; reused from histogram to
 * histogram. Source: prometheus/docs docs/specs/native_histograms.md, "Exposition formats".
 */
export class SparseSide {
  /** Of each span: the first is the index of its first bucket, the others are gaps. */
  readonly offsets: number[] = []
  readonly lengths: number[] = []
  /** Differences of integer counts. */
  readonly deltas: number[] = []
  readonly counts: number[] = []

  reset(): void {
    this.offsets.length = 0
    this.lengths.length = 0
    this.deltas.length = 0
    this.counts.length = 0
  }

  /** Why spans and counts do not fit each other. @param isInteger counts came as `deltas` */
  problem(isInteger: boolean): string | undefined {
    const counts = isInteger ? this.deltas.length : this.counts.length
    let buckets = 0
    for (let i = 0; i < this.lengths.length; i++) {
      if (i > 0 && (this.offsets[i] as number) < 0) return `want spans that ascend, got the offset ${this.offsets[i]}`
      buckets += this.lengths[i] as number
    }
    return buckets === counts ? undefined : `want as many buckets as the spans say (${buckets}), got ${counts}`
  }

  /** Only where there is no `problem`. */
  buckets(isInteger: boolean): HistogramBuckets {
    let next = 0
    const firsts = this.offsets.map((offset, i) => {
      const first = next + offset
      next = first + (this.lengths[i] as number)
      return first
    })
    return bucketsOf(firsts, this.lengths, isInteger ? this.#absolute() : this.counts)
  }

  /** Integer counts come as the difference to the bucket before. */
  #absolute(): readonly number[] {
    let count = 0
    return this.deltas.map((delta) => {
      count += delta
      return count
    })
  }
}

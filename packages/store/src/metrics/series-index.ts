import type { Exemplar, Fault, HistogramColumns, Labels, Moments, SampleColumns } from '@vantage/model'
import type { ReadScratch } from './head/generation-reader.ts'
import type { IntList } from './int-list.ts'
import type { MatchCache } from './select.ts'
import type { StartColumn } from './start-column.ts'
import type { PartTier } from './tier/tier-view.ts'
import type { TimeList } from './time-list.ts'

/**
 * What a selection needs of an index, be it the head's or a part's. Ids are dense and start at 0: a *name* is a
 * label name, a *pair* a label name with a value, a *series* a set of pairs. Nothing here changes an index.
 */
export interface SeriesIndex {
  readonly seriesCount: number
  readonly pairCount: number
  readonly nameCount: number
  /** -1 where the index has no such name. */
  findName(name: string): number
  /** -1 where the index has no such pair. */
  findPair(name: string, value: string): number
  nameText(name: number): string
  pairName(pair: number): number
  pairValue(pair: number): string
  /** Appends the pairs of a name with ids of at least `from`, in any order. */
  pairsOfName(name: number, from: number, out: IntList): void
  postingCount(pair: number): number
  /** Appends the series of a pair, ascending. */
  postings(pair: number, out: IntList): void
  hasPair(series: number, pair: number): boolean
  /** The pair that a series has of a name, or -1. */
  pairOfSeries(series: number, name: number): number
  labels(series: number): Labels
  /** Order of two series' label sets, as `compareLabels`. */
  compare(a: number, b: number): number
  /** Content hashes of the label set, equal in all indexes of one process. */
  hashLow(series: number): number
  hashHigh(series: number): number
}

/** Samples by the series ids of one index: a generation or a part. */
export interface SampleSource {
  readonly minTimeMs: number
  readonly maxTimeMs: number
  /** False promises that no series holds a native histogram: floats then never look for one. */
  readonly hasHistograms: boolean
  /** False promises that no sample says since when it counts. */
  readonly hasStartTimes: boolean
  /** Samples of either kind. */
  mayHold(series: number, startMs: number, endMs: number): boolean
  /**
   * Appends the floats of [startMs, endMs] to `out`, ascending, one per time; where `histogramTimes` names the same
   * time, the histogram is the newer one and counts (`addFloats`).
   * @param moments samples that are not the newest of the source at any of them may be left out; where they end windows
   *   only those that are neither the first nor the last of one, and do not fall
   */
  read(
    series: number,
    startMs: number,
    endMs: number,
    out: SampleColumns,
    scratch: ReadScratch,
    moments?: Moments,
  ): void
  mayHoldHistograms(series: number, startMs: number, endMs: number): boolean
  /** Appends the times of the histograms in [startMs, endMs], ascending, each once. */
  histogramTimes(series: number, startMs: number, endMs: number, out: TimeList, scratch: ReadScratch): void
  /** Appends the histograms themselves. */
  readHistograms(series: number, startMs: number, endMs: number, out: HistogramColumns, scratch: ReadScratch): void
  mayHoldStartTimes(series: number): boolean
  /**
   * Sets the starts in `out` at the times of the source's own samples in [startMs, endMs], of either kind; where it
   * knows none they become unknown, for its samples stand before those of older sources.
   */
  readStartTimes(series: number, startMs: number, endMs: number, out: StartColumn, scratch: ReadScratch): void
  exemplars(series: number, startMs: number, endMs: number): Exemplar[]
}

/** One index with the sources that share its ids, oldest first, and what its thread has learned about it. */
export interface IndexGroup {
  /** Names the index in all threads alike. */
  readonly id: string
  /** Set where the part behind the group cannot be believed: a query that would need it fails with this. */
  readonly refusal?: Fault | undefined
  readonly index: SeriesIndex
  readonly matches: MatchCache
  readonly sources: readonly SampleSource[]
  /** Buckets of the part behind the group, where they are whole. */
  readonly tiers?: readonly PartTier[]
  readonly known: KnownTwins
}

/** Series of one index that were found equal to series of another: verified once, believed later. */
export class KnownTwins {
  #twin: SeriesIndex | undefined
  #series = new Int32Array(0)

  isKnown(series: number, twin: SeriesIndex, twinSeries: number): boolean {
    return this.#twin === twin && this.#series[series] === twinSeries + 1
  }

  learn(series: number, seriesCount: number, twin: SeriesIndex, twinSeries: number): void {
    if (this.#twin !== twin || this.#series.length < seriesCount) {
      if (this.#twin !== twin) this.#series = new Int32Array(seriesCount)
      else {
        const grown = new Int32Array(Math.max(seriesCount, this.#series.length * 2))
        grown.set(this.#series)
        this.#series = grown
      }
      this.#twin = twin
    }
    this.#series[series] = twinSeries + 1
  }
}

import type { Exemplar, HistogramColumns, SampleColumns } from '@vantage/model'
import type { ReadScratch } from './head/generation-reader.ts'
import { MatchedSeries } from './matched-series.ts'
import type { ExpiredSeries } from './retention.ts'
import type { SampleSource, SeriesIndex } from './series-index.ts'
import type { StartColumn } from './start-column.ts'
import type { TimeList } from './time-list.ts'
import { type Tombstone, tombstonesOver } from './tombstones.ts'

/** Which series of one index each tombstone names. */
export class DeletedSeries {
  readonly #index: SeriesIndex
  /** By the tombstone's log offset. */
  readonly #sets = new Map<number, MatchedSeries>()
  #kept: readonly Tombstone[] = []

  constructor(index: SeriesIndex) {
    this.#index = index
  }

  has(tombstone: Tombstone, series: number): boolean {
    let set = this.#sets.get(tombstone.offset)
    if (set === undefined) {
      set = new MatchedSeries(this.#index, tombstone.matchers)
      this.#sets.set(tombstone.offset, set)
    }
    return set.has(series)
  }

  /** Forgets tombstones that are not in force any more. */
  keep(tombstones: readonly Tombstone[]): void {
    if (tombstones === this.#kept) return
    this.#kept = tombstones
    for (const offset of this.#sets.keys()) {
      if (!tombstones.some((one) => one.offset === offset)) this.#sets.delete(offset)
    }
  }
}

/**
 * @param expired undefined where nothing in the source can be over
 * @returns the source itself where nothing in it is covered
 */
export function maskSource(
  source: SampleSource,
  deletedTo: number,
  tombstones: readonly Tombstone[],
  deleted: DeletedSeries,
  expired?: ExpiredSeries,
): SampleSource {
  const { minTimeMs, maxTimeMs } = source
  const over = tombstonesOver(tombstones, { deletedTo, minTimeMs, maxTimeMs })
  return over.length === 0 && expired === undefined ? source : new MaskedSource(source, over, deleted, expired)
}

/** True where the series is to be left out of what is written: something covered it, and nothing is left. */
export function isGone(source: SampleSource, series: number): boolean {
  if (!(source instanceof MaskedSource) || !source.isTouched(series)) return false
  if (source.mayHold(series, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) return false
  return source.exemplars(series, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).length === 0
}

/** What is left of a range: [from, to, from, to, …], ascending. Times are whole milliseconds. */
type Spans = readonly number[]

const NO_SPANS: Spans = []

/** A source without what tombstones cover and without what is over. */
export class MaskedSource implements SampleSource {
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly hasHistograms: boolean
  readonly hasStartTimes: boolean
  readonly #inner: SampleSource
  readonly #tombstones: readonly Tombstone[]
  readonly #deleted: DeletedSeries
  readonly #expired: ExpiredSeries | undefined

  /** @param tombstones those that cover something in `inner` */
  constructor(
    inner: SampleSource,
    tombstones: readonly Tombstone[],
    deleted: DeletedSeries,
    expired: ExpiredSeries | undefined,
  ) {
    this.#inner = inner
    this.#tombstones = tombstones
    this.#deleted = deleted
    this.#expired = expired
    this.minTimeMs = inner.minTimeMs
    this.maxTimeMs = inner.maxTimeMs
    this.hasHistograms = inner.hasHistograms
    this.hasStartTimes = inner.hasStartTimes
  }

  /** True where samples of the series are covered; may be true for a series that has none there. */
  isTouched(series: number): boolean {
    return this.#inner.mayHold(series, Number.NEGATIVE_INFINITY, this.expiredToMs(series)) || this.isDeletedFrom(series)
  }

  /** True where a tombstone covers samples of the series; may be true for a series that has none there. */
  isDeletedFrom(series: number): boolean {
    return this.#tombstones.some(
      (one) => this.#deleted.has(one, series) && this.#inner.mayHold(series, one.startMs, one.endMs),
    )
  }

  /** Samples of the series at this time or before are over. */
  expiredToMs(series: number): number {
    return this.#expired === undefined ? Number.NEGATIVE_INFINITY : this.#expired.toMs(series)
  }

  #spans(series: number, startMs: number, endMs: number): Spans {
    const fromMs = Math.max(startMs, this.expiredToMs(series) + 1)
    if (fromMs > endMs) return NO_SPANS
    let spans: number[] = [fromMs, endMs]
    for (const tombstone of this.#tombstones) {
      if (tombstone.startMs > endMs || tombstone.endMs < startMs || !this.#deleted.has(tombstone, series)) continue
      spans = cut(spans, tombstone)
    }
    return spans
  }

  mayHold(series: number, startMs: number, endMs: number): boolean {
    const spans = this.#spans(series, startMs, endMs)
    for (let i = 0; i < spans.length; i += 2) {
      if (this.#inner.mayHold(series, spans[i] as number, spans[i + 1] as number)) return true
    }
    return false
  }

  read(series: number, startMs: number, endMs: number, out: SampleColumns, scratch: ReadScratch): void {
    const spans = this.#spans(series, startMs, endMs)
    for (let i = 0; i < spans.length; i += 2) {
      this.#inner.read(series, spans[i] as number, spans[i + 1] as number, out, scratch)
    }
  }

  mayHoldHistograms(series: number, startMs: number, endMs: number): boolean {
    const spans = this.#spans(series, startMs, endMs)
    for (let i = 0; i < spans.length; i += 2) {
      if (this.#inner.mayHoldHistograms(series, spans[i] as number, spans[i + 1] as number)) return true
    }
    return false
  }

  histogramTimes(series: number, startMs: number, endMs: number, out: TimeList, scratch: ReadScratch): void {
    const spans = this.#spans(series, startMs, endMs)
    for (let i = 0; i < spans.length; i += 2) {
      this.#inner.histogramTimes(series, spans[i] as number, spans[i + 1] as number, out, scratch)
    }
  }

  readHistograms(series: number, startMs: number, endMs: number, out: HistogramColumns, scratch: ReadScratch): void {
    const spans = this.#spans(series, startMs, endMs)
    for (let i = 0; i < spans.length; i += 2) {
      this.#inner.readHistograms(series, spans[i] as number, spans[i + 1] as number, out, scratch)
    }
  }

  mayHoldStartTimes(series: number): boolean {
    return this.#inner.mayHoldStartTimes(series)
  }

  readStartTimes(series: number, startMs: number, endMs: number, out: StartColumn, scratch: ReadScratch): void {
    const spans = this.#spans(series, startMs, endMs)
    for (let i = 0; i < spans.length; i += 2) {
      this.#inner.readStartTimes(series, spans[i] as number, spans[i + 1] as number, out, scratch)
    }
  }

  exemplars(series: number, startMs: number, endMs: number): Exemplar[] {
    const spans = this.#spans(series, startMs, endMs)
    const found: Exemplar[] = []
    for (let i = 0; i < spans.length; i += 2) {
      found.push(...this.#inner.exemplars(series, spans[i] as number, spans[i + 1] as number))
    }
    return found
  }
}

function cut(spans: Spans, hole: Tombstone): number[] {
  const left: number[] = []
  for (let i = 0; i < spans.length; i += 2) {
    const from = spans[i] as number
    const to = spans[i + 1] as number
    if (hole.startMs > to || hole.endMs < from) {
      left.push(from, to)
      continue
    }
    if (from < hole.startMs) left.push(from, hole.startMs - 1)
    if (to > hole.endMs) left.push(hole.endMs + 1, to)
  }
  return left
}

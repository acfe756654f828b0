import type { CompiledMatcher, Exemplar, HistogramColumns, SampleColumns } from '@vantage/model'
import type { ReadScratch } from './head/generation-reader.ts'
import { grownInts } from './int-list.ts'
import { compileMatchers } from './select.ts'
import type { SampleSource, SeriesIndex } from './series-index.ts'
import type { StartColumn } from './start-column.ts'
import type { TimeList } from './time-list.ts'
import { type Tombstone, tombstonesOver } from './tombstones.ts'

/** Which series of one index a tombstone names; each is judged once, when it is first asked for. */
class TombstoneSeries {
  readonly #index: SeriesIndex
  readonly #matchers: readonly { readonly compiled: CompiledMatcher; readonly verdicts: Map<number, boolean> }[]
  /** One bit per series. */
  #judged = new Int32Array(64)
  #named = new Int32Array(64)

  constructor(index: SeriesIndex, tombstone: Tombstone) {
    this.#index = index
    this.#matchers = compileMatchers(tombstone.matchers).map((compiled) => ({ compiled, verdicts: new Map() }))
  }

  has(series: number): boolean {
    const word = series >>> 5
    const bit = 1 << (series & 31)
    if (word >= this.#judged.length) {
      this.#judged = grownInts(this.#judged, word + 1)
      this.#named = grownInts(this.#named, word + 1)
    }
    if (((this.#judged[word] as number) & bit) === 0) {
      if (this.#judge(series)) this.#named[word] = (this.#named[word] as number) | bit
      this.#judged[word] = (this.#judged[word] as number) | bit
    }
    return ((this.#named[word] as number) & bit) !== 0
  }

  /** A regular expression runs once per distinct value. */
  #judge(series: number): boolean {
    for (const { compiled, verdicts } of this.#matchers) {
      const name = this.#index.findName(compiled.matcher.name)
      const pair = name < 0 ? -1 : this.#index.pairOfSeries(series, name)
      if (pair < 0) {
        if (!compiled.matchesEmpty) return false
        continue
      }
      let verdict = verdicts.get(pair)
      if (verdict === undefined) {
        verdict = compiled.matches(this.#index.pairValue(pair))
        verdicts.set(pair, verdict)
      }
      if (!verdict) return false
    }
    return true
  }
}

/** Which series of one index each tombstone names. */
export class DeletedSeries {
  readonly #index: SeriesIndex
  /** By the tombstone's log offset. */
  readonly #sets = new Map<number, TombstoneSeries>()
  #kept: readonly Tombstone[] = []

  constructor(index: SeriesIndex) {
    this.#index = index
  }

  has(tombstone: Tombstone, series: number): boolean {
    let set = this.#sets.get(tombstone.offset)
    if (set === undefined) {
      set = new TombstoneSeries(this.#index, tombstone)
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

/** @returns the source itself where nothing in it is covered */
export function maskSource(
  source: SampleSource,
  deletedTo: number,
  tombstones: readonly Tombstone[],
  deleted: DeletedSeries,
): SampleSource {
  if (tombstones.length === 0) return source
  const { minTimeMs, maxTimeMs } = source
  const over = tombstonesOver(tombstones, { deletedTo, minTimeMs, maxTimeMs })
  return over.length === 0 ? source : new MaskedSource(source, over, deleted)
}

/** True where the series is to be left out of what is written: a tombstone covered it, and nothing is left. */
export function isGone(source: SampleSource, series: number): boolean {
  if (!(source instanceof MaskedSource) || !source.isTouched(series)) return false
  if (source.mayHold(series, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) return false
  return source.exemplars(series, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).length === 0
}

/** What is left of a range: [from, to, from, to, …], ascending. Times are whole milliseconds. */
type Spans = readonly number[]

/** A source without what tombstones cover. */
export class MaskedSource implements SampleSource {
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly hasHistograms: boolean
  readonly hasStartTimes: boolean
  readonly #inner: SampleSource
  readonly #tombstones: readonly Tombstone[]
  readonly #deleted: DeletedSeries

  /** @param tombstones those that cover something in `inner` */
  constructor(inner: SampleSource, tombstones: readonly Tombstone[], deleted: DeletedSeries) {
    this.#inner = inner
    this.#tombstones = tombstones
    this.#deleted = deleted
    this.minTimeMs = inner.minTimeMs
    this.maxTimeMs = inner.maxTimeMs
    this.hasHistograms = inner.hasHistograms
    this.hasStartTimes = inner.hasStartTimes
  }

  /** True where a tombstone covers samples of the series; may be true for a series that has none there. */
  isTouched(series: number): boolean {
    return this.#tombstones.some(
      (one) => this.#deleted.has(one, series) && this.#inner.mayHold(series, one.startMs, one.endMs),
    )
  }

  #spans(series: number, startMs: number, endMs: number): Spans {
    let spans: number[] = [startMs, endMs]
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

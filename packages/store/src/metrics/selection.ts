import {
  type BucketColumns,
  compareLabels,
  type Exemplar,
  type HistogramColumns,
  isStaleAt,
  type Labels,
  labelsEqual,
  type Moments,
  type SampleColumns,
  type ScanRange,
  type SelectionShare,
  type SeriesSelection,
} from '@vantage/model'
import { IntList } from './int-list.ts'
import { addFloats, addHistograms, addHistogramTimes, type UnionScratch } from './read-series.ts'
import type { IndexGroup } from './series-index.ts'
import { readSeriesBuckets, type SeriesPlace } from './tier/read-buckets.ts'
import { TierSource } from './tier/tier-source.ts'
import { bucketWidths } from './tier/tier-view.ts'
import { TimesKeys } from './times-keys.ts'

/** Ranges of one selection whose times have keys. */
const KEYED_RANGES_MAX = 8

/** Series of one selection; the places where each one lives form a list, oldest first. */
export class Union {
  readonly groups: readonly IndexGroup[]
  /** First place of each series. */
  readonly first = new IntList()
  readonly placeGroup = new IntList()
  readonly placeSeries = new IntList()
  readonly placeNext = new IntList()
  #table = new Int32Array(1024)

  constructor(groups: readonly IndexGroup[]) {
    this.groups = groups
  }

  get count(): number {
    return this.first.count
  }

  /** Adds a place of a series; groups come newest first, so the place goes to the front of its list. */
  add(group: number, series: number): void {
    const index = (this.groups[group] as IndexGroup).index
    if ((this.count + 1) * 2 > this.#table.length) this.#grow()
    const mask = this.#table.length - 1
    let slot = index.hashLow(series) & mask
    for (; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot] as number
      if (entry === 0) break
      if (this.#isSame(entry - 1, group, series)) {
        this.first.items[entry - 1] = this.#place(group, series, this.first.items[entry - 1] as number)
        return
      }
    }
    this.first.push(this.#place(group, series, -1))
    this.#table[slot] = this.count
  }

  #place(group: number, series: number, next: number): number {
    this.placeGroup.push(group)
    this.placeSeries.push(series)
    this.placeNext.push(next)
    return this.placeGroup.count - 1
  }

  #isSame(entry: number, group: number, series: number): boolean {
    const place = this.first.items[entry] as number
    const twinGroup = this.placeGroup.items[place] as number
    const twinSeries = this.placeSeries.items[place] as number
    const one = this.groups[group] as IndexGroup
    const twin = (this.groups[twinGroup] as IndexGroup).index
    if (twinGroup === group) return false
    if (twin.hashLow(twinSeries) !== one.index.hashLow(series)) return false
    if (twin.hashHigh(twinSeries) !== one.index.hashHigh(series)) return false
    if (one.known.isKnown(series, twin, twinSeries)) return true
    if (!labelsEqual(one.index.labels(series), twin.labels(twinSeries))) return false
    one.known.learn(series, one.index.seriesCount, twin, twinSeries)
    return true
  }

  #grow(): void {
    this.#table = new Int32Array(this.#table.length * 2)
    const mask = this.#table.length - 1
    for (let i = 0; i < this.count; i++) {
      const place = this.first.items[i] as number
      const index = (this.groups[this.placeGroup.items[place] as number] as IndexGroup).index
      let slot = index.hashLow(this.placeSeries.items[place] as number) & mask
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask
      this.#table[slot] = i + 1
    }
  }

  /** All places, for another thread; `adopt` takes them there. */
  columns(): Int32Array[] {
    return [this.first, this.placeGroup, this.placeSeries, this.placeNext].map((one) => one.items.slice(0, one.count))
  }

  adopt([first, placeGroup, placeSeries, placeNext]: readonly Int32Array<ArrayBuffer>[]): void {
    this.first.adopt(first as Int32Array<ArrayBuffer>)
    this.placeGroup.adopt(placeGroup as Int32Array<ArrayBuffer>)
    this.placeSeries.adopt(placeSeries as Int32Array<ArrayBuffer>)
    this.placeNext.adopt(placeNext as Int32Array<ArrayBuffer>)
  }

  labels(entry: number): Labels {
    const place = this.first.items[entry] as number
    const group = this.groups[this.placeGroup.items[place] as number] as IndexGroup
    return group.index.labels(this.placeSeries.items[place] as number)
  }
}

interface KeyedRange {
  readonly startMs: number
  readonly endMs: number
  readonly moments: Moments | undefined
  readonly keys: TimesKeys
}

export class Selection implements SeriesSelection {
  readonly count: number
  readonly #union: Union
  readonly #order: Int32Array
  readonly #labels: (Labels | undefined)[]
  readonly #scratch: UnionScratch
  readonly #keys: KeyedRange[] = []
  /** False promises that no series of the tenant has any. */
  readonly #hasHistograms: boolean
  readonly #hasStartTimes: boolean

  readonly #range: ScanRange
  readonly bucketsMs: readonly number[]
  readonly reducedToMs: number | undefined

  /**
   * @param scratch shared by all selections of one reader, for reads never interleave
   * @param order of the series by their labels, where it is known
   */
  constructor(union: Union, range: ScanRange, scratch: UnionScratch, order?: Int32Array) {
    this.#range = range
    this.#hasHistograms = union.groups.some((group) => group.sources.some((source) => source.hasHistograms))
    this.#hasStartTimes = union.groups.some((group) => group.sources.some((source) => source.hasStartTimes))
    this.count = union.count
    this.bucketsMs = bucketWidths(union.groups, range.startMs, range.endMs)
    this.reducedToMs = reducedToMs(union)
    this.#union = union
    this.#scratch = scratch
    this.#labels = new Array(union.count)
    this.#order = order ?? this.#sorted()
  }

  #sorted(): Int32Array {
    const order = new Int32Array(this.count)
    for (let i = 0; i < order.length; i++) order[i] = i
    return order.sort((a, b) => this.#compare(a, b))
  }

  share(): SelectionShare {
    const columns = [this.#order.slice(), ...this.#union.columns()]
    return { indexes: nameIndexes(this.#union.groups), columns, range: this.#range }
  }

  static adopt(share: SelectionShare, groups: readonly IndexGroup[], scratch: UnionScratch): Selection | undefined {
    if (nameIndexes(groups) !== share.indexes) return undefined
    const union = new Union(groups)
    const [order, ...columns] = share.columns as readonly Int32Array<ArrayBuffer>[]
    union.adopt(columns)
    return new Selection(union, share.range, scratch, order)
  }

  mayHaveHistograms(index: number): boolean {
    if (!this.#hasHistograms) return false
    const { startMs, endMs } = this.#range
    const { groups, first, placeGroup, placeSeries, placeNext } = this.#union
    for (let at = first.items[this.#order[index] as number] as number; at >= 0; at = placeNext.items[at] as number) {
      const series = placeSeries.items[at] as number
      for (const source of (groups[placeGroup.items[at] as number] as IndexGroup).sources) {
        if (source.mayHoldHistograms(series, startMs, endMs)) return true
      }
    }
    return false
  }

  readHistograms(index: number, startMs: number, endMs: number, out: HistogramColumns): void {
    out.reset()
    if (!this.#hasHistograms) return
    const { groups, first, placeGroup, placeSeries, placeNext } = this.#union
    for (let at = first.items[this.#order[index] as number] as number; at >= 0; at = placeNext.items[at] as number) {
      const series = placeSeries.items[at] as number
      for (const source of (groups[placeGroup.items[at] as number] as IndexGroup).sources) {
        addHistograms(source, series, startMs, endMs, out, this.#scratch)
      }
    }
  }

  labels(index: number): Labels {
    return this.#labelsOf(this.#order[index] as number)
  }

  #labelsOf(entry: number): Labels {
    const known = this.#labels[entry]
    if (known !== undefined) return known
    const labels = this.#union.labels(entry)
    this.#labels[entry] = labels
    return labels
  }

  #compare(a: number, b: number): number {
    const { groups, first, placeGroup, placeSeries } = this.#union
    const aPlace = first.items[a] as number
    const bPlace = first.items[b] as number
    const group = placeGroup.items[aPlace] as number
    // Fast path: one index orders its own series by ids, without their texts where they agree.
    if (group === placeGroup.items[bPlace]) {
      const { index } = groups[group] as IndexGroup
      return index.compare(placeSeries.items[aPlace] as number, placeSeries.items[bPlace] as number)
    }
    return compareLabels(this.#labelsOf(a), this.#labelsOf(b))
  }

  read(index: number, startMs: number, endMs: number, out: SampleColumns, moments?: Moments): void {
    // A histogram may stand in the place of a float that was left in, and each sample may have a start time.
    const isWhole = this.#hasHistograms || (this.#hasStartTimes && moments?.windowMs !== undefined)
    const looksAt = isWhole ? undefined : moments
    if (this.#read(index, startMs, endMs, out, looksAt)) {
      out.timesKey = this.#keysOf(startMs, endMs, looksAt).key(out, this.#scratch.source.trail)
    } else {
      this.#read(index, startMs, endMs, out, undefined)
    }
  }

  /** @returns false where samples were left out that have to be looked at; `out` has no key yet */
  #read(index: number, startMs: number, endMs: number, out: SampleColumns, looksAt: Moments | undefined): boolean {
    out.reset()
    this.#scratch.source.trail.reset()
    const { groups, first, placeGroup, placeSeries, placeNext } = this.#union
    for (let at = first.items[this.#order[index] as number] as number; at >= 0; at = placeNext.items[at] as number) {
      const series = placeSeries.items[at] as number
      for (const source of (groups[placeGroup.items[at] as number] as IndexGroup).sources) {
        if (!addFloats(source, series, startMs, endMs, out, this.#scratch, looksAt)) return false
      }
    }
    if (!out.isThinned) return true
    out.rankRest()
    // A marker takes a place but is no sample.
    out.isFreeOfMarkers ||= !holdsMarker(out)
    return out.isFreeOfMarkers
  }

  readBuckets(
    index: number,
    bucketMs: number,
    startMs: number,
    endMs: number,
    wanted: number,
    out: BucketColumns,
  ): boolean {
    if (this.mayHaveHistograms(index)) return false
    const question = { bucketMs, afterMs: startMs, toMs: endMs, wanted }
    return readSeriesBuckets(this.#places(index), question, out, this.#scratch)
  }

  /** Where a series lives, oldest first. */
  #places(index: number): SeriesPlace[] {
    const places: SeriesPlace[] = []
    const { groups, first, placeGroup, placeSeries, placeNext } = this.#union
    for (let at = first.items[this.#order[index] as number] as number; at >= 0; at = placeNext.items[at] as number) {
      const group = groups[placeGroup.items[at] as number] as IndexGroup
      for (const source of group.sources) places.push({ group, source, series: placeSeries.items[at] as number })
    }
    return places
  }

  /** Keys are promised per range and what of it is looked at; a query reads few ranges. */
  #keysOf(startMs: number, endMs: number, moments: Moments | undefined): TimesKeys {
    const known = this.#keys.find((one) => one.startMs === startMs && one.endMs === endMs && one.moments === moments)
    if (known !== undefined) return known.keys
    if (this.#keys.length >= KEYED_RANGES_MAX) this.#keys.length = 0
    const keys = new TimesKeys()
    this.#keys.push({ startMs, endMs, moments, keys })
    return keys
  }

  readStartTimes(index: number, startMs: number, endMs: number, out: Map<number, number>): void {
    out.clear()
    if (!this.#hasStartTimes) return
    const places = this.#places(index)
    if (!places.some(({ source, series }) => source.mayHoldStartTimes(series))) return
    const { started, startedTimes, starts, source: scratch } = this.#scratch
    started.reset()
    startedTimes.reset()
    for (const { source, series } of places) {
      addFloats(source, series, startMs, endMs, started, this.#scratch)
      if (this.#hasHistograms) addHistogramTimes(source, series, startMs, endMs, startedTimes, this.#scratch)
    }
    for (const { times, count } of [started, { times: startedTimes.items, count: startedTimes.count }]) {
      starts.reset(times, count)
      for (const { source, series } of places) source.readStartTimes(series, startMs, endMs, starts, scratch)
      starts.addTo(out)
    }
  }

  exemplars(index: number, startMs: number, endMs: number): Exemplar[] {
    const { groups, first, placeGroup, placeSeries, placeNext } = this.#union
    const found: Exemplar[] = []
    for (let at = first.items[this.#order[index] as number] as number; at >= 0; at = placeNext.items[at] as number) {
      for (const source of (groups[placeGroup.items[at] as number] as IndexGroup).sources) {
        found.push(...source.exemplars(placeSeries.items[at] as number, startMs, endMs))
      }
    }
    return found.sort((a, b) => a.timeMs - b.timeMs)
  }
}

/** End of what only buckets are left of, among the series of a selection; undefined where that is nothing. */
function reducedToMs({ groups, placeGroup, placeSeries }: Union): number | undefined {
  if (!groups.some(({ sources }) => sources[0] instanceof TierSource)) return undefined
  let latestMs = Number.NEGATIVE_INFINITY
  for (let at = 0; at < placeGroup.count; at++) {
    const source = groups[placeGroup.items[at] as number]?.sources[0]
    if (source instanceof TierSource) latestMs = Math.max(latestMs, source.reducedToMs(placeSeries.items[at] as number))
  }
  return Number.isFinite(latestMs) ? latestMs : undefined
}

/** Equal in two threads where the numbers of groups and series mean the same in both. */
function nameIndexes(groups: readonly IndexGroup[]): string {
  return groups.map((one) => one.id).join()
}

function holdsMarker({ halves, count }: SampleColumns): boolean {
  for (let i = 0; i < count; i++) if (isStaleAt(halves, i)) return true
  return false
}

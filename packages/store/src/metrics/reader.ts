import {
  type Cardinality,
  compareLabels,
  type Exemplar,
  FaultError,
  type HistogramColumns,
  type Labels,
  labelsEqual,
  METRIC_NAME,
  type MetricMetadata,
  type MetricReader,
  type NameCount,
  type QueryBudget,
  type SampleColumns,
  type ScanRange,
  type SeriesScan,
  type SeriesSelection,
  type TenantId,
} from '@vantage/model'
import { IntList } from './int-list.ts'
import { addFloats, addHistograms, UnionScratch } from './read-series.ts'
import { compileMatchers, selectSeries } from './select.ts'
import type { IndexGroup, SeriesIndex } from './series-index.ts'
import { TimesKeys } from './times-keys.ts'
import type { StoreView, TenantView } from './view.ts'

/** Series of one selection; the places where each one lives form a list, oldest first. */
class Union {
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

  labels(entry: number): Labels {
    const place = this.first.items[entry] as number
    const group = this.groups[this.placeGroup.items[place] as number] as IndexGroup
    return group.index.labels(this.placeSeries.items[place] as number)
  }
}

class Selection implements SeriesSelection {
  readonly count: number
  readonly #union: Union
  readonly #order: Int32Array
  readonly #labels: (Labels | undefined)[]
  readonly #scratch: UnionScratch
  readonly #keys = new Map<string, TimesKeys>()
  /** False promises that no series of the tenant has any. */
  readonly #hasHistograms: boolean

  readonly #range: ScanRange

  /** @param scratch shared by all selections of one reader, for reads never interleave */
  constructor(union: Union, range: ScanRange, scratch: UnionScratch) {
    this.#range = range
    this.#hasHistograms = union.groups.some((group) => group.sources.some((source) => source.hasHistograms))
    this.count = union.count
    this.#union = union
    this.#scratch = scratch
    this.#labels = new Array(union.count)
    const order = new Int32Array(union.count)
    for (let i = 0; i < union.count; i++) order[i] = i
    this.#order = order.sort((a, b) => this.#compare(a, b))
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

  read(index: number, startMs: number, endMs: number, out: SampleColumns): void {
    out.reset()
    const { groups, first, placeGroup, placeSeries, placeNext } = this.#union
    for (let at = first.items[this.#order[index] as number] as number; at >= 0; at = placeNext.items[at] as number) {
      const series = placeSeries.items[at] as number
      for (const source of (groups[placeGroup.items[at] as number] as IndexGroup).sources) {
        addFloats(source, series, startMs, endMs, out, this.#scratch)
      }
    }
    out.timesKey = this.#keysOf(startMs, endMs).key(out)
  }

  /** Keys are promised per range; a query reads few ranges. */
  #keysOf(startMs: number, endMs: number): TimesKeys {
    const range = `${startMs} ${endMs}`
    let keys = this.#keys.get(range)
    if (keys === undefined) {
      if (this.#keys.size >= 8) this.#keys.clear()
      keys = new TimesKeys()
      this.#keys.set(range, keys)
    }
    return keys
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

/** Reads metrics from a view: generations in shared memory and part files, as one. One per thread. */
export class MetricViewReader implements MetricReader {
  readonly #view: StoreView
  readonly #scratch = new UnionScratch()
  readonly #candidates = new IntList()

  constructor(view: StoreView) {
    this.#view = view
  }

  select(tenant: TenantId, scan: SeriesScan, budget: QueryBudget): Selection {
    const view = this.#view.tenant(tenant)
    const union = new Union(view?.groups ?? [])
    const matchers = compileMatchers(scan.matchers)
    for (let group = 0; group < union.groups.length; group++) {
      this.#visit(union.groups[group] as IndexGroup, matchers, scan, budget, (series) => union.add(group, series))
    }
    budget.chargeSeries(union.count)
    return new Selection(union, scan, this.#scratch)
  }

  /** Visits the series of one group that match and may hold samples in the range, ascending. */
  #visit(
    group: IndexGroup,
    matchers: ReturnType<typeof compileMatchers>,
    range: ScanRange,
    budget: QueryBudget,
    visit: (series: number) => void,
  ): void {
    const sources = group.sources.filter((one) => one.minTimeMs <= range.endMs && one.maxTimeMs >= range.startMs)
    if (sources.length === 0) return
    if (group.refusal !== undefined) throw new FaultError(group.refusal)
    const candidates = this.#candidates
    candidates.reset()
    selectSeries(group.index, matchers, group.matches, budget, candidates)
    for (let i = 0; i < candidates.count; i++) {
      const series = candidates.items[i] as number
      for (const source of sources) {
        if (!source.mayHold(series, range.startMs, range.endMs)) continue
        visit(series)
        break
      }
    }
  }

  #visitAll(
    view: TenantView | undefined,
    scans: readonly SeriesScan[],
    range: ScanRange,
    budget: QueryBudget,
    visit: (index: SeriesIndex, series: number) => void,
  ): void {
    const wanted: readonly SeriesScan[] = scans.length > 0 ? scans : [{ matchers: [], ...range }]
    for (const scan of wanted) {
      const matchers = compileMatchers(scan.matchers)
      for (const group of view?.groups ?? []) {
        this.#visit(group, matchers, scan, budget, (series) => visit(group.index, series))
      }
    }
  }

  labelNames(tenant: TenantId, scans: readonly SeriesScan[], range: ScanRange, budget: QueryBudget): string[] {
    const names = new Set<string>()
    const missing = new Map<SeriesIndex, number[]>()
    this.#visitAll(this.#view.tenant(tenant), scans, range, budget, (index, series) => {
      let open = missing.get(index)
      if (open === undefined) {
        open = Array.from({ length: index.nameCount }, (_, name) => name)
        missing.set(index, open)
      }
      // Only names that no series had yet are looked for: mostly none after the first few series.
      for (let i = open.length - 1; i >= 0; i--) {
        const name = open[i] as number
        if (index.pairOfSeries(series, name) < 0) continue
        names.add(index.nameText(name))
        open.splice(i, 1)
      }
    })
    return [...names].sort()
  }

  labelValues(
    tenant: TenantId,
    name: string,
    scans: readonly SeriesScan[],
    range: ScanRange,
    budget: QueryBudget,
  ): string[] {
    const values = new Set<string>()
    const seen = new Map<SeriesIndex, Set<number>>()
    this.#visitAll(this.#view.tenant(tenant), scans, range, budget, (index, series) => {
      const nameId = index.findName(name)
      const pair = nameId < 0 ? -1 : index.pairOfSeries(series, nameId)
      if (pair < 0) return
      let pairs = seen.get(index)
      if (pairs === undefined) {
        pairs = new Set()
        seen.set(index, pairs)
      }
      if (pairs.has(pair)) return
      pairs.add(pair)
      values.add(index.pairValue(pair))
    })
    return [...values].sort()
  }

  exemplars(
    tenant: TenantId,
    scan: SeriesScan,
    budget: QueryBudget,
  ): { readonly labels: Labels; readonly exemplars: readonly Exemplar[] }[] {
    const selection = this.select(tenant, scan, budget)
    const out: { labels: Labels; exemplars: Exemplar[] }[] = []
    for (let i = 0; i < selection.count; i++) {
      const exemplars = selection.exemplars(i, scan.startMs, scan.endMs)
      if (exemplars.length > 0) out.push({ labels: selection.labels(i), exemplars })
    }
    return out
  }

  metadata(tenant: TenantId, metric: string | undefined): MetricMetadata[] {
    const known = this.#view.tenant(tenant)?.metadata
    if (known === undefined) return []
    if (metric === undefined) return [...known.values()]
    const one = known.get(metric)
    return one === undefined ? [] : [one]
  }

  cardinality(tenant: TenantId, limit: number): Cardinality {
    const view = this.#view.tenant(tenant)
    const index = view?.headIndex()
    const figures = view?.head ?? { chunkCount: 0, minTimeMs: 0, maxTimeMs: 0 }
    const byMetric: NameCount[] = []
    const byPair: NameCount[] = []
    const values = new Map<string, number>()
    const bytes = new Map<string, number>()
    for (let pair = 0; index !== undefined && pair < index.pairCount; pair++) {
      const name = index.nameText(index.pairName(pair))
      const value = index.pairValue(pair)
      const series = index.postingCount(pair)
      if (name === METRIC_NAME) byMetric.push({ name: value, value: series })
      byPair.push({ name: `${name}=${value}`, value: series })
      values.set(name, (values.get(name) ?? 0) + 1)
      bytes.set(name, (bytes.get(name) ?? 0) + series * Buffer.byteLength(value))
    }
    return {
      numSeries: index?.seriesCount ?? 0,
      numLabelPairs: index?.pairCount ?? 0,
      ...figures,
      seriesCountByMetricName: largest(byMetric, limit),
      labelValueCountByLabelName: largest(named(values), limit),
      memoryInBytesByLabelName: largest(named(bytes), limit),
      seriesCountByLabelValuePair: largest(byPair, limit),
    }
  }
}

function named(counts: Map<string, number>): NameCount[] {
  return [...counts].map(([name, value]) => ({ name, value }))
}

function largest(counts: NameCount[], limit: number): NameCount[] {
  return counts.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)).slice(0, limit)
}

import {
  type Cardinality,
  type Exemplar,
  FaultError,
  type Labels,
  METRIC_NAME,
  type MetricMetadata,
  type MetricReader,
  type NameCount,
  type QueryBudget,
  type ScanRange,
  type SelectionShare,
  type SeriesScan,
  type TenantId,
} from '@vantage/model'
import { IntList } from './int-list.ts'
import { UnionScratch } from './read-series.ts'
import { compileMatchers, selectSeries } from './select.ts'
import { Selection, Union } from './selection.ts'
import type { IndexGroup, SeriesIndex } from './series-index.ts'
import type { StoreView, TenantView } from './view.ts'

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

  adopt(tenant: TenantId, share: SelectionShare): Selection | undefined {
    return Selection.adopt(share, this.#view.tenant(tenant)?.groups ?? [], this.#scratch)
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

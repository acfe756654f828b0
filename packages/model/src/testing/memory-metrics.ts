import type { Exemplar, MetricMetadata, SampleColumns } from '../columns.ts'
import { FaultError } from '../fault.ts'
import type { Histogram, HistogramColumns } from '../histogram.ts'
import { compareLabels, type Labels, labelsKey, labelValue, METRIC_NAME } from '../labels.ts'
import { type CompiledMatcher, compileMatcher, type Matcher } from '../matcher.ts'
import type { Cardinality, MetricReader, QueryBudget, ScanRange, SeriesScan, SeriesSelection } from '../reader.ts'
import { staleNaN } from '../stale.ts'
import type { TenantId } from '../tenant.ts'

interface MemorySeries {
  readonly labels: Labels
  times: Float64Array
  values: Float64Array
  count: number
  /** Ascending. */
  readonly histograms: { readonly timeMs: number; readonly histogram: Histogram }[]
  /** By sample time. */
  readonly startTimes: Map<number, number>
}

/** The simplest correct metric store: the referee of the real one and the stage that query tests run on. */
export class MemoryMetrics implements MetricReader {
  readonly #tenants = new Map<TenantId, Map<string, MemorySeries>>()
  readonly #exemplars = new Map<string, Exemplar[]>()
  readonly #metadata: MetricMetadata[] = []

  /** Any order; of equal times the first stays. Staleness markers keep their bits. */
  append(tenant: TenantId, labels: Labels, timeMs: number, value: number): void {
    const series = this.#series(tenant, labels)
    let at = series.count
    while (at > 0 && (series.times[at - 1] as number) > timeMs) at--
    if (at > 0 && series.times[at - 1] === timeMs) return
    if (series.histograms.some((one) => one.timeMs === timeMs)) return
    if (series.count === series.times.length) grow(series)
    series.times.copyWithin(at + 1, at, series.count)
    series.values.copyWithin(at + 1, at, series.count)
    series.times[at] = timeMs
    series.values[at] = value
    series.count++
  }

  /** Like `append`; a time that has a sample of either kind keeps it. */
  appendHistogram(tenant: TenantId, labels: Labels, timeMs: number, histogram: Histogram): void {
    const series = this.#series(tenant, labels)
    if (series.times.subarray(0, series.count).includes(timeMs)) return
    const { histograms } = series
    let at = histograms.length
    while (at > 0 && (histograms[at - 1] as { timeMs: number }).timeMs > timeMs) at--
    if (at > 0 && histograms[at - 1]?.timeMs === timeMs) return
    histograms.splice(at, 0, { timeMs, histogram })
  }

  appendStale(tenant: TenantId, labels: Labels, timeMs: number): void {
    this.append(tenant, labels, timeMs, staleNaN())
  }

  /** Says since when the counter of the sample at `timeMs` has been counting. */
  appendStartTime(tenant: TenantId, labels: Labels, timeMs: number, startMs: number): void {
    this.#series(tenant, labels).startTimes.set(timeMs, startMs)
  }

  addExemplar(tenant: TenantId, labels: Labels, exemplar: Exemplar): void {
    const key = `${tenant}/${labelsKey(labels)}`
    const list = this.#exemplars.get(key) ?? []
    list.push(exemplar)
    this.#exemplars.set(key, list)
  }

  addMetadata(metadata: MetricMetadata): void {
    this.#metadata.push(metadata)
  }

  clear(): void {
    this.#tenants.clear()
    this.#exemplars.clear()
    this.#metadata.length = 0
  }

  select(tenant: TenantId, scan: SeriesScan, budget: QueryBudget): SeriesSelection {
    const found = this.#match(tenant, scan)
    budget.chargeSeries(found.length)
    return {
      count: found.length,
      labels: (index) => (found[index] as MemorySeries).labels,
      read: (index, startMs, endMs, out) => readSeries(found[index] as MemorySeries, startMs, endMs, out),
      mayHaveHistograms: (index) => (found[index] as MemorySeries).histograms.length > 0,
      readHistograms: (index, startMs, endMs, out) => {
        readHistograms(found[index] as MemorySeries, startMs, endMs, out)
      },
      readStartTimes: (index, startMs, endMs, out) => {
        readStartTimes(found[index] as MemorySeries, startMs, endMs, out)
      },
    }
  }

  labelNames(tenant: TenantId, scans: readonly SeriesScan[], range: ScanRange, _budget: QueryBudget): string[] {
    const names = new Set<string>()
    for (const series of this.#union(tenant, scans, range)) {
      for (let i = 0; i < series.labels.length; i += 2) names.add(series.labels[i] as string)
    }
    return [...names].sort()
  }

  labelValues(tenant: TenantId, name: string, scans: readonly SeriesScan[], range: ScanRange): string[] {
    const values = new Set<string>()
    for (const series of this.#union(tenant, scans, range)) values.add(labelValue(series.labels, name))
    values.delete('')
    return [...values].sort()
  }

  exemplars(tenant: TenantId, scan: SeriesScan): { labels: Labels; exemplars: Exemplar[] }[] {
    const out: { labels: Labels; exemplars: Exemplar[] }[] = []
    for (const series of this.#match(tenant, scan)) {
      const all = this.#exemplars.get(`${tenant}/${labelsKey(series.labels)}`) ?? []
      const inside = all.filter((one) => one.timeMs >= scan.startMs && one.timeMs <= scan.endMs)
      if (inside.length > 0) out.push({ labels: series.labels, exemplars: inside })
    }
    return out
  }

  metadata(_tenant: TenantId, metric: string | undefined): MetricMetadata[] {
    return this.#metadata.filter((one) => metric === undefined || one.metric === metric)
  }

  cardinality(tenant: TenantId, limit: number): Cardinality {
    const counts = new Map<string, number>()
    const all = this.#tenants.get(tenant)?.values() ?? []
    let numSeries = 0
    for (const series of all) {
      const name = labelValue(series.labels, METRIC_NAME)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      numSeries++
    }
    const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, limit)
    return {
      numSeries,
      numLabelPairs: 0,
      chunkCount: 0,
      minTimeMs: 0,
      maxTimeMs: 0,
      seriesCountByMetricName: top.map(([name, value]) => ({ name, value })),
      labelValueCountByLabelName: [],
      memoryInBytesByLabelName: [],
      seriesCountByLabelValuePair: [],
    }
  }

  #series(tenant: TenantId, labels: Labels): MemorySeries {
    let all = this.#tenants.get(tenant)
    if (all === undefined) {
      all = new Map()
      this.#tenants.set(tenant, all)
    }
    const key = labelsKey(labels)
    let series = all.get(key)
    if (series === undefined) {
      series = {
        labels,
        times: new Float64Array(16),
        values: new Float64Array(16),
        count: 0,
        histograms: [],
        startTimes: new Map(),
      }
      all.set(key, series)
    }
    return series
  }

  #union(tenant: TenantId, scans: readonly SeriesScan[], range: ScanRange): MemorySeries[] {
    const wanted = scans.length > 0 ? scans : [{ matchers: [], ...range }]
    return [...new Set(wanted.flatMap((scan) => this.#match(tenant, scan)))]
  }

  #match(tenant: TenantId, scan: SeriesScan): MemorySeries[] {
    const matchers = scan.matchers.map(compileOrThrow)
    const found: MemorySeries[] = []
    for (const series of this.#tenants.get(tenant)?.values() ?? []) {
      if (!matchers.every((one) => one.matches(labelValue(series.labels, one.matcher.name)))) continue
      if (hasSampleIn(series, scan.startMs, scan.endMs)) found.push(series)
    }
    return found.sort((a, b) => compareLabels(a.labels, b.labels))
  }
}

function compileOrThrow(matcher: Matcher): CompiledMatcher {
  const compiled = compileMatcher(matcher)
  if (!compiled.ok) throw new FaultError(compiled.error)
  return compiled.value
}

function readHistograms(series: MemorySeries, startMs: number, endMs: number, out: HistogramColumns): void {
  out.reset()
  for (const { timeMs, histogram } of series.histograms) {
    if (timeMs >= startMs && timeMs <= endMs) out.push(timeMs, histogram)
  }
}

function readStartTimes(series: MemorySeries, startMs: number, endMs: number, out: Map<number, number>): void {
  out.clear()
  for (const [timeMs, sinceMs] of series.startTimes) if (timeMs >= startMs && timeMs <= endMs) out.set(timeMs, sinceMs)
}

function grow(series: MemorySeries): void {
  const times = new Float64Array(series.times.length * 2)
  const values = new Float64Array(series.values.length * 2)
  times.set(series.times)
  values.set(series.values)
  series.times = times
  series.values = values
}

function lowerBound(times: Float64Array, count: number, timeMs: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) < timeMs) low = middle + 1
    else high = middle
  }
  return low
}

function hasSampleIn(series: MemorySeries, startMs: number, endMs: number): boolean {
  const at = lowerBound(series.times, series.count, startMs)
  if (at < series.count && (series.times[at] as number) <= endMs) return true
  return series.histograms.some(({ timeMs }) => timeMs >= startMs && timeMs <= endMs)
}

function readSeries(series: MemorySeries, startMs: number, endMs: number, out: SampleColumns): void {
  out.reset()
  const from = lowerBound(series.times, series.count, startMs)
  let to = from
  while (to < series.count && (series.times[to] as number) <= endMs) to++
  out.reserve(to - from)
  out.times.set(series.times.subarray(from, to))
  out.values.set(series.values.subarray(from, to))
  out.count = to - from
}

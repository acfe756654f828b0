import {
  type Exemplar,
  type Labels,
  labelsKey,
  labelValue,
  type Matcher,
  METRIC_NAME,
  type MetricMetadata,
  type MetricReader,
  type QueryBudget,
  SampleColumns,
  type ScanRange,
  type SeriesSelection,
  type TenantId,
} from '@vantage/model'
import { ABOUT_LIMITS } from './limits.ts'

export interface SeriesFigures {
  readonly labels: Labels
  /** Of its samples in the range. */
  readonly last: number
  readonly min: number
  readonly max: number
  readonly lastMs: number
}

/** A metric of the subject: what it is, and a few of its series. */
export interface MetricFigures {
  readonly name: string
  readonly type: MetricMetadata['type'] | ''
  readonly unit: string
  readonly help: string
  readonly seriesCount: number
  readonly series: readonly SeriesFigures[]
}

export interface FoundMetrics {
  readonly metrics: readonly MetricFigures[]
  /** True where there are more series than were looked at. */
  readonly isCut: boolean
}

export interface FoundExemplar {
  readonly seriesLabels: Labels
  readonly exemplar: Exemplar
}

/**
 * How series name a service: as OpenTelemetry's resource (`service_name`), as metrics of spans (`service`), as a side of
 * the service graph, as a scraped job with or without its namespace.
 */
export function seriesOfService(service: string): readonly (readonly Matcher[])[] {
  const equal = (name: string): readonly Matcher[] => [{ name, op: '=', value: service }]
  const job: Matcher = { name: 'job', op: '=~', value: `(.+/)?${quotedRegex(service)}` }
  return [equal('service_name'), equal('service'), equal('client'), equal('server'), [job]]
}

/** A text as a regular expression of itself. */
export function quotedRegex(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&')
}

/** Counts, names and newest values of the series that one of the matcher sets takes; buckets are left out. */
export function metricsOf(
  sets: readonly (readonly Matcher[])[],
  range: ScanRange,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): FoundMetrics {
  const byName = new Map<string, { count: number; readonly series: SeriesFigures[] }>()
  const seen = new Set<string>()
  const samples = new SampleColumns()
  let isCut = false
  for (const matchers of sets) {
    const selection = reader.select(tenant, { matchers, ...range }, budget)
    for (let i = 0; i < selection.count && !isCut; i++) {
      budget.check()
      const labels = selection.labels(i)
      if (labelValue(labels, 'le') !== '') continue
      const key = labelsKey(labels)
      if (seen.has(key)) continue
      isCut = seen.size >= ABOUT_LIMITS.seriesMax
      if (isCut) break
      seen.add(key)
      const name = labelValue(labels, METRIC_NAME)
      const metric = byName.get(name) ?? { count: 0, series: [] }
      byName.set(name, metric)
      metric.count++
      if (metric.series.length >= ABOUT_LIMITS.seriesPerMetricMax) continue
      const figures = figuresOf(selection, i, labels, range, samples, budget)
      if (figures !== undefined) metric.series.push(figures)
    }
  }
  const names = [...byName.keys()].sort()
  const shown = names.slice(0, ABOUT_LIMITS.metricsMax)
  return {
    metrics: shown.map((name) => {
      const { count, series } = byName.get(name) as { count: number; series: SeriesFigures[] }
      return { name, ...described(name, tenant, reader), seriesCount: count, series }
    }),
    isCut: isCut || shown.length < names.length,
  }
}

function figuresOf(
  selection: SeriesSelection,
  place: number,
  labels: Labels,
  { startMs, endMs }: ScanRange,
  samples: SampleColumns,
  budget: QueryBudget,
): SeriesFigures | undefined {
  selection.read(place, startMs, endMs, samples)
  budget.chargeSamples(samples.count)
  const { count, times, values } = samples
  let [min, max, last, lastMs] = [Number.NaN, Number.NaN, Number.NaN, 0]
  for (let i = 0; i < count; i++) {
    const value = values[i] as number
    // Staleness markers are NaN too.
    if (Number.isNaN(value)) continue
    if (!(value >= min)) min = value
    if (!(value <= max)) max = value
    last = value
    lastMs = times[i] as number
  }
  return lastMs === 0 ? undefined : { labels, last, min, max, lastMs }
}

/** Suffixes of series whose description stands under the name without them. */
const PARTS = /_(?:sum|count|bucket)$/

function described(
  name: string,
  tenant: TenantId,
  reader: MetricReader,
): Pick<MetricFigures, 'type' | 'unit' | 'help'> {
  const found = reader.metadata(tenant, name)[0] ?? reader.metadata(tenant, name.replace(PARTS, ''))[0]
  return found === undefined
    ? { type: '', unit: '', help: '' }
    : { type: found.type, unit: found.unit, help: found.help }
}

/** Newest first. @param traceId only those that lead to it */
export function exemplarsOf(
  sets: readonly (readonly Matcher[])[],
  traceId: string | undefined,
  range: ScanRange,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): FoundExemplar[] {
  const found: FoundExemplar[] = []
  const seen = new Set<string>()
  for (const matchers of sets) {
    for (const { labels, exemplars } of reader.exemplars(tenant, { matchers, ...range }, budget)) {
      budget.check()
      const key = labelsKey(labels)
      if (seen.has(key)) continue
      seen.add(key)
      for (const exemplar of exemplars) {
        if (traceId === undefined || traceOf(exemplar) === traceId) found.push({ seriesLabels: labels, exemplar })
      }
    }
  }
  return found.sort((a, b) => b.exemplar.timeMs - a.exemplar.timeMs)
}

/** The trace that an exemplar leads to, by either name that is in use; '' = none. */
export function traceOf({ labels }: Exemplar): string {
  return labelValue(labels, 'trace_id') || labelValue(labels, 'traceID')
}

import {
  type Labels,
  labelsFromRecord,
  METRIC_NAME,
  type MetricReader,
  type SampleColumns,
  type SeriesScan,
  type SeriesSelection,
  type TenantId,
} from '@vantage/model'

const STEP_MS = 15_000
const SAMPLES = 1_440
const BOUNDS = ['0.1', '0.5', '1', '+Inf']
/** Where the samples of all series end; they begin six hours before, at 0. */
export const SYNTHETIC_END_MS = SAMPLES * STEP_MS

/** Series made from their numbers: counters, gauges and the buckets of histograms, all scraped at the same times. */
export class SyntheticMetrics implements MetricReader {
  readonly #labels: readonly Labels[]

  /** @param series of each metric */
  constructor(series: number) {
    const labels: Labels[] = []
    for (let i = 0; i < series; i++) {
      const own = { i: String(i), group: String(i % 4), instance: `host-${i % 6}` }
      labels.push(labelsFromRecord({ [METRIC_NAME]: 'warm_gauge', ...own }))
      labels.push(labelsFromRecord({ [METRIC_NAME]: 'warm_total', ...own }))
      const le = BOUNDS[i % BOUNDS.length] as string
      labels.push(labelsFromRecord({ [METRIC_NAME]: 'warm_bucket', ...own, le }))
    }
    this.#labels = labels
  }

  select(_tenant: TenantId, scan: SeriesScan): SeriesSelection {
    const name = scan.matchers.find((one) => one.name === METRIC_NAME)?.value
    const found = this.#labels.filter((labels) => labels.includes(name ?? ''))
    return {
      count: found.length,
      labels: (index) => found[index] as Labels,
      read: readSynthetic,
      mayHaveHistograms: () => false,
      readHistograms: (_index, _startMs, _endMs, out) => out.reset(),
    }
  }

  labelNames(): string[] {
    return []
  }

  labelValues(): string[] {
    return []
  }

  exemplars(): [] {
    return []
  }

  metadata(): [] {
    return []
  }

  cardinality(): ReturnType<MetricReader['cardinality']> {
    return {
      numSeries: 0,
      numLabelPairs: 0,
      chunkCount: 0,
      minTimeMs: 0,
      maxTimeMs: 0,
      seriesCountByMetricName: [],
      labelValueCountByLabelName: [],
      memoryInBytesByLabelName: [],
      seriesCountByLabelValuePair: [],
    }
  }
}

function readSynthetic(index: number, startMs: number, endMs: number, out: SampleColumns): void {
  out.reset()
  out.timesKey = 1
  const first = Math.max(0, Math.ceil(startMs / STEP_MS))
  const last = Math.min(SAMPLES, Math.floor(endMs / STEP_MS))
  for (let i = first; i <= last; i++) out.push(i * STEP_MS, i * (index + 1) + (i % 7))
}

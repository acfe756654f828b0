import { runQueryJob } from '@vantage/api'
import {
  type Clock,
  type Fault,
  type Labels,
  labelsFromRecord,
  METRIC_NAME,
  type MetricReader,
  type QueryBudget,
  type Result,
  type SampleColumns,
  type SeriesScan,
  type SeriesSelection,
  type TenantId,
} from '@vantage/model'
import { DEFAULT_OPTIONS } from '@vantage/query/promql'
import { ROW_SHAPES, type RowsToWarm, warmUpRows } from './warm-up-rows.ts'

/** Enough series and steps that the engine's loops are compiled, few enough that it is over soon. */
const SERIES = 48
const STEP_MS = 15_000
const SAMPLES = 1_440
const ROUNDS = 4
const BOUNDS = ['0.1', '0.5', '1', '+Inf']

/** One query of each shape that dashboards ask; the fused and the general ways of evaluation both. */
const SHAPES: readonly string[] = [
  'warm_gauge{i="1"}',
  'rate(warm_total{i="1"}[5m])',
  'avg_over_time(warm_gauge[5m])',
  'avg(warm_gauge)',
  'max by (group) (warm_gauge{i=~"[0-9]+"})',
  'sum by (group) (rate(warm_total[5m]))',
  'topk(5, rate(warm_total[5m]))',
  'histogram_quantile(0.9, sum by (le, group) (rate(warm_bucket[5m])))',
  'warm_gauge / warm_total',
  'sum(increase(warm_total[1h])) or vector(0)',
]

/** Questions to what the store holds: reading it compiles the ways into head and parts, for counters and for others. */
const STORED: readonly string[] = [
  'sum by (__name__) (rate({__name__=~".+_(total|count|bucket)"}[5m]))',
  'avg by (__name__) ({__name__=~".+"})',
  'sum by (__name__) (rate({__name__=~".+_(total|count|bucket)"}[5m]))',
  'avg_over_time({__name__=~".+_bytes.*"}[5m])',
]
/** Of what the store holds, so many series are read. */
const STORED_SERIES = 96

const SHAPES_PER_ROUND = SHAPES.length + ROW_SHAPES
export const WARM_UP_PIECES = STORED.length + ROUNDS * SHAPES_PER_ROUND
/** After these every shape was run once, which is most of what a cold engine costs. */
export const WARM_UP_FIRST_PIECES = STORED.length + SHAPES_PER_ROUND

/** True of pieces that are the same whatever the store holds. */
export function isSynthetic(piece: number): boolean {
  return piece >= STORED.length && (piece - STORED.length) % SHAPES_PER_ROUND < SHAPES.length
}

/** The stores as a thread that gets ready sees them. */
export interface ReadersToWarm extends RowsToWarm {
  readonly metrics: MetricReader
}

/**
 * Runs one query: small ones over stored series first, then of each shape, again and again: over synthetic series, and
 * over a few rows of logs and spans that are stored. After all pieces the first question of a person meets compiled
 * code; cold, it would take ten times as long. Questions that come in between wait for one piece only.
 * @param piece 0 … WARM_UP_PIECES − 1
 * @param readers undefined where there is no real data yet
 */
export function warmUp(
  piece: number,
  tenant: TenantId,
  readers: ReadersToWarm | undefined,
  budget: QueryBudget,
  clock: Clock,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  const reader = readers?.metrics
  const isStored = piece < STORED.length && reader !== undefined
  const shape = Math.max(0, piece - STORED.length) % SHAPES_PER_ROUND
  if (shape >= SHAPES.length) {
    const round = Math.floor((piece - STORED.length) / SHAPES_PER_ROUND)
    return warmUpRows(shape - SHAPES.length, round, tenant, readers, budget, clock)
  }
  const query = isStored ? (STORED[piece] as string) : (SHAPES[shape] as string)
  const endMs = isStored ? clock.nowMs() : SAMPLES * STEP_MS
  const range = { startMs: endMs - 6 * 3_600_000, endMs, stepMs: 60_000 }
  const job = { kind: 'promql', query, range, options: DEFAULT_OPTIONS, explain: false, limit: 0 } as const
  return runQueryJob(job, tenant, isStored ? fewSeries(reader) : new SyntheticMetrics(), budget, clock)
}

/** The same store with selections that end after some series, spread over all that match: a large one takes no longer. */
function fewSeries(reader: MetricReader): MetricReader {
  return {
    select: (tenant, scan, budget) => {
      const all = reader.select(tenant, scan, budget)
      const step = Math.max(1, Math.floor(all.count / STORED_SERIES))
      const at = (index: number) => index * step
      return {
        count: Math.min(all.count, STORED_SERIES),
        labels: (index) => all.labels(at(index)),
        read: (index, startMs, endMs, out) => all.read(at(index), startMs, endMs, out),
        mayHaveHistograms: (index) => all.mayHaveHistograms(at(index)),
        readHistograms: (index, startMs, endMs, out) => all.readHistograms(at(index), startMs, endMs, out),
      }
    },
    labelNames: (...asked) => reader.labelNames(...asked),
    labelValues: (...asked) => reader.labelValues(...asked),
    exemplars: (...asked) => reader.exemplars(...asked),
    metadata: (...asked) => reader.metadata(...asked),
    cardinality: (...asked) => reader.cardinality(...asked),
  }
}

/** Series made from their numbers: counters, gauges and the buckets of histograms, all scraped at the same times. */
class SyntheticMetrics implements MetricReader {
  readonly #labels: readonly Labels[]

  constructor() {
    const labels: Labels[] = []
    for (let i = 0; i < SERIES; i++) {
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

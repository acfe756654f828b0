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

/** What the store holds of this server itself: reading it compiles the ways into head and parts. */
const OWN = 'sum by (__name__) (rate({__name__=~"(vantage|process|host)_.+"}[5m]))'

const SHAPES_PER_ROUND = SHAPES.length + ROW_SHAPES
export const WARM_UP_PIECES = 1 + ROUNDS * SHAPES_PER_ROUND
/** After these every shape was run once, which is most of what a cold engine costs. */
export const WARM_UP_FIRST_PIECES = 1 + SHAPES_PER_ROUND

/** The stores as a thread that gets ready sees them. */
export interface ReadersToWarm extends RowsToWarm {
  readonly metrics: MetricReader
}

/**
 * Runs one query: a small one over real data first, then of each shape, again and again: over synthetic series, and over
 * a few rows of logs and spans that are stored. After all pieces the first question of a person meets compiled code;
 * cold, it would take ten times as long. Questions that come in between wait for one piece only.
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
  const shape = (piece - 1) % SHAPES_PER_ROUND
  const round = Math.floor((piece - 1) / SHAPES_PER_ROUND)
  if (shape >= SHAPES.length) return warmUpRows(shape - SHAPES.length, round, tenant, readers, budget, clock)
  const reader = readers?.metrics
  const isOwn = piece === 0 && reader !== undefined
  const query = isOwn ? OWN : (SHAPES[Math.max(0, shape)] as string)
  const endMs = isOwn ? clock.nowMs() : SAMPLES * STEP_MS
  const range = { startMs: endMs - 6 * 3_600_000, endMs, stepMs: 60_000 }
  const job = { kind: 'promql', query, range, options: DEFAULT_OPTIONS, explain: false, limit: 0 } as const
  return runQueryJob(job, tenant, isOwn ? reader : new SyntheticMetrics(), budget, clock)
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

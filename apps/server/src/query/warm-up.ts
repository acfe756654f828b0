import { runQueryJob } from '@vantage/api'
import {
  type Clock,
  DEFAULT_TENANT,
  type Fault,
  type MetricReader,
  type QueryBudget,
  type Result,
  type TenantId,
} from '@vantage/model'
import { DEFAULT_OPTIONS } from '@vantage/query/promql'
import { SYNTHETIC_END_MS, SyntheticMetrics } from './synthetic-metrics.ts'
import { ROW_SHAPES, type RowsToWarm, warmUpRows } from './warm-up-rows.ts'

/** Enough series that the engine's loops are compiled, few enough that it is over soon. */
const SERIES = 48
const ROUNDS = 4
const HOUR_MS = 3_600_000
/** Panels of the last hours, and of weeks: of the long windows only a few samples each are looked at. */
const RANGE_MS = 6 * HOUR_MS
const STEP_MS = 60_000
const LONG_WINDOW = '[1h]'

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
  `sum(rate({__name__=~".+_(total|count|bucket)"}${LONG_WINDOW}))`,
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

/** What panels of one series ask, ... */
const QUICK_SHAPES = ['warm_gauge', 'rate(warm_total[5m])', 'warm_gauge / warm_total', 'avg(warm_gauge)']
/** ... and the same of what every store holds: figures of this process itself. */
const QUICK_STORED = ['vantage_query_workers', 'rate(vantage_queries_quick_total{job="vantage/server"}[5m])']
export const QUICK_PIECES = 800

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
  return runShape(query, isStored ? fewSeries(reader) : new SyntheticMetrics(SERIES), isStored, tenant, budget, clock)
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

/**
 * The same for a thread that answers small queries beside its other work: a piece takes a fraction of a millisecond.
 * @param piece 0 … QUICK_PIECES − 1
 */
export function warmUpQuick(piece: number, reader: MetricReader, budget: QueryBudget, clock: Clock): void {
  const isStored = piece % 2 === 0
  const shapes = isStored ? QUICK_STORED : QUICK_SHAPES
  const query = shapes[(piece >> 1) % shapes.length] as string
  runShape(query, isStored ? reader : new SyntheticMetrics(1), isStored, DEFAULT_TENANT, budget, clock)
}

function runShape(
  query: string,
  reader: MetricReader,
  isStored: boolean,
  tenant: TenantId,
  budget: QueryBudget,
  clock: Clock,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  const endMs = isStored ? clock.nowMs() : SYNTHETIC_END_MS
  const range = { startMs: endMs - RANGE_MS, endMs, stepMs: query.includes(LONG_WINDOW) ? HOUR_MS : STEP_MS }
  const job = { kind: 'promql', query, range, options: DEFAULT_OPTIONS, explain: false, limit: 0 } as const
  return runQueryJob(job, tenant, reader, budget, clock)
}

import {
  err,
  type Fault,
  FaultError,
  fault,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  type TenantId,
  unreachable,
} from '@vantage/model'
import { compileCondition } from '../evaluate/compile.ts'
import { needsTrace } from '../evaluate/fields.ts'
import { lookOf } from '../evaluate/looks-at.ts'
import { compileStages, wholeTrace } from '../evaluate/pipeline.ts'
import { candidatesOf, usesTrace } from '../evaluate/pushdown.ts'
import { forEachTrace, planTraceql } from '../evaluate/search.ts'
import { SpanView } from '../evaluate/span-view.ts'
import type { Hint, Metrics, MetricsAggregate } from '../language/syntax.ts'
import { CHECK_EVERY_ROWS, type TraceqlLimits } from '../limits.ts'
import type { Follower, Progress } from '../progress.ts'
import { GroupedAggregator, type SpanAggregator } from './aggregate.ts'
import { applySecond, joinSeries, withNumber } from './combine.ts'
import { CompareAggregator } from './compare.ts'
import { type SpanGrid, StepFinder, spanGrid } from './grid.ts'
import type { MetricSeries } from './series.ts'

export interface MetricsRequest {
  readonly query: string
  readonly startNs: bigint
  readonly endNs: bigint
  /** Absent = one interval for the whole range. */
  readonly stepNs: bigint | undefined
  /** Exemplars of the answer, at most; the query's hint `exemplars` may ask for fewer. */
  readonly exemplarsMax: number
}

export interface MetricsResult {
  readonly grid: SpanGrid
  readonly series: readonly MetricSeries[]
  readonly inspectedSpans: number
}

/** Who is told what is there so far. */
export interface MetricsFollower extends Follower {
  /** @param result series of the intervals that are finished, where these tell anything by themselves */
  series(result: MetricsResult, progress: Progress): void
}

/** Pieces of its range that a query is worked out in where somebody follows, at most. */
const PIECES_MAX = 20

/**
 * Answers a metrics query. Spans belong to the interval in which they began; NaN in a series is no value.
 * @returns faults: `bad_request` for the query and its range, `unprocessable` where a limit was hit
 */
export function traceMetrics(
  request: MetricsRequest,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
  follower?: MetricsFollower,
): Result<MetricsResult, Fault> {
  const query = planTraceql(request.query, limits)
  if (!query.ok) return query
  if (query.value.kind !== 'metrics') {
    return err(fault('bad_request', 'TraceQL: want a query that makes series, such as { } | rate()'))
  }
  try {
    const grid = spanGrid(request.startNs, request.endNs, request.stepNs, limits)
    const { metrics, hints } = query.value
    const run = new MetricsRun(grid, tenant, reader, budget, limits, exemplarsOf(hints, request.exemplarsMax))
    const isPlain = metrics.kind === 'series' && metrics.second.length === 0
    if (follower !== undefined) run.follow(follower, leavesOf(metrics), isPlain)
    const series = run.series(metrics)
    return ok({ grid, series, inspectedSpans: run.inspectedSpans })
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

function exemplarsOf(hints: readonly Hint[], max: number): number {
  const hint = hints.findLast(({ name }) => name === 'exemplars')?.value
  if (hint?.kind === 'bool') return hint.value ? max : 0
  return hint?.kind === 'int' ? Math.min(max, Math.max(0, Number(hint.value))) : max
}

/** Aggregations that a query is made of. */
function leavesOf(metrics: Metrics): number {
  switch (metrics.kind) {
    case 'series':
      return 1
    case 'math':
      return leavesOf(metrics.left) + leavesOf(metrics.right)
    default:
      return leavesOf(metrics.input)
  }
}

/** One metrics query over one reader. */
class MetricsRun {
  inspectedSpans = 0
  readonly #grid: SpanGrid
  readonly #tenant: TenantId
  readonly #reader: SpanReader
  readonly #budget: QueryBudget
  readonly #limits: TraceqlLimits
  readonly #exemplarsMax: number
  #follower: MetricsFollower | undefined
  /** Each interval by itself is part of the answer. */
  #isPlain = false
  #pieces = 1
  #piecesDone = 0
  #piecesTotal = 1

  constructor(
    grid: SpanGrid,
    tenant: TenantId,
    reader: SpanReader,
    budget: QueryBudget,
    limits: TraceqlLimits,
    exemplarsMax: number,
  ) {
    this.#grid = grid
    this.#tenant = tenant
    this.#reader = reader
    this.#budget = budget
    this.#limits = limits
    this.#exemplarsMax = exemplarsMax
  }

  follow(follower: MetricsFollower, leaves: number, isPlain: boolean): void {
    this.#follower = follower
    this.#isPlain = isPlain
    this.#pieces = Math.min(PIECES_MAX, this.#grid.steps)
    this.#piecesTotal = this.#pieces * leaves
  }

  series(metrics: Metrics): readonly MetricSeries[] {
    switch (metrics.kind) {
      case 'series':
        return applySecond(metrics.second, this.#aggregated(metrics))
      case 'math':
        return joinSeries(metrics.op, this.series(metrics.left), this.series(metrics.right))
      case 'number-math':
        return withNumber(metrics.op, metrics.number, metrics.isNumberLeft, this.series(metrics.input))
      case 'staged':
        return applySecond(metrics.second, this.series(metrics.input))
      default:
        return unreachable(metrics)
    }
  }

  #aggregated(metrics: Extract<Metrics, { kind: 'series' }>): MetricSeries[] {
    const { aggregate } = metrics
    const into =
      aggregate.kind === 'compare'
        ? new CompareAggregator(aggregate, this.#grid, this.#limits, this.#budget)
        : new GroupedAggregator(aggregate, this.#grid, this.#budget, this.#exemplarsMax)
    const candidates = candidatesOf(metrics.stages)
    // Fast path: a filter that each span answers alone; no trace is read whole.
    if (candidates.isExact && !aggregateUsesTrace(aggregate)) {
      for (let piece = this.#pieces - 1; piece >= 0; piece--) this.#piece(piece, candidates, into)
    } else {
      this.#traces(metrics, into)
      this.#piecesDone += this.#pieces
    }
    return into.finish()
  }

  /** Some intervals, of which nothing is changed by others. */
  #piece(piece: number, candidates: ReturnType<typeof candidatesOf>, into: SpanAggregator): void {
    const { steps } = this.#grid
    const [from, to] = [piece, piece + 1].map((edge) => Math.floor((edge * steps) / this.#pieces)) as [number, number]
    this.#scan(candidates, into, this.#range(from, to))
    const follower = this.#follower
    const place = { done: ++this.#piecesDone, total: this.#piecesTotal }
    if (follower === undefined || !follower.isDue(place)) return
    const finished = ({ values, exemplars, labels }: MetricSeries): MetricSeries => ({
      labels,
      exemplars: exemplars.filter(({ step }) => step >= from),
      values: values.map((value, step) => (step >= from ? value : Number.NaN)),
    })
    const series = this.#isPlain ? into.finish().map(finished) : []
    const { inspectedSpans } = this
    follower.series({ grid: this.#grid, series, inspectedSpans }, { ...place, inspectedSpans, inspectedTraces: 0 })
  }

  /** Of the intervals from one place to another. */
  #range(from: number, to: number): { startNs: bigint; endNs: bigint } {
    const { startNs, stepNs } = this.#grid
    return { startNs: startNs + stepNs * BigInt(from) + 1n, endNs: startNs + stepNs * BigInt(to) + 1n }
  }

  #scan(
    { conditions, hints, isAll, traceIds }: ReturnType<typeof candidatesOf>,
    into: SpanAggregator,
    range: NsRange,
  ): void {
    const tests = conditions.map((condition) => compileCondition(condition, this.#limits.regexCharsMax))
    const view = new SpanView()
    const finder = new StepFinder(this.#grid)
    const looksAt = into.fields && lookOf(conditions, into.fields, this.#exemplarsMax > 0)
    const scan = { ...range, conditions: hints, isAll, direction: 'any' as const, traceIds, looksAt }
    for (const { columns, rows, origins } of this.#reader.scan(this.#tenant, scan, this.#budget)) {
      finder.use(columns.startTimes)
      for (let i = 0; i < rows.length; i++) {
        if (i % CHECK_EVERY_ROWS === 0) this.#budget.check()
        const row = rows[i] as number
        const step = finder.stepOf(row)
        if (step < 0) continue
        view.moveTo(columns, origins, row)
        if (tests.every((test) => test(view))) into.observe(view, step)
      }
      this.inspectedSpans += rows.length
    }
  }

  #traces({ stages }: Extract<Metrics, { kind: 'series' }>, into: SpanAggregator): void {
    const run = compileStages(stages, this.#limits)
    const finder = new StepFinder(this.#grid)
    const range = this.#range(0, this.#grid.steps)
    const { inspectedSpans } = forEachTrace(
      stages,
      range,
      this.#tenant,
      this.#reader,
      this.#budget,
      this.#limits,
      (_, trace) => {
        for (const { places } of run(trace, wholeTrace(trace))) {
          for (const place of places) {
            const span = trace.spans[place] as SpanView
            finder.use(span.columns.startTimes)
            const step = finder.stepOf(span.row)
            if (step >= 0) into.observe(span, step)
          }
        }
        return true
      },
    )
    this.inspectedSpans += inspectedSpans
  }
}

function aggregateUsesTrace(aggregate: MetricsAggregate): boolean {
  if (aggregate.kind === 'compare') return usesTrace(aggregate.selection)
  return aggregate.by.some(needsTrace) || (aggregate.kind === 'over-time' && needsTrace(aggregate.of))
}

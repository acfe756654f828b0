import {
  type Clock,
  compareLabels,
  err,
  type Fault,
  FaultError,
  fault,
  type Histogram,
  type Labels,
  type MetricReader,
  ok,
  type QueryBudget,
  type Result,
  type TenantId,
} from '@vantage/model'
import { bytesOf } from '../histogram/size.ts'
import type { Expr } from '../language/ast.ts'
import { executionFault, limitFault } from '../language/fault.ts'
import { parsePromql } from '../language/parser.ts'
import { typeName, typeOf } from '../language/types.ts'
import { DEFAULT_OPTIONS, type EngineOptions } from '../options.ts'
import { bind, type QueryRange } from '../plan/bind.ts'
import type { Plan } from '../plan/plan.ts'
import { Annotations } from './annotations.ts'
import { EvaluationContext } from './context.ts'
import { Evaluator } from './evaluator.ts'
import { Explainer, type Explanation } from './explain.ts'
import type { Grid } from './grid.ts'
import { StoredSource, windowEnds } from './range-source.ts'
import { mergeRows, type Row, withoutEmpty, withoutMetadata } from './rows.ts'
import {
  ClaimedTurns,
  type Helpers,
  planNodes,
  type RowEncoder,
  type ShareAnswer,
  type ShareTask,
  Sharing,
} from './share.ts'

/** How far back a selector looks for the newest sample, unless the query says otherwise. */
export const LOOKBACK_MS = 5 * 60_000

export interface PromqlRequest {
  /** PromQL, or a tree that `parsePromql` made. */
  readonly query: string | Expr
  /** The text of a tree, for places in warnings. */
  readonly text?: string
  /** Unix ms, both ends inclusive; an instant query has `startMs === endMs` and `stepMs` 0. */
  readonly range: QueryRange
  readonly lookbackMs?: number
  readonly options?: EngineOptions
  readonly explain?: boolean
  /** Other threads to share heavy range queries with. */
  readonly helpers?: Helpers
}

/** One series with a slot per step: `values[i]` counts where `present[i]` is 1. */
export interface StepSeries {
  readonly labels: Labels
  readonly values: Float64Array
  readonly present: Uint8Array
  /** Where a slot has a native histogram it stands here, and the value means nothing. Undefined: floats only. */
  readonly histograms: readonly (Histogram | undefined)[] | undefined
  /** The points as a `RowEncoder` wrote them, where another thread has done so. */
  readonly encoded?: Uint8Array | undefined
}

/** One series with its samples as stored. */
export interface SampleSeries {
  readonly labels: Labels
  readonly times: Float64Array
  readonly values: Float64Array
  /** The native histograms; no time occurs in both. */
  readonly histograms: readonly TimedHistogram[]
}

export interface TimedHistogram {
  readonly timeMs: number
  readonly histogram: Histogram
}

export type PromqlData =
  /** One value per step. */
  | { readonly kind: 'scalar'; readonly values: Float64Array }
  | { readonly kind: 'string'; readonly text: string }
  /** An instant query: one slot per series, in the order that the query gives. */
  | { readonly kind: 'vector'; readonly series: readonly StepSeries[] }
  /** A range query, ordered by labels. */
  | { readonly kind: 'matrix'; readonly series: readonly StepSeries[] }
  /** An instant query of a range vector (`x[5m]`). */
  | { readonly kind: 'samples'; readonly series: readonly SampleSeries[] }

export interface PromqlResult {
  readonly data: PromqlData
  /** The times of the slots: `startMs + i * stepMs`. */
  readonly grid: Grid
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly explain?: Explanation
}

/**
 * Evaluates one query against a reader, synchronously.
 * @returns the answer, or a fault: `bad_request` for the query, `unprocessable` for what the data makes impossible,
 *   whatever the budget throws, with `limit` where a limit was hit
 */
export function evaluatePromql(
  request: PromqlRequest,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
  clock: Clock,
): Result<PromqlResult, Fault> {
  const options = request.options ?? DEFAULT_OPTIONS
  const { query, range } = request
  const parsed = typeof query === 'string' ? parsePromql(query, options) : ok(query)
  if (!parsed.ok) return parsed
  const text = typeof query === 'string' ? query : request.text
  try {
    const grid = gridOf(range, options)
    requireEvaluable(parsed.value, grid)
    const context = new EvaluationContext({
      tenant,
      reader,
      budget,
      options,
      lookbackMs: request.lookbackMs ?? LOOKBACK_MS,
      range,
      annotations: new Annotations(text),
    })
    const explainer = request.explain === true ? new Explainer(clock, context) : undefined
    const evaluator = new Evaluator(context, explainer)
    const plan = bind(parsed.value, range, options)
    context.sharing = sharingOf(request, options, plan, grid)
    const data = answer(context, evaluator, plan, grid)
    const warnings = context.annotations.warnings()
    const infos = context.annotations.infos()
    const root = explainer?.root()
    return ok({ data, grid, warnings, infos, ...(root === undefined ? {} : { explain: root }) })
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

/** Instant queries end before help comes; an explanation is of one thread. */
function sharingOf(request: PromqlRequest, options: EngineOptions, plan: Plan, grid: Grid): Sharing | undefined {
  const { query, helpers, range, lookbackMs } = request
  if (helpers === undefined || typeof query !== 'string' || grid.stepMs === 0 || request.explain === true) {
    return undefined
  }
  return new Sharing(helpers, { query, range, lookbackMs, options }, plan, grid)
}

/**
 * Evaluates what another thread shares of its query, over a reader of the same store.
 * @param claim gives the next run, or -1
 * @param encode writes series that go into the answer as they are
 */
export function evaluateShare(
  task: ShareTask,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
  claim: () => number,
  encode: RowEncoder,
): Result<ShareAnswer, Fault> {
  const { query, range, options, lookbackMs } = task
  const parsed = parsePromql(query, options)
  if (!parsed.ok) return parsed
  try {
    const selection = reader.adopt?.(tenant, task.selection)
    if (selection === undefined) return ok(NOTHING_DONE)
    const annotations = new Annotations(query)
    const context = new EvaluationContext({
      tenant,
      reader,
      budget,
      options,
      lookbackMs: lookbackMs ?? LOOKBACK_MS,
      range,
      annotations,
    })
    const node = planNodes(bind(parsed.value, range, options))[task.node] as Plan
    const turns = new ClaimedTurns(task, selection, claim)
    const grid = gridOf(range, options)
    const evaluator = new Evaluator(context, undefined)
    const work = evaluator.evaluateShare(node, grid, selection, turns, task.node === 0 ? encode : undefined)
    const notes = { warnings: annotations.warnings(), infos: annotations.infos() }
    return ok({ ...work, ...notes, declined: turns.declined, samples: context.samplesRead })
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

/** The store has moved on since the task was made. */
const NOTHING_DONE: ShareAnswer = { groups: [], rows: [], declined: [], samples: 0, warnings: [], infos: [] }

function gridOf(range: QueryRange, options: EngineOptions): Grid {
  const { startMs, endMs, stepMs } = range
  if (!(endMs >= startMs)) {
    throw new FaultError(fault('bad_request', 'end timestamp must not be before start time', { reason: 'bad_data' }))
  }
  if (stepMs === 0 && startMs === endMs) return { startMs, stepMs: 0, steps: 1 }
  if (!(stepMs > 0)) {
    const message = 'zero or negative query resolution step widths are not accepted. Try a positive integer'
    throw new FaultError(fault('bad_request', message, { reason: 'bad_data' }))
  }
  const steps = Math.floor((endMs - startMs) / stepMs) + 1
  const max = options.limits.pointsMax
  if (steps > max) {
    const message = `exceeded maximum resolution of ${max} points per timeseries, got ${steps}`
    throw limitFault(`${message}. Try decreasing the query resolution (?step=XX)`, 'query.maxPoints')
  }
  return { startMs, stepMs, steps }
}

function requireEvaluable(expr: Expr, grid: Grid): void {
  const type = typeOf(expr)
  if (grid.stepMs === 0 || type === 'scalar' || type === 'vector') return
  const message = `invalid expression type "${typeName(type)}" for range query, must be Scalar or instant Vector`
  throw new FaultError(fault('bad_request', message, { reason: 'bad_data' }))
}

function answer(context: EvaluationContext, evaluator: Evaluator, plan: Plan, grid: Grid): PromqlData {
  if (plan.kind === 'range' || plan.kind === 'subquery') {
    return { kind: 'samples', series: rawSamples(context, evaluator, plan, grid) }
  }
  const value = evaluator.evaluate(plan, grid)
  if (value.kind !== 'vector') return value
  const series = finalRows(value.rows)
  if (grid.stepMs === 0) return { kind: 'vector', series }
  return { kind: 'matrix', series: series.sort((a, b) => compareLabels(a.labels, b.labels)) }
}

/** Names whose removal was put off go now; the first time that series may meet. */
function finalRows(rows: Row[]): Row[] {
  for (const row of rows) if (row.dropName) row.labels = withoutMetadata(row.labels)
  return mergeRows(withoutEmpty(rows))
}

function rawSamples(
  context: EvaluationContext,
  evaluator: Evaluator,
  plan: Extract<Plan, { kind: 'range' | 'subquery' }>,
  grid: Grid,
): SampleSeries[] {
  if (plan.kind === 'range' && plan.select.extended !== undefined) {
    throw executionFault(`${plan.select.extended} range vectors can only be arguments of functions`)
  }
  const ends = windowEnds(plan, grid)
  const source =
    plan.kind === 'range'
      ? new StoredSource(context, plan, ends, { beforeMs: 0, afterMs: 0 }, false)
      : evaluator.subquery(plan, ends)
  const series: SampleSeries[] = []
  for (let i = 0; i < source.count; i++) {
    const { times, values, count } = source.load(i)
    const histograms = timedHistograms(context)
    if (count === 0 && histograms.length === 0) continue
    context.budget.chargeBytes(count * 16)
    const labels = source.dropName(i) ? withoutMetadata(source.labels(i)) : source.labels(i)
    series.push({ labels, times: times.slice(0, count), values: values.slice(0, count), histograms })
  }
  return series
}

/** The histograms of the last read. */
function timedHistograms(context: EvaluationContext): TimedHistogram[] {
  const { times, histograms } = context.histograms
  return histograms.map((histogram, i) => {
    context.budget.chargeBytes(bytesOf(histogram))
    return { timeMs: times[i] as number, histogram }
  })
}

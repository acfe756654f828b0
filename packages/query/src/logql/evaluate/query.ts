import {
  type Clock,
  compareLabels,
  compilePattern,
  err,
  type Fault,
  FaultError,
  type Labels,
  type LogReader,
  labelsFrom,
  labelsKey,
  labelValue,
  ok,
  type QueryBudget,
  type Result,
  type TenantId,
  unreachable,
} from '@vantage/model'
import { executionFault, limitFault } from '../language/fault.ts'
import { parseLogql } from '../language/parser.ts'
import type { MetricPlan, Plan, RangeOperation, VectorAggregation } from '../language/plan.ts'
import { LOGQL_LIMITS, type LogqlLimits } from '../limits.ts'
import { aggregate } from './aggregate.ts'
import { evaluateBinary } from './binary.ts'
import type { Context, Grid, LogqlStats } from './context.ts'
import { evaluateRange } from './range.ts'
import type { LogqlHelpers } from './share.ts'
import { type Stream, selectStreams } from './streams.ts'
import { constantSeries, hasPoints, type StepSeries, type StepValue } from './vector.ts'

/** Times are unix ns; `stepNs` 0 asks for one moment, `endNs`. */
export interface LogqlRequest {
  readonly query: string
  readonly startNs: bigint
  readonly endNs: bigint
  readonly stepNs: bigint
  /** Rows of a log query; newest first unless `forward`. */
  readonly limit: number
  readonly direction: 'forward' | 'backward'
  /** Of a log query: at least this long between rows of a stream; 0 = all. */
  readonly intervalNs: bigint
  /** Adds `detected_level` to rows that came without. */
  readonly detectsLevels: boolean
  readonly limits?: LogqlLimits
}

export type LogqlData =
  | { readonly kind: 'streams'; readonly streams: readonly Stream[] }
  | { readonly kind: 'scalar'; readonly value: number }
  /** One step. */
  | { readonly kind: 'vector'; readonly series: readonly StepSeries[] }
  | { readonly kind: 'matrix'; readonly series: readonly StepSeries[] }

export interface LogqlResult {
  readonly data: LogqlData
  readonly grid: Grid
  readonly stats: LogqlStats
}

/** Reads a query, runs it and gives its answer. Synchronous; charges the budget for rows, bytes and series. */
export function evaluateLogql(
  request: LogqlRequest,
  tenant: TenantId,
  reader: LogReader,
  budget: QueryBudget,
  clock: Clock,
  helpers?: LogqlHelpers,
): Result<LogqlResult, Fault> {
  const limits = request.limits ?? LOGQL_LIMITS
  const parsed = parseLogql(request.query, limits)
  if (!parsed.ok) return parsed
  const context: Context = {
    tenant,
    reader,
    budget,
    limits,
    nowNs: BigInt(Math.round(clock.nowMs() * 1000)) * 1000n,
    detectsLevels: request.detectsLevels,
    stats: { rowsRead: 0, bytesRead: 0, rowsKept: 0 },
    helpers,
  }
  try {
    const grid = gridOf(request, limits)
    return ok({ data: evaluate(parsed.value, request, grid, context), grid, stats: context.stats })
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

function gridOf({ startNs, endNs, stepNs }: LogqlRequest, limits: LogqlLimits): Grid {
  if (stepNs === 0n) return { startNs: endNs, stepNs: 0n, steps: 1 }
  const steps = Number((endNs - startNs) / stepNs) + 1
  if (steps > limits.pointsMax) {
    throw limitFault(
      `exceeded maximum resolution of ${limits.pointsMax} points per time series. Try increasing the value of the step parameter`,
      'query.maxPoints',
    )
  }
  return { startNs, stepNs, steps }
}

function evaluate(plan: Plan, request: LogqlRequest, grid: Grid, context: Context): LogqlData {
  const isInstant = request.stepNs === 0n
  if (plan.kind === 'selector') {
    const range = { startNs: request.startNs, endNs: request.endNs }
    return { kind: 'streams', streams: selectStreams(plan, { ...request, range }, context) }
  }
  const value = evaluateMetric(plan, grid, context)
  if (value.kind === 'scalar') {
    if (isInstant) return value
    return { kind: 'matrix', series: [constantSeries(value.value, grid.steps)] }
  }
  const series = value.series.filter(hasPoints)
  if (isInstant) return { kind: 'vector', series }
  return { kind: 'matrix', series: series.sort((a, b) => compareLabels(a.labels, b.labels)) }
}

function evaluateMetric(plan: MetricPlan, grid: Grid, context: Context): StepValue {
  context.budget.check()
  switch (plan.kind) {
    case 'literal':
      return { kind: 'scalar', value: plan.value }
    case 'vector':
      return { kind: 'series', series: [constantSeries(plan.value, grid.steps)] }
    case 'rangeAggregation':
      return { kind: 'series', series: evaluateRange(plan, undefined, grid, context) }
    case 'vectorAggregation':
      return { kind: 'series', series: aggregate(plan, aggregationInput(plan, grid, context), grid.steps) }
    case 'binary': {
      const left = evaluateMetric(plan.left, grid, context)
      return evaluateBinary(plan, left, evaluateMetric(plan.right, grid, context), grid.steps)
    }
    case 'labelReplace':
      return { kind: 'series', series: labelReplace(plan, seriesOf(plan.input, grid, context)) }
    case 'variants':
      return { kind: 'series', series: plan.variants.flatMap((one, i) => variant(one, i, grid, context)) }
    default:
      return unreachable(plan)
  }
}

/** Operations whose parts may be summed: their sums are made while rows are read. */
const SUMMABLE: ReadonlySet<RangeOperation> = new Set([
  'bytes_over_time',
  'bytes_rate',
  'count_over_time',
  'rate',
  'sum_over_time',
])

function aggregationInput(plan: VectorAggregation, grid: Grid, context: Context): readonly StepSeries[] {
  const { input, operation, grouping } = plan
  const canSum = operation === 'sum' && input.kind === 'rangeAggregation' && SUMMABLE.has(input.operation)
  if (!canSum || input.grouping !== undefined) return seriesOf(input, grid, context)
  return evaluateRange(input, grouping ?? { isWithout: false, names: [] }, grid, context)
}

function seriesOf(plan: MetricPlan, grid: Grid, context: Context): readonly StepSeries[] {
  const value = evaluateMetric(plan, grid, context)
  return value.kind === 'series' ? value.series : [constantSeries(value.value, grid.steps)]
}

/** Source: grafana/loki docs/sources/query, "label_replace". An absent source reads as ''; an empty result deletes. */
function labelReplace(
  { target, replacement, source, pattern }: Extract<MetricPlan, { kind: 'labelReplace' }>,
  input: readonly StepSeries[],
): StepSeries[] {
  const compiled = compilePattern(pattern)
  if (!compiled.ok) throw new FaultError(compiled.error)
  const seen = new Set<string>()
  return input.map((series) => {
    const expanded = compiled.value.expand(labelValue(series.labels, source), [replacement])
    const labels = expanded === undefined ? series.labels : withLabel(series.labels, target, expanded[0] ?? '')
    const key = labelsKey(labels)
    if (seen.has(key)) throw executionFault('label_replace: series would have the same labels after it')
    seen.add(key)
    return { ...series, labels }
  })
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  const pairs: [string, string][] = [[name, value]]
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] !== name) pairs.push([labels[i] as string, labels[i + 1] as string])
  }
  return labelsFrom(pairs)
}

const VARIANT_LABEL = '__variant__'

function variant(plan: MetricPlan, index: number, grid: Grid, context: Context): StepSeries[] {
  return seriesOf(plan, grid, context).map((series) => ({
    ...series,
    labels: withLabel(series.labels, VARIANT_LABEL, String(index)),
  }))
}

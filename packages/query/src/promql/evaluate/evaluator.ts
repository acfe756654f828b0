import { assert, unreachable } from '@vantage/model'
import type { FoldName } from '../aggregations/accumulate.ts'
import { aggregateCountValues, aggregateQuantile } from '../aggregations/collect.ts'
import { GroupFolder } from '../aggregations/fold.ts'
import { aggregateRanked } from '../aggregations/ranked.ts'
import { scalarBinary, vectorScalarBinary } from '../binary/scalars.ts'
import { setBinary } from '../binary/set.ts'
import { vectorBinary } from '../binary/vector.ts'
import { absentRows, markPresent } from '../functions/absent.ts'
import { FUNCTIONS } from '../functions/registry.ts'
import { multiply } from '../histogram/arithmetic.ts'
import { limitFault } from '../language/fault.ts'
import { isSetOp } from '../language/operators.ts'
import type { AggregatePlan, BinaryPlan, CallPlan, Plan, SelectPlan, WindowPlan } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import type { Explainer } from './explain.ts'
import { type Grid, stepTimeMs } from './grid.ts'
import { joinInfo } from './info.ts'
import { EvaluatedSource, type RangeSource, StoredSource, subqueryGrid, windowEnds } from './range-source.ts'
import {
  broadcastRow,
  copyRow,
  dropNames,
  floatsOnly,
  mergeRows,
  newRow,
  ROW_STEP_BYTES,
  type Row,
  setHistogram,
  type Value,
} from './rows.ts'
import { type RowVisitor, sampleTimeRows, selectRows, visitSelected } from './series.ts'
import { reachOf, visitWindows, type WindowFunction } from './window-rows.ts'

/** Walks a plan for all steps of a grid at once. One per query. */
export class Evaluator {
  readonly #context: EvaluationContext
  readonly #explainer: Explainer | undefined

  constructor(context: EvaluationContext, explainer: Explainer | undefined) {
    this.#context = context
    this.#explainer = explainer
  }

  /** @throws FaultError for what the data makes impossible, and from the budget */
  evaluate(plan: Plan, grid: Grid): Value {
    if (this.#explainer === undefined) return this.#evaluate(plan, grid)
    return this.#explainer.measure(plan, () => this.#evaluate(plan, grid))
  }

  #evaluate(plan: Plan, grid: Grid): Value {
    this.#context.budget.check()
    if (plan.isInvariant && grid.steps > 1 && plan.kind !== 'number' && plan.kind !== 'string') {
      return this.#evaluateOnce(plan, grid)
    }
    switch (plan.kind) {
      case 'number':
        return { kind: 'scalar', values: this.#scalar(grid, plan.value) }
      case 'string':
        return { kind: 'string', text: plan.text }
      case 'select':
        return { kind: 'vector', rows: selectRows(this.#context, plan, grid) }
      case 'sampleTime':
        return { kind: 'vector', rows: this.#dropNames(this.#sampleTimes(plan.select, grid)) }
      case 'window':
        return { kind: 'vector', rows: this.#windowRows(plan, grid) }
      case 'call':
        return this.#call(plan, grid)
      case 'info':
        return { kind: 'vector', rows: joinInfo(this.#context, plan, this.#rows(plan.input, grid), grid) }
      case 'negate':
        return this.#negate(this.evaluate(plan.input, grid))
      case 'aggregate':
        return { kind: 'vector', rows: this.#aggregate(plan, grid) }
      case 'binary':
        return this.#binary(plan, grid)
      case 'range':
      case 'subquery':
        throw new Error(`BUG: a ${plan.kind} is evaluated by the function around it`)
      default:
        return unreachable(plan)
    }
  }

  /** What does not change over time is evaluated at the first step and repeated. */
  #evaluateOnce(plan: Plan, grid: Grid): Value {
    const value = this.#evaluate(plan, { startMs: grid.startMs, stepMs: 0, steps: 1 })
    if (value.kind === 'string') return value
    if (value.kind === 'scalar') return { kind: 'scalar', values: this.#scalar(grid, value.values[0] as number) }
    return { kind: 'vector', rows: value.rows.map((row) => broadcastRow(this.#context, row, grid.steps)) }
  }

  /** The times of histograms are floats as well. */
  #sampleTimes(plan: SelectPlan, grid: Grid): Row[] {
    const rows = sampleTimeRows(this.#context, plan, grid)
    for (const row of rows) row.histograms = undefined
    return rows
  }

  #scalar(grid: Grid, value: number): Float64Array {
    this.#context.budget.chargeBytes(grid.steps * 8)
    return new Float64Array(grid.steps).fill(value)
  }

  #rows(plan: Plan, grid: Grid): Row[] {
    const value = this.evaluate(plan, grid)
    assert(value.kind === 'vector', `${plan.kind} is a vector after the check`)
    return value.rows
  }

  #scalars(plan: Plan, grid: Grid): Float64Array {
    const value = this.evaluate(plan, grid)
    assert(value.kind === 'scalar', `${plan.kind} is a scalar after the check`)
    return value.values
  }

  #dropNames(rows: Row[]): Row[] {
    return dropNames(this.#context, rows)
  }

  #negate(value: Value): Value {
    assert(value.kind !== 'string', 'a string is never negated after the check')
    const columns = value.kind === 'scalar' ? [value.values] : value.rows.map((row) => row.values)
    for (const values of columns) this.#map(values, negative)
    for (const row of value.kind === 'vector' ? value.rows : []) this.#negateHistograms(row)
    return value.kind === 'scalar' ? value : { kind: 'vector', rows: this.#dropNames(value.rows) }
  }

  #negateHistograms(row: Row): void {
    for (let step = 0; step < (row.histograms?.length ?? 0); step++) {
      const histogram = row.histograms?.[step]
      if (histogram === undefined || row.present[step] === 0) continue
      setHistogram(this.#context, row, step, multiply(histogram, -1))
    }
  }

  #call(plan: CallPlan, grid: Grid): Value {
    const implementation = FUNCTIONS[plan.name]
    if (implementation.kind === 'vector') {
      const args = plan.args.map((arg) => this.evaluate(arg, grid))
      return implementation.evaluate({ context: this.#context, grid, plan, args })
    }
    if (implementation.kind === 'math') {
      const rows = floatsOnly(this.#rows(plan.args[0] as Plan, grid))
      for (const { values } of rows) this.#map(values, implementation.apply)
      return { kind: 'vector', rows: this.#dropNames(rows) }
    }
    assert(implementation.kind === 'date', `${plan.name} takes a window and is planned as one`)
    const rows = plan.args[0] === undefined ? [this.#stepTimes(grid)] : floatsOnly(this.#rows(plan.args[0], grid))
    for (const { values } of rows) this.#map(values, implementation.field)
    return { kind: 'vector', rows: this.#dropNames(rows) }
  }

  #map(values: Float64Array, apply: (value: number) => number): void {
    this.#context.tick(values.length)
    for (let i = 0; i < values.length; i++) values[i] = apply(values[i] as number)
  }

  #stepTimes(grid: Grid): Row {
    const row = newRow(this.#context, [], false, grid.steps)
    for (let i = 0; i < grid.steps; i++) row.values[i] = stepTimeMs(grid, i) / 1000
    row.present.fill(1)
    return row
  }

  #windowRows(plan: WindowPlan, grid: Grid): Row[] {
    const implementation = FUNCTIONS[plan.name]
    if (implementation.kind === 'absentWindow') {
      const seen = new Uint8Array(grid.steps)
      const present = FUNCTIONS.present_over_time
      assert(present.kind === 'window', 'present_over_time is a window function')
      this.#visitWindows(plan, present, grid, (_labels, _dropName, _values, marks) => markPresent(marks, seen))
      return absentRows(this.#context, seen, plan.source)
    }
    const rows: Row[] = []
    this.#visitWindows(plan, windowFunction(plan), grid, (labels, dropName, values, present, histograms) => {
      rows.push(copyRow(this.#context, labels, dropName, values, present, histograms))
    })
    return this.#context.options.delayedNameRemoval ? rows : mergeRows(rows)
  }

  #visitWindows(plan: WindowPlan, fn: WindowFunction, grid: Grid, visit: RowVisitor): void {
    const params = plan.params.map((param) => this.#scalars(param, grid))
    if (plan.name === 'quantile_over_time') this.#warnQuantiles(plan, params[0] as Float64Array)
    const ends = windowEnds(plan.source, grid)
    const source = this.#rangeSource(plan, ends)
    visitWindows(this.#context, plan, fn, source, ends, params, grid, visit)
  }

  #warnQuantiles(plan: WindowPlan, params: Float64Array): void {
    const span = plan.params[0]?.expr ?? plan.expr
    for (const value of params) if (!(value >= 0 && value <= 1)) this.#context.annotations.invalidQuantile(value, span)
  }

  #rangeSource(plan: WindowPlan, ends: Grid): RangeSource {
    const { source } = plan
    if (source.kind === 'range') return new StoredSource(this.#context, source, ends, reachOf(this.#context, plan))
    return this.subquery(source, ends)
  }

  /** Evaluates the inner query of a subquery for windows that end at `ends`. */
  subquery(source: Extract<Plan, { kind: 'subquery' }>, ends: Grid): EvaluatedSource {
    const inner = subqueryGrid(source, ends)
    if (inner === undefined) return new EvaluatedSource(this.#context, [], ends)
    const max = this.#context.options.limits.subqueryPointsMax
    if (inner.steps > max) {
      const message = `subquery steps: want at most ${max}, got ${inner.steps}; use a longer step`
      throw limitFault(message, 'query.maxPoints', 'unprocessable')
    }
    this.#context.budget.chargeBytes(inner.steps * ROW_STEP_BYTES)
    return new EvaluatedSource(this.#context, this.#rows(source.input, inner), inner)
  }

  #aggregate(plan: AggregatePlan, grid: Grid): Row[] {
    const { op } = plan
    switch (op) {
      case 'topk':
      case 'bottomk':
      case 'limitk':
      case 'limit_ratio': {
        const params = this.#scalars(plan.param as Plan, grid)
        return aggregateRanked(this.#context, plan, op, this.#rows(plan.input, grid), params)
      }
      case 'quantile': {
        const params = this.#scalars(plan.param as Plan, grid)
        return aggregateQuantile(this.#context, plan, this.#rows(plan.input, grid), params)
      }
      case 'count_values': {
        const label = this.evaluate(plan.param as Plan, grid)
        assert(label.kind === 'string', 'count_values has a string after the check')
        const rows = this.#rows(plan.input, grid)
        return aggregateCountValues(this.#context, plan, rows, label.text, grid.steps)
      }
      default:
        return this.#fold(plan, op, grid)
    }
  }

  #fold(plan: AggregatePlan, op: FoldName, grid: Grid): Row[] {
    const folder = new GroupFolder(this.#context, plan, op, grid.steps)
    // Fast path: rows go from the decoder straight into their group.
    if (this.#visitFused(plan.input, grid, folder)) return folder.finish()
    for (const { labels, dropName, values, present, histograms } of this.#rows(plan.input, grid)) {
      folder.add(labels, dropName, values, present, histograms)
    }
    return folder.finish()
  }

  /** Folds a selector or range function row by row; false where the input needs the generic path. */
  #visitFused(input: Plan, grid: Grid, folder: GroupFolder): boolean {
    if (!this.#context.options.fusedAggregations || (input.isInvariant && grid.steps > 1)) return false
    if (input.kind !== 'select' && !(input.kind === 'window' && isFusable(input))) return false
    let series = 0
    let points = 0
    const samplesBefore = this.#context.samplesRead
    const isExplained = this.#explainer !== undefined
    const visit: RowVisitor = (labels, dropName, values, present, histograms) => {
      series++
      if (isExplained) for (const one of present) points += one
      folder.add(labels, dropName, values, present, histograms)
    }
    if (input.kind === 'select') visitSelected(this.#context, input, grid, visit)
    else this.#visitWindows(input, windowFunction(input), grid, visit)
    this.#explainer?.noteFused(input, series, points, this.#context.samplesRead - samplesBefore)
    return true
  }

  #binary(plan: BinaryPlan, grid: Grid): Value {
    const left = this.evaluate(plan.left, grid)
    const right = this.evaluate(plan.right, grid)
    if (left.kind === 'scalar' && right.kind === 'scalar') {
      return { kind: 'scalar', values: scalarBinary(plan.op, left.values, right.values) }
    }
    if (left.kind === 'vector' && right.kind === 'scalar') {
      return { kind: 'vector', rows: vectorScalarBinary(this.#context, plan, left.rows, right.values, false) }
    }
    if (left.kind === 'scalar' && right.kind === 'vector') {
      return { kind: 'vector', rows: vectorScalarBinary(this.#context, plan, right.rows, left.values, true) }
    }
    assert(left.kind === 'vector' && right.kind === 'vector', 'operands are scalars or vectors after the check')
    const { steps } = grid
    const rows = isSetOp(plan.op)
      ? setBinary(this.#context, plan.op, left.rows, right.rows, plan.matching, steps)
      : vectorBinary(this.#context, plan, left.rows, right.rows, steps)
    return { kind: 'vector', rows }
  }
}

function negative(value: number): number {
  return -value
}

function windowFunction(plan: WindowPlan): WindowFunction {
  const implementation = FUNCTIONS[plan.name]
  assert(
    implementation.kind === 'rate' || implementation.kind === 'window',
    `${plan.name} takes a window by its signature`,
  )
  return implementation
}

/** A window function whose rows are known to differ in their labels even without the metric name. */
function isFusable(plan: WindowPlan): boolean {
  if (FUNCTIONS[plan.name].kind === 'absentWindow' || plan.source.kind !== 'range') return false
  return namesOneMetric(plan.source.select)
}

function namesOneMetric(select: SelectPlan): boolean {
  return select.matchers.some((one) => one.name === '__name__' && one.op === '=' && one.value !== '')
}

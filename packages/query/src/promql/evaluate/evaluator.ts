import { assert, type SeriesSelection, unreachable } from '@vantage/model'
import { multiply } from '@vantage/model/histograms'
import type { FoldName } from '../aggregations/accumulate.ts'
import { aggregateCountValues, aggregateQuantile } from '../aggregations/collect.ts'
import { GroupFolder } from '../aggregations/fold.ts'
import { aggregateRanked, RankFilter } from '../aggregations/ranked.ts'
import { scalarBinary, vectorScalarBinary } from '../binary/scalars.ts'
import { setBinary } from '../binary/set.ts'
import { vectorBinary } from '../binary/vector.ts'
import { absentRows, markPresent } from '../functions/absent.ts'
import type { FunctionImplementation } from '../functions/function.ts'
import { FUNCTIONS } from '../functions/registry.ts'
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
import { type RowVisitor, sampleTimeRows, selectForSteps, visitSelected } from './series.ts'
import { AllTurns, type RowEncoder, type RowPart, type ShareAnswer, type Turns } from './share.ts'
import { reachOf, visitWindows, type WindowFunction } from './window-rows.ts'

/** Walks a plan for all steps of a grid at once. One per query. */
export class Evaluator {
  readonly #context: EvaluationContext
  readonly #explainer: Explainer | undefined
  /** What this thread evaluates of another's query. */
  #assigned: { readonly selection: SeriesSelection; readonly turns: Turns } | undefined

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
        return { kind: 'vector', rows: this.#selectRows(plan, grid) }
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
      this.#visitWindows(plan, undefined, present, grid, (_labels, _dropName, _values, marks) => {
        markPresent(marks, seen)
      })
      return absentRows(this.#context, seen, plan.source)
    }
    const rows = this.#collect((visit) => this.#visitWindows(plan, plan, windowFunction(plan), grid, visit))
    return this.#context.options.delayedNameRemoval ? rows : mergeRows(rows)
  }

  #selectRows(plan: SelectPlan, grid: Grid): Row[] {
    return this.#collect((visit) => this.#visitSelected(plan, plan, grid, visit))
  }

  /** The rows that this thread and others make, in the order of the selection. */
  #collect(visitAll: (visit: RowVisitor) => readonly ShareAnswer[]): Row[] {
    const rows: PlacedRow[] = []
    const answers = visitAll((labels, dropName, values, present, histograms, index) => {
      rows.push({ index, row: copyRow(this.#context, labels, dropName, values, present, histograms) })
    })
    for (const answer of answers) {
      for (const { index, ...row } of answer.rows) {
        this.#context.budget.chargeBytes(row.values.length * ROW_STEP_BYTES)
        rows.push({ index, row: { ...row, histograms: undefined } })
      }
    }
    if (answers.length > 0) rows.sort((a, b) => a.index - b.index)
    return rows.map((one) => one.row)
  }

  /** @param node the plan to share, which is the function or the aggregation over it; undefined: none may help */
  #visitWindows(
    plan: WindowPlan,
    node: Plan | undefined,
    fn: WindowFunction,
    grid: Grid,
    visit: RowVisitor,
  ): readonly ShareAnswer[] {
    const params = plan.params.map((param) => this.#scalars(param, grid))
    if (plan.name === 'quantile_over_time') this.#warnQuantiles(plan, params[0] as Float64Array)
    const ends = windowEnds(plan.source, grid)
    const source = this.#rangeSource(plan, ends)
    const isShared = source instanceof StoredSource && plan.params.every((one) => one.kind === 'number')
    const turns = isShared ? this.#turns(node, grid, source.selection) : new AllTurns(source.count)
    visitWindows(this.#context, plan, fn, source, turns, ends, params, grid, visit)
    return this.#absorb(turns)
  }

  #visitSelected(plan: SelectPlan, node: Plan, grid: Grid, visit: RowVisitor): readonly ShareAnswer[] {
    const selection = this.#assigned?.selection ?? selectForSteps(this.#context, plan, grid)
    const turns = this.#turns(node, grid, selection)
    visitSelected(this.#context, plan, grid, selection, turns, visit)
    return this.#absorb(turns)
  }

  #turns(node: Plan | undefined, grid: Grid, selection: SeriesSelection): Turns {
    if (this.#assigned !== undefined) return this.#assigned.turns
    const shared = node === undefined ? undefined : this.#context.sharing?.turns(this.#context, node, grid, selection)
    return shared ?? new AllTurns(selection.count)
  }

  #absorb({ answers }: Turns): readonly ShareAnswer[] {
    for (const { samples, warnings, infos } of answers) {
      this.#context.samplesRead += samples
      this.#context.budget.chargeSamples(samples)
      this.#context.annotations.absorb(warnings, infos)
    }
    return answers
  }

  /**
   * Evaluates one node for the series that this thread was given of another's query.
   * @param encode where the rows are those of the answer
   */
  evaluateShare(
    node: Plan,
    grid: Grid,
    selection: SeriesSelection,
    turns: Turns,
    encode: RowEncoder | undefined,
  ): SharedWork {
    this.#assigned = { selection, turns }
    const rows: RowPart[] = []
    const visit: RowVisitor = (labels, dropName, values, present, _histograms, index) => {
      const row = copyRow(this.#context, labels, dropName, values, present, undefined)
      const encoded = node.kind === 'aggregate' ? undefined : encode?.(row, grid)
      this.#context.budget.chargeBytes(encoded?.length ?? 0)
      rows.push({ index, labels, dropName, values: row.values, present: row.present, encoded })
    }
    if (node.kind === 'aggregate') {
      const input = node.input as FusedInput
      const filter = RankFilter.of(this.#context, node, grid.steps)
      if (filter === undefined) {
        const folder = new GroupFolder(this.#context, node, node.op as FoldName, grid.steps)
        this.#foldFused(node, input, grid, folder)
        return { groups: folder.parts(), rows }
      }
      this.#visitFused(node, input, grid, wantedOnly(filter, visit))
    } else if (node.kind === 'select') this.#visitSelected(node, node, grid, visit)
    else if (node.kind === 'window') this.#visitWindows(node, node, windowFunction(node), grid, visit)
    else throw new Error(`BUG: no ${node.kind} is shared`)
    return { groups: [], rows }
  }

  #warnQuantiles(plan: WindowPlan, params: Float64Array): void {
    const span = plan.params[0]?.expr ?? plan.expr
    for (const value of params) if (!(value >= 0 && value <= 1)) this.#context.annotations.invalidQuantile(value, span)
  }

  #rangeSource(plan: WindowPlan, ends: Grid): RangeSource {
    const { source } = plan
    if (source.kind === 'range') {
      const reach = reachOf(this.#context, plan)
      const looksAtEnds = source.select.extended === undefined && looksAtWindowEnds(FUNCTIONS[plan.name])
      return new StoredSource(this.#context, source, ends, reach, looksAtEnds, this.#assigned?.selection)
    }
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
        return aggregateRanked(this.#context, plan, op, this.#rankedRows(plan, grid), params)
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

  /** The rows to choose from; fast path: those that cannot be chosen are not even copied. */
  #rankedRows(plan: AggregatePlan, grid: Grid): Row[] {
    const { input } = plan
    const filter = this.#fuses(input, grid) ? RankFilter.of(this.#context, plan, grid.steps) : undefined
    if (filter === undefined) return this.#rows(input, grid)
    return this.#collect((visit) => this.#visitFused(plan, input as FusedInput, grid, wantedOnly(filter, visit)))
  }

  #fold(plan: AggregatePlan, op: FoldName, grid: Grid): Row[] {
    const folder = new GroupFolder(this.#context, plan, op, grid.steps)
    const { input } = plan
    if (this.#fuses(input, grid)) {
      this.#foldFused(plan, input, grid, folder)
      return folder.finish()
    }
    for (const { labels, dropName, values, present, histograms } of this.#rows(input, grid)) {
      folder.add(labels, dropName, values, present, histograms)
    }
    return folder.finish()
  }

  /** Fast path: rows go from the decoder straight into their group. */
  #foldFused(plan: AggregatePlan, input: FusedInput, grid: Grid, folder: GroupFolder): void {
    const answers = this.#visitFused(plan, input, grid, (labels, dropName, values, present, histograms) =>
      folder.add(labels, dropName, values, present, histograms),
    )
    for (const answer of answers) for (const part of answer.groups) folder.merge(part)
  }

  /** True for a selector or range function that an aggregation may take series by series. */
  #fuses(input: Plan, grid: Grid): input is FusedInput {
    if (!this.#context.options.fusedAggregations || (input.isInvariant && grid.steps > 1)) return false
    return input.kind === 'select' || (input.kind === 'window' && isFusable(input))
  }

  /** @param plan the aggregation, which others may help with */
  #visitFused(plan: AggregatePlan, input: FusedInput, grid: Grid, visit: RowVisitor): readonly ShareAnswer[] {
    let series = 0
    let points = 0
    const samplesBefore = this.#context.samplesRead
    const isExplained = this.#explainer !== undefined
    const counted: RowVisitor = (labels, dropName, values, present, histograms, index) => {
      series++
      if (isExplained) for (const one of present) points += one
      visit(labels, dropName, values, present, histograms, index)
    }
    const answers =
      input.kind === 'select'
        ? this.#visitSelected(input, plan, grid, counted)
        : this.#visitWindows(input, plan, windowFunction(input), grid, counted)
    this.#explainer?.noteFused(input, series, points, this.#context.samplesRead - samplesBefore)
    return answers
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

/** What one thread made of its share. */
export type SharedWork = Pick<ShareAnswer, 'groups' | 'rows'>

interface PlacedRow {
  readonly index: number
  readonly row: Row
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

/** True for functions that of a window take the first sample, the last, how many there are, and where values fall. */
function looksAtWindowEnds(fn: FunctionImplementation): boolean {
  return fn.kind === 'rate' && fn.isCounter
}

/** What an aggregation may take series by series. */
type FusedInput = SelectPlan | WindowPlan

function wantedOnly(filter: RankFilter, visit: RowVisitor): RowVisitor {
  return (labels, dropName, values, present, histograms, index) => {
    if (filter.wants(labels, values, present, histograms)) visit(labels, dropName, values, present, histograms, index)
  }
}

/** A window function whose rows are known to differ in their labels even without the metric name. */
function isFusable(plan: WindowPlan): boolean {
  if (FUNCTIONS[plan.name].kind === 'absentWindow' || plan.source.kind !== 'range') return false
  return namesOneMetric(plan.source.select)
}

function namesOneMetric(select: SelectPlan): boolean {
  return select.matchers.some((one) => one.name === '__name__' && one.op === '=' && one.value !== '')
}

import { assert } from '@vantage/model'
import type {
  AggregateExpr,
  At,
  BinaryExpr,
  CallExpr,
  Duration,
  Expr,
  Matching,
  VectorSelector,
} from '../language/ast.ts'
import { typeOf } from '../language/types.ts'
import type { EngineOptions } from '../options.ts'
import { durationMs } from './durations.ts'
import { type Plan, planChildren, type SelectPlan, type TimeShift, type WindowSource } from './plan.ts'

/** The evaluation that a tree is bound to; an instant query has `startMs === endMs` and `stepMs` 0. */
export interface QueryRange {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** These look at the time of the step even where their argument does not. */
const TIME_BOUND_FUNCTIONS: ReadonlySet<string> = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
])

/**
 * Resolves a checked tree for one query range.
 * @throws FaultError for durations that come out wrong
 */
export function bind(expr: Expr, range: QueryRange, options: EngineOptions): Plan {
  return new Binder(range, options).bind(expr)
}

/** Functions that look at the totals of native histograms, and those that need the buckets as well. */
const TOTALS_FUNCTIONS: ReadonlySet<string> = new Set(['histogram_avg', 'histogram_count', 'histogram_sum'])
const BUCKETS_FUNCTIONS: ReadonlySet<string> = new Set([
  'histogram_fraction',
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_stddev',
  'histogram_stdvar',
])

const DEFAULT_MATCHING: Matching = {
  card: 'one-to-one',
  isOn: false,
  labels: [],
  include: [],
  fillLeft: undefined,
  fillRight: undefined,
}

class Binder {
  readonly #range: QueryRange
  readonly #options: EngineOptions
  /** The innermost function around decides; operators and subqueries begin anew. */
  #wantsTotals = false

  constructor(range: QueryRange, options: EngineOptions) {
    this.#range = range
    this.#options = options
  }

  bind(expr: Expr): Plan {
    switch (expr.kind) {
      case 'numberLiteral':
        return { kind: 'number', value: expr.value, expr, isInvariant: true }
      case 'stringLiteral':
        return { kind: 'string', text: expr.text, expr, isInvariant: true }
      case 'paren':
        return { ...this.bind(expr.expr), expr }
      case 'unary': {
        const input = this.bind(expr.expr)
        if (expr.op === '+') return { ...input, expr }
        return { kind: 'negate', input, expr, isInvariant: input.isInvariant }
      }
      case 'vectorSelector':
        return this.#select(expr)
      case 'matrixSelector': {
        const select = this.#select(expr.selector)
        const rangeMs = this.#durationMs(expr.range, false)
        return { kind: 'range', select, rangeMs, expr, isInvariant: select.isInvariant }
      }
      case 'subquery': {
        const input = this.#within(false, () => this.bind(expr.expr))
        const rangeMs = this.#durationMs(expr.range, false)
        const stepMs = expr.step === undefined ? this.#options.subqueryStepMs : this.#durationMs(expr.step, false)
        const shift = this.#shift(expr.offset, expr.at)
        return { kind: 'subquery', input, rangeMs, stepMs, shift, expr, isInvariant: shift.atMs !== undefined }
      }
      case 'binary':
        return this.#binary(expr)
      case 'aggregate':
        return this.#aggregate(expr)
      case 'call':
        return this.#call(expr)
    }
  }

  #durationMs(duration: Duration, mayBeNegative: boolean): number {
    const { startMs, endMs, stepMs } = this.#range
    return durationMs(duration, { stepMs, rangeMs: endMs - startMs }, mayBeNegative)
  }

  #shift(offset: Duration | undefined, at: At | undefined): TimeShift {
    const offsetMs = offset === undefined ? 0 : this.#durationMs(offset, true)
    switch (at?.kind) {
      case undefined:
        return { offsetMs, atMs: undefined }
      case 'time':
        return { offsetMs, atMs: at.timeMs }
      case 'start':
        return { offsetMs, atMs: this.#range.startMs }
      case 'end':
        return { offsetMs, atMs: this.#range.endMs }
    }
  }

  #select(expr: VectorSelector): SelectPlan {
    const shift = this.#shift(expr.offset, expr.at)
    const { matchers, extended } = expr
    const detectsResets = this.#wantsTotals
    return { kind: 'select', matchers, shift, extended, detectsResets, expr, isInvariant: shift.atMs !== undefined }
  }

  #binary(expr: BinaryExpr): Plan {
    const left = this.#within(false, () => this.bind(expr.left))
    const right = this.#within(false, () => this.bind(expr.right))
    return {
      kind: 'binary',
      op: expr.op,
      left,
      right,
      leftIsVector: typeOf(expr.left) === 'vector',
      rightIsVector: typeOf(expr.right) === 'vector',
      returnsBool: expr.returnsBool,
      matching: expr.matching ?? DEFAULT_MATCHING,
      expr,
      isInvariant: left.isInvariant && right.isInvariant,
    }
  }

  #aggregate(expr: AggregateExpr): Plan {
    const input = this.bind(expr.expr)
    const param = expr.param === undefined ? undefined : this.bind(expr.param)
    const isInvariant = input.isInvariant && (param?.isInvariant ?? true)
    const { op, grouping, isWithout } = expr
    return { kind: 'aggregate', op, input, param, grouping, isWithout, expr, isInvariant }
  }

  #call(expr: CallExpr): Plan {
    const { name } = expr
    if (name === 'info') return this.#info(expr)
    const wantsTotals = TOTALS_FUNCTIONS.has(name) || (this.#wantsTotals && !BUCKETS_FUNCTIONS.has(name))
    const args = this.#within(wantsTotals, () => expr.args.map((arg) => this.bind(arg)))
    const first = args[0]
    if (name === 'timestamp' && first?.kind === 'select') {
      return { kind: 'sampleTime', select: first, expr, isInvariant: first.isInvariant }
    }
    const isInvariant = !TIME_BOUND_FUNCTIONS.has(name) && args.every((arg) => arg.isInvariant)
    const source = args.find((arg): arg is WindowSource => arg.kind === 'range' || arg.kind === 'subquery')
    if (source === undefined) return { kind: 'call', name, args, expr, isInvariant }
    return { kind: 'window', name, source, params: args.filter((arg) => arg !== source), expr, isInvariant }
  }

  #within<T>(wantsTotals: boolean, bind: () => T): T {
    const before = this.#wantsTotals
    this.#wantsTotals = wantsTotals
    const bound = bind()
    this.#wantsTotals = before
    return bound
  }

  #info(expr: CallExpr): Plan {
    const [vector, filter] = expr.args
    assert(vector !== undefined, 'info() has a first argument after the check')
    const input = this.bind(vector)
    const matchers = filter?.kind === 'vectorSelector' ? filter.matchers : []
    const shift = firstShift(input) ?? { offsetMs: 0, atMs: undefined }
    return { kind: 'info', input, matchers, shift, expr, isInvariant: input.isInvariant }
  }
}

function firstShift(plan: Plan): TimeShift | undefined {
  if (plan.kind === 'select') return plan.shift
  for (const child of planChildren(plan)) {
    const shift = firstShift(child)
    if (shift !== undefined) return shift
  }
  return undefined
}

import type { Matcher } from '@vantage/model'
import type { AggregateName } from '../language/aggregates.ts'
import type { Expr, Extended, Matching } from '../language/ast.ts'
import type { BinaryOp } from '../language/operators.ts'
import type { FunctionName } from '../language/signatures.ts'

/**
 * What will be evaluated: the tree with durations and `@` resolved to milliseconds, parentheses and plus signs gone.
 * Every node keeps its expression, for warnings and explanations.
 */
interface PlanNode {
  readonly expr: Expr
  /** The answer is the same at every step, so one step is evaluated and repeated. */
  readonly isInvariant: boolean
}

/** Which moment a step looks at: `(atMs ?? step time) - offsetMs`. */
export interface TimeShift {
  readonly offsetMs: number
  readonly atMs: number | undefined
}

export interface NumberPlan extends PlanNode {
  readonly kind: 'number'
  readonly value: number
}

export interface StringPlan extends PlanNode {
  readonly kind: 'string'
  readonly text: string
}

/** The newest sample within the lookback of each step. */
export interface SelectPlan extends PlanNode {
  readonly kind: 'select'
  readonly matchers: readonly Matcher[]
  readonly shift: TimeShift
  readonly extended: Extended | undefined
  /** Only totals of histograms are wanted, so what each says about resets is found out while reading. */
  readonly detectsResets: boolean
}

/** All samples of a window before each step, straight from the store. */
export interface RangePlan extends PlanNode {
  readonly kind: 'range'
  readonly select: SelectPlan
  readonly rangeMs: number
}

/** All results of an inner query in a window before each step. */
export interface SubqueryPlan extends PlanNode {
  readonly kind: 'subquery'
  readonly input: Plan
  readonly rangeMs: number
  readonly stepMs: number
  readonly shift: TimeShift
}

export type WindowSource = RangePlan | SubqueryPlan

/** A function of one window per series and step. */
export interface WindowPlan extends PlanNode {
  readonly kind: 'window'
  readonly name: FunctionName
  readonly source: WindowSource
  /** The other arguments, all scalars, in their order. */
  readonly params: readonly Plan[]
}

/** A function of instant vectors, scalars and strings. */
export interface CallPlan extends PlanNode {
  readonly kind: 'call'
  readonly name: FunctionName
  readonly args: readonly Plan[]
}

/** `timestamp(selector)`: the times of the samples themselves. */
export interface SampleTimePlan extends PlanNode {
  readonly kind: 'sampleTime'
  readonly select: SelectPlan
}

/** `info(vector, {…})`: labels of info metrics joined in. */
export interface InfoPlan extends PlanNode {
  readonly kind: 'info'
  readonly input: Plan
  readonly matchers: readonly Matcher[]
  /** The moment at which info series are looked up: that of the first selector inside. */
  readonly shift: TimeShift
}

export interface NegatePlan extends PlanNode {
  readonly kind: 'negate'
  readonly input: Plan
}

export interface AggregatePlan extends PlanNode {
  readonly kind: 'aggregate'
  readonly op: AggregateName
  readonly input: Plan
  readonly param: Plan | undefined
  readonly grouping: readonly string[]
  readonly isWithout: boolean
}

export interface BinaryPlan extends PlanNode {
  readonly kind: 'binary'
  readonly op: BinaryOp
  readonly left: Plan
  readonly right: Plan
  readonly leftIsVector: boolean
  readonly rightIsVector: boolean
  readonly returnsBool: boolean
  readonly matching: Matching
}

export type Plan =
  | NumberPlan
  | StringPlan
  | SelectPlan
  | RangePlan
  | SubqueryPlan
  | WindowPlan
  | CallPlan
  | SampleTimePlan
  | InfoPlan
  | NegatePlan
  | AggregatePlan
  | BinaryPlan

export function planChildren(plan: Plan): readonly Plan[] {
  switch (plan.kind) {
    case 'number':
    case 'string':
    case 'select':
      return []
    case 'range':
    case 'sampleTime':
      return [plan.select]
    case 'subquery':
    case 'negate':
    case 'info':
      return [plan.input]
    case 'window':
      return [plan.source, ...plan.params]
    case 'call':
      return plan.args
    case 'aggregate':
      return plan.param === undefined ? [plan.input] : [plan.param, plan.input]
    case 'binary':
      return [plan.left, plan.right]
  }
}

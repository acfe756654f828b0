import { assert } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import type { Grid } from '../evaluate/grid.ts'
import type { Row, Value } from '../evaluate/rows.ts'
import type { Summary } from '../evaluate/running-sums.ts'
import type { CallPlan } from '../plan/plan.ts'

/**
 * One window of samples. Kernels look at [from, to) of the columns, at least one sample; the arrays are borrowed
 * and one object serves all windows of an evaluation.
 */
export interface SampleWindow {
  times: Float64Array
  values: Float64Array
  /** The time of the step. */
  evalMs: number
  /** The window's ends as seen by the data, `offset` and `@` applied; (startMs, endMs]. */
  startMs: number
  endMs: number
  rangeMs: number
  /** The scalar arguments at this step, in their order. */
  param0: number
  param1: number
  /** A kernel sets it where the window has no result; the caller clears it. */
  isEmpty: boolean
}

export type WindowKernel = (window: SampleWindow, from: number, to: number) => number

/** A call whose arguments are evaluated. */
export interface FunctionCall {
  readonly context: EvaluationContext
  readonly grid: Grid
  readonly plan: CallPlan
  readonly args: readonly Value[]
}

/** How a function works; one entry per function in `registry.ts`. */
export type FunctionImplementation =
  /** Value by value; drops the metric name. */
  | { readonly kind: 'math'; readonly apply: (value: number) => number }
  /** A field of a UTC date in seconds; without argument of the step's time. */
  | { readonly kind: 'date'; readonly field: (seconds: number) => number }
  /** Increase over a window with extrapolation; has a row kernel of its own. */
  | { readonly kind: 'rate'; readonly isCounter: boolean; readonly isPerSecond: boolean }
  | {
      readonly kind: 'window'
      readonly kernel: WindowKernel
      readonly keepsName: boolean
      /** Set where running sums of the series say the same. */
      readonly summary?: Summary
    }
  /** 1 where no series has a sample in the window. */
  | { readonly kind: 'absentWindow' }
  | { readonly kind: 'vector'; readonly evaluate: (call: FunctionCall) => Value }
  /** Planned as a node of its own and never called by name. */
  | { readonly kind: 'planned' }

export function rowsOf(call: FunctionCall, index: number): Row[] {
  const value = call.args[index]
  assert(value?.kind === 'vector', `argument ${index} of ${call.plan.name} is a vector after the check`)
  return value.rows
}

export function scalarOf(call: FunctionCall, index: number): Float64Array {
  const value = call.args[index]
  assert(value?.kind === 'scalar', `argument ${index} of ${call.plan.name} is a scalar after the check`)
  return value.values
}

export function textOf(call: FunctionCall, index: number): string {
  const value = call.args[index]
  assert(value?.kind === 'string', `argument ${index} of ${call.plan.name} is a string after the check`)
  return value.text
}

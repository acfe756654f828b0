import { assert } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { dropNames, type Row, withoutEmpty } from '../evaluate/rows.ts'
import { type BinaryOp, type ComparisonOp, isComparisonOp, isSetOp } from '../language/operators.ts'
import type { BinaryPlan } from '../plan/plan.ts'
import { arithmeticColumns, compare } from './operators.ts'

/** Two scalars; comparisons give 0 or 1. The left column is reused. */
export function scalarBinary(op: BinaryOp, left: Float64Array, right: Float64Array): Float64Array {
  assert(!isSetOp(op) && op !== '</' && op !== '>/', `${op} never stands between scalars after the check`)
  if (!isComparisonOp(op)) {
    arithmeticColumns(op, left, right, left)
    return left
  }
  for (let i = 0; i < left.length; i++) left[i] = compare(op, left[i] as number, right[i] as number) ? 1 : 0
  return left
}

/**
 * A vector and a scalar of the same step, in either order; rows are changed in place.
 * Comparisons filter and keep the vector's value, or give 0 and 1 with `bool`.
 */
export function vectorScalarBinary(
  context: EvaluationContext,
  plan: BinaryPlan,
  rows: Row[],
  scalar: Float64Array,
  isScalarLeft: boolean,
): Row[] {
  const { op } = plan
  assert(!isSetOp(op), `${op} never meets a scalar after the check`)
  if (op === '</' || op === '>/') {
    if (rows.length > 0) context.annotations.incompatibleTypes('float', op, 'float', plan.expr)
    return []
  }
  if (!isComparisonOp(op)) {
    for (const { values } of rows) {
      context.tick(values.length)
      if (isScalarLeft) arithmeticColumns(op, scalar, values, values)
      else arithmeticColumns(op, values, scalar, values)
    }
    return dropNames(context, rows)
  }
  for (const row of rows) {
    context.tick(row.values.length)
    compareRow(op, row, scalar, isScalarLeft, plan.returnsBool)
  }
  return plan.returnsBool ? dropNames(context, rows) : withoutEmpty(rows)
}

function compareRow(
  op: ComparisonOp,
  row: Row,
  scalar: Float64Array,
  isScalarLeft: boolean,
  returnsBool: boolean,
): void {
  const { values, present } = row
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    const other = scalar[i] as number
    const holds = isScalarLeft ? compare(op, other, value) : compare(op, value, other)
    if (returnsBool) values[i] = holds ? 1 : 0
    else if (!holds) present[i] = 0
  }
}

import { assert } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { dropNames, type Row, setHistogram, withoutEmpty } from '../evaluate/rows.ts'
import { type BinaryOp, type ComparisonOp, isComparisonOp, isSetOp, isTrimOp } from '../language/operators.ts'
import type { BinaryPlan } from '../plan/plan.ts'
import { BinaryElement } from './element.ts'
import { arithmeticColumns, compare } from './operators.ts'

/** Two scalars; comparisons give 0 or 1. The left column is reused. */
export function scalarBinary(op: BinaryOp, left: Float64Array, right: Float64Array): Float64Array {
  assert(!isSetOp(op) && !isTrimOp(op), `${op} never stands between scalars after the check`)
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
  let element: BinaryElement | undefined
  for (const row of rows) {
    context.tick(row.values.length)
    if (row.histograms !== undefined || isTrimOp(op)) {
      element ??= new BinaryElement(context, plan)
      mixedRow(context, element, row, scalar, isScalarLeft, plan.returnsBool)
    } else if (isComparisonOp(op)) {
      compareRow(op, row, scalar, isScalarLeft, plan.returnsBool)
    } else if (isScalarLeft) {
      arithmeticColumns(op, scalar, row.values, row.values)
    } else {
      arithmeticColumns(op, row.values, scalar, row.values)
    }
  }
  const isFilter = isComparisonOp(op) && !plan.returnsBool
  const results = isFilter || element !== undefined ? withoutEmpty(rows) : rows
  return isFilter || isTrimOp(op) ? results : dropNames(context, results)
}

/** Sample by sample, for rows that have histograms. Comparisons leave the vector's sample. */
function mixedRow(
  context: EvaluationContext,
  element: BinaryElement,
  row: Row,
  scalar: Float64Array,
  isScalarLeft: boolean,
  returnsBool: boolean,
): void {
  const { values, present, histograms } = row
  for (let i = 0; i < values.length; i++) {
    if (present[i] === 0) continue
    const value = values[i] as number
    const histogram = histograms?.[i]
    const other = scalar[i] as number
    const hasResult = isScalarLeft
      ? element.apply(other, undefined, value, histogram)
      : element.apply(value, histogram, other, undefined)
    present[i] = hasResult && (element.holds || returnsBool) ? 1 : 0
    if (present[i] === 0) continue
    if (element.histogram !== undefined) {
      setHistogram(context, row, i, element.histogram)
      continue
    }
    if (histograms !== undefined) histograms[i] = undefined
    if (returnsBool) values[i] = Number(element.holds)
    else if (!element.isComparison) values[i] = element.value
  }
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

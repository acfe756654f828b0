import { err, type Fault, ok, type Result, unreachable } from '@vantage/model'
import type { TraceqlLimits } from '../limits.ts'
import { compileRegex } from '../regex.ts'
import { TraceqlRefusal } from './fault.ts'
import { printField, printScalar, printStage } from './print.ts'
import type {
  Field,
  FieldExpression,
  Metrics,
  MetricsAggregate,
  Query,
  Scalar,
  SecondStage,
  Spanset,
  Stage,
} from './syntax.ts'
import { isNumericType, takesType, typeOf, typeOfScalar, typesMatch } from './types.ts'

/**
 * Checks the types of a parsed query.
 * @returns the query, or a fault with the reason `validation`, or `unsupported` for what the language has and this
 *   product does not
 */
export function checkQuery(query: Query, limits: TraceqlLimits): Result<Query, Fault> {
  try {
    if (query.kind === 'search') checkStages(query.pipeline.stages, limits)
    else checkMetrics(query.metrics, limits, false)
    return ok(query)
  } catch (error) {
    if (error instanceof TraceqlRefusal) return err(error.toFault())
    throw error
  }
}

function refuse(message: string): TraceqlRefusal {
  return new TraceqlRefusal('validation', message)
}

function checkStages(stages: readonly Stage[], limits: TraceqlLimits): void {
  for (const stage of stages) checkStage(stage, limits)
}

function checkStage(stage: Stage, limits: TraceqlLimits): void {
  switch (stage.kind) {
    case 'filter':
    case 'relation':
    case 'pipeline':
      checkSpanset(stage, limits)
      return
    case 'scalar-filter': {
      checkScalar(stage.left, limits)
      checkScalar(stage.right, limits)
      const [left, right] = [typeOfScalar(stage.left), typeOfScalar(stage.right)]
      const text = (): string => printStage(stage)
      if (!typesMatch(left, right)) throw refuse(`want operands of one type: ${text()}`)
      if (!takesType(stage.op, left) || !takesType(stage.op, right)) throw refuse(`want other types: ${text()}`)
      return
    }
    case 'group':
      checkField(stage.by, limits)
      if (!referencesSpan(stage.by)) throw refuse(`want a field of the span: ${printStage(stage)}`)
      return
    case 'select':
      for (const field of stage.fields) checkField(field, limits)
      return
    case 'coalesce':
      return
    default:
      unreachable(stage)
  }
}

function checkSpanset(spanset: Spanset, limits: TraceqlLimits): void {
  switch (spanset.kind) {
    case 'pipeline':
      checkStages(spanset.stages, limits)
      return
    case 'relation':
      checkSpanset(spanset.left, limits)
      checkSpanset(spanset.right, limits)
      return
    case 'filter':
      checkCondition(spanset.condition, limits)
      return
    default:
      unreachable(spanset)
  }
}

function checkCondition(condition: FieldExpression, limits: TraceqlLimits): void {
  checkField(condition, limits)
  const type = typeOf(condition)
  if (type !== 'dynamic' && type !== 'bool') throw refuse(`want a condition, got ${type}: { ${printField(condition)} }`)
}

function checkScalar(scalar: Scalar, limits: TraceqlLimits): void {
  switch (scalar.kind) {
    case 'static':
      return
    case 'scalar-pipeline':
      checkStages(scalar.stages, limits)
      checkScalar(scalar.aggregate, limits)
      return
    case 'scalar-math': {
      checkScalar(scalar.left, limits)
      checkScalar(scalar.right, limits)
      const [left, right] = [typeOfScalar(scalar.left), typeOfScalar(scalar.right)]
      if (!typesMatch(left, right) || !takesType(scalar.op, left) || !takesType(scalar.op, right)) {
        throw refuse(`want numbers: ${printScalar(scalar)}`)
      }
      return
    }
    case 'aggregate': {
      if (scalar.of === undefined) return
      checkField(scalar.of, limits)
      const type = typeOf(scalar.of)
      if (type !== 'dynamic' && !isNumericType(type)) throw refuse(`want a number, got ${type}: ${printScalar(scalar)}`)
      if (!referencesSpan(scalar.of)) throw refuse(`want a field of the span: ${printScalar(scalar)}`)
      return
    }
    default:
      unreachable(scalar)
  }
}

function referencesSpan(expression: FieldExpression): boolean {
  switch (expression.kind) {
    case 'static':
      return false
    case 'attribute':
    case 'intrinsic':
      return true
    case 'unary':
    case 'exists':
      return referencesSpan(expression.operand)
    case 'binary':
      return referencesSpan(expression.left) || referencesSpan(expression.right)
    default:
      return unreachable(expression)
  }
}

function checkField(expression: FieldExpression, limits: TraceqlLimits): void {
  switch (expression.kind) {
    case 'static':
    case 'attribute':
      return
    case 'intrinsic':
      if (expression.name === 'parent')
        throw new TraceqlRefusal('unsupported', 'want a field of the parent, got parent')
      return
    case 'exists':
      checkField(expression.operand, limits)
      checkExists(expression)
      return
    case 'unary': {
      checkField(expression.operand, limits)
      const type = typeOf(expression.operand)
      const isTaken = type === 'dynamic' || (expression.op === '-' ? isNumericType(type) : type === 'bool')
      if (!isTaken) throw refuse(`${expression.op} does not go with ${type}: ${printField(expression)}`)
      return
    }
    case 'binary':
      checkBinary(expression, limits)
      return
    default:
      unreachable(expression)
  }
}

/** What every span has cannot be nil. */
function checkExists({ isWanted, operand }: Extract<FieldExpression, { kind: 'exists' }>): void {
  if (isWanted) return
  const isService =
    operand.kind === 'attribute' && operand.scope === 'resource' && !operand.isParent && operand.name === 'service.name'
  if (operand.kind === 'intrinsic' || isService) throw refuse(`${printField(operand)} is never nil`)
}

function checkBinary(expression: Extract<FieldExpression, { kind: 'binary' }>, limits: TraceqlLimits): void {
  const { op, left, right } = expression
  checkField(left, limits)
  checkField(right, limits)
  const [leftType, rightType] = [typeOf(left), typeOf(right)]
  if (!typesMatch(leftType, rightType)) {
    throw refuse(`want operands of one type, got ${leftType} and ${rightType}: ${printField(expression)}`)
  }
  if (!takesType(op, leftType) || !takesType(op, rightType)) {
    throw refuse(`${op} does not go with ${takesType(op, leftType) ? rightType : leftType}: ${printField(expression)}`)
  }
  if (op !== '=~' && op !== '!~') return
  if (right.kind !== 'static' || right.value.kind !== 'string') {
    throw refuse(`want a regular expression behind ${op}: ${printField(expression)}`)
  }
  const regex = compileRegex(right.value.value, limits.regexCharsMax)
  if (!regex.ok) throw refuse(regex.error.message)
}

function checkMetrics(metrics: Metrics, limits: TraceqlLimits, isOperand: boolean): void {
  switch (metrics.kind) {
    case 'series':
      checkStages(metrics.stages, limits)
      checkAggregate(metrics.aggregate, limits)
      checkSecond(metrics.second)
      if (metrics.aggregate.kind === 'compare' && (isOperand || metrics.second.length > 0)) {
        throw refuse('compare() goes with no second stage and no arithmetic')
      }
      return
    case 'math':
      checkMetrics(metrics.left, limits, true)
      checkMetrics(metrics.right, limits, true)
      return
    case 'number-math':
      checkMetrics(metrics.input, limits, true)
      return
    case 'staged':
      checkMetrics(metrics.input, limits, true)
      checkSecond(metrics.second)
      return
    default:
      unreachable(metrics)
  }
}

function checkSecond(stages: readonly SecondStage[]): void {
  for (const stage of stages) {
    if (stage.kind === 'top' && stage.count <= 0) throw refuse(`${stage.op}: want at least 1, got ${stage.count}`)
  }
}

function checkAggregate(aggregate: MetricsAggregate, limits: TraceqlLimits): void {
  if (aggregate.kind === 'compare') {
    checkCondition(aggregate.selection, limits)
    if (aggregate.top <= 0) throw refuse(`compare(): want at least 1 value, got ${aggregate.top}`)
    const { range } = aggregate
    if (range !== undefined && range.startNs >= range.endNs) throw refuse('compare(): want a start before the end')
    return
  }
  checkBy(aggregate.by, limits)
  if (aggregate.kind === 'count') return
  checkField(aggregate.of, limits)
  const type = typeOf(aggregate.of)
  if (type !== 'dynamic' && !isNumericType(type)) {
    throw refuse(`${aggregate.op}: want a number, got ${type}: ${printField(aggregate.of)}`)
  }
  for (const quantile of aggregate.quantiles) {
    if (!(quantile >= 0 && quantile <= 1)) throw refuse(`${aggregate.op}: want quantiles from 0 to 1, got ${quantile}`)
  }
}

function checkBy(by: readonly Field[], limits: TraceqlLimits): void {
  if (by.length > limits.groupBysMax) {
    throw refuse(`by(): want at most ${limits.groupBysMax} fields (query.maxGroupBys), got ${by.length}`)
  }
  for (const field of by) checkField(field, limits)
}

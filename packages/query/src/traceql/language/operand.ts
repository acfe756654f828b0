import { arithmetic } from '../operators.ts'
import type { Value } from '../value.ts'
import { syntaxRefusal } from './fault.ts'
import {
  type ArithmeticOp,
  type ComparisonOp,
  type MathOp,
  type Metrics,
  type Scalar,
  SPANSET_OPS,
  type Spanset,
  type SpansetOp,
  type Stage,
} from './syntax.ts'
import { isArithmetic, isComparison } from './types.ts'

type NumberValue = Extract<Value, { kind: 'int' | 'double' | 'duration' }>

/** What a parsed piece of a query can still become, by what it is. */
export type Operand =
  /** `isPlain`: of filters only, so that it may stand between bars; `isWrapped`: in parentheses. */
  | { readonly is: 'spanset'; readonly spanset: Spanset; readonly isPlain: boolean; readonly isWrapped: boolean }
  /** `isRootOnly`: a comparison of whole pipelines. */
  | { readonly is: 'stage'; readonly stage: Stage; readonly isRootOnly: boolean }
  | { readonly is: 'scalar'; readonly scalar: Scalar }
  | { readonly is: 'scalar-pipeline'; readonly scalar: Scalar }
  | { readonly is: 'number'; readonly value: NumberValue; readonly hasDuration: boolean; readonly isLiteral: boolean }
  | { readonly is: 'static'; readonly value: Value }
  | { readonly is: 'metrics'; readonly metrics: Metrics }

/** Binding strength of the operators outside braces; all lean left but `^`. */
export const OPERATOR_STRENGTHS: ReadonlyMap<string, number> = new Map([
  ...SPANSET_OPS.map((op): [string, number] => [op, 2]),
  ['&&', 1],
  ['||', 1],
  ['=', 2],
  ['!=', 2],
  ['<=', 2],
  ['>=', 2],
  ['+', 3],
  ['-', 3],
  ['*', 5],
  ['/', 5],
  ['%', 5],
  ['^', 6],
])

/** Joins two operands. @throws TraceqlRefusal where they do not go together */
export function combine(op: string, left: Operand, right: Operand, offset: number): Operand {
  if (left.is === 'spanset' && right.is === 'spanset') return relation(op, left, right, offset)
  if (isComparison(op)) return comparison(op, left, right, offset)
  if (isArithmetic(op as ArithmeticOp)) return math(op as ArithmeticOp, left, right, offset)
  throw syntaxRefusal(offset, `unexpected ${JSON.stringify(op)}`)
}

type SpansetOperand = Extract<Operand, { is: 'spanset' }>

/** Pipelines go with pipelines and with filters in parentheses. */
function relation(op: string, left: SpansetOperand, right: SpansetOperand, offset: number): Operand {
  const isPlain = left.isPlain && right.isPlain
  const isPipeline = isOperandOfPipelines(left) && isOperandOfPipelines(right)
  if (!(SPANSET_OPS as readonly string[]).includes(op) || (!isPlain && !isPipeline)) {
    throw syntaxRefusal(offset, `unexpected ${JSON.stringify(op)} between spansets`)
  }
  const spanset: Spanset = { kind: 'relation', op: op as SpansetOp, left: left.spanset, right: right.spanset }
  return { is: 'spanset', spanset, isPlain, isWrapped: false }
}

function isOperandOfPipelines({ spanset, isPlain, isWrapped }: SpansetOperand): boolean {
  return isWrapped || (!isPlain && spanset.kind === 'relation')
}

function comparison(op: ComparisonOp, left: Operand, right: Operand, offset: number): Operand {
  if (left.is === 'scalar-pipeline') {
    if (right.is !== 'scalar-pipeline' && right.is !== 'static') {
      throw syntaxRefusal(offset, `unexpected ${JSON.stringify(op)} behind a pipeline`)
    }
    const other: Scalar = right.is === 'static' ? { kind: 'static', value: right.value } : right.scalar
    return { is: 'stage', stage: { kind: 'scalar-filter', op, left: left.scalar, right: other }, isRootOnly: true }
  }
  if (left.is === 'number' && right.is === 'number') {
    throw syntaxRefusal(offset, 'a comparison of two numbers selects nothing')
  }
  const stage: Stage = {
    kind: 'scalar-filter',
    op,
    left: scalarSide(left, op, offset),
    right: scalarSide(right, op, offset),
  }
  return { is: 'stage', stage, isRootOnly: false }
}

function scalarSide(operand: Operand, op: string, offset: number): Scalar {
  if (operand.is === 'scalar') return operand.scalar
  if (operand.is === 'number') return { kind: 'static', value: operand.value }
  throw syntaxRefusal(offset, `unexpected ${JSON.stringify(op)}`)
}

function math(op: ArithmeticOp, left: Operand, right: Operand, offset: number): Operand {
  if (left.is === 'number' && right.is === 'number') {
    const value = arithmetic(op, left.value, right.value)
    const isNumber = value.kind === 'int' || value.kind === 'double' || value.kind === 'duration'
    if (!isNumber || !Number.isFinite(Number(value.value))) throw syntaxRefusal(offset, 'this makes no number')
    return { is: 'number', value, hasDuration: left.hasDuration || right.hasDuration, isLiteral: false }
  }
  if (left.is === 'metrics' || right.is === 'metrics') return metricsMath(op, left, right, offset)
  if (left.is === 'scalar-pipeline' && right.is === 'scalar-pipeline') {
    return { is: 'scalar-pipeline', scalar: { kind: 'scalar-math', op, left: left.scalar, right: right.scalar } }
  }
  const scalar: Scalar = {
    kind: 'scalar-math',
    op,
    left: scalarSide(left, op, offset),
    right: scalarSide(right, op, offset),
  }
  return { is: 'scalar', scalar }
}

function metricsMath(op: ArithmeticOp, left: Operand, right: Operand, offset: number): Operand {
  if (op === '%' || op === '^') throw syntaxRefusal(offset, `unexpected ${JSON.stringify(op)} between series`)
  if (left.is === 'metrics' && right.is === 'metrics') {
    return { is: 'metrics', metrics: { kind: 'math', op, left: left.metrics, right: right.metrics } }
  }
  if (left.is === 'metrics') {
    const number = scalarOf(right, offset, 'a plain number or series')
    return {
      is: 'metrics',
      metrics: { kind: 'number-math', op: op as MathOp, number, isNumberLeft: false, input: left.metrics },
    }
  }
  const number = scalarOf(left, offset, 'a plain number or series')
  const input = (right as Extract<Operand, { is: 'metrics' }>).metrics
  return { is: 'metrics', metrics: { kind: 'number-math', op: op as MathOp, number, isNumberLeft: true, input } }
}

/** A number without a unit. @throws TraceqlRefusal for anything else */
export function scalarOf(operand: Operand, offset: number, wanted: string): number {
  if (operand.is === 'number' && !operand.hasDuration) return Number(operand.value.value)
  throw syntaxRefusal(offset, `want ${wanted}`)
}

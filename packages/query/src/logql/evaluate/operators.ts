import { unreachable } from '@vantage/model'
import type { ArithmeticOp, BinaryOp, CompareOp } from '../language/plan.ts'

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '>', '>=', '<', '<='])

export function isComparison(op: BinaryOp): op is CompareOp {
  return COMPARISONS.has(op)
}

export function isSetOp(op: BinaryOp): op is 'and' | 'or' | 'unless' {
  return op === 'and' || op === 'or' || op === 'unless'
}

export function compare(op: CompareOp, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '>':
      return a > b
    case '>=':
      return a >= b
    case '<':
      return a < b
    case '<=':
      return a <= b
    default:
      return unreachable(op)
  }
}

/** Division by zero and its rest are no numbers. Source: grafana/loki pkg/logql/syntax/ast.go, MergeBinOp. */
export function calculate(op: ArithmeticOp, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0 ? Number.NaN : a / b
    case '%':
      return b === 0 ? Number.NaN : a % b
    case '^':
      // Go's Pow: 1 to any power is 1, JavaScript's is NaN for NaN.
      return a === 1 ? 1 : a ** b
    default:
      return unreachable(op)
  }
}

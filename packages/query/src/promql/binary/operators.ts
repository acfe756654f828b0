import { unreachable } from '@vantage/model'
import type { ArithmeticOp, ComparisonOp } from '../language/operators.ts'

/** Go's math.Pow: 1 to any power and -1 to an infinite one are 1, where JavaScript says NaN. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1
  if (base === -1 && (exponent === Infinity || exponent === -Infinity)) return 1
  return base ** exponent
}

export function arithmetic(op: ArithmeticOp, left: number, right: number): number {
  switch (op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
    case '^':
      return power(left, right)
    case 'atan2':
      return Math.atan2(left, right)
    default:
      return unreachable(op)
  }
}

export function compare(op: ComparisonOp, left: number, right: number): boolean {
  switch (op) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '>':
      return left > right
    case '<':
      return left < right
    case '>=':
      return left >= right
    case '<=':
      return left <= right
    default:
      return unreachable(op)
  }
}

/** `out[i] = left[i] op right[i]`; `out` may be one of the inputs. One loop per common operator. */
export function arithmeticColumns(op: ArithmeticOp, left: Float64Array, right: Float64Array, out: Float64Array): void {
  const count = out.length
  switch (op) {
    case '+':
      for (let i = 0; i < count; i++) out[i] = (left[i] as number) + (right[i] as number)
      return
    case '-':
      for (let i = 0; i < count; i++) out[i] = (left[i] as number) - (right[i] as number)
      return
    case '*':
      for (let i = 0; i < count; i++) out[i] = (left[i] as number) * (right[i] as number)
      return
    case '/':
      for (let i = 0; i < count; i++) out[i] = (left[i] as number) / (right[i] as number)
      return
    default:
      for (let i = 0; i < count; i++) out[i] = arithmetic(op, left[i] as number, right[i] as number)
  }
}

import { applyBinary, applyUnary } from '../operators.ts'
import type { Value } from '../value.ts'
import type { FieldExpression, FieldOp } from './syntax.ts'
import { isNumericType, takesType, typeOfValue, typesMatch } from './types.ts'

/** An operation, worked out at once where both sides are constants that go together. */
export function binaryOf(op: FieldOp, left: FieldExpression, right: FieldExpression): FieldExpression {
  if (left.kind === 'static' && right.kind === 'static') {
    const value = foldedBinary(op, left.value, right.value)
    if (value !== undefined) return { kind: 'static', value }
  }
  return { kind: 'binary', op, left, right }
}

export function unaryOf(op: '-' | '!', operand: FieldExpression): FieldExpression {
  if (operand.kind === 'static') {
    const type = typeOfValue(operand.value)
    const isTaken = op === '-' ? isNumericType(type) : type === 'bool'
    if (isTaken) return { kind: 'static', value: applyUnary(op, operand.value) }
  }
  return { kind: 'unary', op, operand }
}

/** Constants only; what has no plain result (a division by zero) stays an operation. Patterns are not tried here. */
function foldedBinary(op: FieldOp, left: Value, right: Value): Value | undefined {
  if (op === '=~' || op === '!~') return undefined
  const [leftType, rightType] = [typeOfValue(left), typeOfValue(right)]
  if (!typesMatch(leftType, rightType) || !takesType(op, leftType) || !takesType(op, rightType)) return undefined
  const value = applyBinary(op, left, right)
  const isPlain =
    value.kind === 'double' || value.kind === 'duration' ? Number.isFinite(value.value) : value.kind !== 'empty'
  return isPlain ? value : undefined
}

import { unreachable } from '@vantage/model'
import type { ArithmeticOp, ComparisonOp, FieldOp } from './language/syntax.ts'
import { FALSE, isNumeric, isTrue, NIL, TRUE, type Value } from './value.ts'

/**
 * Applies an operator to two values. Values of kinds that do not go together make comparisons false and arithmetic nil.
 * Of an array, one element is enough for `=`, `<` and so on; `!=` holds where no element is equal.
 * `=~` and `!~` are the business of `compile.ts`, which knows the pattern beforehand.
 */
export function applyBinary(op: FieldOp, left: Value, right: Value): Value {
  switch (op) {
    case '&&':
      return isTrue(left) && isTrue(right) ? TRUE : FALSE
    case '||':
      return isTrue(left) || isTrue(right) ? TRUE : FALSE
    case '=':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compareValues(op, left, right) ? TRUE : FALSE
    case '=~':
    case '!~':
      return FALSE
    default:
      return arithmetic(op, left, right)
  }
}

export function compareValues(op: ComparisonOp, left: Value, right: Value): boolean {
  if (left.kind === 'array') return compareElements(op, left.values, (one) => compareValues(op, one, right))
  if (right.kind === 'array') return compareElements(op, right.values, (one) => compareValues(op, left, one))
  if (isNumeric(left)) return isNumeric(right) && ordered(op, left.value, right.value)
  if (left.kind !== right.kind) return false
  switch (left.kind) {
    case 'string':
      return ordered(op, left.value, (right as typeof left).value)
    case 'bool':
    case 'status':
    case 'spanKind': {
      const isEqual = left.value === (right as typeof left).value
      return op === '=' ? isEqual : op === '!=' && !isEqual
    }
    default:
      return false
  }
}

function compareElements(op: ComparisonOp, elements: readonly Value[], compare: (element: Value) => boolean): boolean {
  return op === '!=' ? elements.length > 0 && elements.every(compare) : elements.some(compare)
}

/** Integers and doubles compare by their exact values; strings by UTF-16 code units. */
function ordered(op: ComparisonOp, left: bigint | number | string, right: bigint | number | string): boolean {
  switch (op) {
    case '=':
      return left <= right && left >= right
    case '!=':
      return !(left <= right && left >= right)
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      return unreachable(op)
  }
}

/** Two integers make an integer (division cuts, overflow wraps), two durations under + and - a duration, else a double. */
export function arithmetic(op: ArithmeticOp, left: Value, right: Value): Value {
  if (!isNumeric(left) || !isNumeric(right)) return NIL
  if (left.kind === 'int' && right.kind === 'int') return integerArithmetic(op, left.value, right.value)
  const value = doubleArithmetic(op, Number(left.value), Number(right.value))
  const isDuration = (op === '+' || op === '-') && left.kind === 'duration' && right.kind === 'duration'
  return { kind: isDuration ? 'duration' : 'double', value }
}

function doubleArithmetic(op: ArithmeticOp, left: number, right: number): number {
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
      return left ** right
    default:
      return unreachable(op)
  }
}

function integerArithmetic(op: ArithmeticOp, left: bigint, right: bigint): Value {
  switch (op) {
    case '+':
      return integer(left + right)
    case '-':
      return integer(left - right)
    case '*':
      return integer(left * right)
    case '/':
      return right === 0n ? NIL : integer(left / right)
    case '%':
      return right === 0n ? NIL : integer(left % right)
    case '^':
      return right < 0n ? { kind: 'double', value: Number(left) ** Number(right) } : integerPower(left, right)
    default:
      return unreachable(op)
  }
}

function integer(value: bigint): Value {
  return { kind: 'int', value: BigInt.asIntN(64, value) }
}

/** By squaring, in 64 bits all the way: the exponent has at most 63 bits. */
function integerPower(base: bigint, exponent: bigint): Value {
  let power = 1n
  let square = base
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) power = BigInt.asIntN(64, power * square)
    square = BigInt.asIntN(64, square * square)
  }
  return { kind: 'int', value: power }
}

export function applyUnary(op: '-' | '!', value: Value): Value {
  if (op === '!') return value.kind === 'bool' ? (value.value ? FALSE : TRUE) : NIL
  if (value.kind === 'int') return integer(-value.value)
  if (value.kind === 'double') return { kind: 'double', value: -value.value }
  // There is no duration −0.
  if (value.kind === 'duration') return { kind: 'duration', value: 0 - value.value }
  return NIL
}

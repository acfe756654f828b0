import { FaultError, unreachable } from '@vantage/model'
import type { FieldExpression, FieldOp } from '../language/syntax.ts'
import { applyBinary, applyUnary } from '../operators.ts'
import { compileRegex } from '../regex.ts'
import { FALSE, isTrue, TRUE, type Value } from '../value.ts'
import { type ReadValue, readerOf } from './fields.ts'
import type { SpanView } from './span-view.ts'

/** Makes an expression ready to be asked of spans. @throws FaultError for a regular expression that is none */
export function compileField(expression: FieldExpression, regexCharsMax: number): ReadValue {
  switch (expression.kind) {
    case 'static': {
      const { value } = expression
      return () => value
    }
    case 'attribute':
    case 'intrinsic':
      return readerOf(expression)
    case 'unary': {
      const operand = compileField(expression.operand, regexCharsMax)
      const { op } = expression
      return (span) => applyUnary(op, operand(span))
    }
    case 'exists': {
      const operand = compileField(expression.operand, regexCharsMax)
      const { isWanted } = expression
      return (span) => ((operand(span).kind !== 'empty') === isWanted ? TRUE : FALSE)
    }
    case 'binary':
      return compileBinary(expression, regexCharsMax)
    default:
      return unreachable(expression)
  }
}

/** True where the expression is the boolean true. */
export function compileCondition(expression: FieldExpression, regexCharsMax: number): (span: SpanView) => boolean {
  const read = compileField(expression, regexCharsMax)
  return (span) => isTrue(read(span))
}

function compileBinary(
  { op, left, right }: Extract<FieldExpression, { kind: 'binary' }>,
  regexCharsMax: number,
): ReadValue {
  const readLeft = compileField(left, regexCharsMax)
  if (op === '=~' || op === '!~') return compileMatch(op, readLeft, right, regexCharsMax)
  const readRight = compileField(right, regexCharsMax)
  if (op === '&&') return (span) => (isTrue(readLeft(span)) && isTrue(readRight(span)) ? TRUE : FALSE)
  if (op === '||') return (span) => (isTrue(readLeft(span)) || isTrue(readRight(span)) ? TRUE : FALSE)
  if (op === '=' || op === '!=') {
    const id = comparedId(left, right)
    if (id !== undefined)
      return (span) => applyBinary(op, withoutZeros((id.isLeft ? readLeft : readRight)(span)), id.value)
  }
  return (span) => applyBinary(op, readLeft(span), readRight(span))
}

/** Trace ids are compared whatever zeros lead them, as tools print them with and without. */
function comparedId(left: FieldExpression, right: FieldExpression): { isLeft: boolean; value: Value } | undefined {
  const [field, other, isLeft] = left.kind === 'intrinsic' ? [left, right, true] : [right, left, false]
  if (field.kind !== 'intrinsic' || other.kind !== 'static') return undefined
  if (field.name !== 'trace:id' && field.name !== 'link:traceID') return undefined
  return { isLeft, value: withoutZeros(other.value) }
}

function withoutZeros(value: Value): Value {
  if (value.kind === 'array') return { kind: 'array', values: value.values.map((one) => withoutZeros(one)) as never }
  return value.kind === 'string' ? { kind: 'string', value: value.value.toLowerCase().replace(/^0+/, '') } : value
}

/** `!~` holds for a text that does not match, and for arrays without an element that does. Other kinds: neither. */
function compileMatch(
  op: Extract<FieldOp, '=~' | '!~'>,
  readLeft: ReadValue,
  right: FieldExpression,
  regexCharsMax: number,
): ReadValue {
  const isWanted = op === '=~'
  const matcherFor = matcherReader(right, regexCharsMax)
  return (span) => {
    const matches = matcherFor(span)
    if (matches === undefined) return FALSE
    const value = readLeft(span)
    if (value.kind === 'string') return matches(value.value) === isWanted ? TRUE : FALSE
    if (value.kind !== 'array') return FALSE
    const strings = value.values.filter((one) => one.kind === 'string')
    if (strings.length === 0) return FALSE
    return strings.some((one) => matches(one.value)) === isWanted ? TRUE : FALSE
  }
}

type Matches = (text: string) => boolean

/** Patterns of other fields that are kept ready. */
const PATTERNS_MAX = 64

/** The checks want a constant; a pattern out of another field, where it comes unchecked, that is none matches nothing. */
function matcherReader(right: FieldExpression, regexCharsMax: number): (span: SpanView) => Matches | undefined {
  if (right.kind === 'static' && right.value.kind === 'string') {
    const regex = compileRegex(right.value.value, regexCharsMax)
    if (!regex.ok) throw new FaultError(regex.error)
    return () => regex.value.matches
  }
  const read = compileField(right, regexCharsMax)
  const known = new Map<string, Matches | undefined>()
  return (span) => {
    const value = read(span)
    if (value.kind !== 'string') return undefined
    if (known.has(value.value)) return known.get(value.value)
    const regex = compileRegex(value.value, regexCharsMax)
    if (known.size >= PATTERNS_MAX) known.clear()
    known.set(value.value, regex.ok ? regex.value.matches : undefined)
    return known.get(value.value)
  }
}

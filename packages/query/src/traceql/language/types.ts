import { unreachable } from '@vantage/model'
import type { Value } from '../value.ts'
import type { ArithmeticOp, ComparisonOp, FieldExpression, FieldOp, Intrinsic, Scalar } from './syntax.ts'

/** What an expression gives. `dynamic`: an attribute, whatever it holds. */
export type ValueType = 'dynamic' | 'nil' | 'string' | 'bool' | 'int' | 'double' | 'duration' | 'status' | 'spanKind'

const INTRINSIC_TYPES: Readonly<Record<Intrinsic, ValueType>> = {
  duration: 'duration',
  name: 'string',
  status: 'status',
  statusMessage: 'string',
  kind: 'spanKind',
  parent: 'nil',
  traceDuration: 'duration',
  rootName: 'string',
  rootServiceName: 'string',
  nestedSetLeft: 'int',
  nestedSetRight: 'int',
  nestedSetParent: 'int',
  'span:id': 'string',
  'span:parentID': 'string',
  'span:childCount': 'int',
  'trace:id': 'string',
  'event:name': 'string',
  'event:timeSinceStart': 'duration',
  'link:traceID': 'string',
  'link:spanID': 'string',
  'instrumentation:name': 'string',
  'instrumentation:version': 'string',
}

export function typeOfValue(value: Value): ValueType {
  switch (value.kind) {
    case 'empty':
      return 'nil'
    case 'bytes':
    case 'array':
    case 'map':
      return 'dynamic'
    default:
      return value.kind
  }
}

export function typeOf(expression: FieldExpression): ValueType {
  switch (expression.kind) {
    case 'static':
      return typeOfValue(expression.value)
    case 'attribute':
      return 'dynamic'
    case 'intrinsic':
      return INTRINSIC_TYPES[expression.name]
    case 'exists':
      return 'bool'
    case 'unary':
      return typeOf(expression.operand)
    case 'binary':
      return isArithmetic(expression.op) ? typeOfMath(typeOf(expression.left), typeOf(expression.right)) : 'bool'
    default:
      return unreachable(expression)
  }
}

export function typeOfScalar(scalar: Scalar): ValueType {
  switch (scalar.kind) {
    case 'static':
      return typeOfValue(scalar.value)
    case 'aggregate':
      return scalar.of === undefined ? 'int' : typeOf(scalar.of)
    case 'scalar-math':
      return typeOfMath(typeOfScalar(scalar.left), typeOfScalar(scalar.right))
    case 'scalar-pipeline':
      return typeOfScalar(scalar.aggregate)
    default:
      return unreachable(scalar)
  }
}

function typeOfMath(left: ValueType, right: ValueType): ValueType {
  return left === 'dynamic' ? right : left
}

export function isArithmetic(op: FieldOp): op is ArithmeticOp {
  return op === '+' || op === '-' || op === '*' || op === '/' || op === '%' || op === '^'
}

export function isComparison(op: string): op is ComparisonOp {
  return op === '=' || op === '!=' || op === '<' || op === '<=' || op === '>' || op === '>='
}

export function isNumericType(type: ValueType): boolean {
  return type === 'int' || type === 'double' || type === 'duration'
}

/** Whether two operands can meet: the same type, two numbers, or an attribute on either side. */
export function typesMatch(left: ValueType, right: ValueType): boolean {
  if (left === 'dynamic' || right === 'dynamic' || left === right) return true
  return isNumericType(left) && isNumericType(right)
}

export function takesType(op: FieldOp, type: ValueType): boolean {
  switch (type) {
    case 'dynamic':
      return true
    case 'bool':
      return op === '&&' || op === '||' || op === '=' || op === '!='
    case 'int':
    case 'double':
    case 'duration':
      return isArithmetic(op) || isComparison(op)
    case 'string':
      return isComparison(op) || op === '=~' || op === '!~'
    case 'nil':
    case 'status':
    case 'spanKind':
      return op === '=' || op === '!='
    default:
      return unreachable(type)
  }
}

import { compileMatcher } from '@vantage/model'
import type { ParseOptions } from '../options.ts'
import { aggregateSignature } from './aggregates.ts'
import {
  type AggregateExpr,
  type BinaryExpr,
  type CallExpr,
  childrenOf,
  type Expr,
  type ValueType,
  type VectorSelector,
} from './ast.ts'
import { ParseFault, type Span } from './fault.ts'
import { isComparisonOp, isSetOp } from './operators.ts'
import { signatureOf } from './signatures.ts'
import { typeName, typeOf } from './types.ts'

/**
 * Checks types, arity and what only the whole tree shows.
 * @throws ParseFault for the first error, inner expressions first
 * Source: prometheus/prometheus promql/parser/parse.go, checkAST.
 */
export function check(expr: Expr, text: string, options: ParseOptions): void {
  for (const child of childrenOf(expr)) {
    // The second argument of info() may match empty values: it filters labels, it selects no series.
    const isLabelFilter = expr.kind === 'call' && expr.name === 'info' && child === expr.args[1]
    if (!isLabelFilter) check(child, text, options)
  }
  checkNode(expr, text, options)
}

function checkNode(expr: Expr, text: string, options: ParseOptions): void {
  switch (expr.kind) {
    case 'call':
      checkCall(expr, text, options)
      break
    case 'aggregate':
      checkAggregate(expr, text, options)
      break
    case 'binary':
      checkBinary(expr, text)
      break
    case 'vectorSelector':
      checkSelector(expr, text)
      break
    case 'unary': {
      const type = typeOf(expr.expr)
      if (type === 'scalar' || type === 'vector') break
      const wanted = 'unary expression only allowed on expressions of type scalar or instant vector'
      throw new ParseFault(text, `${wanted}, got "${typeName(type)}"`, expr)
    }
    case 'subquery': {
      const type = typeOf(expr.expr)
      if (type === 'vector') break
      throw new ParseFault(text, `subquery is only allowed on instant vector, got ${typeName(type)} instead`, expr)
    }
    default:
      break
  }
}

/** At least one matcher must need a value, or every series would be read. */
function checkSelector(selector: VectorSelector, text: string): void {
  const selects = selector.matchers.some((one) => {
    const compiled = compileMatcher(one)
    return compiled.ok && !compiled.value.matchesEmpty
  })
  if (selects) return
  throw new ParseFault(text, 'vector selector must contain at least one non-empty matcher', selector)
}

function expectType(expr: Expr, wanted: ValueType, context: string, text: string): void {
  const type = typeOf(expr)
  if (type === wanted) return
  throw new ParseFault(text, `expected type ${typeName(wanted)} in ${context}, got ${typeName(type)}`, expr)
}

function checkCall(call: CallExpr, text: string, options: ParseOptions): void {
  const { argTypes, variadic, isExperimental } = signatureOf(call.name)
  if (isExperimental && !options.experimentalFunctions) {
    throw new ParseFault(text, `function "${call.name}" is not enabled`, call)
  }
  const got = call.args.length
  const complain = (wanted: string) => {
    throw new ParseFault(text, `expected ${wanted} argument(s) in call to "${call.name}", got ${got}`, call)
  }
  if (variadic === 0) {
    if (got !== argTypes.length) complain(`${argTypes.length}`)
  } else {
    const least = argTypes.length - 1
    if (got < least) complain(`at least ${least}`)
    if (variadic > 0 && got > least + variadic) complain(`at most ${least + variadic}`)
  }
  if (call.name === 'info') checkInfo(call, text)
  call.args.forEach((arg, i) => {
    const wanted = argTypes[Math.min(i, argTypes.length - 1)] as ValueType
    expectType(arg, wanted, `call to function "${call.name}"`, text)
  })
}

function checkInfo(call: CallExpr, text: string): void {
  const filter = call.args[1]
  if (filter === undefined) return
  if (filter.kind !== 'vectorSelector') {
    throw new ParseFault(text, 'expected label selectors only', filter)
  }
  if (filter.name !== '') {
    throw new ParseFault(text, 'expected label selectors only, got vector selector instead', filter)
  }
}

function checkAggregate(aggregate: AggregateExpr, text: string, options: ParseOptions): void {
  const { op, param } = aggregate
  const signature = aggregateSignature(op)
  if (signature.isExperimental === true && !options.experimentalFunctions) {
    throw new ParseFault(text, `${op}() is experimental and must be enabled`, aggregate)
  }
  expectType(aggregate.expr, 'vector', 'aggregation expression', text)
  if (param !== undefined && signature.param !== undefined) {
    expectType(param, signature.param, 'aggregation parameter', text)
  }
}

function checkBinary(binary: BinaryExpr, text: string): void {
  const { op, left, right, matching } = binary
  const leftType = typeOf(left)
  const rightType = typeOf(right)
  for (const [side, type] of [
    [left, leftType],
    [right, rightType],
  ] as const) {
    if (type !== 'scalar' && type !== 'vector') {
      throw new ParseFault(text, 'binary expression must contain only scalar and instant vector types', side)
    }
  }
  if (isComparisonOp(op) && !binary.returnsBool && leftType === 'scalar' && rightType === 'scalar') {
    throw new ParseFault(text, 'comparisons between scalars must use BOOL modifier', binary)
  }
  if (leftType === 'vector' && rightType === 'vector') {
    checkMatching(binary, text)
    return
  }
  if (matching !== undefined && (matching.labels.length > 0 || matching.isOn)) {
    throw new ParseFault(text, 'vector matching only allowed between instant vectors', binary)
  }
  if (matching?.fillLeft !== undefined || matching?.fillRight !== undefined) {
    throw new ParseFault(text, 'filling in missing series only allowed between instant vectors', binary)
  }
  if (isSetOp(op)) {
    throw new ParseFault(text, `set operator "${op}" not allowed in binary scalar expression`, binary)
  }
}

function checkMatching(binary: BinaryExpr, text: string): void {
  const { matching, op } = binary
  if (matching === undefined) return
  const span: Span = binary
  if (matching.isOn) {
    const twice = matching.labels.find((label) => matching.include.includes(label))
    if (twice !== undefined) {
      throw new ParseFault(text, `label "${twice}" must not occur in ON and GROUP clause at once`, span)
    }
  }
  if (!isSetOp(op)) return
  if (matching.card === 'one-to-many' || matching.card === 'many-to-one') {
    throw new ParseFault(text, `no grouping allowed for "${op}" operation`, span)
  }
  if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
    throw new ParseFault(text, 'filling in missing series not allowed for set operators', span)
  }
}

import { err, FaultError, foreign, ok, type Result } from '@vantage/model'
import type { ParseOptions } from '../options.ts'
import { type AggregateName, aggregateSignature, isAggregateName } from './aggregates.ts'
import { type AggregateExpr, type BinaryExpr, type CallExpr, childrenOf, type Expr, type Matching } from './ast.ts'
import { check } from './check.ts'
import { limitFault, ParseFault, type PromqlFault } from './fault.ts'
import { type BinaryOp, isBinaryOp, isSetOp, OPERATORS, POWER_PRECEDENCE } from './operators.ts'
import { parsePostfixes, parseVectorSelector } from './parse-selector.ts'
import { isFunctionName } from './signatures.ts'
import { isValidLabelName } from './text.ts'
import { TokenReader } from './token-reader.ts'

/** Words that are never a metric's name, because they stand where an operator's modifiers stand. */
const RESERVED_WORDS = new Set(['atan2', 'bool', 'group_left', 'group_right', 'ignoring', 'on'])

/**
 * Reads one PromQL expression and checks its types.
 * @returns the tree, or a fault with the place of the first error: `bad_request`, reason `bad_data`,
 *   and `limit` where a limit was hit
 * Source: prometheus/prometheus promql/parser/generated_parser.y, parse.go.
 */
export function parsePromql(text: string, options: ParseOptions): Result<Expr, PromqlFault> {
  try {
    requireLength(text, options.limits.textBytesMax)
    const reader = new TokenReader(text, options)
    if (reader.peek().kind === 'end') {
      throw new ParseFault(text, 'no expression found in input', { startOffset: 0, endOffset: 0 })
    }
    const expr = parseExpression(reader, 1)
    if (reader.peek().kind !== 'end') throw reader.unexpected('')
    requireDepth(expr, options.limits.treeDepthMax)
    check(expr, text, options)
    return ok(expr)
  } catch (error) {
    if (error instanceof ParseFault) return err(error.fault)
    if (error instanceof FaultError) return err({ ...error.fault, startOffset: 0, endOffset: text.length })
    throw error
  }
}

function requireLength(text: string, bytesMax: number): void {
  // A UTF-16 unit is at most three bytes, so most texts need no count.
  if (text.length * 3 <= bytesMax) return
  const bytes = new TextEncoder().encode(text).length
  if (bytes > bytesMax) {
    throw limitFault(`query text: want at most ${bytesMax} bytes, got ${bytes}`, 'query.maxTextBytes')
  }
}

/** Without recursion: the tree may be too deep for any. */
function requireDepth(root: Expr, depthMax: number): void {
  let level: readonly Expr[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthMax) throw limitFault(`depth of the query: want at most ${depthMax} levels`, 'query.maxNesting')
    level = level.flatMap(childrenOf)
  }
}

function parseExpression(reader: TokenReader, minPrecedence: number): Expr {
  let left = parseOperand(reader)
  for (;;) {
    const op = peekOperator(reader)
    if (op === undefined) return left
    const { precedence } = OPERATORS[op]
    if (precedence < minPrecedence) return left
    left = parseBinary(reader, left, op)
  }
}

function peekOperator(reader: TokenReader): BinaryOp | undefined {
  const token = reader.peek()
  if (token.kind !== 'symbol' && token.kind !== 'word') return undefined
  const name = token.text.toLowerCase()
  return isBinaryOp(name) ? name : undefined
}

function parseBinary(reader: TokenReader, left: Expr, op: BinaryOp): BinaryExpr {
  const operator = reader.next()
  const returnsBool = reader.takeKeyword('bool')
  if (returnsBool && OPERATORS[op].family !== 'comparison') {
    throw reader.fault('bool modifier can only be used on comparison operators', {
      startOffset: operator.startOffset,
      endOffset: reader.closedAt,
    })
  }
  const matching = parseMatching(reader, isSetOp(op))
  const { precedence } = OPERATORS[op]
  reader.enter()
  // `^` groups to the right, everything else to the left.
  const right = parseExpression(reader, precedence === POWER_PRECEDENCE ? precedence : precedence + 1)
  reader.leave()
  const { startOffset } = left
  return { kind: 'binary', op, left, right, returnsBool, matching, startOffset, endOffset: right.endOffset }
}

function parseMatching(reader: TokenReader, isSet: boolean): Matching {
  let matching: Matching = {
    card: isSet ? 'many-to-many' : 'one-to-one',
    isOn: false,
    labels: [],
    include: [],
    fillLeft: undefined,
    fillRight: undefined,
  }
  const isOn = reader.isKeyword('on')
  if (isOn || reader.isKeyword('ignoring')) {
    reader.next()
    matching = { ...matching, isOn, labels: parseLabelList(reader) }
    const isLeft = reader.isKeyword('group_left')
    if (isLeft || reader.isKeyword('group_right')) {
      reader.next()
      const include = reader.isSymbol('(') ? parseLabelList(reader) : []
      matching = { ...matching, card: isLeft ? 'many-to-one' : 'one-to-many', include }
    }
  }
  return parseFills(reader, matching)
}

function parseFills(reader: TokenReader, matching: Matching): Matching {
  let filled = matching
  for (;;) {
    const word = reader.peek()
    const name = word.kind === 'word' ? word.text.toLowerCase() : ''
    const isFill = name === 'fill' || name === 'fill_left' || name === 'fill_right'
    if (!isFill || !reader.isSymbol('(', 1)) return filled
    if (!reader.options.fillModifiers) throw reader.fault(`${name} modifier is experimental and not enabled`, word)
    reader.next()
    reader.next()
    const sign = reader.takeSymbol('-') ? -1 : reader.takeSymbol('+') ? 1 : 1
    const value = sign * parseNumber(reader, 'fill modifier')
    reader.expectSymbol(')', 'fill modifier')
    if (name !== 'fill_right') filled = { ...filled, fillLeft: value }
    if (name !== 'fill_left') filled = { ...filled, fillRight: value }
  }
}

function parseNumber(reader: TokenReader, context: string): number {
  const token = reader.peek()
  const special = token.kind === 'word' ? specialNumber(token.text) : undefined
  if (token.kind !== 'number' && special === undefined) throw reader.unexpected(context, 'number')
  reader.next()
  return special ?? token.value
}

function specialNumber(word: string): number | undefined {
  const lower = word.toLowerCase()
  if (lower === 'inf') return Infinity
  return lower === 'nan' ? Number.NaN : undefined
}

function parseLabelList(reader: TokenReader): string[] {
  reader.expectSymbol('(', 'grouping opts')
  const labels: string[] = []
  while (!reader.isSymbol(')')) {
    const token = reader.peek()
    if (token.kind !== 'word' && token.kind !== 'string') throw reader.unexpected('grouping opts', 'label')
    const isLabel = token.kind === 'word' ? !token.text.includes(':') : isValidLabelName(token.text)
    if (!isLabel) throw reader.unexpected('grouping opts', 'label')
    reader.next()
    labels.push(token.text)
    if (!reader.takeSymbol(',') && !reader.isSymbol(')')) throw reader.unexpected('grouping opts', '"," or ")"')
  }
  reader.next()
  return labels
}

function parseOperand(reader: TokenReader): Expr {
  const token = reader.peek()
  if (token.kind === 'symbol' && (token.text === '-' || token.text === '+')) return parseUnary(reader, token.text)
  return parsePostfixes(reader, parsePrimary(reader))
}

function parseUnary(reader: TokenReader, op: '+' | '-'): Expr {
  const sign = reader.next()
  reader.enter()
  // A sign is as strong as `*`: it takes powers along, but not products.
  const expr = parseExpression(reader, POWER_PRECEDENCE)
  reader.leave()
  const { startOffset } = sign
  if (expr.kind === 'numberLiteral') return { ...expr, value: op === '-' ? -expr.value : expr.value, startOffset }
  return { kind: 'unary', op, expr, startOffset, endOffset: expr.endOffset }
}

function parsePrimary(reader: TokenReader): Expr {
  const token = reader.peek()
  const { startOffset, endOffset } = token
  if (token.kind === 'number') {
    reader.next()
    return { kind: 'numberLiteral', value: token.value, isDuration: token.isDuration, startOffset, endOffset }
  }
  if (token.kind === 'string') {
    reader.next()
    return { kind: 'stringLiteral', text: token.text, startOffset, endOffset }
  }
  if (reader.isSymbol('(')) return parseParen(reader)
  if (reader.isSymbol('{')) return parseVectorSelector(reader)
  if (token.kind === 'word') return parseWord(reader, token.text)
  throw reader.unexpected('')
}

function parseParen(reader: TokenReader): Expr {
  const open = reader.next()
  reader.enter()
  if (reader.peek().kind === 'end') throw reader.fault('unclosed left parenthesis', reader.peek())
  const expr = parseExpression(reader, 1)
  if (reader.peek().kind === 'end') throw reader.fault('unclosed left parenthesis', reader.peek())
  const close = reader.expectSymbol(')', '')
  reader.leave()
  return { kind: 'paren', expr, startOffset: open.startOffset, endOffset: close.endOffset }
}

function parseWord(reader: TokenReader, word: string): Expr {
  const lower = word.toLowerCase()
  const number = specialNumber(word)
  if (number !== undefined) {
    const { startOffset, endOffset } = reader.next()
    return { kind: 'numberLiteral', value: number, isDuration: false, startOffset, endOffset }
  }
  const opensCall = reader.isSymbol('(', 1)
  const opensGrouping = reader.isKeyword('by', 1) || reader.isKeyword('without', 1)
  if (isAggregateName(lower) && (opensCall || opensGrouping)) return parseAggregate(reader, lower)
  if (opensCall) return parseCall(reader)
  if (RESERVED_WORDS.has(lower)) throw reader.unexpected('')
  return parseVectorSelector(reader)
}

function parseArguments(reader: TokenReader): Expr[] {
  reader.expectSymbol('(', 'aggregation')
  reader.enter()
  const args: Expr[] = []
  while (!reader.isSymbol(')')) {
    if (reader.peek().kind === 'end') throw reader.fault('unclosed left parenthesis', reader.peek())
    args.push(parseExpression(reader, 1))
    const comma = reader.peek()
    if (reader.takeSymbol(',')) {
      if (reader.isSymbol(')')) throw reader.fault('trailing commas not allowed in function call args', comma)
    } else if (!reader.isSymbol(')')) {
      if (reader.peek().kind === 'end') throw reader.fault('unclosed left parenthesis', reader.peek())
      throw reader.unexpected('')
    }
  }
  reader.next()
  reader.leave()
  return args
}

function parseCall(reader: TokenReader): CallExpr {
  const word = reader.next()
  const name = isFunctionName(word.text) ? word.text : word.text.toLowerCase()
  const args = parseArguments(reader)
  // `start`, `end`, `step` and `range` are keywords upstream, and keywords are written in any case.
  if (!isFunctionName(name) || (name !== word.text && !/^(start|end|step|range)$/.test(name))) {
    throw reader.fault(`unknown function with name "${foreign(word.text)}"`, word)
  }
  return { kind: 'call', name, args, startOffset: word.startOffset, endOffset: reader.closedAt }
}

interface Grouping {
  readonly labels: readonly string[]
  readonly isWithout: boolean
}

function parseGrouping(reader: TokenReader): Grouping | undefined {
  const isWithout = reader.isKeyword('without')
  if (!isWithout && !reader.isKeyword('by')) return undefined
  reader.next()
  return { labels: parseLabelList(reader), isWithout }
}

function parseAggregate(reader: TokenReader, op: AggregateName): AggregateExpr {
  const word = reader.next()
  const before = parseGrouping(reader)
  const args = parseArguments(reader)
  const grouping = before ?? parseGrouping(reader)
  const span = { startOffset: word.startOffset, endOffset: reader.closedAt }
  if (args.length === 0) throw reader.fault('no arguments for aggregate expression provided', span)
  const wanted = aggregateSignature(op).param === undefined ? 1 : 2
  if (args.length !== wanted) {
    throw reader.fault(
      `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      span,
    )
  }
  return {
    kind: 'aggregate',
    op,
    expr: args[wanted - 1] as Expr,
    param: wanted === 2 ? args[0] : undefined,
    grouping: grouping?.labels ?? [],
    isWithout: grouping?.isWithout ?? false,
    ...span,
  }
}

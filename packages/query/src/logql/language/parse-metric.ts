import { parseSelector, parseStages } from './parse-selector.ts'
import { parseLabelFilter, parseSignedNumber } from './parse-stage.ts'
import {
  type BinaryOp,
  type Conversion,
  type Grouping,
  type LabelFilter,
  type LogRange,
  type Matching,
  type MetricPlan,
  type Plan,
  RANGE_OPERATIONS,
  type RangeOperation,
  type Selector,
  type Stage,
  type Unwrap,
  VECTOR_OPERATIONS,
  type VectorOperation,
} from './plan.ts'
import { POWERS } from './powers.ts'
import type { TokenReader } from './token-reader.ts'

const RANGE_NAMES: ReadonlySet<string> = new Set(RANGE_OPERATIONS)
const VECTOR_NAMES: ReadonlySet<string> = new Set(VECTOR_OPERATIONS)

const SET_OPS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])

/**
 * Anything that may stand alone or on a side of an operator; a selector is allowed by this grammar and refused later
 * where only a metric may stand.
 */
export function parseMetric(reader: TokenReader, minPower = 0): Plan {
  let left = parseOperand(reader)
  for (;;) {
    const op = binaryOp(reader)
    if (op === undefined || POWERS[op] < minPower) return left
    reader.next()
    reader.countNode()
    const isBool = reader.takeWord('bool')
    const matching = parseMatching(reader)
    const right = parseMetric(reader, op === '^' ? POWERS[op] : POWERS[op] + 1)
    const sides = [asMetric(reader, left, 'left', op), asMetric(reader, right, 'right', op)] as const
    left = { kind: 'binary', op, isBool, left: sides[0], right: sides[1], matching }
  }
}

function binaryOp(reader: TokenReader): BinaryOp | undefined {
  const { kind, text } = reader.peek()
  if (kind === 'symbol') return Object.hasOwn(POWERS, text) ? (text as BinaryOp) : undefined
  return kind === 'word' && SET_OPS.has(text) ? (text as BinaryOp) : undefined
}

function asMetric(reader: TokenReader, side: Plan, leg: 'left' | 'right', op: BinaryOp): MetricPlan {
  if (side.kind === 'selector') {
    throw reader.fault(`unexpected type for ${leg} leg of binary operation (${op}): want a metric, got a log selector`)
  }
  if (side.kind === 'literal' && SET_OPS.has(op)) {
    throw reader.fault(`unexpected literal for ${leg} leg of logical/set binary operation (${op}): ${side.value}`)
  }
  return side
}

function parseMatching(reader: TokenReader): Matching | undefined {
  const isOn = reader.isWord('on')
  if (!isOn && !reader.isWord('ignoring')) return undefined
  reader.next()
  const names = parseNames(reader)
  let cardinality: Matching['cardinality'] = 'one-to-one'
  if (reader.takeWord('group_left')) cardinality = 'many-to-one'
  else if (reader.takeWord('group_right')) cardinality = 'one-to-many'
  // `group_left (sum(…))`: an open parenthesis holds names only where names and its end follow.
  const hasNames = cardinality !== 'one-to-one' && reader.isSymbol('(') && isNameList(reader)
  return { isOn, names, cardinality, include: hasNames ? parseNames(reader) : [] }
}

function isNameList(reader: TokenReader): boolean {
  let ahead = 1
  while (reader.isKind('word', ahead) && reader.isSymbol(',', ahead + 1)) ahead += 2
  if (reader.isKind('word', ahead)) ahead++
  return reader.isSymbol(')', ahead)
}

/** `(a, b)` */
function parseNames(reader: TokenReader): string[] {
  reader.expectSymbol('(')
  const names: string[] = []
  while (!reader.isSymbol(')')) {
    if (names.length > 0) reader.expectSymbol(',', ') or ,')
    if (names.length > 0 && reader.isSymbol(')')) break
    names.push(reader.expect('word').text)
  }
  reader.next()
  return names
}

function parseOperand(reader: TokenReader): Plan {
  reader.enter()
  try {
    const token = reader.peek()
    if (reader.isSymbol('{')) return parsePipeline(reader, parseSelector(reader))
    if (reader.isSymbol('(')) return parseParentheses(reader)
    if (token.kind === 'number' || reader.isSymbol('-') || reader.isSymbol('+')) {
      return { kind: 'literal', value: parseSignedNumber(reader) }
    }
    if (token.kind === 'word') return parseCall(reader)
    throw reader.unexpected()
  } finally {
    reader.leave()
  }
}

function parseParentheses(reader: TokenReader): Plan {
  reader.expectSymbol('(')
  const inner = parseMetric(reader)
  reader.expectSymbol(')')
  return inner.kind === 'selector' ? parsePipeline(reader, inner) : inner
}

function parsePipeline(reader: TokenReader, selector: Selector): Selector {
  const stages: Stage[] = [...selector.stages]
  parseStages(reader, stages)
  return { ...selector, stages }
}

function parseCall(reader: TokenReader): MetricPlan {
  const { text } = reader.peek()
  const isCall = reader.isSymbol('(', 1)
  const isGrouped = reader.isWord('by', 1) || reader.isWord('without', 1)
  if (isCall && RANGE_NAMES.has(text)) return parseRangeAggregation(reader)
  if ((isCall || isGrouped) && VECTOR_NAMES.has(text)) return parseVectorAggregation(reader)
  if (isCall && text === 'vector') return parseVector(reader)
  if (isCall && text === 'label_replace') return parseLabelReplace(reader)
  if (isCall && text === 'variants') return parseVariants(reader)
  throw reader.unexpected()
}

function parseVector(reader: TokenReader): MetricPlan {
  reader.next()
  reader.next()
  const value = parseSignedNumber(reader)
  reader.expectSymbol(')')
  return { kind: 'vector', value }
}

/** The metric behind a comma or a parenthesis. */
function parseInput(reader: TokenReader): MetricPlan {
  const input = parseMetric(reader)
  if (input.kind !== 'selector') return input
  // `min({…}[5m])`: what follows the selector is what is wrong.
  throw reader.isKind('end') || reader.isSymbol(')')
    ? reader.fault('unexpected log selector, expecting a metric query')
    : reader.unexpected()
}

function parseLabelReplace(reader: TokenReader): MetricPlan {
  reader.next()
  reader.next()
  const input = parseInput(reader)
  const texts: string[] = []
  for (let i = 0; i < 4; i++) {
    reader.expectSymbol(',')
    texts.push(reader.expect('string').text)
  }
  reader.expectSymbol(')')
  const [target = '', replacement = '', source = '', pattern = ''] = texts
  return { kind: 'labelReplace', input, target, replacement, source, pattern }
}

function parseVariants(reader: TokenReader): MetricPlan {
  reader.next()
  reader.next()
  const variants: MetricPlan[] = []
  do variants.push(parseInput(reader))
  while (reader.takeSymbol(','))
  reader.expectSymbol(')')
  if (!reader.takeWord('of')) throw reader.unexpected('of')
  reader.expectSymbol('(')
  const range = parseRange(reader)
  reader.expectSymbol(')')
  return { kind: 'variants', variants, range }
}

function parseGrouping(reader: TokenReader): Grouping | undefined {
  const isWithout = reader.isWord('without')
  if (!isWithout && !reader.isWord('by')) return undefined
  reader.next()
  return { isWithout, names: parseNames(reader) }
}

function parseVectorAggregation(reader: TokenReader): MetricPlan {
  const name = reader.next()
  const before = parseGrouping(reader)
  reader.expectSymbol('(')
  const isParameter = reader.isKind('number') && reader.isSymbol(',', 1)
  const parameter = isParameter ? reader.next().text : undefined
  if (isParameter) reader.next()
  const count = checkCount(reader, name.text, parameter)
  const input = parseInput(reader)
  reader.expectSymbol(')')
  const grouping = before ?? parseGrouping(reader)
  const operation = name.text as VectorOperation
  if (operation === 'approx_topk' && grouping !== undefined) {
    throw reader.fault('grouping not allowed for approx_topk aggregation', name)
  }
  return { kind: 'vectorAggregation', operation, count, input, grouping }
}

const COUNTED: ReadonlySet<string> = new Set(['topk', 'bottomk', 'approx_topk'])

function checkCount(reader: TokenReader, name: string, parameter: string | undefined): number | undefined {
  if (!COUNTED.has(name)) {
    if (parameter !== undefined) throw reader.fault(`unsupported parameter for operation ${name}(${parameter},`)
    return undefined
  }
  if (parameter === undefined) {
    if (reader.isKind('word') && reader.isSymbol(',', 1)) throw reader.unexpected('NUMBER')
    throw reader.fault(`parameter required for operation ${name}`)
  }
  const count = Number(parameter)
  if (!/^\d+$/.test(parameter) || !Number.isSafeInteger(count)) {
    throw reader.fault(`invalid parameter ${name}(${parameter},`)
  }
  if (count <= 0) throw reader.fault(`invalid parameter (must be greater than 0) ${name}(${parameter},`)
  return count
}

function parseRangeAggregation(reader: TokenReader): MetricPlan {
  const name = reader.next()
  const operation = name.text as RangeOperation
  reader.expectSymbol('(')
  let parameter: number | undefined
  if (reader.isKind('number') || reader.isSymbol('-') || reader.isSymbol('+')) {
    parameter = parseSignedNumber(reader)
    reader.expectSymbol(',')
  } else if (reader.isKind('word')) throw reader.unexpected('NUMBER or { or (')
  if (parameter !== undefined && operation !== 'quantile_over_time') {
    throw reader.fault(`parameter ${parameter} not supported for operation ${operation}`, name)
  }
  if (parameter === undefined && operation === 'quantile_over_time') {
    throw reader.fault(`parameter required for operation ${operation}`, name)
  }
  const range = parseRange(reader)
  reader.expectSymbol(')')
  return { kind: 'rangeAggregation', operation, parameter, range, grouping: parseGrouping(reader) }
}

/** A range while it is read: its parts may stand in any order behind the selector, in parentheses or not. */
interface RangeParts {
  selector: Selector
  stages: Stage[]
  unwrap: Unwrap | undefined
  rangeNs: number | undefined
  offsetNs: number
}

function parseRange(reader: TokenReader): LogRange {
  const parts = parseRangeParts(reader)
  if (parts.rangeNs === undefined) throw reader.unexpected('RANGE')
  const { selector, stages, unwrap, rangeNs, offsetNs } = parts
  return { selector: { ...selector, stages }, unwrap, rangeNs, offsetNs }
}

function parseRangeParts(reader: TokenReader): RangeParts {
  let parts: RangeParts
  if (reader.takeSymbol('(')) {
    reader.enter()
    parts = parseRangeParts(reader)
    reader.leave()
    reader.expectSymbol(')')
  } else {
    parts = { selector: parseSelector(reader), stages: [], unwrap: undefined, rangeNs: undefined, offsetNs: 0 }
  }
  parseRangeTail(reader, parts)
  if (parts.rangeNs === undefined && reader.isSymbol('[')) {
    parseBrackets(reader, parts)
    parseRangeTail(reader, parts)
  }
  return parts
}

function parseRangeTail(reader: TokenReader, parts: RangeParts): void {
  if (parts.unwrap === undefined) parseStages(reader, parts.stages)
  if (reader.isSymbol('|') && reader.isWord('unwrap', 1) && parts.unwrap === undefined)
    parts.unwrap = parseUnwrap(reader)
}

function parseBrackets(reader: TokenReader, parts: RangeParts): void {
  reader.expectSymbol('[')
  const range = reader.expect('duration')
  if (range.value <= 0) throw reader.fault(`range: want more than 0, got ${range.text}`, range)
  reader.expectSymbol(']', 'a duration such as 5m and ]')
  parts.rangeNs = range.value
  if (reader.takeWord('offset')) parts.offsetNs = reader.expect('duration').value
}

const CONVERSIONS: ReadonlySet<string> = new Set(['duration', 'duration_seconds', 'bytes'])

function parseUnwrap(reader: TokenReader): Unwrap {
  reader.next()
  reader.next()
  let conversion: Conversion = 'number'
  let label = reader.expect('word').text
  if (reader.takeSymbol('(')) {
    if (!CONVERSIONS.has(label)) throw reader.fault(`unwrap: want duration, duration_seconds or bytes, got ${label}`)
    conversion = label as Conversion
    label = reader.expect('word').text
    reader.expectSymbol(')')
  }
  const filters: LabelFilter[] = []
  while (reader.isSymbol('|') && !reader.isWord('unwrap', 1)) {
    reader.next()
    filters.push(parseLabelFilter(reader))
  }
  return { label, conversion, filters }
}

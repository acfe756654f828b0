import { err, type Fault, ok, type Result } from '@vantage/model'
import type { TraceqlLimits } from '../limits.ts'
import { TraceqlRefusal } from './fault.ts'
import { combine, OPERATOR_STRENGTHS, type Operand, scalarOf } from './operand.ts'
import { parseFieldExpression, tryValue } from './parse-field.ts'
import { parseFieldList, parseSecondStages, tryMetricsAggregate } from './parse-metrics.ts'
import type { Aggregate, AggregateOp, Hint, Metrics, Query, Spanset, Stage } from './syntax.ts'
import { TokenReader } from './token-reader.ts'
import { isComparison } from './types.ts'

const AGGREGATES: ReadonlySet<string> = new Set(['count', 'avg', 'max', 'min', 'sum'])

/**
 * Reads a query; types are the business of `checkQuery`.
 * @returns the query, or a fault with the reason `syntax`
 * Source: grafana/tempo docs/sources/tempo/traceql; operators by strength: `^`, `*` `/` `%`, prefix `!`, `+` `-`,
 * comparisons and structural operators, `&&` and `||` alike.
 */
export function parseTraceql(text: string, limits: TraceqlLimits): Result<Query, Fault> {
  try {
    const reader = new TokenReader(text, limits)
    const query = parseRoot(reader)
    if (reader.token.kind !== 'end') throw reader.unexpected('the end of the query')
    return ok(query)
  } catch (error) {
    if (error instanceof TraceqlRefusal) return err(error.toFault())
    throw error
  }
}

function parseRoot(reader: TokenReader): Query {
  const operand = parsePipeline(reader)
  switch (operand.is) {
    case 'metrics':
      return { kind: 'metrics', metrics: staged(operand.metrics, reader), hints: parseHints(reader) }
    case 'spanset': {
      const { spanset, isWrapped } = operand
      const stages = spanset.kind === 'pipeline' && !isWrapped ? spanset.stages : [spanset]
      return { kind: 'search', pipeline: { kind: 'pipeline', stages }, hints: parseHints(reader) }
    }
    case 'stage':
      return { kind: 'search', pipeline: { kind: 'pipeline', stages: [operand.stage] }, hints: parseHints(reader) }
    default:
      throw reader.unexpected('a comparison; a query selects spans or makes series')
  }
}

/** A plain series carries its second stages itself; arithmetic carries them outside. */
function staged(metrics: Metrics, reader: TokenReader): Metrics {
  const second = parseSecondStages(reader, () => parseNumber(reader))
  if (second.length === 0) return metrics
  if (metrics.kind === 'series') return { ...metrics, second: [...metrics.second, ...second] }
  return { kind: 'staged', input: metrics, second }
}

/** Stages up to what ends them: the end, a parenthesis, or a stage that makes numbers. */
function parsePipeline(reader: TokenReader): Operand {
  const first = tryNamedStage(reader, false)
  const operand: Operand = first === undefined ? parseOperand(reader) : { is: 'stage', stage: first, isRootOnly: false }
  if (operand.is === 'metrics' || !reader.isSymbol('|')) return asPipeline(operand)
  const stages = [pipedStage(operand, reader)]
  while (reader.trySymbol('|')) {
    const aggregate = tryMetricsAggregate(reader)
    if (aggregate !== undefined) {
      const second = parseSecondStages(reader, () => parseNumber(reader))
      return { is: 'metrics', metrics: { kind: 'series', stages, aggregate, second } }
    }
    const named = tryNamedStage(reader, true)
    const next: Operand = named === undefined ? parseOperand(reader) : { is: 'stage', stage: named, isRootOnly: false }
    if (next.is === 'scalar' && next.scalar.kind === 'aggregate') {
      return { is: 'scalar-pipeline', scalar: { kind: 'scalar-pipeline', stages, aggregate: next.scalar } }
    }
    stages.push(pipedStage(next, reader))
  }
  return { is: 'spanset', spanset: { kind: 'pipeline', stages }, isPlain: false, isWrapped: false }
}

/** A lone stage that is no spanset is a pipeline of one. */
function asPipeline(operand: Operand): Operand {
  if (operand.is !== 'stage' || operand.isRootOnly) return operand
  return {
    is: 'spanset',
    spanset: { kind: 'pipeline', stages: [operand.stage] },
    isPlain: false,
    isWrapped: false,
  }
}

/** What can stand between bars. */
function pipedStage(operand: Operand, reader: TokenReader): Stage {
  if (operand.is === 'spanset' && operand.isPlain) return operand.spanset
  if (operand.is === 'stage' && !operand.isRootOnly) return operand.stage
  throw reader.unexpected('a stage that selects spans')
}

function tryNamedStage(reader: TokenReader, isFollowing: boolean): Stage | undefined {
  if (reader.isWord('by')) {
    reader.take()
    reader.wantSymbol('(')
    const by = parseFieldExpression(reader)
    reader.wantSymbol(')')
    return { kind: 'group', by }
  }
  if (reader.isWord('select')) {
    reader.take()
    return { kind: 'select', fields: parseFieldList(reader) }
  }
  if (!isFollowing || !reader.isWord('coalesce')) return undefined
  reader.take()
  reader.wantSymbol('(')
  reader.wantSymbol(')')
  return { kind: 'coalesce' }
}

function parseOperand(reader: TokenReader, minStrength = 1): Operand {
  let left = parsePrimary(reader)
  for (;;) {
    const op = reader.token.kind === 'symbol' ? reader.token.text : ''
    const strength = OPERATOR_STRENGTHS.get(op)
    if (strength === undefined || strength < minStrength) return left
    // Comparisons of series are second stages, which stand behind the whole expression.
    if (left.is === 'metrics' && isComparison(op)) return left
    const { offset } = reader.token
    reader.take()
    reader.countNode()
    const right = reader.nested(() =>
      left.is === 'scalar-pipeline' && isComparison(op)
        ? parseCompared(reader)
        : parseOperand(reader, op === '^' ? strength : strength + 1),
    )
    left = combine(op, left, right, offset)
  }
}

/** What a pipeline's number is compared with: another one, or a constant. */
function parseCompared(reader: TokenReader): Operand {
  const value = tryValue(reader)
  if (value !== undefined) return { is: 'static', value }
  return parseOperand(reader, (OPERATOR_STRENGTHS.get('=') as number) + 1)
}

function parsePrimary(reader: TokenReader): Operand {
  reader.countNode()
  const { kind, text } = reader.token
  if (kind === 'symbol' && text === '{')
    return { is: 'spanset', spanset: parseFilter(reader), isPlain: true, isWrapped: false }
  if (kind === 'symbol' && text === '(') return parseParentheses(reader)
  if (kind === 'word' && AGGREGATES.has(text)) return { is: 'scalar', scalar: parseAggregate(reader) }
  return parseConstant(reader)
}

/** A number, or one of the two words for numbers; the smaller one cannot be written in digits. */
function parseConstant(reader: TokenReader): Operand {
  const named = reader.isWord('minInt') || reader.isWord('maxInt') ? tryValue(reader) : undefined
  if (named?.kind === 'int') return { is: 'number', value: named, hasDuration: false, isLiteral: true }
  const isNegative = reader.trySymbol('-')
  const number = reader.token
  if (number.kind !== 'int' && number.kind !== 'double' && number.kind !== 'duration') {
    throw reader.unexpected('"{", "(", an aggregate or a number')
  }
  reader.take()
  const hasDuration = number.kind === 'duration'
  if (number.kind === 'int') {
    const value = isNegative ? -number.value : number.value
    return { is: 'number', value: { kind: 'int', value }, hasDuration, isLiteral: true }
  }
  const value = isNegative ? -number.value : number.value
  return { is: 'number', value: { kind: number.kind, value }, hasDuration, isLiteral: true }
}

function parseFilter(reader: TokenReader): Spanset {
  reader.wantSymbol('{')
  if (reader.trySymbol('}')) {
    return { kind: 'filter', condition: { kind: 'static', value: { kind: 'bool', value: true } } }
  }
  const condition = reader.nested(() => parseFieldExpression(reader))
  reader.wantSymbol('}')
  return { kind: 'filter', condition }
}

function parseParentheses(reader: TokenReader): Operand {
  reader.wantSymbol('(')
  const inner = reader.nested(() => parsePipeline(reader))
  if (!reader.isSymbol(')')) throw reader.unexpected('")" or "|"')
  switch (inner.is) {
    case 'spanset':
      reader.take()
      return { ...inner, isWrapped: true }
    case 'number':
      reader.take()
      return { ...inner, isLiteral: false }
    case 'scalar':
    case 'scalar-pipeline':
    case 'metrics':
      reader.take()
      return inner
    default:
      throw reader.unexpected('a query that may stand in parentheses')
  }
}

function parseAggregate(reader: TokenReader): Aggregate {
  const op = reader.take().text as AggregateOp
  reader.wantSymbol('(')
  const of = op === 'count' ? undefined : parseFieldExpression(reader)
  reader.wantSymbol(')')
  return { kind: 'aggregate', op, of }
}

/** The number that series are compared with: a literal, durations as seconds, or arithmetic of plain numbers. */
function parseNumber(reader: TokenReader): number {
  const { offset } = reader.token
  const operand = parseOperand(reader, (OPERATOR_STRENGTHS.get('=') as number) + 1)
  if (operand.is === 'number' && (operand.isLiteral || !operand.hasDuration)) {
    const number = Number(operand.value.value)
    return operand.hasDuration ? number / 1e9 : number
  }
  return scalarOf(operand, offset, 'a number')
}

function parseHints(reader: TokenReader): Hint[] {
  const hints: Hint[] = []
  while (reader.isWord('with')) {
    reader.take()
    reader.wantSymbol('(')
    do hints.push(parseHint(reader))
    while (reader.trySymbol(','))
    reader.wantSymbol(')')
  }
  return hints
}

function parseHint(reader: TokenReader): Hint {
  const { kind, text } = reader.token
  if (kind !== 'word') throw reader.unexpected('the name of a hint')
  reader.take()
  reader.countNode()
  reader.wantSymbol('=')
  const value = tryValue(reader)
  if (value === undefined) throw reader.unexpected('a value')
  return { name: text, value }
}

import { parseField, parseFieldExpression } from './parse-field.ts'
import type { Field, MetricsAggregate, OverTimeOp, SecondStage } from './syntax.ts'
import type { TokenReader } from './token-reader.ts'
import { isComparison } from './types.ts'

const OVER_TIME: ReadonlySet<string> = new Set([
  'min_over_time',
  'max_over_time',
  'avg_over_time',
  'sum_over_time',
  'quantile_over_time',
  'histogram_over_time',
])

const COMPARE_TOP = 10

/** Takes the first stage of a metrics query where one is next. */
export function tryMetricsAggregate(reader: TokenReader): MetricsAggregate | undefined {
  const { kind, text } = reader.token
  if (kind !== 'word') return undefined
  if (text === 'rate' || text === 'count_over_time') {
    reader.take()
    reader.wantSymbol('(')
    reader.wantSymbol(')')
    return { kind: 'count', op: text, by: parseBy(reader) }
  }
  if (OVER_TIME.has(text)) {
    reader.take()
    return parseOverTime(reader, text as OverTimeOp)
  }
  if (text !== 'compare') return undefined
  reader.take()
  return parseCompare(reader)
}

function parseOverTime(reader: TokenReader, op: OverTimeOp): MetricsAggregate {
  reader.wantSymbol('(')
  const of = parseField(reader)
  const quantiles: number[] = []
  if (op === 'quantile_over_time') {
    if (!reader.isSymbol(',')) throw reader.unexpected('"," and a quantile')
    while (reader.trySymbol(',')) quantiles.push(parseNumber(reader))
  }
  reader.wantSymbol(')')
  return { kind: 'over-time', op, of, quantiles, by: parseBy(reader) }
}

function parseNumber(reader: TokenReader): number {
  const token = reader.token
  if (token.kind !== 'int' && token.kind !== 'double') throw reader.unexpected('a number')
  reader.take()
  return Number(token.value)
}

function parseInteger(reader: TokenReader): bigint {
  const token = reader.token
  if (token.kind !== 'int') throw reader.unexpected('an integer')
  reader.take()
  return token.value
}

function parseBy(reader: TokenReader): readonly Field[] {
  if (!reader.isWord('by')) return []
  reader.take()
  return parseFieldList(reader)
}

/** `(field, field …)`. */
export function parseFieldList(reader: TokenReader): Field[] {
  reader.wantSymbol('(')
  const fields = [parseField(reader)]
  while (reader.trySymbol(',')) {
    reader.countNode()
    fields.push(parseField(reader))
  }
  reader.wantSymbol(')')
  return fields
}

/** `({…})`, `({…}, top)` or `({…}, top, start, end)`. */
function parseCompare(reader: TokenReader): MetricsAggregate {
  reader.wantSymbol('(')
  reader.wantSymbol('{')
  const isEmpty = reader.isSymbol('}')
  const selection = isEmpty
    ? ({ kind: 'static', value: { kind: 'bool', value: true } } as const)
    : parseFieldExpression(reader)
  reader.wantSymbol('}')
  const top = reader.trySymbol(',') ? Number(parseInteger(reader)) : COMPARE_TOP
  if (!reader.trySymbol(',')) {
    reader.wantSymbol(')')
    return { kind: 'compare', selection, top, range: undefined }
  }
  const startNs = parseInteger(reader)
  reader.wantSymbol(',')
  const endNs = parseInteger(reader)
  reader.wantSymbol(')')
  const range = startNs === 0n && endNs === 0n ? undefined : { startNs, endNs }
  return { kind: 'compare', selection, top, range }
}

/** `| topk(…)`, `| bottomk(…)` and comparisons with a number, as many as there are. */
export function parseSecondStages(reader: TokenReader, number: () => number): SecondStage[] {
  const stages: SecondStage[] = []
  for (;;) {
    const op = reader.token.text
    if (reader.isSymbol('|')) {
      reader.take()
      stages.push(parseTop(reader))
    } else if (reader.token.kind === 'symbol' && isComparison(op)) {
      reader.take()
      stages.push({ kind: 'keep', op, than: number() })
    } else return stages
    reader.countNode()
  }
}

function parseTop(reader: TokenReader): SecondStage {
  const op = reader.token.text
  if (reader.token.kind !== 'word' || (op !== 'topk' && op !== 'bottomk')) throw reader.unexpected('topk or bottomk')
  reader.take()
  reader.wantSymbol('(')
  const count = Number(parseInteger(reader))
  reader.wantSymbol(')')
  return { kind: 'top', op, count }
}

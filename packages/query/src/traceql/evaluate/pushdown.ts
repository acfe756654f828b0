import { type AnyValue, hexBytes, SPAN_KINDS, type SpanCondition, type SpanField, STATUS_CODES } from '@vantage/model'
import type { Field, FieldExpression, FieldOp, Spanset, Stage } from '../language/syntax.ts'
import { TRUE, type Value } from '../value.ts'
import { needsTrace } from './fields.ts'

/** What one scan may leave out before a trace is looked at whole. */
export interface Candidates {
  /** A trace can only match where one of its spans fulfils one of these; they need no more than the span. */
  readonly conditions: readonly FieldExpression[]
  /** The conditions say all: a single filter without fields of the trace. */
  readonly isExact: boolean
  readonly hints: readonly SpanCondition[]
  readonly isAll: boolean
  /** Only these traces. */
  readonly traceIds: readonly Uint8Array[] | undefined
}

const ALWAYS: FieldExpression = { kind: 'static', value: TRUE }

export function candidatesOf(pipeline: readonly Stage[]): Candidates {
  const stages = mergedFilters(pipeline)
  const first = stages[0]
  const leaves = first === undefined ? [ALWAYS] : leavesOfStage(first)
  const alternatives = leaves.map(conjuncts)
  const local = alternatives.map((parts) => parts.filter((part) => !usesTrace(part)))
  const isExact = stages.length === 1 && first?.kind === 'filter' && alternatives[0]?.length === local[0]?.length
  const { hints, isAll } = hintsOf(local)
  return { conditions: local.map(conjunction), isExact, hints, isAll, traceIds: traceIdsOf(alternatives) }
}

/** Filters in a row at the front are one: each keeps what the one before it kept. */
function mergedFilters(stages: readonly Stage[]): readonly Stage[] {
  const [first, second, ...rest] = stages
  if (first?.kind !== 'filter' || second?.kind !== 'filter') return stages
  const condition: FieldExpression = { kind: 'binary', op: '&&', left: first.condition, right: second.condition }
  return mergedFilters([{ kind: 'filter', condition }, ...rest])
}

function leavesOfStage(stage: Stage): FieldExpression[] {
  return stage.kind === 'filter' || stage.kind === 'relation' || stage.kind === 'pipeline' ? leavesOf(stage) : [ALWAYS]
}

/** Filters of which one at least must hold somewhere. What structural operators give is of the right side. */
function leavesOf(spanset: Spanset): FieldExpression[] {
  switch (spanset.kind) {
    case 'filter':
      return [spanset.condition]
    case 'pipeline':
      return spanset.stages[0] === undefined ? [ALWAYS] : leavesOfStage(spanset.stages[0])
    case 'relation':
      return spanset.op === '||' ? [...leavesOf(spanset.left), ...leavesOf(spanset.right)] : leavesOf(spanset.right)
  }
}

function conjuncts(expression: FieldExpression): FieldExpression[] {
  if (expression.kind !== 'binary' || expression.op !== '&&') return [expression]
  return [...conjuncts(expression.left), ...conjuncts(expression.right)]
}

function conjunction(parts: readonly FieldExpression[]): FieldExpression {
  const [first = ALWAYS, ...rest] = parts
  return rest.reduce<FieldExpression>((left, right) => ({ kind: 'binary', op: '&&', left, right }), first)
}

export function usesTrace(expression: FieldExpression): boolean {
  switch (expression.kind) {
    case 'static':
      return false
    case 'attribute':
    case 'intrinsic':
      return needsTrace(expression)
    case 'unary':
    case 'exists':
      return usesTrace(expression.operand)
    case 'binary':
      return usesTrace(expression.left) || usesTrace(expression.right)
  }
}

/** One alternative: all that is simple. Several: one of each, or nothing where one has none. */
function hintsOf(alternatives: readonly (readonly FieldExpression[])[]): { hints: SpanCondition[]; isAll: boolean } {
  const simple = alternatives.map((parts) => parts.flatMap((part) => hintOf(part) ?? []))
  if (simple.length === 1) return { hints: simple[0] as SpanCondition[], isAll: true }
  if (simple.some((hints) => hints.length === 0)) return { hints: [], isAll: false }
  return { hints: simple.map((hints) => hints[0] as SpanCondition), isAll: false }
}

const HINT_OPS: ReadonlySet<FieldOp> = new Set<FieldOp>(['=', '!=', '<', '<=', '>', '>=', '=~', '!~'])
const MIRRORED: Partial<Record<FieldOp, SpanCondition['op']>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function hintOf(expression: FieldExpression): SpanCondition | undefined {
  if (expression.kind === 'attribute') return existsHint(expression)
  if (expression.kind === 'exists') {
    const { isWanted, operand } = expression
    return isWanted && operand.kind === 'attribute' ? existsHint(operand) : undefined
  }
  if (expression.kind !== 'binary' || !HINT_OPS.has(expression.op)) return undefined
  const { op, left, right } = expression
  if (right.kind === 'static') return comparisonHint(left, op as SpanCondition['op'], right.value)
  const mirrored = MIRRORED[op]
  return left.kind === 'static' && mirrored !== undefined ? comparisonHint(right, mirrored, left.value) : undefined
}

function existsHint(field: Field): SpanCondition | undefined {
  const where = fieldOf(field)
  return where === undefined ? undefined : { field: where, op: 'exists', value: { kind: 'empty' } }
}

function comparisonHint(expression: FieldExpression, op: SpanCondition['op'], value: Value): SpanCondition | undefined {
  if (expression.kind !== 'attribute' && expression.kind !== 'intrinsic') return undefined
  const field = fieldOf(expression)
  const wanted = plainValue(value)
  return field === undefined || wanted === undefined ? undefined : { field, op, value: wanted }
}

function fieldOf(field: Field): SpanField | undefined {
  if (field.isParent) return undefined
  if (field.kind === 'attribute') return { scope: field.scope, name: field.name }
  switch (field.name) {
    case 'name':
    case 'kind':
    case 'status':
    case 'duration':
    case 'statusMessage':
      return { scope: 'intrinsic', name: field.name }
    default:
      return undefined
  }
}

function plainValue(value: Value): AnyValue | undefined {
  switch (value.kind) {
    case 'string':
    case 'bool':
    case 'int':
    case 'double':
      return value
    case 'duration':
      return Number.isInteger(value.value)
        ? { kind: 'int', value: BigInt(value.value) }
        : { kind: 'double', value: value.value }
    case 'status':
      return { kind: 'string', value: STATUS_CODES[value.value] ?? 'unset' }
    case 'spanKind':
      return { kind: 'string', value: SPAN_KINDS[value.value] ?? 'unspecified' }
    default:
      return undefined
  }
}

/** Where every alternative names its trace. */
function traceIdsOf(alternatives: readonly (readonly FieldExpression[])[]): Uint8Array[] | undefined {
  const ids: Uint8Array[] = []
  for (const parts of alternatives) {
    const id = parts.map(traceIdOf).find((one) => one !== undefined)
    if (id === undefined) return undefined
    ids.push(id)
  }
  return ids
}

function traceIdOf(expression: FieldExpression): Uint8Array | undefined {
  if (expression.kind !== 'binary' || expression.op !== '=') return undefined
  const { left, right } = expression
  const [field, other] = left.kind === 'intrinsic' ? [left, right] : [right, left]
  if (field.kind !== 'intrinsic' || field.name !== 'trace:id') return undefined
  if (other.kind !== 'static' || other.value.kind !== 'string') return undefined
  // Another text is no id; the condition itself finds nothing then.
  return hexBytes(other.value.value.padStart(32, '0'), 16)
}

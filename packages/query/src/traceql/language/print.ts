import { unreachable } from '@vantage/model'
import type { Value } from '../value.ts'
import { durationText } from './duration.ts'
import type {
  Field,
  FieldExpression,
  Metrics,
  MetricsAggregate,
  Query,
  Scalar,
  SecondStage,
  Spanset,
  Stage,
} from './syntax.ts'

const STATUS_WORDS = ['unset', 'ok', 'error']
const KIND_WORDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const INT64_MIN = -(2n ** 63n)

/** A query as text that parses to the same query. */
export function printQuery(query: Query): string {
  const body = query.kind === 'search' ? printStages(query.pipeline.stages) : printMetrics(query.metrics)
  if (query.hints.length === 0) return body
  return `${body} with(${query.hints.map(({ name, value }) => `${name}=${printValue(value)}`).join(',')})`
}

function printStages(stages: readonly Stage[]): string {
  return stages.map(printStage).join('|')
}

export function printStage(stage: Stage): string {
  switch (stage.kind) {
    case 'filter':
    case 'relation':
    case 'pipeline':
      return printSpanset(stage)
    case 'scalar-filter':
      return `${printOperand(stage.left)} ${stage.op} ${printOperand(stage.right)}`
    case 'group':
      return `by(${printField(stage.by)})`
    case 'coalesce':
      return 'coalesce()'
    case 'select':
      return `select(${stage.fields.map(printField).join(',')})`
    default:
      return unreachable(stage)
  }
}

function printSpanset(spanset: Spanset): string {
  if (spanset.kind === 'filter') return `{ ${printField(spanset.condition)} }`
  if (spanset.kind === 'pipeline') return `(${printStages(spanset.stages)})`
  return `${printSide(spanset.left)} ${spanset.op} ${printSide(spanset.right)}`
}

function printSide(spanset: Spanset): string {
  return spanset.kind === 'pipeline' ? printSpanset(spanset) : `(${printSpanset(spanset)})`
}

export function printScalar(scalar: Scalar): string {
  switch (scalar.kind) {
    case 'static':
      return printValue(scalar.value)
    case 'aggregate':
      return `${scalar.op}(${scalar.of === undefined ? '' : printField(scalar.of)})`
    case 'scalar-math':
      return `${printOperand(scalar.left)} ${scalar.op} ${printOperand(scalar.right)}`
    case 'scalar-pipeline':
      return `${printStages(scalar.stages)}|${printScalar(scalar.aggregate)}`
    default:
      return unreachable(scalar)
  }
}

function printOperand(scalar: Scalar): string {
  return scalar.kind === 'static' ? printScalar(scalar) : `(${printScalar(scalar)})`
}

export function printField(expression: FieldExpression): string {
  switch (expression.kind) {
    case 'static':
      return printValue(expression.value)
    case 'attribute':
      return printAttribute(expression)
    case 'intrinsic':
      return expression.isParent ? `parent.${expression.name}` : expression.name
    case 'unary':
      return `${expression.op}${printInner(expression.operand)}`
    case 'exists':
      return `${printInner(expression.operand)} ${expression.isWanted ? '!=' : '='} nil`
    case 'binary':
      return `${printInner(expression.left)} ${expression.op} ${printInner(expression.right)}`
    default:
      return unreachable(expression)
  }
}

/** A leading minus binds looser than `*` and `^`, so negative numbers are operations here. */
function printInner(expression: FieldExpression): string {
  const isPlain =
    expression.kind === 'attribute' ||
    expression.kind === 'intrinsic' ||
    (expression.kind === 'static' && !printValue(expression.value).startsWith('-'))
  return isPlain ? printField(expression) : `(${printField(expression)})`
}

/** Names that the language would cut short, or take for a scope, are quoted. */
function printAttribute({ scope, isParent, name }: Extract<Field, { kind: 'attribute' }>): string {
  const isPlain = /^[\p{L}_][^\s"{}()=~!<>&|^,]*$/u.test(name)
  const text = isPlain && !(isParent && scope === 'any') ? name : `"${name.replaceAll(/["\\]/g, '\\$&')}"`
  if (scope === 'any') return `${isParent ? 'parent' : ''}.${text}`
  return `${isParent ? 'parent.' : ''}${scope}.${text}`
}

function printValue(value: Value): string {
  switch (value.kind) {
    case 'empty':
      return 'nil'
    case 'string':
      return /[`\r]/.test(value.value) ? quoted(value.value) : `\`${value.value}\``
    case 'bool':
      return String(value.value)
    case 'int':
      return value.value === INT64_MIN ? 'minInt' : String(value.value)
    case 'double':
      return doubleText(value.value)
    case 'duration':
      return durationText(value.value)
    case 'status':
      return STATUS_WORDS[value.value] ?? 'unset'
    case 'spanKind':
      return KIND_WORDS[value.value] ?? 'unspecified'
    case 'bytes':
    case 'array':
    case 'map':
      throw new Error(`BUG: a query holds no ${value.kind}`)
    default:
      return unreachable(value)
  }
}

/** Backslash escapes for quotes, backslashes and what is no printable ASCII; the rest stays. */
function quoted(text: string): string {
  const inner = text.replaceAll(/[\\"]|[^ -~]/gu, (char) => {
    if (char === '"' || char === '\\') return `\\${char}`
    return `\\U${(char.codePointAt(0) as number).toString(16).padStart(8, '0')}`
  })
  return `"${inner}"`
}

function doubleText(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

function printMetrics(metrics: Metrics): string {
  switch (metrics.kind) {
    case 'series':
      return `${printStages(metrics.stages)} | ${printAggregate(metrics.aggregate)}${printSecond(metrics.second)}`
    case 'math':
      return `(${printMetrics(metrics.left)}) ${metrics.op} (${printMetrics(metrics.right)})`
    case 'number-math': {
      const [number, input] = [printNumber(metrics.number), `(${printMetrics(metrics.input)})`]
      return metrics.isNumberLeft ? `${number} ${metrics.op} ${input}` : `${input} ${metrics.op} ${number}`
    }
    case 'staged':
      return `${printMetrics(metrics.input)}${printSecond(metrics.second)}`
    default:
      return unreachable(metrics)
  }
}

/** Integers where they fit. */
function printNumber(number: number): string {
  return Number.isSafeInteger(number) ? String(number) : doubleText(number)
}

function printSecond(stages: readonly SecondStage[]): string {
  return stages
    .map((stage) =>
      stage.kind === 'top' ? ` | ${stage.op}(${stage.count})` : ` ${stage.op} ${printNumber(stage.than)}`,
    )
    .join('')
}

function printAggregate(aggregate: MetricsAggregate): string {
  switch (aggregate.kind) {
    case 'count':
      return `${aggregate.op}()${printBy(aggregate.by)}`
    case 'over-time': {
      const list = [printField(aggregate.of), ...aggregate.quantiles.map(printNumber)].join(',')
      return `${aggregate.op}(${list})${printBy(aggregate.by)}`
    }
    case 'compare': {
      const { range, top } = aggregate
      const rest = range === undefined ? '' : `,${range.startNs},${range.endNs}`
      return `compare({ ${printField(aggregate.selection)} },${top}${rest})`
    }
    default:
      return unreachable(aggregate)
  }
}

function printBy(by: readonly Field[]): string {
  return by.length === 0 ? '' : `by(${by.map(printField).join(',')})`
}

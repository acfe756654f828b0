import { formatDuration, METRIC_NAME } from '@vantage/model'
import { quoteText } from '../../quote-text.ts'
import type { At, BinaryExpr, Duration, Expr, Matching, Subquery, VectorSelector } from './ast.ts'
import { formatDecimal, formatGeneral } from './number.ts'
import { isPlainLabelName, isPlainMetricName } from './text.ts'

/** Longest line that stays one line. */
const LINE_CHARS_MAX = 100

/** The expression on one line, as Prometheus prints it. Source: prometheus/prometheus promql/parser/printer.go. */
export function formatExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'numberLiteral':
      return expr.isDuration ? secondsText(expr.value) : formatDecimal(expr.value)
    case 'stringLiteral':
      return quoteText(expr.text)
    case 'paren':
      return `(${formatExpr(expr.expr)})`
    case 'unary':
      return `${expr.op}${formatExpr(expr.expr)}`
    case 'vectorSelector':
      return `${selectorText(expr)}${modifiersText(expr)}`
    case 'matrixSelector': {
      const { selector } = expr
      const extended = selector.extended === undefined ? '' : ` ${selector.extended}`
      const range = durationText(expr.range)
      return `${selectorText(selector)}[${range}]${extended}${atText(selector.at)}${offsetText(selector.offset)}`
    }
    case 'subquery':
      return `${formatExpr(expr.expr)}${subquerySuffix(expr)}`
    case 'binary':
      return `${formatExpr(expr.left)} ${operatorText(expr)} ${formatExpr(expr.right)}`
    case 'call':
      return `${expr.name}(${expr.args.map(formatExpr).join(', ')})`
    case 'aggregate': {
      const param = expr.param === undefined ? '' : `${formatExpr(expr.param)}, `
      return `${aggregateText(expr.op, expr.grouping, expr.isWithout)}(${param}${formatExpr(expr.expr)})`
    }
  }
}

/**
 * The expression over several lines where one would be longer than 100 characters, as `/format_query` answers.
 * Source: prometheus/prometheus promql/parser/prettier.go.
 */
export function prettyExpr(expr: Expr): string {
  return pretty(expr, 0)
}

function pretty(expr: Expr, level: number): string {
  const line = formatExpr(expr)
  const pad = '  '.repeat(level)
  if (expr.kind === 'subquery') {
    return line.length > LINE_CHARS_MAX ? `${pretty(expr.expr, level)}${subquerySuffix(expr)}` : `${pad}${line}`
  }
  if (expr.kind === 'unary') return `${pad}${expr.op}${pretty(expr.expr, level).trim()}`
  if (line.length <= LINE_CHARS_MAX) return `${pad}${line}`
  switch (expr.kind) {
    case 'paren':
      return `${pad}(\n${pretty(expr.expr, level + 1)}\n${pad})`
    case 'binary':
      return `${pretty(expr.left, level + 1)}\n${pad}${operatorText(expr)}\n${pretty(expr.right, level + 1)}`
    case 'call':
      return `${pad}${expr.name}(\n${expr.args.map((arg) => pretty(arg, level + 1)).join(',\n')}\n${pad})`
    case 'aggregate': {
      const param = expr.param === undefined ? '' : `${pretty(expr.param, level + 1)},\n`
      const head = aggregateText(expr.op, expr.grouping, expr.isWithout)
      return `${pad}${head}(\n${param}${pretty(expr.expr, level + 1)}\n${pad})`
    }
    default:
      return `${pad}${line}`
  }
}

function secondsText(seconds: number): string {
  const text = formatDuration(Math.abs(seconds) * 1000)
  return seconds < 0 ? `-${text}` : text
}

function durationText(duration: Duration): string {
  switch (duration.kind) {
    case 'literal':
      return secondsText(duration.seconds)
    case 'step':
    case 'range':
      return `${duration.kind}()`
    case 'negate':
      return `-${durationText(duration.operand)}`
    case 'keep':
      return durationText(duration.operand)
    case 'group':
      return `(${durationText(duration.operand)})`
    case 'binary': {
      const left = durationText(duration.left)
      const right = durationText(duration.right)
      const { op } = duration
      return op === 'min_of' || op === 'max_of' ? `${op}(${left}, ${right})` : `${left} ${op} ${right}`
    }
  }
}

function selectorText(selector: VectorSelector): string {
  const parts: string[] = []
  for (const { name, op, value } of selector.matchers) {
    if (name === METRIC_NAME && op === '=' && value === selector.name && value !== '') continue
    parts.push(`${isPlainLabelName(name) ? name : quoteText(name)}${op}${quoteText(value)}`)
  }
  const name = isPlainMetricName(selector.name) ? selector.name : ''
  return parts.length === 0 ? name : `${name}{${parts.sort().join(',')}}`
}

function modifiersText(selector: VectorSelector): string {
  const extended = selector.extended === undefined ? '' : ` ${selector.extended}`
  return `${atText(selector.at)}${extended}${offsetText(selector.offset)}`
}

function atText(at: At | undefined): string {
  if (at === undefined) return ''
  return at.kind === 'time' ? ` @ ${(at.timeMs / 1000).toFixed(3)}` : ` @ ${at.kind}()`
}

function offsetText(offset: Duration | undefined): string {
  if (offset === undefined || (offset.kind === 'literal' && offset.seconds === 0)) return ''
  return ` offset ${durationText(offset)}`
}

function subquerySuffix(expr: Subquery): string {
  const step = expr.step === undefined ? '' : durationText(expr.step)
  return `[${durationText(expr.range)}:${step}]${atText(expr.at)}${offsetText(expr.offset)}`
}

function labelList(labels: readonly string[]): string {
  return labels.map((label) => (isPlainLabelName(label) ? label : quoteText(label))).join(', ')
}

function aggregateText(op: string, grouping: readonly string[], isWithout: boolean): string {
  if (isWithout) return `${op} without (${labelList(grouping)}) `
  return grouping.length > 0 ? `${op} by (${labelList(grouping)}) ` : op
}

function operatorText(expr: BinaryExpr): string {
  return `${expr.op}${expr.returnsBool ? ' bool' : ''}${expr.matching === undefined ? '' : matchingText(expr.matching)}`
}

function matchingText(matching: Matching): string {
  const { card, isOn, labels, include, fillLeft, fillRight } = matching
  let text = ''
  const isGrouped = card === 'many-to-one' || card === 'one-to-many'
  if (labels.length > 0 || isOn || isGrouped) text += ` ${isOn ? 'on' : 'ignoring'} (${labelList(labels)})`
  if (isGrouped) text += ` group_${card === 'many-to-one' ? 'left' : 'right'} (${labelList(include)})`
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) return `${text} fill (${formatGeneral(fillLeft)})`
  if (fillLeft !== undefined) text += ` fill_left (${formatGeneral(fillLeft)})`
  if (fillRight !== undefined) text += ` fill_right (${formatGeneral(fillRight)})`
  return text
}

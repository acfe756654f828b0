import { foreign, labelValue, METRIC_NAME } from '@vantage/model'
import { RE2JS, RE2JSException } from 're2js'
import { mergeRows, type Row, type Value, withLabel } from '../evaluate/rows.ts'
import { executionFault, limitFault } from '../language/fault.ts'
import { isValidLabelName } from '../language/text.ts'
import { type FunctionCall, type FunctionImplementation, rowsOf, textOf } from './function.ts'

export type LabelName = 'label_join' | 'label_replace'

/** Functions that change labels and never look at values. */
export const LABEL_FUNCTIONS: Readonly<Record<LabelName, FunctionImplementation>> = {
  label_join: { kind: 'vector', evaluate: labelJoin },
  label_replace: { kind: 'vector', evaluate: labelReplace },
}

function requireLabelName(name: string, role: string, call: FunctionCall): void {
  if (isValidLabelName(name)) return
  throw executionFault(`invalid ${role} label name in ${call.plan.name}(): ${foreign(name)}`)
}

/** A made value is bounded like the text that made it: `label_join` repeats its separator, `$1$1` its group. */
function setLabel(call: FunctionCall, row: Row, name: string, value: string): void {
  const { budget, options } = call.context
  const charsMax = options.limits.textBytesMax
  if (value.length > charsMax) {
    const message = `${call.plan.name}(): want a label value of at most ${charsMax} characters, got ${value.length}`
    throw limitFault(message, 'query.maxTextBytes', 'unprocessable')
  }
  budget.chargeBytes(value.length)
  budget.check()
  row.labels = withLabel(row.labels, name, value)
  // Whoever writes the metric name wants to keep it.
  if (name === METRIC_NAME) row.dropName = false
}

function labelJoin(call: FunctionCall): Value {
  const target = textOf(call, 1)
  const separator = textOf(call, 2)
  const sources = call.args.slice(3).map((_, i) => textOf(call, i + 3))
  for (const source of sources) requireLabelName(source, 'source', call)
  requireLabelName(target, 'destination', call)
  const rows = rowsOf(call, 0)
  for (const row of rows) {
    setLabel(call, row, target, sources.map((source) => labelValue(row.labels, source)).join(separator))
  }
  return { kind: 'vector', rows: mergeRows(rows) }
}

function labelReplace(call: FunctionCall): Value {
  const target = textOf(call, 1)
  const replacement = textOf(call, 2)
  const source = textOf(call, 3)
  const pattern = compilePattern(textOf(call, 4), call.context.options.limits.regexCharsMax)
  requireLabelName(target, 'destination', call)
  const rows = rowsOf(call, 0)
  for (const row of rows) {
    const match = pattern.matcher(labelValue(row.labels, source))
    if (match.find()) setLabel(call, row, target, expand(replacement, match))
  }
  return { kind: 'vector', rows: mergeRows(rows) }
}

function compilePattern(pattern: string, charsMax: number): RE2JS {
  if (pattern.length > charsMax) {
    const message = `regular expression: want at most ${charsMax} characters, got ${pattern.length}`
    throw limitFault(message, 'query.maxRegexBytes', 'unprocessable')
  }
  try {
    return RE2JS.compile(`^(?s:${pattern})$`)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw executionFault(`invalid regular expression in label_replace(): ${foreign(pattern)}`)
  }
}

type Match = ReturnType<RE2JS['matcher']>

/** `$1`, `$name`, `${name}` and `$$` in a replacement. Source: Go regexp.Regexp.Expand. */
function expand(template: string, match: Match): string {
  return template.replaceAll(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
    if (whole === '$$') return '$'
    return groupText(match, bare ?? braced ?? '')
  })
}

/** Groups that do not exist or did not take part are empty. */
function groupText(match: Match, name: string): string {
  if (/^\d+$/.test(name)) {
    const index = Number(name)
    return index <= match.groupCount() ? (match.group(index) ?? '') : ''
  }
  try {
    return match.group(name) ?? ''
  } catch (error) {
    if (error instanceof RE2JSException) return ''
    throw error
  }
}

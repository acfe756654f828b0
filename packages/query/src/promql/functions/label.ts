import { compilePattern, foreign, labelValue, METRIC_NAME, type Pattern } from '@vantage/model'
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
  const pattern = patternOf(textOf(call, 4), call.context.options.limits.regexCharsMax)
  requireLabelName(target, 'destination', call)
  const rows = rowsOf(call, 0)
  for (const row of rows) {
    const expanded = pattern.expand(labelValue(row.labels, source), [replacement])?.[0]
    if (expanded !== undefined) setLabel(call, row, target, expanded)
  }
  return { kind: 'vector', rows: mergeRows(rows) }
}

function patternOf(text: string, charsMax: number): Pattern {
  if (text.length > charsMax) {
    const message = `regular expression: want at most ${charsMax} characters, got ${text.length}`
    throw limitFault(message, 'query.maxRegexBytes', 'unprocessable')
  }
  const pattern = compilePattern(text)
  if (!pattern.ok) throw executionFault(`invalid regular expression in label_replace(): ${foreign(text)}`)
  return pattern.value
}

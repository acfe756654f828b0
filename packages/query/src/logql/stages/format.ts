import { compileMatcher, FaultError, fault } from '@vantage/model'
import type { LabelChoice, LabelFormat } from '../language/plan.ts'
import { compileTemplate } from '../template/template.ts'
import { ERROR_DETAILS_LABEL, ERROR_LABEL, PRESERVE_ERROR_LABEL, type Row, SOURCE } from './row.ts'
import type { RowStep, StepOptions } from './stage.ts'

const TEMPLATE_ERROR = 'TemplateFormatErr'

function refused(message: string): FaultError {
  return new FaultError(fault('bad_request', message, { reason: 'bad_data' }))
}

/** Writes the line anew. A template that fails leaves it and marks the row. */
export function lineFormatStep(template: string, options: StepOptions): RowStep {
  const compiled = compileTemplate(template, 'line', options.nowNs)
  return (row) => {
    const written = compiled.run(row)
    if (written.ok) row.line = written.text
    else row.fail(TEMPLATE_ERROR, written.message, options.preservesErrors)
    return true
  }
}

/** Renames and writes labels, one after the other. */
export function labelFormatStep(formats: readonly LabelFormat[], options: StepOptions): RowStep {
  for (const [i, { name }] of formats.entries()) {
    if (name === ERROR_LABEL) throw refused(`${name} cannot be formatted`)
    if (formats.findIndex((one) => one.name === name) < i) {
      throw refused(`multiple label name '${name}' not allowed in a single format operation`)
    }
  }
  const steps = formats.map((format) => formatStep(format, options))
  return (row) => {
    for (let i = 0; i < steps.length; i++) (steps[i] as (row: Row) => void)(row)
    return true
  }
}

function formatStep(format: LabelFormat, options: StepOptions): (row: Row) => void {
  if (format.kind === 'rename') {
    const { name, from } = format
    return (row) => {
      const value = row.get(from)
      if (value === undefined || name === from) return
      row.set(SOURCE.parsed, name, value)
      row.delete(from)
    }
  }
  const compiled = compileTemplate(format.template, 'label', options.nowNs)
  return (row) => {
    const written = compiled.run(row)
    if (written.ok) row.set(SOURCE.parsed, format.name, written.text)
    else row.fail(TEMPLATE_ERROR, written.message, options.preservesErrors)
  }
}

/** Colours of terminals. Source: ECMA-48, control sequences; grafana/loki pkg/logql/log/decolorizer.go. */
const CONTROL_SEQUENCE = new RegExp(
  '[\\u001b\\u009b][[\\]()#;?]*' +
    '(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\\u0007|(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~])',
  'g',
)

export function decolorizeStep(): RowStep {
  return (row) => {
    if (row.line.includes('\u001b') || row.line.includes('\u009b')) row.line = row.line.replace(CONTROL_SEQUENCE, '')
    return true
  }
}

/** A choice that is ready to test labels; undefined takes any value. */
interface Choice {
  readonly name: string
  readonly matches: ((value: string) => boolean) | undefined
}

function compileChoices(choices: readonly LabelChoice[]): Choice[] {
  return choices.map(({ name, matcher }) => {
    if (matcher === undefined) return { name, matches: undefined }
    const compiled = compileMatcher(matcher)
    if (!compiled.ok) throw new FaultError(compiled.error)
    return { name, matches: compiled.value.matches }
  })
}

export function dropStep(given: readonly LabelChoice[]): RowStep {
  const choices = compileChoices(given)
  return (row) => {
    for (let i = 0; i < choices.length; i++) {
      const { name, matches } = choices[i] as Choice
      if (matches === undefined || matches(row.get(name) ?? '')) row.delete(name)
    }
    return true
  }
}

const ALWAYS_KEPT: ReadonlySet<string> = new Set([ERROR_LABEL, ERROR_DETAILS_LABEL, PRESERVE_ERROR_LABEL])

export function keepStep(given: readonly LabelChoice[]): RowStep {
  const choices = compileChoices(given)
  const isKept = (name: string, value: string): boolean =>
    ALWAYS_KEPT.has(name) ||
    choices.some((one) => one.name === name && (one.matches === undefined || one.matches(value)))
  return (row) => {
    for (let at = row.count - 1; at >= 0; at--) {
      if (!isKept(row.names[at] as string, row.values[at] as string)) row.deleteAt(at)
    }
    return true
  }
}

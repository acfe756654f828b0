import { hexBytes, type LineFilter } from '@vantage/model'
import type { Grouping, LabelFilter, Stage, Unwrap } from '../language/plan.ts'
import type { LogqlLimits } from '../limits.ts'
import { compileStage } from '../stages/compile.ts'
import { literalOf, requiredLiteral } from '../stages/patterns.ts'
import { ERROR_LABEL, type Row } from '../stages/row.ts'
import type { RowStep, StepOptions } from '../stages/stage.ts'
import { ALL_FIELDS, compileTemplate } from '../template/template.ts'

/** Runs the stages of a pipeline: first filters on lines, which need no labels, then the others. */
export class Pipeline {
  readonly #filters: readonly RowStep[]
  readonly #steps: readonly RowStep[]

  constructor(stages: readonly Stage[], limits: LogqlLimits, options: StepOptions) {
    const others = stages.findIndex((stage) => stage.kind !== 'lineFilter')
    const steps = stages.map((stage) => compileStage(stage, limits, options))
    const count = others < 0 ? steps.length : others
    this.#filters = steps.slice(0, count)
    this.#steps = steps.slice(count)
  }

  /** @returns false where a filter in front of the other stages does not want the line */
  wants(row: Row): boolean {
    return runAll(this.#filters, row)
  }

  /** Runs what is behind those filters. @returns false where a stage does not want the row */
  run(row: Row): boolean {
    return runAll(this.#steps, row)
  }
}

function runAll(steps: readonly RowStep[], row: Row): boolean {
  for (let i = 0; i < steps.length; i++) if (!(steps[i] as RowStep)(row)) return false
  return true
}

/** True where a stage writes the line anew: texts that later filters want need not stand in the line as stored. */
function changesLine(stage: Stage): boolean {
  return stage.kind === 'lineFormat' || stage.kind === 'unpack' || stage.kind === 'decolorize'
}

/** What lines must hold and must not, as far as the store can tell. All filters stay in the pipeline. */
export function pushedFilters(stages: readonly Stage[]): LineFilter[] {
  const filters: LineFilter[] = []
  for (const stage of stages) {
    if (changesLine(stage)) break
    if (stage.kind !== 'lineFilter') continue
    filters.push(...filtersOf(stage))
  }
  return filters
}

function filtersOf({ op, operands }: Extract<Stage, { kind: 'lineFilter' }>): LineFilter[] {
  const isWanted = op.startsWith('|')
  // Of several texts that are wanted one is enough: the store wants all.
  if (isWanted && operands.length > 1) return []
  return operands.flatMap(({ isIp, text }) => {
    if (isIp) return []
    if (op === '|=' || op === '!=') return text === '' ? [] : [{ text, isWanted }]
    if (op !== '|~' && op !== '!~') return []
    const literal = literalOf(text)
    if (literal !== undefined) return literal === '' ? [] : [{ text: literal, isWanted }]
    const pattern = { text, isWanted, isPattern: true }
    const required = isWanted ? requiredLiteral(text) : ''
    return required === '' ? [pattern] : [{ text: required, isWanted }, pattern]
  })
}

const TRACE_LABEL = 'trace_id'
const TRACE_ID = /^[0-9a-f]{32}$/

/** The trace that all rows of an answer must be of, where a filter on labels in front of other stages says so. */
export function pushedTraceId(stages: readonly Stage[]): Uint8Array | undefined {
  for (const stage of stages) {
    if (stage.kind === 'lineFilter') continue
    if (stage.kind !== 'labelFilter') return undefined
    const id = traceIdIn(stage.filter)
    if (id !== undefined) return hexBytes(id, 16)
  }
  return undefined
}

function traceIdIn(filter: LabelFilter): string | undefined {
  if (filter.kind === 'and') return traceIdIn(filter.left) ?? traceIdIn(filter.right)
  if (filter.kind !== 'string') return undefined
  const { name, op, value } = filter.matcher
  return name === TRACE_LABEL && op === '=' && TRACE_ID.test(value) ? value : undefined
}

/** True where `pushedFilters` says all that the stages do, so that rows need not be looked at. */
export function isPushedWhole(stages: readonly Stage[], needsNoLabels: boolean): boolean {
  return stages.every((stage) => {
    if (stage.kind === 'lineFilter') {
      const { op, operands } = stage
      if (operands.some((one) => one.isIp)) return false
      return op === '!=' || op === '!~' || ((op === '|=' || op === '|~') && operands.length === 1)
    }
    const isParser =
      stage.kind === 'json' || stage.kind === 'logfmt' || stage.kind === 'pattern' || stage.kind === 'regexp'
    return isParser && needsNoLabels
  })
}

/** Filters of lines that say all that the stages do; undefined where stages say more, or filters have no text. */
export function wholeLineFilters(stages: readonly Stage[]): LineFilter[] | undefined {
  const areTexts = stages.every((one) => one.kind === 'lineFilter' && one.operands.every(({ text }) => text !== ''))
  return areTexts && isPushedWhole(stages, false) ? pushedFilters(stages) : undefined
}

/**
 * Labels that stages and grouping look at.
 * @returns undefined where that may be any
 */
export function requiredLabels(
  stages: readonly Stage[],
  unwrap: Unwrap | undefined,
  grouping: Grouping | undefined,
): Set<string> | undefined {
  const names = new Set<string>()
  for (const stage of stages) collectStage(stage, names)
  for (const filter of unwrap?.filters ?? []) collectFilter(filter, names)
  if (unwrap !== undefined) names.add(unwrap.label)
  for (const name of grouping?.names ?? []) names.add(name)
  return names.has(ALL_FIELDS) ? undefined : names
}

function collectStage(stage: Stage, names: Set<string>): void {
  switch (stage.kind) {
    case 'labelFilter':
      collectFilter(stage.filter, names)
      return
    case 'lineFormat':
      for (const field of compileTemplate(stage.template, 'line', 0n).fields) names.add(field)
      return
    case 'labelFormat':
      for (const format of stage.formats) {
        if (format.kind === 'rename') names.add(format.from)
        else for (const field of compileTemplate(format.template, 'label', 0n).fields) names.add(field)
      }
      return
    case 'drop':
    case 'keep':
      for (const { matcher } of stage.choices) if (matcher !== undefined) names.add(matcher.name)
  }
}

function collectFilter(filter: LabelFilter, names: Set<string>): void {
  switch (filter.kind) {
    case 'and':
    case 'or':
      collectFilter(filter.left, names)
      collectFilter(filter.right, names)
      return
    case 'string':
      names.add(filter.matcher.name)
      return
    default:
      names.add(filter.name)
  }
}

const EXTRACTED_SUFFIX = '_extracted'

/** With the names whose conflicts make `…_extracted`. */
export function withConflicts(names: ReadonlySet<string>): Set<string> {
  const all = new Set(names)
  for (const name of names) if (name.endsWith(EXTRACTED_SUFFIX)) all.add(name.slice(0, -EXTRACTED_SUFFIX.length))
  return all
}

export function asksForErrors(names: ReadonlySet<string> | undefined): boolean {
  return names === undefined || names.has(ERROR_LABEL)
}

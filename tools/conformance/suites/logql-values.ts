import type { Matcher } from '../../../packages/model/src/index.ts'
import type { LabelFilter, LabelFormat, Stage } from '../../../packages/query/src/logql/language/plan.ts'

/** Values of tables that were taken from Go tests: `{"call": "f", "args": […]}` names a constructor, `{"id": …}` a constant. */
export type Cell = string | number | boolean | null | readonly Cell[] | { readonly [key: string]: Cell }

class UnknownCell extends Error {}

function unknown(cell: Cell | undefined): UnknownCell {
  return new UnknownCell(`cannot read ${JSON.stringify(cell)}`)
}

interface Call {
  readonly name: string
  readonly args: readonly Cell[]
}

function field(cell: Cell | undefined, name: string): Cell | undefined {
  return typeof cell === 'object' && cell !== null && !Array.isArray(cell)
    ? (cell as { readonly [key: string]: Cell })[name]
    : undefined
}

export function callOf(cell: Cell | undefined): Call | undefined {
  const name = field(cell, 'call')
  const args = field(cell, 'args')
  if (typeof name !== 'string') return undefined
  // `mustStage(x)` gives x or ends the test.
  if (name === 'mustStage') return callOf(listOf(args ?? [])[0])
  return { name, args: listOf(args ?? []) }
}

export function listOf(cell: Cell | undefined): readonly Cell[] {
  if (cell === null || cell === undefined) return []
  if (!Array.isArray(cell)) throw unknown(cell)
  return cell
}

/** Constants of the tests that the tables name only. */
const CONSTANTS: Readonly<Record<string, string>> = {
  'logqlmodel.ErrorLabel': '__error__',
  'logqlmodel.ErrorDetailsLabel': '__error_details__',
  errJSON: 'JSONParserErr',
  empty: '',
}

/** Moments that expectations are written with: `epochDay19503.String`. */
const EPOCH = /^epoch(Day|Seconds|Milliseconds|Microseconds|Nanoseconds)(\d+)\.String$/
const NS_PER_UNIT: Readonly<Record<string, bigint>> = {
  Day: 86_400_000_000_000n,
  Seconds: 1_000_000_000n,
  Milliseconds: 1_000_000n,
  Microseconds: 1_000n,
  Nanoseconds: 1n,
}

/** @param lines texts that the tables name without giving them */
export function textOf(cell: Cell | undefined, lines: Readonly<Record<string, string>> = {}): string {
  if (typeof cell === 'string') return cell
  // Empty bytes.
  if (cell === null || cell === undefined || (Array.isArray(cell) && cell.length === 0)) return ''
  const id = field(cell, 'id')
  if (typeof id === 'string') {
    const text = lines[id] ?? CONSTANTS[id]
    if (text !== undefined) return text
  }
  const base64 = field(cell, 'base64')
  // Bytes that are no UTF-8, as lines of logs are read.
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64').toString('utf8')
  const expression = field(cell, 'expr')
  if (typeof expression === 'string') return expression.replace(/^'(.*)'$/, '$1')
  const call = callOf(cell)
  if (call?.name === '[]byte') return textOf(call.args[0], lines)
  const epoch = EPOCH.exec(call?.name ?? '')
  if (epoch !== null) return epochText(BigInt(epoch[2] as string) * (NS_PER_UNIT[epoch[1] as string] as bigint))
  throw unknown(cell)
}

/** As Go prints a time in UTC. */
function epochText(unixNs: bigint): string {
  const iso = new Date(Number(unixNs / 1_000_000n)).toISOString()
  const fraction = String(unixNs % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`
}

/** Numbers, and products of them. */
export function numberOf(cell: Cell | undefined): number {
  if (typeof cell === 'number') return cell
  const expression = field(cell, 'expr')
  if (typeof expression === 'string' && /^[\d\s*]+$/.test(expression)) {
    return expression.split('*').reduce((product, factor) => product * Number(factor), 1)
  }
  const seconds = field(cell, 'seconds')
  if (typeof seconds === 'number') return seconds * 1e9
  throw unknown(cell)
}

/** `labels.FromStrings(name, value, …)` as pairs; an object is a map. */
export function labelsOf(cell: Cell | undefined): [string, string][] {
  if (cell === null || cell === undefined) return []
  const call = callOf(cell)
  if (call?.name === 'labels.EmptyLabels' || (Array.isArray(cell) && cell.length === 0)) return []
  if (call?.name === 'labels.FromStrings') {
    const pairs: [string, string][] = []
    for (let i = 0; i < call.args.length; i += 2) pairs.push([textOf(call.args[i]), textOf(call.args[i + 1])])
    return pairs
  }
  if (call === undefined && typeof cell === 'object' && !Array.isArray(cell)) {
    return Object.entries(cell).map(([name, value]) => [name, textOf(value)])
  }
  throw unknown(cell)
}

export function matcherOf(cell: Cell | undefined): Matcher {
  const [name, op, value] = [field(cell, 'name'), field(cell, 'op'), field(cell, 'value')]
  return { name: textOf(name), op: textOf(op) as Matcher['op'], value: textOf(value) }
}

const COMPARE_OPS: Readonly<Record<string, '==' | '!=' | '>' | '>=' | '<' | '<='>> = {
  LabelFilterEqual: '==',
  LabelFilterNotEqual: '!=',
  LabelFilterGreaterThan: '>',
  LabelFilterGreaterThanOrEqual: '>=',
  LabelFilterLesserThan: '<',
  LabelFilterLesserThanOrEqual: '<=',
}

export function filterOf(cell: Cell | undefined): LabelFilter {
  const call = callOf(cell)
  const args = call?.args ?? []
  const op = COMPARE_OPS[String(field(args[0], 'id') ?? '')] ?? '=='
  switch (call?.name) {
    case 'NewAndLabelFilter':
      return { kind: 'and', left: filterOf(args[0]), right: filterOf(args[1]) }
    case 'NewOrLabelFilter':
      return { kind: 'or', left: filterOf(args[0]), right: filterOf(args[1]) }
    case 'NewNumericLabelFilter':
      return { kind: 'number', op, name: textOf(args[1]), value: numberOf(args[2]) }
    case 'NewDurationLabelFilter':
      return { kind: 'duration', op, name: textOf(args[1]), value: numberOf(args[2]) }
    case 'NewBytesLabelFilter':
      return { kind: 'bytes', op, name: textOf(args[1]), value: numberOf(args[2]), text: `${numberOf(args[2])}B` }
    case 'NewStringLabelFilter':
      return { kind: 'string', matcher: matcherOf(args[0]) }
    default:
      throw unknown(cell)
  }
}

export function formatsOf(cell: Cell | undefined): LabelFormat[] {
  return listOf(cell).map((one) => {
    const call = callOf(one)
    const [name, text] = [textOf(call?.args[0]), textOf(call?.args[1])]
    if (call?.name === 'NewRenameLabelFmt') return { kind: 'rename', name, from: text }
    if (call?.name === 'NewTemplateLabelFmt') return { kind: 'template', name, template: text }
    throw unknown(one)
  })
}

export function extractionsOf(cell: Cell | undefined): { name: string; path: string }[] {
  return listOf(cell).map((one) => {
    const call = callOf(one)
    if (call?.name !== 'NewLabelExtractionExpr') throw unknown(one)
    return { name: textOf(call.args[0]), path: textOf(call.args[1]) }
  })
}

export function stageOf(cell: Cell | undefined): Stage {
  const call = callOf(cell)
  const args = call?.args ?? []
  switch (call?.name) {
    case 'NewJSONParser':
      return { kind: 'json', extractions: [] }
    case 'NewJSONExpressionParser':
      return { kind: 'json', extractions: extractionsOf(args[0]) }
    case 'NewLogfmtParser':
      return { kind: 'logfmt', isStrict: args[0] === true, keepsEmpty: args[1] === true, extractions: [] }
    case 'NewLogfmtExpressionParser':
      return { kind: 'logfmt', isStrict: args[1] === true, keepsEmpty: false, extractions: extractionsOf(args[0]) }
    case 'NewRegexpParser':
      return { kind: 'regexp', pattern: textOf(args[0]) }
    case 'NewPatternParser':
      return { kind: 'pattern', pattern: textOf(args[0]) }
    case 'NewUnpackParser':
      return { kind: 'unpack' }
    case 'newMustLineFormatter':
    case 'newLineFormatter':
    case 'NewFormatter':
      return { kind: 'lineFormat', template: textOf(args[0]) }
    case 'mustNewLabelsFormatter':
    case 'NewLabelsFormatter':
      return { kind: 'labelFormat', formats: formatsOf(args[0]) }
    default:
      throw unknown(cell)
  }
}

/** True where a parser's hints ask for errors. */
export function hintsPreserveErrors(cell: Cell | undefined): boolean {
  const call = callOf(cell)
  return call?.name === 'NewParserHint' && listOf(call.args[0]).some((name) => textOf(name) === '__error__')
}

/** A tree of line filters; undefined for one that is not there. */
export type LineTree =
  | { readonly kind: 'contains'; readonly text: string; readonly ignoresCase: boolean }
  | { readonly kind: 'not'; readonly inner: LineTree | undefined }
  | { readonly kind: 'and' | 'or'; readonly left: LineTree | undefined; readonly right: LineTree | undefined }
  | { readonly kind: 'true' }
  | { readonly kind: 'exists' }

export function lineTreeOf(cell: Cell | undefined): LineTree | undefined {
  if (cell === null || cell === undefined) return undefined
  const id = field(cell, 'id')
  if (id === 'TrueFilter') return { kind: 'true' }
  if (id === 'ExistsFilter') return { kind: 'exists' }
  const call = callOf(cell)
  const args = call?.args ?? []
  switch (call?.name) {
    case 'newContainsFilter':
      return { kind: 'contains', text: textOf(args[0]), ignoresCase: args[1] === true }
    case 'NewNotFilter':
      return { kind: 'not', inner: lineTreeOf(args[0]) }
    case 'NewAndFilter':
    case 'newAndFilter':
      return { kind: 'and', left: lineTreeOf(args[0]), right: lineTreeOf(args[1]) }
    case 'newOrFilter':
      return { kind: 'or', left: lineTreeOf(args[0]), right: lineTreeOf(args[1]) }
    default:
      throw unknown(cell)
  }
}

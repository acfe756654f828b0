import { type Chain, type ChainLanguage, printChain, readChain } from './chain.ts'
import { LOGQL } from './lexicons.ts'
import { type Braces, printBraces, readBraces } from './matchers.ts'
import { readQuery, type Shown, type TokenReader, Unshowable } from './tokens.ts'

/** One step of what is done with lines. `other` is shown as it is written. */
export type Stage =
  | { readonly kind: 'line'; readonly op: string; readonly value: string }
  | { readonly kind: 'label'; readonly label: string; readonly op: string; readonly value: string }
  | { readonly kind: 'parser'; readonly name: string }
  | { readonly kind: 'other'; readonly text: string }

/** Which lines, what is done with them, and over which time they are counted. */
export interface LogSelection {
  readonly braces: Braces
  readonly stages: readonly Stage[]
  /** `5m` of `[5m]`, '' where lines are asked for. */
  readonly range: string
  /** The range stands between braces and stages. */
  readonly isRangeFirst: boolean
  /** `offset 5m`, as it is written. */
  readonly modifiers: string
}

export type LogBuilder = Chain<LogSelection>
export const NO_LINES: LogBuilder = {
  leaf: { braces: { matchers: [], hasLastComma: false }, stages: [], range: '', isRangeFirst: false, modifiers: '' },
  steps: [],
}

export const LINE_OPS = ['|=', '!=', '|~', '!~', '|>', '!>'] as const
export const LABEL_OPS = ['=', '!=', '=~', '!~', '>', '>=', '<', '<=', '=='] as const
export const PARSERS = ['json', 'logfmt', 'unpack'] as const

const ALONE: ReadonlySet<string> = new Set([...PARSERS, 'decolorize'])

export function readLogql(query: string): Shown<LogBuilder> {
  return readQuery(query, LOGQL, (reader) => {
    return reader.kind() === 'end' ? NO_LINES : readChain(reader, LANGUAGE)
  })
}

const LANGUAGE: ChainLanguage<LogSelection> = { leaf: readSelection, subquery: () => undefined }

function readSelection(reader: TokenReader): LogSelection {
  if (reader.text() !== '{') throw new Unshowable(`“{” is expected, not ${reader.found()}`)
  const braces = readBraces(reader)
  const isRangeFirst = reader.text() === '['
  const first = isRangeFirst ? readTime(reader) : { range: '', modifiers: '' }
  const stages: Stage[] = []
  while (isStageStart(reader)) stages.push(readStage(reader))
  const { range, modifiers } = isRangeFirst ? first : readTime(reader)
  return { braces, stages, range, isRangeFirst: isRangeFirst && stages.length > 0, modifiers }
}

function readTime(reader: TokenReader): Pick<LogSelection, 'range' | 'modifiers'> {
  if (!reader.takeIf('[')) return { range: '', modifiers: '' }
  const range = reader.expectKind('number', 'a duration')
  reader.expect(']')
  const mark = reader.mark()
  if (reader.text().toLowerCase() !== 'offset') return { range, modifiers: '' }
  reader.take()
  reader.takeIf('-')
  reader.expectKind('number', 'a duration')
  return { range, modifiers: reader.since(mark) }
}

function isLineOp(reader: TokenReader): boolean {
  return reader.kind() === 'sign' && (LINE_OPS as readonly string[]).includes(reader.text())
}

function isStageStart(reader: TokenReader): boolean {
  return (reader.kind() === 'sign' && reader.text() === '|') || isLineOp(reader)
}

/** True where the stage is over: a value has come, and what stands here begins another one. */
function isStageEnd(reader: TokenReader, isBehindValue: boolean): boolean {
  const text = reader.text()
  if (reader.kind() === 'end') return true
  if (reader.kind() !== 'sign') return false
  if (text === '|' || text.startsWith('|') || text === '[' || text === ')') return true
  // `!=` and its kin stand between label and value, too.
  return isBehindValue && isLineOp(reader)
}

function readStage(reader: TokenReader): Stage {
  if (isLineOp(reader)) {
    const mark = reader.mark()
    const op = reader.take()
    if (reader.kind() === 'string' && reader.text(1).toLowerCase() !== 'or')
      return { kind: 'line', op, value: reader.take() }
    return readOther(reader, mark)
  }
  reader.expect('|')
  if (reader.kind() === 'word' && ALONE.has(reader.text()) && isAlone(reader))
    return { kind: 'parser', name: reader.take() }
  return readLabelFilter(reader) ?? readOther(reader, reader.mark())
}

function isAlone(reader: TokenReader): boolean {
  if (reader.kind(1) === 'end') return true
  const next = reader.text(1)
  return reader.kind(1) === 'sign' && (next.startsWith('|') || next === '[' || next === ')' || /^![=~>]$/.test(next))
}

/** `label op value` and nothing behind it. */
function readLabelFilter(reader: TokenReader): Stage | undefined {
  const [label, op, value] = [reader.text(), reader.text(1), reader.text(2)]
  const isFilter = reader.kind() === 'word' && (LABEL_OPS as readonly string[]).includes(op)
  if (!isFilter || (reader.kind(2) !== 'string' && reader.kind(2) !== 'number')) return undefined
  const isLast = reader.kind(3) === 'end' || (reader.kind(3) === 'sign' && /^(\||\[|\)|!=|!~|!>)/.test(reader.text(3)))
  if (!isLast) return undefined
  for (let i = 0; i < 3; i++) reader.take()
  return { kind: 'label', label, op, value }
}

/** As it is written, up to the next stage. */
function readOther(reader: TokenReader, mark: number): Stage {
  let depth = 0
  let isBehindValue = false
  while (reader.kind() !== 'end' && (depth > 0 || !isStageEnd(reader, isBehindValue))) {
    if (reader.kind() === 'sign') depth += reader.text() === '(' ? 1 : reader.text() === ')' ? -1 : 0
    isBehindValue = reader.kind() === 'string' || reader.kind() === 'number' || reader.text() === ')'
    reader.take()
  }
  const text = reader.since(mark)
  if (text === '' || mark === reader.mark()) throw new Unshowable(`a stage is expected, not ${reader.found()}`)
  return { kind: 'other', text }
}

/** A stage that is not filled in yet is left out. */
function isFilled(stage: Stage): boolean {
  if (stage.kind === 'line') return stage.value !== ''
  return stage.kind !== 'label' || (stage.label !== '' && stage.value !== '')
}

function printStage(stage: Stage): string {
  switch (stage.kind) {
    case 'line':
      return `${stage.op} ${stage.value}`
    case 'label':
      return `| ${stage.label}${stage.op}${stage.value}`
    case 'parser':
      return `| ${stage.name}`
    case 'other':
      // A line filter with more than one text brings its operator along.
      return /^(\||!)/.test(stage.text) ? stage.text : `| ${stage.text}`
  }
}

export function printLogql(builder: LogBuilder): string {
  return printChain(builder, selectionText)
}

function selectionText({ braces, stages, range, isRangeFirst, modifiers }: LogSelection): string {
  if (braces.matchers.length === 0 && stages.length === 0) return ''
  const time = `${range === '' ? '' : `[${range}]`}${modifiers === '' ? '' : ` ${modifiers}`}`
  const lines = stages.filter(isFilled).map(printStage)
  const parts = isRangeFirst ? [printBraces(braces) + time, ...lines] : [printBraces(braces), ...lines, time]
  return parts.filter((part) => part !== '').join(' ')
}

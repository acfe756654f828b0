import { type Chain, type ChainLanguage, printChain, readChain, type Step } from './chain.ts'
import { PROMQL } from './lexicons.ts'
import { type Braces, printBraces, readBraces } from './matchers.ts'
import { readQuery, type Shown, type TokenReader, Unshowable } from './tokens.ts'

/** What a query of PromQL selects. */
export interface Selector {
  /** '' where the braces alone say what. */
  readonly metric: string
  /** undefined = no braces are written. */
  readonly braces: Braces | undefined
  /** `5m` of `[5m]`, '' without. */
  readonly range: string
  /** `offset 5m @ end()`, as it is written. */
  readonly modifiers: string
}

export type PromBuilder = Chain<Selector>
export const NO_QUERY: PromBuilder = { leaf: { metric: '', braces: undefined, range: '', modifiers: '' }, steps: [] }

/** Words that begin no selector. */
const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'bool', 'on', 'ignoring', 'offset', 'by', 'without'])

export function readPromql(query: string): Shown<PromBuilder> {
  return readQuery(query, PROMQL, (reader) => {
    return reader.kind() === 'end' ? NO_QUERY : readChain(reader, LANGUAGE)
  })
}

const LANGUAGE: ChainLanguage<Selector> = { leaf: readSelector, subquery: readSubquery }

function readSelector(reader: TokenReader): Selector {
  let metric = ''
  if (reader.kind() === 'word') {
    if (WORDS.has(reader.text().toLowerCase())) throw new Unshowable(`a metric is expected, not ${reader.found()}`)
    metric = reader.take()
  }
  const braces = reader.text() === '{' ? readBraces(reader) : undefined
  if (metric === '' && braces === undefined) throw new Unshowable(`a metric is expected, not ${reader.found()}`)
  return { metric, braces, range: readRange(reader), modifiers: readModifiers(reader) }
}

/** `[5m]`, as it is written; that of a subquery is another step. */
function readRange(reader: TokenReader): string {
  return reader.text() !== '[' || isSubquery(reader) ? '' : readBrackets(reader)
}

function isSubquery(reader: TokenReader): boolean {
  if (reader.text() !== '[') return false
  for (let ahead = 1; reader.kind(ahead) !== 'end' && reader.text(ahead) !== ']'; ahead++) {
    if (reader.text(ahead).startsWith(':')) return true
  }
  return false
}

function readSubquery(reader: TokenReader): Step<Selector> | undefined {
  if (!isSubquery(reader)) return undefined
  return { kind: 'subquery', range: readBrackets(reader), modifiers: readModifiers(reader) }
}

function readBrackets(reader: TokenReader): string {
  reader.expect('[')
  const mark = reader.mark()
  while (reader.text() !== ']') {
    if (reader.kind() === 'end') throw new Unshowable('“]” is expected, not the end')
    reader.take()
  }
  const range = reader.since(mark)
  reader.expect(']')
  return range
}

function readModifiers(reader: TokenReader): string {
  const mark = reader.mark()
  let isThere = false
  for (;;) {
    if (reader.kind() === 'word' && reader.text().toLowerCase() === 'offset') {
      reader.take()
      readDuration(reader)
    } else if (reader.kind() === 'word' && /^(anchored|smoothed)$/.test(reader.text())) {
      reader.take()
    } else if (reader.takeIf('@')) {
      if (reader.kind() === 'word') {
        reader.take()
        reader.expect('(')
        reader.expect(')')
      } else {
        if (!reader.takeIf('-')) reader.takeIf('+')
        reader.expectKind('number', 'a time')
      }
    } else return isThere ? reader.since(mark) : ''
    isThere = true
  }
}

/** `5m`, `-5m`, `(2 * step())`, `step()`. */
function readDuration(reader: TokenReader): void {
  if (!reader.takeIf('-')) reader.takeIf('+')
  const isCall = reader.kind() === 'word' && reader.text(1) === '('
  if (isCall) reader.take()
  if (reader.text() !== '(') {
    reader.expectKind('number', 'a duration')
    return
  }
  let depth = 0
  do {
    if (reader.kind() === 'end') throw new Unshowable('“)” is expected, not the end')
    if (reader.kind() === 'sign') depth += reader.text() === '(' ? 1 : reader.text() === ')' ? -1 : 0
    reader.take()
  } while (depth > 0)
}

export function printPromql(builder: PromBuilder): string {
  return printChain(builder, ({ metric, braces, range, modifiers }) => {
    const text = `${metric}${braces === undefined ? '' : printBraces(braces)}`
    return `${text}${range === '' ? '' : `[${range}]`}${modifiers === '' ? '' : ` ${modifiers}`}`
  })
}

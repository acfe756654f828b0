import { type Lexicon, readQuery, type Shown, type TokenReader, Unshowable } from './tokens.ts'

/** One condition of a span; `other` is shown as it is written. */
export type Condition =
  | { readonly kind: 'compare'; readonly field: string; readonly op: string; readonly value: string }
  | { readonly kind: 'other'; readonly text: string }

/** Conditions of one span, all of which hold (`&&`), or one of which does (`||`). */
export interface SpanFilter {
  readonly join: '&&' | '||'
  readonly conditions: readonly Condition[]
}

export interface TraceBuilder {
  readonly filters: readonly SpanFilter[]
  /** Between the filters: how their spans relate. */
  readonly relations: readonly string[]
  /** What is done with the spans found, each as it is written, without the bar before it. */
  readonly stages: readonly string[]
}

export const COMPARE_OPS = ['=', '!=', '=~', '!~', '>', '>=', '<', '<='] as const
export const RELATIONS = ['>>', '>', '<<', '<', '~', '&&', '||'] as const

export const TRACEQL: Lexicon = {
  word: /[^\s{}()[\]=~!<>&|^,"'`+*#]+/y,
  number: undefined,
  signs: [
    ...['!>>', '!<<', '&>>', '&<<', '!>', '!<', '&>', '&<', '&~', '&&', '||', '>>', '<<', '!~', '!=', '=~', '>=', '<='],
    ...['=', '>', '<', '~', '!', '&', '|', '{', '}', '(', ')', '[', ']', ',', '+', '*', '^'],
  ],
}

const ALL_RELATIONS: ReadonlySet<string> = new Set([
  ...RELATIONS,
  ...['!>>', '!<<', '&>>', '&<<', '!>', '!<', '&>', '&<', '&~', '!~'],
])

export function readTraceql(query: string): Shown<TraceBuilder> {
  return readQuery(query, TRACEQL, (reader) => {
    if (reader.kind() === 'end') return { filters: [{ join: '&&', conditions: [] }], relations: [], stages: [] }
    if (reader.text() === '(') throw new Unshowable('it has groups in parentheses')
    const filters = [readFilter(reader)]
    const relations: string[] = []
    while (reader.kind() === 'sign' && ALL_RELATIONS.has(reader.text())) {
      relations.push(reader.take())
      if (reader.text() === '(') throw new Unshowable('it has groups in parentheses')
      filters.push(readFilter(reader))
    }
    const stages: string[] = []
    while (reader.takeIf('|')) stages.push(readPiece(reader, ['|'], 'a step'))
    // Hints stand behind the last step, or behind the filters.
    if (stages.length === 0 && reader.text() === 'with') throw new Unshowable('it has hints')
    return { filters, relations, stages }
  })
}

function readFilter(reader: TokenReader): SpanFilter {
  reader.expect('{')
  const conditions: Condition[] = []
  let join: SpanFilter['join'] | undefined
  while (reader.text() !== '}') {
    conditions.push(readCondition(reader))
    if (reader.text() === '}') break
    const sign = reader.text()
    if (sign !== '&&' && sign !== '||') throw new Unshowable(`“&&” or “}” is expected, not ${reader.found()}`)
    if (join !== undefined && join !== sign) throw new Unshowable('it mixes && and ||')
    join = sign
    reader.take()
    if (reader.text() === '}') throw new Unshowable('a condition is expected, not “}”')
  }
  reader.expect('}')
  return { join: join ?? '&&', conditions }
}

const CONDITION_ENDS = ['&&', '||', '}']

function readCondition(reader: TokenReader): Condition {
  const [field, op, value] = [reader.text(), reader.text(1), reader.text(2)]
  const isWord = reader.kind() === 'word' && /^[a-zA-Z_.]/.test(field)
  const isValue = reader.kind(2) === 'string' || reader.kind(2) === 'word'
  const isLast = reader.kind(3) === 'sign' && CONDITION_ENDS.includes(reader.text(3))
  if (isWord && isValue && isLast && (COMPARE_OPS as readonly string[]).includes(op)) {
    for (let i = 0; i < 3; i++) reader.take()
    return { kind: 'compare', field, op, value }
  }
  return { kind: 'other', text: readPiece(reader, CONDITION_ENDS, 'a condition') }
}

/** As it is written, up to one of the ends outside of all parentheses. */
function readPiece(reader: TokenReader, ends: readonly string[], what: string): string {
  const mark = reader.mark()
  let depth = 0
  let count = 0
  while (reader.kind() !== 'end') {
    const isSign = reader.kind() === 'sign'
    if (isSign && depth === 0 && ends.includes(reader.text())) break
    if (isSign && /^[({[]$/.test(reader.text())) depth++
    else if (isSign && /^[)}\]]$/.test(reader.text())) depth--
    if (depth < 0) break
    reader.take()
    count++
  }
  if (count === 0) throw new Unshowable(`${what} is expected, not ${reader.found()}`)
  return reader.since(mark)
}

export function printTraceql({ filters, relations, stages }: TraceBuilder): string {
  const texts = filters.map(printFilter)
  const found = texts.map((text, i) => (i === 0 ? text : `${relations[i - 1] ?? '&&'} ${text}`)).join(' ')
  return [found, ...stages].join(' | ')
}

/** A condition that is not filled in yet is left out. */
function printFilter({ join, conditions }: SpanFilter): string {
  const filled = conditions.filter((one) => one.kind === 'other' || (one.field !== '' && one.value !== ''))
  if (filled.length === 0) return '{ }'
  return `{ ${filled.map(printCondition).join(` ${join} `)} }`
}

export function printCondition(condition: Condition): string {
  return condition.kind === 'other' ? condition.text : `${condition.field} ${condition.op} ${condition.value}`
}

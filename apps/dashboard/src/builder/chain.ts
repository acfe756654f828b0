import { type TokenReader, Unshowable } from './tokens.ts'

/** A number, a text, or a call that asks for no series (`time()`), as it is written. */
export interface Literal {
  readonly literal: string
}

/** One operation around a query. `before` and `after` are its other arguments, as they are written, queries too. */
export type Step<Leaf> =
  | {
      readonly kind: 'call'
      readonly name: string
      readonly before: readonly string[]
      readonly after: readonly string[]
      /** Of a function over lines, which may group by itself. */
      readonly grouping?: Grouping
    }
  | {
      readonly kind: 'aggregate'
      readonly name: string
      readonly parameter: string
      readonly grouping: Grouping | undefined
    }
  | BinaryStep<Leaf>
  /** `[1h:1m] offset 5m`: what is inside, asked at many moments. */
  | { readonly kind: 'subquery'; readonly range: string; readonly modifiers: string }
  | { readonly kind: 'parentheses' }
  /** `-` or `+` before what is inside. */
  | { readonly kind: 'sign'; readonly sign: string }

/** What stands before it, and another query or a number. */
export interface BinaryStep<Leaf> {
  readonly kind: 'binary'
  readonly sign: string
  readonly isBool: boolean
  readonly matching: Matching | undefined
  readonly right: Chain<Leaf>
}

export interface Labels {
  readonly word: string
  readonly labels: readonly string[]
  readonly hasLastComma: boolean
}

export interface Grouping extends Labels {
  /** Behind the parentheses in place of before them. */
  readonly isLast: boolean
}

/** Which series of both sides belong together: `on (a) group_left (b)`. */
export interface Matching extends Labels {
  readonly group: GroupSide | undefined
}

/** `labels` are undefined where no parentheses are written. */
export interface GroupSide extends Omit<Labels, 'labels'> {
  readonly labels: readonly string[] | undefined
}

/** A leaf with the operations around it, the innermost first. */
export interface Chain<Leaf> {
  readonly leaf: Leaf | Literal
  readonly steps: readonly Step<Leaf>[]
}

/** What the languages of chains differ in. */
export interface ChainLanguage<Leaf> {
  readonly leaf: (reader: TokenReader) => Leaf
  /** Reads `[1h:1m]` where one stands; in a language without them nothing does. */
  readonly subquery: (reader: TokenReader) => Step<Leaf> | undefined
}

const AGGREGATIONS: readonly string[] = [
  ...['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'],
  ...['topk', 'bottomk', 'quantile', 'count_values', 'limitk', 'limit_ratio'],
  ...['sort', 'sort_desc', 'approx_topk'],
]
/** Of the aggregations above, those that are functions in PromQL and take no grouping. */
const NO_GROUPING: ReadonlySet<string> = new Set(['sort', 'sort_desc'])
export const PLAIN_AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'] as const
export const COUNTED_AGGREGATIONS = ['topk', 'bottomk'] as const

/** How tightly a sign binds. */
const BINDS: Readonly<Record<string, number>> = {
  ...{ or: 1, and: 2, unless: 2 },
  ...{ '==': 3, '!=': 3, '>': 3, '<': 3, '>=': 3, '<=': 3, '</': 3, '>/': 3 },
  ...{ '+': 4, '-': 4, '*': 5, '/': 5, '%': 5, atan2: 5, '^': 7 },
}
/** A sign before a query binds more tightly than what multiplies, and less than a power. */
const SIGN_BINDS = 6
const LOOSEST = 1
/** What needs no parentheses, whatever stands around it. */
const UNIT = 8
/** The only sign that is read from the right: `a ^ b ^ c` is `a ^ (b ^ c)`. */
const POWER = '^'
export const SETS: readonly string[] = ['and', 'or', 'unless']
export const COMPARISONS: readonly string[] = ['>', '<', '>=', '<=', '==', '!=']
export const ARITHMETIC: readonly string[] = ['*', '/', '+', '-', '%', '^', ...COMPARISONS]

function bindsOf(sign: string): number | undefined {
  return BINDS[sign.toLowerCase()]
}

export function isLiteral<Leaf extends object>(leaf: Leaf | Literal): leaf is Literal {
  return 'literal' in leaf
}

/** Reads leaves with operations around them, up to a sign that binds less tightly than `least`. */
export function readChain<Leaf extends object>(
  reader: TokenReader,
  language: ChainLanguage<Leaf>,
  least: number = LOOSEST,
): Chain<Leaf> {
  let chain = readUnit(reader, language)
  for (;;) {
    const sign = reader.text()
    const binds = reader.kind() === 'sign' || reader.kind() === 'word' ? bindsOf(sign) : undefined
    if (binds === undefined || binds < least) return chain
    reader.take()
    const isBool = reader.kind() === 'word' && reader.takeIf('bool')
    const matching = readMatching(reader)
    const right = readChain(reader, language, sign === POWER ? binds : binds + 1)
    chain = withStep(chain, { kind: 'binary', sign, isBool, matching, right })
  }
}

function withStep<Leaf>({ leaf, steps }: Chain<Leaf>, step: Step<Leaf>): Chain<Leaf> {
  return { leaf, steps: [...steps, step] }
}

function isWord(reader: TokenReader, pattern: RegExp): boolean {
  return reader.kind() === 'word' && pattern.test(reader.text())
}

function readMatching(reader: TokenReader): Matching | undefined {
  if (!isWord(reader, /^(on|ignoring)$/i) || reader.text(1) !== '(') return undefined
  const word = reader.take()
  const labels = readLabels(reader)
  if (!isWord(reader, /^group_(left|right)$/i)) return { word, ...labels, group: undefined }
  const side = reader.take()
  const copied = reader.text() === '(' ? readLabels(reader) : { labels: undefined, hasLastComma: false }
  return { word, ...labels, group: { word: side, ...copied } }
}

function isLiteralNext(reader: TokenReader): boolean {
  const signed = reader.text() === '-' || reader.text() === '+' ? 1 : 0
  const kind = reader.kind(signed)
  return kind === 'number' || (signed === 0 && kind === 'string') || isNamedNumber(reader, signed)
}

function isNamedNumber(reader: TokenReader, ahead: number): boolean {
  return reader.kind(ahead) === 'word' && /^(inf|nan)$/i.test(reader.text(ahead))
}

function readLiteral(reader: TokenReader): string {
  const sign = reader.takeIf('-') ? '-' : reader.takeIf('+') ? '+' : ''
  return `${sign}${reader.take()}`
}

/** `-` or `+` before anything but a number that stands alone: `-1 ^ 2` is the negative of a power. */
function isSignNext(reader: TokenReader): boolean {
  const isSign = reader.kind() === 'sign' && (reader.text() === '-' || reader.text() === '+')
  return isSign && (!isLiteralNext(reader) || reader.text(2) === POWER)
}

function readUnit<Leaf extends object>(reader: TokenReader, language: ChainLanguage<Leaf>): Chain<Leaf> {
  if (isSignNext(reader)) {
    const sign = reader.take()
    return withStep(readChain(reader, language, BINDS[POWER]), { kind: 'sign', sign })
  }
  let chain = readWhole(reader, language)
  for (;;) {
    const subquery = language.subquery(reader)
    if (subquery === undefined) return chain
    chain = withStep(chain, subquery)
  }
}

function readWhole<Leaf extends object>(reader: TokenReader, language: ChainLanguage<Leaf>): Chain<Leaf> {
  if (reader.takeIf('(')) {
    const chain = readChain(reader, language)
    reader.expect(')')
    return withStep(chain, { kind: 'parentheses' })
  }
  if (isLiteralNext(reader)) return { leaf: { literal: readLiteral(reader) }, steps: [] }
  if (reader.kind() === 'word') {
    const lower = reader.text().toLowerCase()
    const next = reader.text(1)
    if (AGGREGATIONS.includes(lower) && (next === '(' || isGroupingWord(next))) return readAggregate(reader, language)
    if (next === '(') return readCall(reader, language)
  }
  return { leaf: language.leaf(reader), steps: [] }
}

function isGroupingWord(text: string): boolean {
  return /^(by|without)$/i.test(text)
}

function readCall<Leaf extends object>(reader: TokenReader, language: ChainLanguage<Leaf>): Chain<Leaf> {
  const mark = reader.mark()
  const name = reader.take()
  reader.expect('(')
  const { inner, before, after } = readArguments(reader, language, QUERY_LAST.has(name.toLowerCase()))
  if (inner === undefined) return { leaf: { literal: reader.since(mark) }, steps: [] }
  const step: Step<Leaf> = { kind: 'call', name, before, after }
  return withStep(inner, isGroupingWord(reader.text()) ? { ...step, grouping: readGrouping(reader, true) } : step)
}

/** Functions whose query is their last argument; of all others it is the first that is one. */
const QUERY_LAST: ReadonlySet<string> = new Set(['histogram_quantile', 'histogram_fraction', 'quantile_over_time'])

/** An argument as it is written; a number or a text alone is no chain. */
interface Argument<Leaf> {
  readonly text: string
  readonly chain: Chain<Leaf> | undefined
}

/** `inner` is what is worked on; the other arguments stay as they are written. undefined where all are literals. */
function readArguments<Leaf extends object>(
  reader: TokenReader,
  language: ChainLanguage<Leaf>,
  isQueryLast: boolean,
): { readonly inner: Chain<Leaf> | undefined; readonly before: string[]; readonly after: string[] } {
  if (reader.takeIf(')')) return { inner: undefined, before: [], after: [] }
  const all: Argument<Leaf>[] = []
  do all.push(readArgument(reader, language))
  while (reader.takeIf(','))
  reader.expect(')')
  const chains = all.filter(({ chain }) => chain !== undefined)
  const queries = chains.filter(({ chain }) => chain !== undefined && asksForSeries(chain))
  const offered = queries.length > 0 ? queries : chains
  const main = isQueryLast ? offered.at(-1) : offered[0]
  const at = main === undefined ? all.length : all.indexOf(main)
  const texts = all.map(({ text }) => text)
  return { inner: main?.chain, before: texts.slice(0, at), after: texts.slice(at + 1) }
}

function readArgument<Leaf extends object>(reader: TokenReader, language: ChainLanguage<Leaf>): Argument<Leaf> {
  const next = reader.text(1)
  if (isLiteralNext(reader) && (next === ',' || next === ')' || isSigned(reader))) {
    return { text: readLiteral(reader), chain: undefined }
  }
  const mark = reader.mark()
  const chain = readChain(reader, language)
  return { text: reader.since(mark), chain }
}

function asksForSeries<Leaf extends object>({ leaf, steps }: Chain<Leaf>): boolean {
  return !isLiteral(leaf) || steps.some((step) => step.kind === 'binary' && asksForSeries(step.right))
}

function isSigned(reader: TokenReader): boolean {
  const sign = reader.text()
  const next = reader.text(2)
  return (sign === '-' || sign === '+') && (next === ',' || next === ')')
}

function readAggregate<Leaf extends object>(reader: TokenReader, language: ChainLanguage<Leaf>): Chain<Leaf> {
  const name = reader.take()
  const first = isGroupingWord(reader.text()) ? readGrouping(reader, false) : undefined
  reader.expect('(')
  const { inner, before, after } = readArguments(reader, language, true)
  if (inner === undefined) throw new Unshowable(`${name}() asks for no series`)
  if (before.length > 1 || after.length > 0) throw new Unshowable(`${name}() takes one parameter before its query`)
  const last = first === undefined && isGroupingWord(reader.text()) ? readGrouping(reader, true) : undefined
  const grouping = first ?? last
  if (grouping !== undefined && NO_GROUPING.has(name.toLowerCase())) throw new Unshowable(`${name}() does not group`)
  return withStep(inner, { kind: 'aggregate', name, parameter: before[0] ?? '', grouping })
}

function readGrouping(reader: TokenReader, isLast: boolean): Grouping {
  return { word: reader.take(), ...readLabels(reader), isLast }
}

function readLabels(reader: TokenReader): Pick<Labels, 'labels' | 'hasLastComma'> {
  reader.expect('(')
  const labels: string[] = []
  let hasLastComma = false
  while (reader.text() !== ')') {
    if (reader.kind() !== 'word' && reader.kind() !== 'string')
      throw new Unshowable(`a label is expected, not ${reader.found()}`)
    labels.push(reader.take())
    hasLastComma = reader.takeIf(',')
    if (!hasLastComma) break
  }
  reader.expect(')')
  return { labels, hasLastComma }
}

/** A piece of text, and how tightly its outermost sign binds. */
interface Printed {
  readonly text: string
  readonly binds: number
}

/** The text of a chain, with the parentheses that it needs beside those that it has. */
export function printChain<Leaf extends object>(chain: Chain<Leaf>, leafText: (leaf: Leaf) => string): string {
  return printed(chain, leafText).text
}

function printed<Leaf extends object>({ leaf, steps }: Chain<Leaf>, leafText: (leaf: Leaf) => string): Printed {
  const text = isLiteral(leaf) ? leaf.literal : leafText(leaf)
  // Nothing is asked yet: nothing is done with it.
  if (text === '') return { text, binds: UNIT }
  // `-1 ^ 2` is the negative of a power.
  const start: Printed = { text, binds: isLiteral(leaf) && /^[+-]/.test(text) ? BINDS[POWER]! : UNIT }
  return steps.reduce((inner, step) => printStep(inner, step, leafText), start)
}

function printStep<Leaf extends object>(inner: Printed, step: Step<Leaf>, leafText: (leaf: Leaf) => string): Printed {
  switch (step.kind) {
    case 'parentheses':
      return { text: `(${inner.text})`, binds: UNIT }
    case 'sign': {
      // A sign before a sign needs no parentheses, but a space: two of them are a comment in other languages.
      const body = inner.binds === SIGN_BINDS ? inner.text : wrapped(inner, BINDS[POWER]!)
      return { text: `${step.sign}${/^[+-]/.test(body) ? ' ' : ''}${body}`, binds: SIGN_BINDS }
    }
    case 'subquery':
      return { text: `${wrapped(inner, UNIT)}[${step.range}]${step.modifiers && ` ${step.modifiers}`}`, binds: UNIT }
    case 'call': {
      const body = `(${[...step.before, inner.text, ...step.after].join(', ')})`
      return { text: printGrouped(step.name, body, step.grouping), binds: UNIT }
    }
    case 'binary':
      return printBinary(inner, step, leafText)
    case 'aggregate': {
      const { name, parameter, grouping } = step
      const body = parameter === '' ? `(${inner.text})` : `(${parameter}, ${inner.text})`
      return { text: printGrouped(name, body, grouping), binds: UNIT }
    }
  }
}

function wrapped({ text, binds }: Printed, least: number): string {
  return binds < least ? `(${text})` : text
}

/** An operation whose other side is not filled in yet is left out. */
function printBinary<Leaf extends object>(
  inner: Printed,
  { sign, isBool, matching, right }: BinaryStep<Leaf>,
  leafText: (leaf: Leaf) => string,
): Printed {
  const other = printed(right, leafText)
  if (other.text === '') return inner
  const binds = bindsOf(sign) ?? LOOSEST
  const isNumber = isLiteral(right.leaf) && right.steps.length === 0
  const left = wrapped(inner, sign === POWER ? binds + 1 : binds)
  // What begins with a sign ends where it must, whatever stands before it.
  const isOpen = isNumber || right.steps.at(-1)?.kind === 'sign'
  const behind = isOpen ? other.text : wrapped(other, sign === POWER ? binds : binds + 1)
  const words = [
    left,
    sign,
    isBool ? 'bool' : '',
    matching === undefined ? '' : printMatching(matching, behind),
    behind,
  ]
  return { text: words.filter((word) => word !== '').join(' '), binds }
}

/** @param behind what follows: parentheses behind a side without labels would be read as these */
function printMatching({ group, ...labels }: Matching, behind: string): string {
  if (group === undefined) return printLabels(labels)
  const isAlone = group.labels === undefined && !behind.startsWith('(')
  const side = isAlone ? group.word : printLabels({ ...group, labels: group.labels ?? [] })
  return `${printLabels(labels)} ${side}`
}

function printLabels({ word, labels, hasLastComma }: Labels): string {
  return `${word} (${labels.join(', ')}${hasLastComma ? ',' : ''})`
}

function printGrouped(name: string, body: string, grouping: Grouping | undefined): string {
  if (grouping === undefined) return `${name}${body}`
  const by = printLabels(grouping)
  return grouping.isLast ? `${name}${body} ${by}` : `${name} ${by} ${body}`
}

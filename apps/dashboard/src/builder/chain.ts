import { type TokenReader, Unshowable } from './tokens.ts'

/** One operation around a query. `before` and `after` are its other arguments, as they are written. */
export type Step =
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
  | { readonly kind: 'arithmetic'; readonly sign: string; readonly isBool: boolean; readonly number: string }
  | { readonly kind: 'parentheses' }

export interface Grouping {
  readonly word: string
  readonly labels: readonly string[]
  /** Behind the parentheses in place of before them. */
  readonly isLast: boolean
  readonly hasLastComma: boolean
}

/** A leaf with the operations around it, the innermost first. */
export interface Chain<Leaf> {
  readonly leaf: Leaf
  readonly steps: readonly Step[]
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
  ...{ '==': 1, '!=': 1, '>': 1, '<': 1, '>=': 1, '<=': 1 },
  ...{ '+': 2, '-': 2, '*': 3, '/': 3, '%': 3, '^': 4 },
}
export const ARITHMETIC: readonly string[] = ['*', '/', '+', '-', '%', '^', '>', '<', '>=', '<=', '==', '!=']
const TIGHTEST = 5

/** Reads a query that is one leaf with operations around it. */
export function readChain<Leaf>(reader: TokenReader, leaf: (reader: TokenReader) => Leaf): Chain<Leaf> {
  let chain = readUnit(reader, leaf)
  let former = TIGHTEST
  for (;;) {
    const sign = reader.text()
    const binds = reader.kind() === 'sign' ? BINDS[sign] : undefined
    if (binds === undefined) return chain
    if (binds > former || (sign === '^' && former === binds)) {
      throw new Unshowable(`“${sign}” binds more tightly than what stands before it`)
    }
    former = binds
    reader.take()
    const isBool = reader.kind() === 'word' && reader.takeIf('bool')
    chain = withStep(chain, { kind: 'arithmetic', sign, isBool, number: readNumber(reader) })
  }
}

function withStep<Leaf>({ leaf, steps }: Chain<Leaf>, step: Step): Chain<Leaf> {
  return { leaf, steps: [...steps, step] }
}

function readNumber(reader: TokenReader): string {
  if (!isLiteral(reader)) throw new Unshowable('it combines two queries')
  return readLiteral(reader)
}

function isLiteral(reader: TokenReader): boolean {
  const signed = reader.text() === '-' || reader.text() === '+' ? 1 : 0
  const kind = reader.kind(signed)
  return kind === 'number' || (signed === 0 && kind === 'string') || isNamedNumber(reader.text(signed), reader, signed)
}

function isNamedNumber(text: string, reader: TokenReader, ahead: number): boolean {
  return reader.kind(ahead) === 'word' && /^(inf|nan)$/i.test(text)
}

function readLiteral(reader: TokenReader): string {
  const sign = reader.takeIf('-') ? '-' : reader.takeIf('+') ? '+' : ''
  return `${sign}${reader.take()}`
}

function readUnit<Leaf>(reader: TokenReader, leaf: (reader: TokenReader) => Leaf): Chain<Leaf> {
  const chain = readWhole(reader, leaf)
  if (reader.text() === '[') throw new Unshowable('it has a subquery')
  return chain
}

function readWhole<Leaf>(reader: TokenReader, leaf: (reader: TokenReader) => Leaf): Chain<Leaf> {
  if (reader.takeIf('(')) {
    const chain = readChain(reader, leaf)
    reader.expect(')')
    return withStep(chain, { kind: 'parentheses' })
  }
  if (reader.kind() === 'word') {
    const lower = reader.text().toLowerCase()
    const next = reader.text(1)
    if (AGGREGATIONS.includes(lower) && (next === '(' || isGroupingWord(next))) return readAggregate(reader, leaf)
    if (next === '(') return readCall(reader, leaf)
  }
  if (reader.text() === '-' || reader.text() === '+') throw new Unshowable('it begins with a sign')
  if (reader.kind() === 'number' || reader.kind() === 'string') throw new Unshowable('it is a number or a text')
  return { leaf: leaf(reader), steps: [] }
}

function isGroupingWord(text: string): boolean {
  return /^(by|without)$/i.test(text)
}

function readCall<Leaf>(reader: TokenReader, leaf: (reader: TokenReader) => Leaf): Chain<Leaf> {
  const name = reader.take()
  reader.expect('(')
  const { inner, before, after } = readArguments(reader, leaf, name)
  const step: Step = { kind: 'call', name, before, after }
  return withStep(inner, isGroupingWord(reader.text()) ? { ...step, grouping: readGrouping(reader, true) } : step)
}

function readArguments<Leaf>(reader: TokenReader, leaf: (reader: TokenReader) => Leaf, name: string) {
  let inner: Chain<Leaf> | undefined
  const before: string[] = []
  const after: string[] = []
  if (reader.text() === ')') throw new Unshowable(`${name}() asks for no series`)
  do {
    if (isLiteral(reader) && (reader.text(1) === ',' || reader.text(1) === ')' || isSigned(reader))) {
      ;(inner === undefined ? before : after).push(readLiteral(reader))
    } else if (inner === undefined) inner = readChain(reader, leaf)
    else throw new Unshowable(`${name}() takes two queries`)
  } while (reader.takeIf(','))
  reader.expect(')')
  if (inner === undefined) throw new Unshowable(`${name}() asks for no series`)
  return { inner, before, after }
}

function isSigned(reader: TokenReader): boolean {
  const sign = reader.text()
  const next = reader.text(2)
  return (sign === '-' || sign === '+') && (next === ',' || next === ')')
}

function readAggregate<Leaf>(reader: TokenReader, leaf: (reader: TokenReader) => Leaf): Chain<Leaf> {
  const name = reader.take()
  const first = isGroupingWord(reader.text()) ? readGrouping(reader, false) : undefined
  reader.expect('(')
  const { inner, before, after } = readArguments(reader, leaf, name)
  if (before.length > 1 || after.length > 0) throw new Unshowable(`${name}() takes one parameter before its query`)
  const last = first === undefined && isGroupingWord(reader.text()) ? readGrouping(reader, true) : undefined
  const grouping = first ?? last
  if (grouping !== undefined && NO_GROUPING.has(name.toLowerCase())) throw new Unshowable(`${name}() does not group`)
  return withStep(inner, { kind: 'aggregate', name, parameter: before[0] ?? '', grouping })
}

function readGrouping(reader: TokenReader, isLast: boolean): Grouping {
  const word = reader.take()
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
  return { word, labels, isLast, hasLastComma }
}

/** The text of a chain; `leaf` is the text of its leaf. */
export function printChain(leaf: string, steps: readonly Step[]): string {
  return steps.reduce(printStep, leaf)
}

function printStep(inner: string, step: Step): string {
  switch (step.kind) {
    case 'parentheses':
      return `(${inner})`
    case 'call':
      return printGrouped(step.name, `(${[...step.before, inner, ...step.after].join(', ')})`, step.grouping)
    case 'arithmetic':
      return `${inner} ${step.sign} ${step.isBool ? 'bool ' : ''}${step.number}`
    case 'aggregate': {
      const { name, parameter, grouping } = step
      const body = parameter === '' ? `(${inner})` : `(${parameter}, ${inner})`
      return printGrouped(name, body, grouping)
    }
  }
}

function printGrouped(name: string, body: string, grouping: Grouping | undefined): string {
  if (grouping === undefined) return `${name}${body}`
  const by = `${grouping.word} (${grouping.labels.join(', ')}${grouping.hasLastComma ? ',' : ''})`
  return grouping.isLast ? `${name}${body} ${by}` : `${name} ${by} ${body}`
}

/** With one more operation outside; a sign that binds more tightly than what is there gets it in parentheses. */
export function stepsWith(steps: readonly Step[], step: Step): readonly Step[] {
  const last = steps.at(-1)
  if (step.kind !== 'arithmetic' || last?.kind !== 'arithmetic') return [...steps, step]
  const isTighter = (BINDS[step.sign] ?? 0) > (BINDS[last.sign] ?? 0) || step.sign === '^'
  return isTighter ? [...steps, { kind: 'parentheses' }, step] : [...steps, step]
}

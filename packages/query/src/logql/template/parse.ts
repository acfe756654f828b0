import { FaultError, fault } from '@vantage/model'
import { unquoteAt } from '../language/text.ts'
import { FUNCTIONS } from './functions.ts'
import type { Command, Node, Operand, Pipeline } from './node.ts'

/** Blocks inside each other. */
const NESTING_MAX = 32

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly words: readonly Word[] }

interface Word {
  readonly kind: 'word' | 'string' | 'number' | 'field' | 'variable' | 'symbol'
  /** Of a string its value. */
  readonly text: string
  readonly source: string
  /** Line from 1, column from 0. */
  readonly place: string
}

function refused(message: string): FaultError {
  return new FaultError(fault('bad_request', `template: ${message}`, { reason: 'bad_data' }))
}

/** Reads a template. @throws FaultError. Source: Go text/template. */
export function parseTemplate(template: string): Node[] {
  const parser = new TemplateParser(splitActions(template))
  return parser.all()
}

const ACTION_WORD =
  /[ \t\r\n]+|(?<string>["`'])|(?<number>[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))|(?<field>\.[\p{L}_][\p{L}\p{N}_]*)|(?<variable>\$[\p{L}\p{N}_]*)|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<symbol>:=|[=|(),.])/uy

/** Text and actions in turn; `{{-` and `-}}` take blanks beside them away, comments leave nothing. */
function splitActions(template: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let trimsNext = false
  const addText = (text: string): void => {
    const trimmed = trimsNext ? text.replace(/^[ \t\r\n]+/, '') : text
    if (trimmed !== '') tokens.push({ kind: 'text', text: trimmed })
  }
  for (;;) {
    const open = template.indexOf('{{', at)
    if (open < 0) {
      addText(template.slice(at))
      return tokens
    }
    const trimsBefore = /^-[ \t\r\n]/.test(template.slice(open + 2, open + 4))
    const text = template.slice(at, open)
    addText(trimsBefore ? text.replace(/[ \t\r\n]+$/, '') : text)
    const inside = open + (trimsBefore ? 3 : 2)
    const action = readAction(template, inside)
    if (action.words !== undefined) tokens.push({ kind: 'action', words: action.words })
    trimsNext = action.trimsAfter
    at = action.end
  }
}

interface Action {
  /** Undefined for a comment. */
  readonly words: readonly Word[] | undefined
  readonly trimsAfter: boolean
  readonly end: number
}

function readAction(template: string, from: number): Action {
  const comment = /^[ \t\r\n]*\/\*/.exec(template.slice(from, from + 64))
  if (comment !== null) {
    const close = template.indexOf('*/', from + comment[0].length)
    const end = close < 0 ? null : /^(?:[ \t\r\n]+(-))?\}\}/.exec(template.slice(close + 2, close + 64))
    if (end === null) throw refused('unclosed comment')
    return { words: undefined, trimsAfter: end[1] !== undefined, end: close + 2 + end[0].length }
  }
  const words: Word[] = []
  let at = from
  for (;;) {
    if (template.startsWith('}}', at)) return { words, trimsAfter: false, end: at + 2 }
    const trim = /^[ \t\r\n]-\}\}/.test(template.slice(at, at + 4))
    if (trim) return { words, trimsAfter: true, end: at + 4 }
    const word = readWord(template, at)
    if (word.word !== undefined) words.push(word.word)
    at = word.end
  }
}

function readWord(template: string, at: number): { readonly word: Word | undefined; readonly end: number } {
  ACTION_WORD.lastIndex = at
  const match = ACTION_WORD.exec(template)
  if (match === null) {
    const char = template[at]
    throw refused(char === undefined ? 'unclosed action' : `unexpected ${JSON.stringify(char)} in action`)
  }
  const groups = match.groups ?? {}
  if (groups['string'] !== undefined) return readString(template, at)
  for (const kind of ['number', 'field', 'variable', 'word', 'symbol'] as const) {
    const text = groups[kind]
    if (text !== undefined) return { word: wordAt(template, at, at + text.length, kind, text), end: at + text.length }
  }
  return { word: undefined, end: at + match[0].length }
}

function wordAt(template: string, from: number, to: number, kind: Word['kind'], text: string): Word {
  const before = template.slice(0, from)
  const lineStart = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  return { kind, text, source: template.slice(from, to), place: `${line}:${from - lineStart}` }
}

function readString(template: string, at: number): { readonly word: Word; readonly end: number } {
  const literal = unquoteAt(template, at)
  if (!literal.ok)
    throw refused(literal.message === 'literal not terminated' ? 'unterminated quoted string' : literal.message)
  if (template[at] === "'") {
    const code = literal.text.codePointAt(0)
    if (code === undefined || String.fromCodePoint(code) !== literal.text) throw refused('malformed character constant')
    return { word: wordAt(template, at, literal.endOffset, 'number', String(code)), end: literal.endOffset }
  }
  return { word: wordAt(template, at, literal.endOffset, 'string', literal.text), end: literal.endOffset }
}

/** Words that end or divide a block. */
const BLOCK_ENDS: ReadonlySet<string> = new Set(['end', 'else'])

class TemplateParser {
  readonly #tokens: readonly Token[]
  #at = 0
  #nesting = 0
  #ranges = 0
  /** The words of the action that is read, and the place in them. */
  #words: readonly Word[] = []
  #word = 0
  /** Names that are known here. */
  #variables: string[] = ['$']

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  all(): Node[] {
    const nodes = this.#block()
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) throw refused(`unexpected {{${rest.kind === 'action' ? (rest.words[0]?.text ?? '') : ''}}}`)
    return nodes
  }

  /** Nodes up to `end`, `else` or the end; the action that stops it stays. */
  #block(): Node[] {
    if (++this.#nesting > NESTING_MAX) throw refused(`want at most ${NESTING_MAX} blocks inside each other, got more`)
    const known = this.#variables.length
    const nodes: Node[] = []
    for (;;) {
      const token = this.#tokens[this.#at]
      if (token === undefined) break
      if (token.kind === 'text') {
        nodes.push(token)
        this.#at++
        continue
      }
      const first = token.words[0]
      if (first?.kind === 'word' && BLOCK_ENDS.has(first.text)) break
      this.#at++
      nodes.push(this.#action(token.words))
    }
    this.#variables.length = known
    this.#nesting--
    return nodes
  }

  #action(words: readonly Word[]): Node {
    this.#words = words
    this.#word = 0
    const first = words[0]
    if (first === undefined) throw refused('missing value for command')
    if (first.kind === 'word') {
      switch (first.text) {
        case 'if':
        case 'with':
        case 'range':
          this.#word = 1
          return this.#branch(first.text)
        case 'break':
        case 'continue':
          if (this.#ranges === 0) throw refused(`{{${first.text}}} outside {{range}}`)
          return { kind: first.text }
        case 'define':
        case 'template':
        case 'block':
          throw refused(`{{${first.text}}} is not supported here`)
      }
    }
    const pipeline = this.#pipeline()
    this.#finish()
    return { kind: 'action', pipeline }
  }

  #branch(kind: 'if' | 'with' | 'range'): Node {
    const known = this.#variables.length
    const pipeline = this.#pipeline()
    this.#finish()
    if (kind === 'range') this.#ranges++
    const then = this.#block()
    if (kind === 'range') this.#ranges--
    let otherwise: Node[] = []
    const divider = this.#takeDivider(kind)
    if (divider.length === 1 && divider[0]?.text === 'else') {
      otherwise = this.#block()
      if (this.#takeDivider(kind)[0]?.text !== 'end') throw refused('expected end; found {{else}}')
    } else if (divider.length > 1) {
      // `{{else if …}}`: the rest of the action is a branch of its own, which also takes the `end`.
      otherwise = [this.#action(divider.slice(1))]
    }
    this.#variables.length = known
    return { kind, pipeline, then, otherwise }
  }

  #takeDivider(kind: string): readonly Word[] {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'action') throw refused(`unexpected EOF: {{${kind}}} without {{end}}`)
    this.#at++
    const [first, second] = token.words
    const isElseIf =
      first?.text === 'else' && second?.kind === 'word' && (second.text === 'if' || second.text === 'with')
    if (token.words.length > 1 && !isElseIf) throw refused(`unexpected ${second?.text} in {{${first?.text}}}`)
    return token.words
  }

  #finish(): void {
    const rest = this.#words[this.#word]
    if (rest !== undefined) throw refused(`unexpected ${JSON.stringify(rest.text)} in action`)
  }

  #pipeline(): Pipeline {
    const { names, isNew } = this.#declaration()
    const commands: Command[] = []
    do commands.push(this.#command())
    while (this.#takeSymbol('|'))
    if (isNew) this.#variables.push(...names)
    return { names, isNew, commands }
  }

  #declaration(): { names: string[]; isNew: boolean } {
    const [first, second, third, fourth] = this.#words.slice(this.#word, this.#word + 4)
    if (first?.kind !== 'variable') return { names: [], isNew: false }
    if (second?.text === ':=' || second?.text === '=') {
      this.#word += 2
      if (second.text === '=') this.#known(first.text)
      return { names: [first.text], isNew: second.text === ':=' }
    }
    if (second?.text === ',' && third?.kind === 'variable' && fourth?.text === ':=') {
      this.#word += 4
      return { names: [first.text, third.text], isNew: true }
    }
    return { names: [], isNew: false }
  }

  #command(): Command {
    const operands: Operand[] = []
    const start = this.#word
    for (;;) {
      const word = this.#words[this.#word]
      if (word === undefined || (word.kind === 'symbol' && /^[|),]$/.test(word.text))) break
      operands.push(this.#operand())
    }
    if (operands.length === 0) throw refused('missing value for command')
    const [head] = operands
    if (operands.length > 1 && head?.kind === 'literal')
      throw refused(`can't give argument to non-function ${String(head.value)}`)
    const words = this.#words.slice(start, this.#word)
    return { operands, text: words.map(({ source }) => source).join(' '), place: words[0]?.place ?? '' }
  }

  #operand(): Operand {
    let operand = this.#primary()
    // `(…).name` and `$x.name`: fields of a value.
    for (;;) {
      const next = this.#words[this.#word]
      const canChain = operand.kind === 'pipeline' || operand.kind === 'variable' || operand.kind === 'chain'
      if (next?.kind !== 'field' || !canChain) return operand
      this.#word++
      operand = { kind: 'chain', base: operand, name: next.text.slice(1) }
    }
  }

  #primary(): Operand {
    const word = this.#words[this.#word++] as Word
    switch (word.kind) {
      case 'string':
        return { kind: 'literal', value: word.text }
      case 'number':
        return { kind: 'literal', value: numberValue(word.text) }
      case 'field':
        return { kind: 'field', name: word.text.slice(1) }
      case 'variable':
        this.#known(word.text)
        return { kind: 'variable', name: word.text }
      case 'word':
        return wordOperand(word.text)
      case 'symbol':
        break
    }
    if (word.text === '.') return { kind: 'dot' }
    if (word.text !== '(') throw refused(`unexpected ${JSON.stringify(word.text)} in operand`)
    if (++this.#nesting > NESTING_MAX)
      throw refused(`want at most ${NESTING_MAX} parentheses inside each other, got more`)
    const pipeline = this.#pipeline()
    this.#nesting--
    if (!this.#takeSymbol(')')) throw refused('unclosed left paren')
    return { kind: 'pipeline', pipeline }
  }

  #takeSymbol(symbol: string): boolean {
    const word = this.#words[this.#word]
    if (word?.kind !== 'symbol' || word.text !== symbol) return false
    this.#word++
    return true
  }

  #known(name: string): void {
    if (!this.#variables.includes(name)) throw refused(`undefined variable ${JSON.stringify(name)}`)
  }
}

function wordOperand(word: string): Operand {
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' }
  if (word === 'nil') return { kind: 'literal', value: undefined }
  if (!Object.hasOwn(FUNCTIONS, word)) throw refused(`function ${JSON.stringify(word)} not defined`)
  return { kind: 'call', name: word }
}

function numberValue(text: string): bigint | number {
  if (/^[+-]?(?:\d+|0[xX][0-9a-fA-F]+)$/.test(text)) {
    const size = BigInt(text.replace(/^[+-]/, ''))
    return text.startsWith('-') ? -size : size
  }
  return Number(text)
}

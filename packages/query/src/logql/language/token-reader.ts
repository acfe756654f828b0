import type { LogqlLimits } from '../limits.ts'
import { limitFault, ParseFault, type Span } from './fault.ts'
import { lex, type Token, type TokenKind } from './lexer.ts'

/** Names of token kinds in messages, as users of the language know them. */
const KIND_NAMES: Readonly<Record<TokenKind, string>> = {
  word: 'IDENTIFIER',
  number: 'NUMBER',
  duration: 'DURATION',
  bytes: 'BYTES',
  string: 'STRING',
  flag: 'PARSER_FLAG',
  symbol: '',
  end: '$end',
}

/** Words that are shown as they are. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'and bool by group_left group_right ignoring offset on or unless unwrap without ip json logfmt'.split(' '),
)

/** The tokens of one query and a place in them; the parts of the parser share one. */
export class TokenReader {
  readonly text: string
  readonly limits: LogqlLimits
  readonly #tokens: readonly Token[]
  #at = 0
  #nesting = 0
  #nodes = 0

  constructor(text: string, limits: LogqlLimits) {
    this.text = text
    this.limits = limits
    this.#tokens = lex(text)
  }

  /** The token `ahead` of the current one; behind the last one stays `end`. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token
  }

  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#at++
    return token
  }

  isKind(kind: TokenKind, ahead = 0): boolean {
    return this.peek(ahead).kind === kind
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text === word
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.next()
    return true
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false
    this.next()
    return true
  }

  expectSymbol(symbol: string, wanted = symbol): Token {
    if (!this.isSymbol(symbol)) throw this.unexpected(wanted)
    return this.next()
  }

  expect(kind: TokenKind): Token {
    if (!this.isKind(kind)) throw this.unexpected(KIND_NAMES[kind])
    return this.next()
  }

  /** One level deeper; left again with `leave`. */
  enter(): void {
    this.#nesting++
    const max = this.limits.nestingMax
    if (this.#nesting > max) throw limitFault(`query nesting: want at most ${max} levels, got more`, 'query.maxNesting')
  }

  leave(): void {
    this.#nesting--
  }

  /** Operators and conditions lean left, one level of the plan each: bounds the stack of whoever walks it. */
  countNode(): void {
    this.#nodes++
    const max = this.limits.nodesMax
    if (this.#nodes > max) throw limitFault(`query: want at most ${max} operators and conditions, got more`)
  }

  fault(message: string, span: Span = this.peek()): ParseFault {
    return new ParseFault(this.text, message, span)
  }

  unexpected(wanted = ''): ParseFault {
    const token = this.peek()
    const isShown = token.kind === 'symbol' || (token.kind === 'word' && KEYWORDS.has(token.text))
    const shown = isShown ? token.text : KIND_NAMES[token.kind]
    return this.fault(`syntax error: unexpected ${shown}${wanted === '' ? '' : `, expecting ${wanted}`}`)
  }
}

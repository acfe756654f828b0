import { quoteText } from '../../quote-text.ts'
import type { ParseOptions } from '../options.ts'
import { limitFault, ParseFault, type Span } from './fault.ts'
import { lex, type Token } from './lexer.ts'

/** The tokens of one query and a place in them; the parts of the parser share one. */
export class TokenReader {
  readonly text: string
  readonly options: ParseOptions
  readonly #tokens: readonly Token[]
  #at = 0
  #nesting = 0
  #closedAt = 0

  constructor(text: string, options: ParseOptions) {
    this.text = text
    this.options = options
    this.#tokens = lex(text)
  }

  /** The token `ahead` of the current one; behind the last one stays `end`. */
  peek(ahead = 0): Token {
    const at = Math.min(this.#at + ahead, this.#tokens.length - 1)
    return this.#tokens[at] as Token
  }

  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#at++
    this.#closedAt = token.endOffset
    return token
  }

  /** Where the last token that was taken ends. */
  get closedAt(): number {
    return this.#closedAt
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  /** Keywords are written in any case. */
  isKeyword(keyword: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text.toLowerCase() === keyword
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.next()
    return true
  }

  takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false
    this.next()
    return true
  }

  expectSymbol(symbol: string, context: string, wanted = `"${symbol}"`): Token {
    if (!this.isSymbol(symbol)) throw this.unexpected(context, wanted)
    return this.next()
  }

  /** One level deeper: a parenthesis, call, bracket or sign. Left again with `leave`. */
  enter(): void {
    this.#nesting++
    const max = this.options.limits.nestingMax
    if (this.#nesting <= max) return
    throw limitFault(`query nesting: want at most ${max} levels, got more`, 'query.maxNesting')
  }

  leave(): void {
    this.#nesting--
  }

  fault(message: string, span: Span): ParseFault {
    return new ParseFault(this.text, message, span)
  }

  unexpected(context: string, wanted = ''): ParseFault {
    const token = this.peek()
    const inContext = context === '' ? '' : ` in ${context}`
    const expected = wanted === '' ? '' : `, expected ${wanted}`
    return this.fault(`unexpected ${describe(token)}${inContext}${expected}`, token)
  }
}

function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'end of input'
    case 'word':
      return `identifier "${token.text}"`
    case 'number':
      return `${token.isDuration ? 'duration' : 'number'} "${token.text}"`
    case 'string':
      return `string ${quoteText(token.text)}`
    case 'symbol':
      return /^[-+*/%^<>=!~@]+$/.test(token.text) && token.text !== '=' ? `<op:${token.text}>` : `"${token.text}"`
  }
}

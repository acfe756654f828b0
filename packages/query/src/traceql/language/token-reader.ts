import { foreign } from '@vantage/model'
import type { TraceqlLimits } from '../limits.ts'
import { syntaxRefusal, TraceqlRefusal } from './fault.ts'
import { lex, type Token } from './lexer.ts'

/** Tokens in order, with the limits that the parser counts against. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  readonly #limits: TraceqlLimits
  #at = 0
  #depth = 0
  #nodes = 0

  constructor(text: string, limits: TraceqlLimits) {
    if (text.length > limits.textCharsMax) {
      const message = `want at most ${limits.textCharsMax} characters (query.maxTextBytes), got ${text.length}`
      throw new TraceqlRefusal('syntax', message)
    }
    this.#tokens = lex(text)
    this.#limits = limits
  }

  get token(): Token {
    return this.#tokens[this.#at] as Token
  }

  get next(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)] as Token
  }

  take(): Token {
    const token = this.token
    if (token.kind !== 'end') this.#at++
    return token
  }

  isSymbol(text: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === text
  }

  isWord(text: string): boolean {
    return this.token.kind === 'word' && this.token.text === text
  }

  /** Takes the symbol where it is next. */
  trySymbol(text: string): boolean {
    if (!this.isSymbol(text)) return false
    this.#at++
    return true
  }

  wantSymbol(text: string): void {
    if (!this.trySymbol(text)) throw this.unexpected(JSON.stringify(text))
  }

  /** A refusal of the next token. */
  unexpected(wanted: string): TraceqlRefusal {
    const { kind, text, offset } = this.token
    const got = kind === 'end' ? 'the end of the query' : JSON.stringify(foreign(text))
    return syntaxRefusal(offset, `want ${wanted}, got ${got}`)
  }

  /** Parses something nested. */
  nested<T>(parse: () => T): T {
    if (++this.#depth > this.#limits.nestingMax) {
      throw syntaxRefusal(this.token.offset, `want at most ${this.#limits.nestingMax} levels (query.maxNesting)`)
    }
    const parsed = parse()
    this.#depth--
    return parsed
  }

  countNode(): void {
    if (++this.#nodes > this.#limits.nodesMax) {
      throw syntaxRefusal(this.token.offset, `want at most ${this.#limits.nodesMax} operands (query.maxNodes)`)
    }
  }
}

import { ParseFault } from './fault.ts'
import { unquoteAt } from './text.ts'
import { parseBytes, parseQueryDuration } from './units.ts'

export type TokenKind = 'word' | 'number' | 'duration' | 'bytes' | 'string' | 'flag' | 'symbol' | 'end'

/** One token. Keywords are words: the parser decides by place, because most keywords may also name a label. */
export interface Token {
  readonly kind: TokenKind
  /** As written; of a string its value. */
  readonly text: string
  /** Of a duration in ns, of bytes in bytes; else 0. */
  readonly value: number
  readonly startOffset: number
  readonly endOffset: number
}

// Sticky patterns of our own: linear, no nesting.
const SPACE = /(?:[ \t\n\r]+|#[^\n]*)+/y
const NUMBER = /0[xX][0-9a-fA-F]*(?:\.[0-9a-fA-F]*)?(?:[pP][+-]?\d+)?|0[bBoO]\d+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const DURATION = /-?[0-9.]+(?:[nuµμmshdwy]+[0-9.]*)+/y
const BYTES = /[0-9.]+(?:[KMGTPE]i?B?|kB|B)(?![a-zA-Z0-9_])/y
const WORD = /[a-zA-Z_][a-zA-Z0-9_]*/y
const FLAG = /--[a-z][a-z-]*/y
const SYMBOL = /\|=|\|~|\|>|!=|!~|!>|=~|==|>=|<=|[-+*/%^<>=(){}[\],|]/y

/**
 * Splits a query into tokens; the last one is `end`.
 * @throws ParseFault for characters, numbers and strings that no token takes
 * Source: grafana/loki pkg/logql/syntax/lex.go.
 */
export function lex(text: string): Token[] {
  const tokens: Token[] = []
  let offset = 0
  for (;;) {
    offset = matchAt(SPACE, text, offset) ?? offset
    if (offset >= text.length) break
    const token = nextToken(text, offset)
    tokens.push(token)
    offset = token.endOffset
  }
  tokens.push({ kind: 'end', text: '', value: 0, startOffset: text.length, endOffset: text.length })
  return tokens
}

function matchAt(pattern: RegExp, text: string, offset: number): number | undefined {
  pattern.lastIndex = offset
  return pattern.test(text) ? pattern.lastIndex : undefined
}

function token(kind: TokenKind, text: string, startOffset: number, endOffset: number, value = 0): Token {
  return { kind, text: text.slice(startOffset, endOffset), value, startOffset, endOffset }
}

function nextToken(text: string, offset: number): Token {
  const char = text[offset] as string
  if (char === '"' || char === '`') return stringToken(text, offset)
  const isDigit = char >= '0' && char <= '9'
  if (isDigit || (char === '.' && /[0-9]/.test(text[offset + 1] ?? ''))) return numberToken(text, offset)
  if (char === '-') {
    const flagEnd = matchAt(FLAG, text, offset)
    if (flagEnd !== undefined) return token('flag', text, offset, flagEnd)
    const duration = durationToken(text, offset)
    if (duration !== undefined) return duration
  }
  const wordEnd = matchAt(WORD, text, offset)
  if (wordEnd !== undefined) return token('word', text, offset, wordEnd)
  const symbolEnd = matchAt(SYMBOL, text, offset)
  if (symbolEnd !== undefined) return token('symbol', text, offset, symbolEnd)
  const shown = String.fromCodePoint(text.codePointAt(offset) as number)
  throw new ParseFault(text, `syntax error: unexpected character ${JSON.stringify(shown)}`, {
    startOffset: offset,
    endOffset: offset + shown.length,
  })
}

function stringToken(text: string, startOffset: number): Token {
  const literal = unquoteAt(text, startOffset)
  const { endOffset } = literal
  if (!literal.ok) throw new ParseFault(text, `syntax error: ${literal.message}`, { startOffset, endOffset })
  return { kind: 'string', text: literal.text, value: 0, startOffset, endOffset }
}

/** Number and unit together make a duration or a size; what is left of the letters is the next token. */
function durationToken(text: string, offset: number): Token | undefined {
  const end = matchAt(DURATION, text, offset)
  if (end === undefined) return undefined
  const parsed = parseQueryDuration(text.slice(offset, end))
  return parsed.ok ? token('duration', text, offset, end, parsed.value) : undefined
}

function numberToken(text: string, startOffset: number): Token {
  const duration = durationToken(text, startOffset)
  if (duration !== undefined) return duration
  const bytesEnd = matchAt(BYTES, text, startOffset)
  if (bytesEnd !== undefined) {
    const parsed = parseBytes(text.slice(startOffset, bytesEnd))
    if (parsed.ok) return token('bytes', text, startOffset, bytesEnd, parsed.value)
  }
  return token('number', text, startOffset, matchAt(NUMBER, text, startOffset) as number)
}

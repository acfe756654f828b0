import { parseDurationMs } from '@vantage/model'
import { ParseFault } from './fault.ts'
import { parseNumberToken } from './number.ts'
import { unquoteAt } from './text.ts'

export type TokenKind = 'word' | 'number' | 'string' | 'symbol' | 'end'

/** One token. Keywords are words: the parser decides by place, because every keyword may also name a metric or label. */
export interface Token {
  readonly kind: TokenKind
  /** As written; of a string its value. */
  readonly text: string
  /** Of a number; durations in seconds. */
  readonly value: number
  readonly isDuration: boolean
  readonly startOffset: number
  readonly endOffset: number
}

// Sticky patterns of our own: linear, no nesting.
const SPACE = /(?:[ \t\n\r]+|#[^\n]*)+/y
const NUMBER = /0[xX]_?[0-9a-fA-F](?:_?[0-9a-fA-F])*|(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d+)?/y
const DURATION = /(?:\d+(?:ms|[smhdwy]))+/y
const WORD = /[a-zA-Z_][a-zA-Z0-9_]*/y
const METRIC_WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const SYMBOL = /==|!=|=~|!~|>=|<=|<\/|>\/|[-+*/%^<>=(){}[\],:@]/y
const ALPHANUMERIC = /[a-zA-Z0-9_]/

/** Where the reader is: colons belong to words outside braces and brackets only. */
interface Position {
  offset: number
  braces: number
  brackets: number
}

/**
 * Splits a query into tokens; the last one is `end`.
 * @throws ParseFault for characters, numbers and strings that no token takes
 * Source: prometheus/prometheus promql/parser/lex.go.
 */
export function lex(text: string): Token[] {
  const tokens: Token[] = []
  const position: Position = { offset: 0, braces: 0, brackets: 0 }
  for (;;) {
    position.offset = matchAt(SPACE, text, position.offset) ?? position.offset
    if (position.offset >= text.length) break
    const token = nextToken(text, position)
    tokens.push(token)
    position.offset = token.endOffset
    if (token.kind === 'symbol') countBrackets(token.text, position)
  }
  tokens.push({
    kind: 'end',
    text: '',
    value: 0,
    isDuration: false,
    startOffset: text.length,
    endOffset: text.length,
  })
  return tokens
}

function matchAt(pattern: RegExp, text: string, offset: number): number | undefined {
  pattern.lastIndex = offset
  return pattern.test(text) ? pattern.lastIndex : undefined
}

function nextToken(text: string, position: Position): Token {
  const { offset } = position
  const char = text[offset] as string
  if (char === '"' || char === "'" || char === '`') return stringToken(text, offset)
  if ((char >= '0' && char <= '9') || (char === '.' && /[0-9]/.test(text[offset + 1] ?? ''))) {
    return numberToken(text, offset)
  }
  const isOutside = position.braces === 0 && position.brackets === 0
  const wordEnd = matchAt(isOutside ? METRIC_WORD : WORD, text, offset)
  if (wordEnd !== undefined) return plainToken('word', text, offset, wordEnd)
  const symbolEnd = matchAt(SYMBOL, text, offset)
  if (symbolEnd !== undefined) return plainToken('symbol', text, offset, symbolEnd)
  const shown = String.fromCodePoint(text.codePointAt(offset) as number)
  throw new ParseFault(text, `unexpected character: '${shown}'`, {
    startOffset: offset,
    endOffset: offset + shown.length,
  })
}

function plainToken(kind: TokenKind, text: string, startOffset: number, endOffset: number): Token {
  return { kind, text: text.slice(startOffset, endOffset), value: 0, isDuration: false, startOffset, endOffset }
}

function stringToken(text: string, startOffset: number): Token {
  const literal = unquoteAt(text, startOffset)
  if (!literal.ok) throw new ParseFault(text, literal.message, { startOffset, endOffset: literal.endOffset })
  return {
    kind: 'string',
    text: literal.text,
    value: 0,
    isDuration: false,
    startOffset,
    endOffset: literal.endOffset,
  }
}

function numberToken(text: string, startOffset: number): Token {
  const durationEnd = matchAt(DURATION, text, startOffset)
  if (durationEnd !== undefined && !ALPHANUMERIC.test(text[durationEnd] ?? '')) {
    const shown = text.slice(startOffset, durationEnd)
    const durationMs = parseDurationMs(shown)
    if (durationMs === undefined) {
      throw new ParseFault(text, `not a valid duration string: "${shown}"`, { startOffset, endOffset: durationEnd })
    }
    return {
      kind: 'number',
      text: shown,
      value: durationMs / 1000,
      isDuration: true,
      startOffset,
      endOffset: durationEnd,
    }
  }
  const numberEnd = matchAt(NUMBER, text, startOffset)
  if (numberEnd !== undefined && !/[a-zA-Z0-9_.]/.test(text[numberEnd] ?? '')) {
    const shown = text.slice(startOffset, numberEnd)
    return {
      kind: 'number',
      text: shown,
      value: parseNumberToken(shown),
      isDuration: false,
      startOffset,
      endOffset: numberEnd,
    }
  }
  let endOffset = startOffset
  while (/[a-zA-Z0-9_.]/.test(text[endOffset] ?? '')) endOffset++
  throw new ParseFault(text, `bad number or duration syntax: "${text.slice(startOffset, endOffset)}"`, {
    startOffset,
    endOffset,
  })
}

function countBrackets(symbol: string, position: Position): void {
  if (symbol === '{') position.braces++
  else if (symbol === '}') position.braces = Math.max(0, position.braces - 1)
  else if (symbol === '[') position.brackets++
  else if (symbol === ']') position.brackets = Math.max(0, position.brackets - 1)
}

import type { Fault, Result } from '@vantage/model'
import type { TraceqlLimits } from '../limits.ts'
import { TraceqlRefusal } from './fault.ts'
import { lex, type Token } from './lexer.ts'
import { parseTraceql } from './parser.ts'
import type { Query } from './syntax.ts'

const MATCH_OPS: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=', '=~', '!~'])
const ENDS: ReadonlySet<string> = new Set(['&&', '||', ')', '}'])

/**
 * Reads a query that somebody is still typing: comparisons without a right side hold for every span (`{ .a = && .b = 1 }`
 * is `{ true && .b = 1 }`), and open brackets are closed.
 * @returns the query, or a fault with the reason `syntax`
 */
export function parseLenient(text: string, limits: TraceqlLimits): Result<Query, Fault> {
  if (text.length > limits.textCharsMax) return parseTraceql(text, limits)
  return parseTraceql(completed(text), limits)
}

function completed(text: string): string {
  let tokens: Token[]
  try {
    tokens = lex(text)
  } catch (error) {
    // What cannot be split cannot be mended: the parser says where.
    if (error instanceof TraceqlRefusal) return text
    throw error
  }
  let out = ''
  let copiedTo = 0
  const open: string[] = []
  for (const [i, token] of tokens.entries()) {
    if (token.kind === 'symbol') trackBrackets(open, token.text)
    if (token.kind !== 'symbol' || !MATCH_OPS.has(token.text) || !open.includes('}')) continue
    const next = tokens[i + 1] as Token
    if (next.kind !== 'end' && !(next.kind === 'symbol' && ENDS.has(next.text))) continue
    const start = fieldStart(tokens, i)
    if (start === undefined) continue
    out += `${text.slice(copiedTo, start)}true`
    copiedTo = token.offset + token.text.length
  }
  return `${out}${text.slice(copiedTo)}${open
    .reverse()
    .map((bracket) => ` ${bracket}`)
    .join('')}`
}

function trackBrackets(open: string[], symbol: string): void {
  if (symbol === '{') open.push('}')
  else if (symbol === '(') open.push(')')
  else if (symbol === open.at(-1)) open.pop()
}

/** Where the field in front of an operator begins; undefined where something else stands there. */
function fieldStart(tokens: readonly Token[], at: number): number | undefined {
  const field = tokens[at - 1]
  if (field?.kind !== 'attribute' && field?.kind !== 'word') return undefined
  const scope = tokens[at - 2]
  return field.kind === 'word' && scope?.kind === 'scope' ? scope.offset : field.offset
}

import { compileMatcher, type Matcher, type MatchOp } from '@vantage/model'
import type { TokenReader } from './token-reader.ts'

const MATCH_OPS: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~'])

/** A name, an operator of equality and a string. Patterns are tried, so that a bad one is refused with its place. */
export function parseMatcher(reader: TokenReader): Matcher {
  const name = reader.expect('word')
  const op = reader.peek()
  if (op.kind !== 'symbol' || !MATCH_OPS.has(op.text)) throw reader.unexpected('= or != or =~ or !~')
  reader.next()
  const value = reader.expect('string')
  const matcher: Matcher = { name: name.text, op: op.text as MatchOp, value: value.text }
  const compiled = compileMatcher(matcher, reader.limits.regexCharsMax)
  if (!compiled.ok) throw reader.fault(compiled.error.message, value)
  return matcher
}

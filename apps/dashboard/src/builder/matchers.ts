import { type TokenReader, Unshowable } from './tokens.ts'

/** `label op "value"`; value and quoted names are kept as they are written. */
export interface Matcher {
  readonly label: string
  readonly op: string
  readonly value: string
}

/** What stands in the braces; `name` is a quoted metric name among the matchers. */
export interface Braces {
  readonly matchers: readonly Matcher[]
  readonly hasLastComma: boolean
}

export const MATCH_OPS = ['=', '!=', '=~', '!~'] as const

/** Reads `{…}` up to its end. A quoted name without an operator is a matcher without one. */
export function readBraces(reader: TokenReader): Braces {
  reader.expect('{')
  const matchers: Matcher[] = []
  let hasLastComma = false
  while (reader.text() !== '}') {
    matchers.push(readMatcher(reader))
    hasLastComma = reader.takeIf(',')
    if (!hasLastComma) break
  }
  if (reader.text() === 'or') throw new Unshowable('it has alternatives in its braces')
  reader.expect('}')
  return { matchers, hasLastComma }
}

function readMatcher(reader: TokenReader): Matcher {
  const isQuoted = reader.kind() === 'string'
  if (!isQuoted && reader.kind() !== 'word') throw new Unshowable(`a label is expected, not ${reader.found()}`)
  const label = reader.take()
  const op = reader.text()
  if (isQuoted && (op === ',' || op === '}')) return { label, op: '', value: '' }
  if (!(MATCH_OPS as readonly string[]).includes(op))
    throw new Unshowable(`an operator is expected, not ${reader.found()}`)
  reader.take()
  return { label, op, value: reader.expectKind('string', 'a text in quotes') }
}

/** A matcher that is not filled in yet is left out. */
export function printBraces({ matchers, hasLastComma }: Braces): string {
  const filled = matchers.filter(({ label, op, value }) => label !== '' && (op === '') === (value === ''))
  const inside = filled.map(({ label, op, value }) => `${label}${op}${value}`).join(', ')
  return `{${inside}${hasLastComma ? ',' : ''}}`
}

/** What a literal stands for; escapes that JSON does not know stay as they are. */
export function textOf(literal: string): string {
  const quote = literal[0]
  if (quote === undefined || !/["'`]/.test(quote)) return literal
  const inside = literal.slice(1, -1)
  if (quote === '`') return inside
  const asJson = quote === '"' ? literal : `"${inside.replaceAll("\\'", "'").replaceAll('"', '\\"')}"`
  try {
    return String(JSON.parse(asJson))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return inside
  }
}

/** The literal for a text that somebody typed into the place of a literal: the same one where it stands for the text. */
export function literalOf(text: string, former: string): string {
  if (former !== '' && textOf(former) === text) return former
  return JSON.stringify(text)
}

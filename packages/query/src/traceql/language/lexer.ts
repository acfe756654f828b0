import { foreign } from '@vantage/model'
import { parseDurationNs } from './duration.ts'
import { syntaxRefusal } from './fault.ts'
import type { Scope } from './syntax.ts'

/**
 * A token and where it begins. Attributes come whole, with their scope; `scope` is the part of a scoped intrinsic up to
 * its colon.
 */
export type Token = { readonly offset: number } & (
  | { readonly kind: 'word' | 'symbol' | 'string' | 'scope'; readonly text: string }
  | { readonly kind: 'int'; readonly text: string; readonly value: bigint }
  | { readonly kind: 'double' | 'duration'; readonly text: string; readonly value: number }
  | {
      readonly kind: 'attribute'
      readonly text: string
      readonly scope: Scope
      readonly isParent: boolean
      readonly name: string
    }
  | { readonly kind: 'end'; readonly text: '' }
)

// Sticky patterns of our own: linear, no nesting.
const SPACE = /(?:[ \t\r\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y
const WORD = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const DURATION = /[\d.nsumhµdwy]+/y
const SYMBOL = /[!&](?:>>|<<)|&&|\|\||[!=]~|&[<>~]|![=<>]|>>|<<|>=|<=|[-+*/%^<>=~!(){}|,]/y
const RAW_STRING = /`([^`]*)`/y
const STRING = /"(?:[^"\\\n]|\\.)*"/y
/** Every character of an attribute's name outside quotes. */
const NAME_PART = /[^\s"{}()=~!<>&|^,]+/uy

const ATTRIBUTE_SCOPES: ReadonlySet<string> = new Set(['span', 'resource', 'event', 'link', 'instrumentation'])
const INTRINSIC_SCOPES: ReadonlySet<string> = new Set(['trace', 'span', 'event', 'link', 'instrumentation'])
const INT64_MAX = 2n ** 63n - 1n

function matchAt(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0]
}

/** Splits a query into tokens, the last of which is `end`. @throws TraceqlRefusal for what no token takes */
export function lex(text: string): Token[] {
  const tokens: Token[] = []
  let offset = 0
  for (;;) {
    offset += matchAt(SPACE, text, offset)?.length ?? 0
    if (offset >= text.length) break
    const [token, end] = nextToken(text, offset)
    tokens.push(token)
    offset = end
  }
  tokens.push({ kind: 'end', text: '', offset: text.length })
  return tokens
}

function nextToken(text: string, offset: number): [Token, number] {
  const char = text[offset] as string
  const next = text[offset + 1] ?? ''
  if (char === '"' || char === '`') return stringToken(text, offset)
  if (/\d/.test(char) || (char === '.' && /\d/.test(next))) return numberToken(text, offset)
  if (char === '.') return attributeToken(text, offset, offset + 1, 'any', false)
  const word = matchAt(WORD, text, offset)
  if (word !== undefined) return wordToken(text, offset, word)
  const symbol = matchAt(SYMBOL, text, offset)
  if (symbol === undefined) throw syntaxRefusal(offset, `unexpected character ${JSON.stringify(char)}`)
  return [{ kind: 'symbol', text: symbol, offset }, offset + symbol.length]
}

function wordToken(text: string, offset: number, word: string): [Token, number] {
  const end = offset + word.length
  const next = text[end]
  if (next === ':' && INTRINSIC_SCOPES.has(word)) return [{ kind: 'scope', text: word, offset }, end + 1]
  if (next === '.' && ATTRIBUTE_SCOPES.has(word)) return attributeToken(text, offset, end + 1, word as Scope, false)
  if (next === '.' && word === 'parent') {
    const inner = /(?:span|resource)\./y
    const scope = matchAt(inner, text, end + 1)
    if (scope === undefined) return attributeToken(text, offset, end + 1, 'any', true)
    return attributeToken(text, offset, end + 1 + scope.length, scope.slice(0, -1) as Scope, true)
  }
  return [{ kind: 'word', text: word, offset }, end]
}

/** A name runs until space or a character of the language; quoted parts may hold anything. */
function attributeToken(text: string, offset: number, from: number, scope: Scope, isParent: boolean): [Token, number] {
  let name = ''
  let at = from
  for (;;) {
    const part = matchAt(NAME_PART, text, at)
    if (part !== undefined) {
      name += part
      at += part.length
    } else if (text[at] === '"') {
      const [quoted, end] = quotedPart(text, at)
      name += quoted
      at = end
    } else break
  }
  if (at === from) throw syntaxRefusal(from, 'want the name of an attribute')
  return [{ kind: 'attribute', text: text.slice(offset, at), scope, isParent, name, offset }, at]
}

/** Only `\"` and `\\` are escapes inside a name. */
function quotedPart(text: string, from: number): [string, number] {
  let name = ''
  let at = from + 1
  for (; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') return [name, at + 1]
    if (char !== '\\') {
      name += char
      continue
    }
    const escaped = text[++at]
    if (escaped !== '"' && escaped !== '\\') throw syntaxRefusal(at, 'want \\" or \\\\ in a quoted name')
    name += escaped
  }
  throw syntaxRefusal(from, 'a quoted name has no end')
}

function numberToken(text: string, offset: number): [Token, number] {
  const number = matchAt(NUMBER, text, offset) as string
  const end = offset + number.length
  const run = matchAt(DURATION, text, offset) as string
  if (run.length > number.length || /[^\d.]/.test(run)) {
    const ns = parseDurationNs(run)
    if (ns !== undefined) return [{ kind: 'duration', text: run, value: ns, offset }, offset + run.length]
  }
  if (!/^\d+$/.test(number)) return [{ kind: 'double', text: number, value: Number(number), offset }, end]
  const value = BigInt(number)
  if (value > INT64_MAX) throw syntaxRefusal(offset, `integer ${foreign(number)} is beyond 64 bits`)
  return [{ kind: 'int', text: number, value, offset }, end]
}

function stringToken(text: string, offset: number): [Token, number] {
  const raw = matchAt(RAW_STRING, text, offset)
  // Carriage returns are left out of raw strings. Source: Go specification, "String literals".
  if (raw !== undefined) {
    return [{ kind: 'string', text: raw.slice(1, -1).replaceAll('\r', ''), offset }, offset + raw.length]
  }
  const quoted = matchAt(STRING, text, offset)
  if (quoted === undefined) throw syntaxRefusal(offset, 'a string has no end')
  return [{ kind: 'string', text: unescaped(quoted.slice(1, -1), offset), offset }, offset + quoted.length]
}

const ESCAPE = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

/** Escapes of interpreted strings. Source: Go specification, "Rune literals". */
function unescaped(inner: string, offset: number): string {
  return inner.replaceAll(ESCAPE, (whole, simple?: string, x?: string, u?: string, U?: string, octal?: string) => {
    if (simple !== undefined) return SIMPLE_ESCAPES[simple] as string
    const digits = x ?? u ?? U
    const code =
      digits !== undefined ? Number.parseInt(digits, 16) : octal === undefined ? -1 : Number.parseInt(octal, 8)
    if (code < 0 || code > 0x10ffff) throw syntaxRefusal(offset, `unknown escape ${foreign(whole)} in a string`)
    return String.fromCodePoint(code)
  })
}

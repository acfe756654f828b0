import { TEMPLATE_CHARS_MAX } from '../limits.ts'
import type { FunctionTable } from './function.ts'
import { printf } from './printf.ts'
import { urlEncode } from './text-functions.ts'
import { asCount, asInt, asText, isList, isMap, isTime, isTrue, TemplateError, type Value, valueText } from './value.ts'

const MANY = Number.POSITIVE_INFINITY

/** Deeper JSON is refused. */
const JSON_DEPTH_MAX = 64

/** Text that is no JSON gives none. */
function fromJson(text: string): Value {
  try {
    return jsonValue(JSON.parse(text), 0)
  } catch (error) {
    if (error instanceof SyntaxError) return ''
    throw error
  }
}

function jsonValue(value: unknown, depth: number): Value {
  if (depth > JSON_DEPTH_MAX) throw new TemplateError(`fromJson: want at most ${JSON_DEPTH_MAX} levels, got more`)
  if (value === null) return undefined
  if (Array.isArray(value)) return value.map((one) => jsonValue(one, depth + 1))
  if (typeof value === 'object') {
    return new Map(Object.entries(value as object).map(([key, one]) => [key, jsonValue(one, depth + 1)]))
  }
  return value as string | number | boolean
}

/** Only values of one type are compared: a label's text with a text, an integer with an integer. */
function isEqual(a: Value, b: Value): boolean {
  if (a === undefined || b === undefined) return a === b
  if (isTime(a) && isTime(b)) return a.unixNs === b.unixNs
  if (typeof a === 'object' || typeof b === 'object') throw new TemplateError('non-comparable type')
  if (typeof a !== typeof b) throw new TemplateError('incompatible types for comparison')
  return a === b
}

/** Less than 0 where `a` comes first. */
function order(a: Value, b: Value): number {
  const isOrdered = typeof a === 'string' || typeof a === 'bigint' || typeof a === 'number'
  if (!isOrdered) throw new TemplateError('invalid type for comparison')
  if (typeof a !== typeof b) throw new TemplateError('incompatible types for comparison')
  const other = b as typeof a
  return a < other ? -1 : a > other ? 1 : a === other ? 0 : Number.NaN
}

function indexed(value: Value, keys: readonly Value[]): Value {
  let inner = value
  for (const key of keys) {
    if (isMap(inner)) inner = inner.get(asText(key))
    else if (isList(inner) || typeof inner === 'string') {
      const at = Number(asInt(key))
      if (at < 0 || at >= inner.length) throw new TemplateError(`index out of range: ${at}`)
      inner = isList(inner) ? inner[at] : BigInt((inner as string).charCodeAt(at))
    } else throw new TemplateError(`can't index item of type ${typeof inner}`)
  }
  return inner
}

function slice(value: Value, places: readonly Value[]): Value {
  if (!isList(value) && typeof value !== 'string') throw new TemplateError(`can't slice item of type ${typeof value}`)
  const [from, to] = [
    places[0] === undefined ? 0 : asCount(places[0]),
    places[1] === undefined ? value.length : asCount(places[1]),
  ]
  if (from < 0 || to > value.length || from > to) throw new TemplateError(`slice bounds out of range [${from}:${to}]`)
  return value.slice(from, to)
}

function length(value: Value): bigint {
  if (typeof value === 'string') return BigInt(new TextEncoder().encode(value).length)
  if (isList(value)) return BigInt(value.length)
  if (isMap(value)) return BigInt(value.size)
  throw new TemplateError(`len of type ${typeof value}`)
}

/** No longer than what a line may become. */
function bounded(text: string): string {
  if (text.length > TEMPLATE_CHARS_MAX)
    throw new TemplateError(`want at most ${TEMPLATE_CHARS_MAX} characters, got more`)
  return text
}

/** Source: Go fmt.Sprint: a blank between two of which neither is a text. */
function print(args: readonly Value[]): string {
  let out = ''
  for (const [i, arg] of args.entries()) {
    if (i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string') out += ' '
    out += valueText(arg)
  }
  return out
}

/** Source: Go text/template, JSEscapeString. */
function javaScriptText(text: string): string {
  return text.replace(/[\\'"<>&=\p{Cc}]/gu, (char) => {
    if (char === '\\' || char === "'" || char === '"') return `\\${char}`
    return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  })
}

const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&#34;', "'": '&#39;' }

/** Functions of Go's text/template, and those of Loki that take any value. */
export const valueFunctions: FunctionTable = {
  and: { min: 1, max: MANY, run: (args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1) },
  or: { min: 1, max: MANY, run: (args) => args.find(isTrue) ?? args.at(-1) },
  not: { min: 1, max: 1, run: ([value]) => !isTrue(value) },
  eq: { min: 2, max: MANY, run: ([first, ...others]) => others.some((one) => isEqual(first, one)) },
  ne: { min: 2, max: 2, run: ([a, b]) => !isEqual(a, b) },
  lt: { min: 2, max: 2, run: ([a, b]) => order(a, b) < 0 },
  le: { min: 2, max: 2, run: ([a, b]) => order(a, b) <= 0 },
  gt: { min: 2, max: 2, run: ([a, b]) => order(a, b) > 0 },
  ge: { min: 2, max: 2, run: ([a, b]) => order(a, b) >= 0 },
  len: { min: 1, max: 1, run: ([value]) => length(value) },
  index: { min: 1, max: MANY, run: ([value, ...keys]) => indexed(value, keys) },
  slice: { min: 1, max: 3, run: ([value, ...places]) => slice(value, places) },
  print: { min: 0, max: MANY, run: print },
  println: { min: 0, max: MANY, run: (args) => `${args.map(valueText).join(' ')}\n` },
  printf: { min: 1, max: MANY, run: ([format, ...args]) => bounded(printf(asText(format), args)) },
  html: {
    min: 1,
    max: MANY,
    run: (args) => print(args).replace(/[<>&"']/g, (char) => HTML[char] as string),
  },
  js: { min: 1, max: MANY, run: (args) => javaScriptText(print(args)) },
  urlquery: { min: 1, max: MANY, run: (args) => urlEncode(print(args)) },
  default: { min: 1, max: 2, run: ([fallback, value]) => (isTrue(value) ? value : fallback) },
  fromJson: { min: 1, max: 1, run: ([text]) => fromJson(asText(text)) },
}

import { quoteText } from '../../quote-text.ts'
import { TEMPLATE_CHARS_MAX } from '../limits.ts'
import type { FunctionTable } from './function.ts'
import {
  asCount,
  asFloat,
  asInt,
  asText,
  floatText,
  isList,
  isMap,
  isTime,
  isTrue,
  TemplateError,
  type Value,
  valueText,
} from './value.ts'

const MANY = Number.POSITIVE_INFINITY

/** Deeper JSON is refused. */
const JSON_DEPTH_MAX = 64

function fromJson(text: string): Value {
  try {
    return jsonValue(JSON.parse(text), 0)
  } catch (error) {
    if (error instanceof SyntaxError) throw new TemplateError(`fromJson: ${error.message}`)
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

function isEqual(a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return asFloat(a) === asFloat(b)
  if (isTime(a) && isTime(b)) return a.unixNs === b.unixNs
  return a === b
}

function isNumber(value: Value): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Less than 0 where `a` comes first. */
function order(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (isNumber(a) && isNumber(b)) return asFloat(a) - asFloat(b)
  throw new TemplateError('incompatible types for comparison')
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

const VERB = /%(?<flags>[-+ 0#]*)(?<width>\d{1,6})?(?:\.(?<precision>\d{0,4}))?(?<verb>[a-zA-Z%])/g

/** Source: Go fmt.Sprintf, the verbs that fit the values of templates. */
function printf(format: string, args: readonly Value[]): string {
  let next = 0
  const out = format.replace(VERB, (whole, ...rest) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>
    const verb = groups['verb'] as string
    if (verb === '%') return '%'
    if (next >= args.length) return `%!${verb}(MISSING)`
    const text = formatVerb(verb, args[next++], groups['precision'], groups['flags'] ?? '')
    return text === undefined ? whole : padded(text, Number(groups['width'] ?? 0), groups['flags'] ?? '')
  })
  if (out.length > TEMPLATE_CHARS_MAX)
    throw new TemplateError(`want at most ${TEMPLATE_CHARS_MAX} characters, got more`)
  return next < args.length ? `${out}%!(EXTRA ${args.slice(next).map(valueText).join(', ')})` : out
}

function padded(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0') || !/^[+-]?[\d.]/.test(text)) return text.padStart(width)
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}

function formatVerb(verb: string, value: Value, precision: string | undefined, flags: string): string | undefined {
  const digits = precision === undefined ? undefined : Number(precision)
  const plus = flags.includes('+') && isNumber(value) && asFloat(value) >= 0 ? '+' : ''
  switch (verb) {
    case 'v':
      return plus + valueText(value)
    case 's':
      return digits === undefined ? valueText(value) : [...valueText(value)].slice(0, digits).join('')
    case 'q':
      return quoteText(valueText(value))
    case 't':
      return String(isTrue(value))
    case 'd':
      return isNumber(value) || typeof value === 'string' ? plus + String(asInt(value)) : undefined
    case 'f':
    case 'F':
      return plus + asFloat(value).toFixed(Math.min(digits ?? 6, 100))
    case 'e':
      return plus + exponentText(asFloat(value), digits ?? 6)
    case 'g':
      return (
        plus +
        (digits === undefined
          ? floatText(asFloat(value))
          : String(Number(asFloat(value).toPrecision(Math.max(1, Math.min(digits, 100))))))
      )
    case 'x':
      return typeof value === 'string' ? hexOf(value) : asInt(value).toString(16)
    case 'X':
      return typeof value === 'string' ? hexOf(value).toUpperCase() : asInt(value).toString(16).toUpperCase()
    case 'o':
      return asInt(value).toString(8)
    case 'b':
      return asInt(value).toString(2)
    case 'c':
      return String.fromCodePoint(Math.min(0x10ffff, Math.max(0, asCount(value))))
    default:
      return `%!${verb}(${valueText(value)})`
  }
}

function hexOf(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function exponentText(value: number, digits: number): string {
  return value.toExponential(Math.min(digits, 100)).replace(/e([+-])(\d)$/, 'e$10$2')
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
  print: { min: 0, max: MANY, run: (args) => args.map(valueText).join('') },
  println: { min: 0, max: MANY, run: (args) => `${args.map(valueText).join(' ')}\n` },
  printf: { min: 1, max: MANY, run: ([format, ...args]) => printf(asText(format), args) },
  html: {
    min: 1,
    max: MANY,
    run: (args) =>
      args
        .map(valueText)
        .join('')
        .replace(/[<>&"']/g, (char) => HTML[char] as string),
  },
  js: { min: 1, max: MANY, run: (args) => JSON.stringify(args.map(valueText).join('')).slice(1, -1) },
  urlquery: { min: 1, max: MANY, run: (args) => encodeURIComponent(args.map(valueText).join('').toWellFormed()) },
  default: { min: 1, max: 2, run: ([fallback, value]) => (isTrue(value) ? value : fallback) },
  fromJson: { min: 1, max: 1, run: ([text]) => fromJson(asText(text)) },
}

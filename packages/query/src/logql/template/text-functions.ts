import type { SearchPattern } from '@vantage/model'
import { TEMPLATE_CHARS_MAX } from '../limits.ts'
import type { FunctionTable, TemplateFunction } from './function.ts'
import { asCount, asText, TemplateError } from './value.ts'

function text1(run: (text: string) => string): TemplateFunction {
  return { min: 1, max: 1, run: ([value]) => run(asText(value)) }
}

function text2(run: (a: string, b: string) => string | boolean): TemplateFunction {
  return { min: 2, max: 2, run: ([a, b]) => run(asText(a), asText(b)) }
}

function bounded(chars: number): void {
  if (chars > TEMPLATE_CHARS_MAX) throw new TemplateError(`want at most ${TEMPLATE_CHARS_MAX} characters, got more`)
}

function repeat(text: string, count: number): string {
  if (count < 0) throw new TemplateError('strings: negative Repeat count')
  bounded(text.length * count)
  return text.repeat(count)
}

function indent(text: string, count: number): string {
  const padding = repeat(' ', Math.max(count, 0))
  bounded(padding.length * text.split('\n').length)
  return padding + text.replaceAll('\n', `\n${padding}`)
}

/** Characters of a set go at either end. */
function trimSet(text: string, set: string, atStart: boolean, atEnd: boolean): string {
  const chars = [...text]
  const unwanted = new Set(set)
  let from = 0
  let to = chars.length
  while (atStart && from < to && unwanted.has(chars[from] as string)) from++
  while (atEnd && to > from && unwanted.has(chars[to - 1] as string)) to--
  return chars.slice(from, to).join('')
}

/** The first characters, of a negative count the last. */
export function trunc(text: string, count: number): string {
  const chars = [...text]
  if (count >= 0) return chars.slice(0, count).join('')
  return -count >= chars.length ? text : chars.slice(count).join('')
}

export function substring(from: number, to: number, text: string): string {
  const chars = [...text]
  if (from < 0) return chars.slice(0, Math.max(to, 0)).join('')
  if (to < 0 || to > chars.length) return chars.slice(from).join('')
  return from > to ? '' : chars.slice(from, to).join('')
}

/** Exactly so many characters, filled up with blanks behind. */
export function alignLeft(count: number, text: string): string {
  if (count < 0) return text
  bounded(count)
  const chars = [...text]
  return chars.length >= count ? chars.slice(0, count).join('') : text + ' '.repeat(count - chars.length)
}

/** Exactly so many characters, the last ones, filled up with blanks in front. */
export function alignRight(count: number, text: string): string {
  if (count < 0) return text
  bounded(count)
  const chars = [...text]
  return chars.length >= count ? chars.slice(chars.length - count).join('') : ' '.repeat(count - chars.length) + text
}

/** Source: Go strings.Replace: a negative count replaces all. */
function replaceFirst(text: string, from: string, to: string, count: number): string {
  const parts = from === '' ? [...text] : text.split(from)
  const times = count < 0 ? parts.length : Math.min(count, parts.length)
  bounded(text.length + times * to.length)
  if (count < 0) return text.replaceAll(from, () => to)
  let out = text
  let at = 0
  for (let i = 0; i < times; i++) {
    const found = out.indexOf(from, at)
    if (found < 0) break
    out = out.slice(0, found) + to + out.slice(found + from.length)
    at = found + to.length + (from === '' ? 1 : 0)
  }
  return out
}

function title(text: string): string {
  return text.replace(
    /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  )
}

/** Source: Go url.QueryEscape. */
export function urlEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

function urlDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    if (error instanceof URIError) throw new TemplateError(`invalid URL escape in ${JSON.stringify(text)}`)
    throw error
  }
}

function base64Encode(text: string): string {
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return btoa(bytes)
}

/** Padding may be missing. */
function base64Decode(text: string): string {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(standard)) throw new TemplateError('illegal base64 data')
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(standard), (char) => char.charCodeAt(0)))
  } catch (error) {
    if (error instanceof DOMException) throw new TemplateError('illegal base64 data')
    throw error
  }
}

function searching(
  run: (pattern: SearchPattern, args: readonly string[]) => string | bigint,
  count: number,
): TemplateFunction {
  return {
    min: count,
    max: count,
    run: (args, { patterns }) => {
      const [pattern = '', ...rest] = args.map(asText)
      return run(patterns.of(pattern), rest)
    },
  }
}

/** Source: grafana/loki template_functions.md, "String manipulation". */
export const textFunctions: FunctionTable = {
  lower: text1((text) => text.toLowerCase()),
  upper: text1((text) => text.toUpperCase()),
  ToLower: text1((text) => text.toLowerCase()),
  ToUpper: text1((text) => text.toUpperCase()),
  title: text1(title),
  trim: text1((text) => text.trim()),
  TrimSpace: text1((text) => text.trim()),
  Trim: text2((text, set) => trimSet(text, set, true, true)),
  TrimLeft: text2((text, set) => trimSet(text, set, true, false)),
  TrimRight: text2((text, set) => trimSet(text, set, false, true)),
  TrimPrefix: text2((text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  TrimSuffix: text2((text, suffix) => (text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text)),
  trimAll: text2((set, text) => trimSet(text, set, true, true)),
  trimPrefix: text2((prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  trimSuffix: text2((suffix, text) => (text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text)),
  trunc: { min: 2, max: 2, run: ([count, text]) => trunc(asText(text), asCount(count)) },
  substr: { min: 3, max: 3, run: ([from, to, text]) => substring(asCount(from), asCount(to), asText(text)) },
  alignLeft: { min: 2, max: 2, run: ([count, text]) => alignLeft(asCount(count), asText(text)) },
  alignRight: { min: 2, max: 2, run: ([count, text]) => alignRight(asCount(count), asText(text)) },
  contains: text2((part, text) => text.includes(part)),
  hasPrefix: text2((prefix, text) => text.startsWith(prefix)),
  hasSuffix: text2((suffix, text) => text.endsWith(suffix)),
  eqFold: text2((a, b) => a.toLowerCase() === b.toLowerCase()),
  indent: { min: 2, max: 2, run: ([count, text]) => indent(asText(text), asCount(count)) },
  nindent: { min: 2, max: 2, run: ([count, text]) => `\n${indent(asText(text), asCount(count))}` },
  repeat: { min: 2, max: 2, run: ([count, text]) => repeat(asText(text), asCount(count)) },
  replace: { min: 3, max: 3, run: ([from, to, text]) => replaceFirst(asText(text), asText(from), asText(to), -1) },
  Replace: {
    min: 4,
    max: 4,
    run: ([text, from, to, count]) => replaceFirst(asText(text), asText(from), asText(to), asCount(count)),
  },
  regexReplaceAll: searching((pattern, [text = '', template = '']) => pattern.replaceAll(text, template), 3),
  regexReplaceAllLiteral: searching((pattern, [text = '', other = '']) => pattern.replaceAllLiteral(text, other), 3),
  count: searching((pattern, [text = '']) => BigInt(pattern.count(text)), 2),
  urlencode: text1(urlEncode),
  urldecode: text1(urlDecode),
  b64enc: text1(base64Encode),
  b64dec: text1(base64Decode),
}

/**
 * Walks JSON in a text without building values. As lenient as Loki's parser: numbers are taken as written, what stands
 * behind the outermost value is not read. Source: buger/jsonparser, whose messages rows carry in `__error_details__`.
 */
export const JSON_FAULT = {
  object: "Value looks like object, but can't find closing '}' symbol",
  array: "Value is array, but can't find closing ']' symbol",
  string: "Value is string, but can't find closing '\"' symbol",
  unknown: 'Unknown value type',
  malformed: 'Malformed JSON error',
} as const

export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'

/** Deeper values are not looked into. */
const DEPTH_MAX = 64

export function skipSpace(text: string, at: number): number {
  let next = at
  while (next < text.length) {
    const code = text.charCodeAt(next)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) break
    next++
  }
  return next
}

/** @returns behind the closing quote of the string that opens at `at`, or −1 */
export function stringEnd(text: string, at: number): number {
  for (;;) {
    const quote = text.indexOf('"', at + 1)
    if (quote < 0) return -1
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === 92 && quote - 1 - slashes > at) slashes++
    if (slashes % 2 === 0) return quote + 1
    at = quote
  }
}

/** @returns behind the bracket that closes the one at `at`, or −1 */
function blockEnd(text: string, at: number, open: number, close: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 34) {
      const end = stringEnd(text, i)
      if (end < 0) return -1
      i = end - 1
    } else if (code === open) depth++
    else if (code === close && --depth === 0) return i + 1
  }
  return -1
}

/** A place in JSON: `kind`, `from` and `to` describe the value that was read last. */
export class JsonScanner {
  text = ''
  kind: JsonKind = 'null'
  from = 0
  to = 0
  fault = ''
  depth = 0

  reset(text: string): void {
    this.text = text
    this.fault = ''
    this.depth = 0
  }

  /** Goes one level down; false where that is too deep. Left again by lowering `depth`. */
  enter(): boolean {
    return ++this.depth <= DEPTH_MAX
  }

  fail(fault: string): false {
    this.fault = fault
    return false
  }

  /** Reads the value that begins at or behind `at`. */
  readValue(at: number): boolean {
    const { text } = this
    const from = skipSpace(text, at)
    const code = text.charCodeAt(from)
    this.from = from
    if (code === 34) return this.#close('string', stringEnd(text, from), JSON_FAULT.string)
    if (code === 123) return this.#close('object', blockEnd(text, from, 123, 125), JSON_FAULT.object)
    if (code === 91) return this.#close('array', blockEnd(text, from, 91, 93), JSON_FAULT.array)
    if (from >= text.length) return this.fail(JSON_FAULT.malformed)
    let to = from
    while (to < text.length && !isTokenEnd(text.charCodeAt(to))) to++
    this.to = to
    if (code === 45 || (code >= 48 && code <= 57)) this.kind = 'number'
    else if (text.startsWith('true', from) && to - from === 4) this.kind = 'boolean'
    else if (text.startsWith('false', from) && to - from === 5) this.kind = 'boolean'
    else if (text.startsWith('null', from) && to - from === 4) this.kind = 'null'
    else return this.fail(JSON_FAULT.unknown)
    return true
  }

  #close(kind: JsonKind, to: number, fault: string): boolean {
    if (to < 0) return this.fail(fault)
    this.kind = kind
    this.to = to
    return true
  }

  /** The text of a string, number or boolean that was read last; '' for null, JSON for the others. */
  valueText(): string {
    if (this.kind === 'string') return unescapeJson(this.text.slice(this.from + 1, this.to - 1))
    return this.kind === 'null' ? '' : this.text.slice(this.from, this.to)
  }
}

/** `,` `}` `]` and blanks end a value without quotes. */
function isTokenEnd(code: number): boolean {
  return code === 44 || code === 125 || code === 93 || code === 32 || code === 10 || code === 13 || code === 9
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** What the escapes stand for; '' where one is not known. Replacement characters become blanks. */
export function unescapeJson(raw: string): string {
  if (!raw.includes('\\')) return withoutReplacements(raw)
  let out = ''
  let at = 0
  for (;;) {
    const slash = raw.indexOf('\\', at)
    if (slash < 0) return withoutReplacements(out + raw.slice(at))
    out += raw.slice(at, slash)
    const char = raw[slash + 1] ?? ''
    const simple = ESCAPES[char]
    if (simple !== undefined) {
      out += simple
      at = slash + 2
      continue
    }
    const digits = raw.slice(slash + 2, slash + 6)
    if (char !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) return ''
    out += String.fromCharCode(Number.parseInt(digits, 16))
    at = slash + 6
  }
}

/** Labels may not hold U+FFFD, which stands where bytes were no UTF-8. */
export function withoutReplacements(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed()
  return whole.includes('\ufffd') ? whole.replaceAll('\ufffd', ' ') : whole
}

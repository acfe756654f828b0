/**
 * String literals of PromQL. Escapes may name bytes that are no UTF-8 (`"\xc5"`); such a byte is kept as the
 * lone surrogate U+DC00 + byte, so that a string is valid UTF-8 exactly where it is well-formed UTF-16.
 * Source: Go strconv.Unquote as used by prometheus/prometheus util/strutil/quote.go.
 */
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

export type Unquoted =
  | { readonly ok: true; readonly text: string; readonly endOffset: number }
  | { readonly ok: false; readonly message: string; readonly endOffset: number }

/** Reads the literal that opens at `offset`; `endOffset` is behind the closing quote, or where reading stopped. */
export function unquoteAt(source: string, offset: number): Unquoted {
  const quote = source[offset] as string
  if (quote === '`') {
    const close = source.indexOf('`', offset + 1)
    if (close < 0) return { ok: false, message: 'unterminated raw string', endOffset: source.length }
    return { ok: true, text: source.slice(offset + 1, close), endOffset: close + 1 }
  }
  let text = ''
  let bytes: number[] = []
  let at = offset + 1
  while (at < source.length) {
    const char = source[at] as string
    if (char === quote) return { ok: true, text: text + bytesToText(bytes), endOffset: at + 1 }
    if (char === '\n') break
    if (char !== '\\') {
      text += bytesToText(bytes) + char
      bytes = []
      at++
      continue
    }
    const escaped = readEscape(source, at + 1, quote)
    if (escaped.kind === 'fault') return { ok: false, message: escaped.message, endOffset: at + 1 }
    if (escaped.kind === 'byte') bytes.push(escaped.byte)
    else {
      text += bytesToText(bytes) + escaped.text
      bytes = []
    }
    at = escaped.endOffset
  }
  return { ok: false, message: 'unterminated quoted string', endOffset: at }
}

type Escape =
  | { readonly kind: 'text'; readonly text: string; readonly endOffset: number }
  | { readonly kind: 'byte'; readonly byte: number; readonly endOffset: number }
  | { readonly kind: 'fault'; readonly message: string }

function readEscape(source: string, at: number, quote: string): Escape {
  const char = source[at]
  if (char === undefined) return { kind: 'fault', message: 'escape sequence not terminated' }
  if ((char === "'" || char === '"') && char !== quote) {
    return { kind: 'fault', message: `unknown escape sequence '${char}'` }
  }
  const simple = SIMPLE_ESCAPES[char]
  if (simple !== undefined) return { kind: 'text', text: simple, endOffset: at + 1 }
  if (char === 'x') return readDigits(source, at + 1, 2, 16, true)
  if (char === 'u') return readDigits(source, at + 1, 4, 16, false)
  if (char === 'U') return readDigits(source, at + 1, 8, 16, false)
  if (char >= '0' && char <= '7') return readDigits(source, at, 3, 8, true)
  return { kind: 'fault', message: `unknown escape sequence '${char}'` }
}

function readDigits(source: string, at: number, count: number, radix: number, isByte: boolean): Escape {
  let value = 0
  for (let i = 0; i < count; i++) {
    const char = source[at + i]
    if (char === undefined) return { kind: 'fault', message: 'escape sequence not terminated' }
    const digit = Number.parseInt(char, radix)
    if (Number.isNaN(digit)) {
      return { kind: 'fault', message: `illegal character '${char}' in escape sequence` }
    }
    value = value * radix + digit
  }
  const endOffset = at + count
  if (isByte) {
    if (value > 255) return { kind: 'fault', message: 'escape sequence is an invalid byte value' }
    return { kind: 'byte', byte: value, endOffset }
  }
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
    return { kind: 'fault', message: 'escape sequence is an invalid Unicode code point' }
  }
  return { kind: 'text', text: String.fromCodePoint(value), endOffset }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Valid sequences become their characters, every other byte its lone surrogate. */
function bytesToText(bytes: readonly number[]): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at] as number
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    const decoded = tryDecode(bytes.slice(at, at + length))
    if (decoded === undefined) {
      text += String.fromCharCode(0xdc00 + lead)
      at++
    } else {
      text += decoded
      at += length
    }
  }
  return text
}

function tryDecode(bytes: readonly number[]): string | undefined {
  try {
    return strictUtf8.decode(new Uint8Array(bytes))
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** A label name that needs no quotes. */
export function isPlainLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
}

/** A metric name that needs no quotes. */
export function isPlainMetricName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
}

/** Any non-empty UTF-8 text may name a label. */
export function isValidLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed()
}

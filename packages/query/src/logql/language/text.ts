/** String literals of LogQL are Go's. Source: Go specification, "String literals"; strconv.Unquote. */
const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
}

export type Unquoted =
  | { readonly ok: true; readonly text: string; readonly endOffset: number }
  | { readonly ok: false; readonly message: string; readonly endOffset: number }

/** Reads the literal that opens at `offset`; `endOffset` is behind the closing quote, or where reading stopped. */
export function unquoteAt(source: string, offset: number): Unquoted {
  const quote = source[offset] as string
  if (quote === '`') {
    const close = source.indexOf('`', offset + 1)
    if (close < 0) return { ok: false, message: 'literal not terminated', endOffset: source.length }
    return { ok: true, text: source.slice(offset + 1, close).replaceAll('\r', ''), endOffset: close + 1 }
  }
  let text = ''
  let at = offset + 1
  while (at < source.length) {
    const char = source[at] as string
    if (char === quote) return { ok: true, text, endOffset: at + 1 }
    if (char === '\n') break
    if (char !== '\\') {
      text += char
      at++
      continue
    }
    const read = readEscape(source, at + 1, quote)
    if (read === undefined) return { ok: false, message: 'invalid char escape', endOffset: at + 2 }
    text += read.text
    at = read.endOffset
  }
  return { ok: false, message: 'literal not terminated', endOffset: at }
}

interface Escape {
  readonly text: string
  readonly endOffset: number
}

/** How many digits of which radix follow. */
const DIGITS: Readonly<Record<string, readonly [count: number, radix: number]>> = {
  x: [2, 16],
  u: [4, 16],
  U: [8, 16],
}

function readEscape(source: string, at: number, quote: string): Escape | undefined {
  const char = source[at] ?? ''
  const simple = SIMPLE_ESCAPES[char]
  if (simple !== undefined) {
    if ((char === "'" || char === '"') && char !== quote) return undefined
    return { text: String.fromCharCode(simple), endOffset: at + 1 }
  }
  if (char >= '0' && char <= '7') return readDigits(source, at, 3, 8)
  const digits = DIGITS[char]
  if (digits === undefined) return undefined
  // Bytes beyond ASCII that are no UTF-8 of their own are read as the character of that number.
  return readDigits(source, at + 1, digits[0], digits[1])
}

function readDigits(source: string, at: number, count: number, radix: number): Escape | undefined {
  const digits = source.slice(at, at + count)
  const value = Number.parseInt(digits, radix)
  const isWhole = digits.length === count && (radix === 16 ? /^[0-9a-fA-F]+$/ : /^[0-7]+$/).test(digits)
  if (!isWhole || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return undefined
  return { text: String.fromCodePoint(value), endOffset: at + count }
}

import { isUtf8 } from 'node:buffer'
import { utf8Text } from './utf8.ts'

/** What `JsonReader.next` found. Plain numbers: the reader is a hot loop. */
export const JSON_TOKENS = {
  bad: 0,
  objectStart: 1,
  objectEnd: 2,
  arrayStart: 3,
  arrayEnd: 4,
  key: 5,
  string: 6,
  number: 7,
  yes: 8,
  no: 9,
  none: 10,
  end: 11,
} as const

export type JsonToken = (typeof JSON_TOKENS)[keyof typeof JSON_TOKENS]

export const JSON_DEPTH_MAX = 64

/** What may come next. */
const EXPECT_VALUE = 0
const EXPECT_VALUE_OR_END = 1
const EXPECT_KEY = 2
const EXPECT_KEY_OR_END = 3
const EXPECT_COMMA_OR_END = 4
const EXPECT_NOTHING = 5

const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/**
 * Reads JSON (RFC 8259) one token at a time from complete bytes, without building values. The caller holds all
 * state between tokens, so it may stop after any of them and go on later. Depth is counted while reading.
 * The bytes belong to the caller and must not change until it is done.
 */
export class JsonReader {
  token: JsonToken = JSON_TOKENS.bad
  /** Containers that are open after the token. */
  depth = 0
  /** Range of the token's text: inside the quotes for keys and strings. */
  from = 0
  to = 0
  /** The string has escapes: its bytes are not its text. */
  hasEscapes = false
  /** After `bad`: what was wanted, and where. */
  error = ''
  errorAt = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #end = 0
  #expect = EXPECT_VALUE
  readonly #isObject = new Uint8Array(JSON_DEPTH_MAX + 1)

  /** Starts over with bytes [from, to). Checks that they are UTF-8. */
  start(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
    this.depth = 0
    this.#expect = EXPECT_VALUE
    this.error = ''
    this.token = JSON_TOKENS.bad
    if (isUtf8(bytes.subarray(from, to))) return true
    this.#bad('JSON must be UTF-8', from)
    return false
  }

  get offsetBytes(): number {
    return this.#at
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** The next token; after `bad` and `end` always the same again. */
  next(): JsonToken {
    if (this.error !== '') return JSON_TOKENS.bad
    this.token = this.#read()
    return this.token
  }

  /** Text of a key, string or number. */
  text(): string {
    if (!this.hasEscapes) return utf8Text(this.#bytes, this.from, this.to)
    const parsed: unknown = JSON.parse(utf8Text(this.#bytes, this.from - 1, this.to + 1))
    return String(parsed).toWellFormed()
  }

  /** True where the key or string is exactly this ASCII text; no allocation. */
  is(ascii: string): boolean {
    const length = this.to - this.from
    if (this.hasEscapes) return this.text() === ascii
    if (length !== ascii.length) return false
    for (let i = 0; i < length; i++) if (this.#bytes[this.from + i] !== ascii.charCodeAt(i)) return false
    return true
  }

  /** Value of a number token (or of a string that holds one), correctly rounded. NaN where it is no number. */
  number(): number {
    return parseNumber(this.#bytes, this.from, this.to)
  }

  #read(): JsonToken {
    const bytes = this.#bytes
    while (true) {
      const at = this.#skipSpace()
      if (at >= this.#end) {
        if (this.#expect === EXPECT_NOTHING) return JSON_TOKENS.end
        return this.#bad(`want ${this.#wanted()}, got the end`, at)
      }
      const byte = bytes[at] as number
      if (this.#expect === EXPECT_COMMA_OR_END) {
        if (byte === 0x2c) {
          this.#at = at + 1
          this.#expect = this.#isObject[this.depth] === 1 ? EXPECT_KEY : EXPECT_VALUE
          continue
        }
        return this.#close(byte, at)
      }
      if (this.#expect === EXPECT_KEY || this.#expect === EXPECT_KEY_OR_END) {
        if (byte === 0x22) return this.#key(at)
        if (this.#expect === EXPECT_KEY_OR_END) return this.#close(byte, at)
        return this.#bad('want a key', at)
      }
      if (this.#expect === EXPECT_NOTHING) return this.#bad('want nothing after the value', at)
      if (this.#expect === EXPECT_VALUE_OR_END && byte === 0x5d) return this.#close(byte, at)
      return this.#value(byte, at)
    }
  }

  #value(byte: number, at: number): JsonToken {
    this.hasEscapes = false
    if (byte === 0x22) {
      if (!this.#string(at)) return JSON_TOKENS.bad
      this.#afterValue()
      return JSON_TOKENS.string
    }
    if (byte === 0x7b || byte === 0x5b) return this.#open(byte === 0x7b, at)
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) return this.#numeral(at)
    if (byte === 0x74) return this.#word(at, 'true', JSON_TOKENS.yes)
    if (byte === 0x66) return this.#word(at, 'false', JSON_TOKENS.no)
    if (byte === 0x6e) return this.#word(at, 'null', JSON_TOKENS.none)
    return this.#bad(`want ${this.#wanted()}`, at)
  }

  #open(isObject: boolean, at: number): JsonToken {
    if (this.depth === JSON_DEPTH_MAX) return this.#bad(`want at most ${JSON_DEPTH_MAX} levels`, at)
    this.depth++
    this.#isObject[this.depth] = isObject ? 1 : 0
    this.#expect = isObject ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END
    this.#at = at + 1
    return isObject ? JSON_TOKENS.objectStart : JSON_TOKENS.arrayStart
  }

  #close(byte: number, at: number): JsonToken {
    const isObject = this.#isObject[this.depth] === 1
    if (byte !== (isObject ? 0x7d : 0x5d)) return this.#bad(`want ${this.#wanted()}`, at)
    this.depth--
    this.#at = at + 1
    this.#afterValue()
    return isObject ? JSON_TOKENS.objectEnd : JSON_TOKENS.arrayEnd
  }

  #key(at: number): JsonToken {
    this.hasEscapes = false
    if (!this.#string(at)) return JSON_TOKENS.bad
    const colonAt = this.#skipSpace()
    if (this.#bytes[colonAt] !== 0x3a || colonAt >= this.#end) return this.#bad('want : after a key', colonAt)
    this.#at = colonAt + 1
    this.#expect = EXPECT_VALUE
    return JSON_TOKENS.key
  }

  /** Leaves the place after the closing quote. */
  #string(quoteAt: number): boolean {
    const bytes = this.#bytes
    const end = this.#end
    let at = quoteAt + 1
    this.from = at
    while (at < end) {
      const byte = bytes[at] as number
      if (byte === 0x22) {
        this.to = at
        this.#at = at + 1
        return true
      }
      if (byte < 0x20) {
        this.#bad('want control characters escaped', at)
        return false
      }
      if (byte === 0x5c) {
        const length = escapeLength(bytes, at, end)
        if (length === 0) {
          this.#bad('want an escape of RFC 8259', at)
          return false
        }
        this.hasEscapes = true
        at += length
      } else at++
    }
    this.#bad('want a closing quote, got the end', at)
    return false
  }

  #numeral(at: number): JsonToken {
    const to = numeralEnd(this.#bytes, at, this.#end)
    if (to < 0) return this.#bad('want a number', at)
    this.from = at
    this.to = to
    this.#at = to
    this.#afterValue()
    return JSON_TOKENS.number
  }

  #word(at: number, word: string, token: JsonToken): JsonToken {
    for (let i = 0; i < word.length; i++) {
      if (at + i >= this.#end || this.#bytes[at + i] !== word.charCodeAt(i)) return this.#bad(`want ${word}`, at)
    }
    this.from = at
    this.to = at + word.length
    this.#at = this.to
    this.#afterValue()
    return token
  }

  #afterValue(): void {
    this.#expect = this.depth === 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END
  }

  #skipSpace(): number {
    const bytes = this.#bytes
    let at = this.#at
    while (at < this.#end) {
      const byte = bytes[at] as number
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      at++
    }
    this.#at = at
    return at
  }

  #wanted(): string {
    if (this.#expect === EXPECT_COMMA_OR_END) return this.#isObject[this.depth] === 1 ? ', or }' : ', or ]'
    if (this.#expect === EXPECT_KEY) return 'a key'
    if (this.#expect === EXPECT_KEY_OR_END) return 'a key or }'
    if (this.#expect === EXPECT_VALUE_OR_END) return 'a value or ]'
    return 'a value'
  }

  #bad(message: string, at: number): JsonToken {
    this.error = message
    this.errorAt = at
    this.token = JSON_TOKENS.bad
    return JSON_TOKENS.bad
  }
}

/** @returns length of the escape at `at` (2 or 6), or 0 where it is none */
function escapeLength(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return 0
  const kind = bytes[at + 1] as number
  if (kind !== 0x75) return '"\\/bfnrt'.includes(String.fromCharCode(kind)) ? 2 : 0
  if (at + 6 > end) return 0
  for (let i = 2; i < 6; i++) {
    const digit = (bytes[at + i] as number) | 0x20
    if (!((digit >= 0x30 && digit <= 0x39) || (digit >= 0x61 && digit <= 0x66))) return 0
  }
  return 6
}

/** @returns the end of the JSON number at `at`, or −1 */
function numeralEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  if (bytes[at] === 0x2d) at++
  const integerAt = at
  at = digitsEnd(bytes, at, end)
  if (at === integerAt || (at - integerAt > 1 && bytes[integerAt] === 0x30)) return -1
  if (at < end && bytes[at] === 0x2e) {
    const fractionAt = at + 1
    at = digitsEnd(bytes, fractionAt, end)
    if (at === fractionAt) return -1
  }
  if (at < end && ((bytes[at] as number) | 0x20) === 0x65) {
    at++
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++
    const exponentAt = at
    at = digitsEnd(bytes, exponentAt, end)
    if (at === exponentAt) return -1
  }
  return at
}

function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at] as number
    if (byte < 0x30 || byte > 0x39) break
    at++
  }
  return at
}

/**
 * Reads a decimal number from ASCII bytes. Up to 15 digits and 10^±22 two exact doubles give the correctly rounded
 * result (Clinger 1990); everything else goes through the engine.
 * @returns NaN where the text is not a JSON number
 */
export function parseNumber(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  const isNegative = bytes[at] === 0x2d
  if (isNegative) at++
  let mantissa = 0
  let digits = 0
  let scale = 0
  for (; at < to; at++) {
    const byte = bytes[at] as number
    if (byte === 0x2e && scale === 0 && digits > 0 && at + 1 < to) {
      scale = 1
      continue
    }
    if (byte < 0x30 || byte > 0x39 || digits === 15) return slowNumber(bytes, from, to)
    mantissa = mantissa * 10 + (byte - 0x30)
    digits++
    if (scale > 0) scale++
  }
  if (digits === 0) return Number.NaN
  const value = scale > 1 ? mantissa / (POWERS_OF_TEN[scale - 1] as number) : mantissa
  return isNegative ? -value : value
}

function slowNumber(bytes: Uint8Array, from: number, to: number): number {
  if (numeralEnd(bytes, from, to) !== to) return Number.NaN
  return Number(utf8Text(bytes, from, to))
}

/** 64 bits of an integer as halves, both unsigned (two's complement where it was negative). */
export interface Halves {
  low: number
  high: number
}

/**
 * Reads a decimal int64 or uint64 from ASCII bytes into halves.
 * @returns false where the text is no integer or leaves [−2^63, 2^64)
 */
export function parseInt64(bytes: Uint8Array, from: number, to: number, out: Halves): boolean {
  const isNegative = bytes[from] === 0x2d
  let at = isNegative ? from + 1 : from
  if (at >= to || to - at > 20) return false
  let low = 0
  let high = 0
  for (; at < to; at++) {
    const byte = bytes[at] as number
    if (byte < 0x30 || byte > 0x39) return false
    low = low * 10 + (byte - 0x30)
    high = high * 10 + Math.floor(low / 4294967296)
    if (high > 0xffffffff) return false
    low %= 4294967296
  }
  if (isNegative) {
    if (high > 0x80000000 || (high === 0x80000000 && low > 0)) return false
    out.low = -low >>> 0
    out.high = (~high + (low === 0 ? 1 : 0)) >>> 0
    return true
  }
  out.low = low
  out.high = high
  return true
}

import { type Halves, parseInt64 } from '@vantage/bytes'
import { parseDecimal } from '../number.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const HASH = 0x23
const COMMA = 0x2c
const EQUALS = 0x3d
const BACKSLASH = 0x5c

/** Tags of one line that are read: more are refused in any configuration worth having. */
export const LINE_TAGS_MAX = 256

/** Bits of what ends a token, and of what a backslash in it takes along. */
const ENDS_MEASUREMENT = 1
const ENDS_KEY = 2
const ESCAPES_MEASUREMENT = 4
const ESCAPES_KEY = 8
const ESCAPES_STRING = 16
const CLASSES = classes()

function classes(): Uint8Array {
  const table = new Uint8Array(256)
  // Characters that do not print end every token, so that they never get into a name.
  for (let byte = 0; byte < 0x20; byte++) table[byte] = ENDS_MEASUREMENT | ENDS_KEY
  table[0x7f] = ENDS_MEASUREMENT | ENDS_KEY
  table[SPACE] = ENDS_MEASUREMENT | ENDS_KEY | ESCAPES_MEASUREMENT | ESCAPES_KEY
  table[COMMA] = ENDS_MEASUREMENT | ENDS_KEY | ESCAPES_MEASUREMENT | ESCAPES_KEY
  table[EQUALS] = ENDS_KEY | ESCAPES_KEY
  for (const escaped of '"\\nrt')
    table[escaped.charCodeAt(0)] = (table[escaped.charCodeAt(0)] as number) | ESCAPES_STRING
  return table
}

export type InfluxPrecision = 'ns' | 'us' | 'ms' | 's' | 'm' | 'h'

/** Digits that a finer time has below the millisecond, and milliseconds in a unit of a coarser one. */
const DIGITS_BELOW_MS: Readonly<Record<InfluxPrecision, number>> = { ns: 6, us: 3, ms: 0, s: 0, m: 0, h: 0 }
const UNIT_MS: Readonly<Record<InfluxPrecision, number>> = { ns: 1, us: 1, ms: 1, s: 1e3, m: 6e4, h: 36e5 }
/** Times are int64 ns where this protocol comes from. */
const TIME_MS_MAX = 9_223_372_036_854

export type FieldKind = 'number' | 'string'

/**
 * The tokens of one line of the InfluxDB line protocol, read from left to right by its owner; reused for every line.
 *
 *     measurement {',' key '=' value} ' ' key '=' field {',' …} [' ' timestamp]
 *
 * A backslash takes a comma, space or (in keys and tag values) equals sign along; anything else it leaves alone.
 * String fields may hold line ends. Source: docs.influxdata.com "Line protocol", InfluxDB 2.
 */
export class InfluxLine {
  /** Where the next token starts; after an error, where the reading stopped. */
  at = 0
  error = ''
  measurementTo = 0
  tagCount = 0
  readonly keyFrom = new Int32Array(LINE_TAGS_MAX)
  readonly keyTo = new Int32Array(LINE_TAGS_MAX)
  readonly valueFrom = new Int32Array(LINE_TAGS_MAX)
  readonly valueTo = new Int32Array(LINE_TAGS_MAX)
  fieldKeyFrom = 0
  fieldKeyTo = 0
  fieldKind: FieldKind = 'number'
  readonly fieldValue = new Float64Array(1)
  /** True where an integer was too large for a double. */
  isRounded = false
  #bytes: Uint8Array = new Uint8Array(0)
  #to = 0
  #hasMore = false
  readonly #halves: Halves = { low: 0, high: 0 }

  reset(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes
    this.#to = to
    this.at = from
    this.error = ''
    this.isRounded = false
  }

  /** Measurement and tags, up to the first field; in an alias up to the field's key. */
  readSeries(): boolean {
    const from = this.at
    this.at = this.#token(from, ENDS_MEASUREMENT, ESCAPES_MEASUREMENT)
    this.measurementTo = this.at
    this.tagCount = 0
    if (this.at === from) return this.#fail('a measurement')
    if (this.#bytes[from] === HASH) return this.#fail('a comment of characters that print')
    if (!this.#comma()) return false
    while (this.at < this.#to && !endsSeries(this.#bytes[this.at] as number)) if (!this.#tag()) return false
    if (this.at === this.#to || this.#bytes[this.at] !== SPACE) return this.#fail('a field')
    this.#spaces()
    return this.#areTagsDistinct()
  }

  /** One field; `hasMoreFields` says whether another one follows. */
  readField(): boolean {
    if (!this.readFieldKey()) return false
    if (this.at === this.#to || this.#bytes[this.at] !== EQUALS)
      return this.#fail('an equals sign behind the field key')
    this.at++
    if (!this.#fieldValue()) return false
    const next = this.at < this.#to ? this.#bytes[this.at] : NEWLINE
    this.#hasMore = next === COMMA
    if (this.#hasMore) this.at++
    else if (next !== SPACE && next !== NEWLINE && next !== RETURN)
      return this.#fail('a comma or a space behind the field')
    return true
  }

  get hasMoreFields(): boolean {
    return this.#hasMore
  }

  readFieldKey(): boolean {
    this.fieldKeyFrom = this.at
    this.at = this.#token(this.at, ENDS_KEY, ESCAPES_KEY)
    this.fieldKeyTo = this.at
    return this.at > this.fieldKeyFrom || this.#fail('a field key')
  }

  /**
   * The rest of the line, its end included.
   * @returns the time in ms, NaN where the line has none or is wrong (`error` says which)
   */
  readTime(precision: InfluxPrecision): number {
    this.#spaces()
    const from = this.at
    while (this.at < this.#to && isTimeByte(this.#bytes[this.at] as number)) this.at++
    const to = this.at
    this.#spaces()
    if (!this.takeLineEnd()) {
      this.#fail(this.at > to ? 'nothing behind the timestamp' : 'a timestamp')
      return Number.NaN
    }
    return to === from ? Number.NaN : this.#timeMs(from, to, precision)
  }

  /** Passes the end of a line, or of the input. */
  takeLineEnd(): boolean {
    const bytes = this.#bytes
    if (this.at >= this.#to) return true
    if (bytes[this.at] === NEWLINE) this.at++
    else if (bytes[this.at] === RETURN && this.at + 1 === this.#to) this.at++
    else if (bytes[this.at] === RETURN && bytes[this.at + 1] === NEWLINE) this.at += 2
    else return false
    return true
  }

  #tag(): boolean {
    const bytes = this.#bytes
    const keyFrom = this.at
    const keyTo = this.#token(keyFrom, ENDS_KEY, ESCAPES_KEY)
    this.at = keyTo
    if (keyTo === keyFrom) return this.#fail('a tag key')
    if (keyTo === this.#to || bytes[keyTo] !== EQUALS) return this.#fail('an equals sign behind the tag key')
    this.at = this.#token(keyTo + 1, ENDS_KEY, ESCAPES_KEY)
    if (this.at === keyTo + 1) return this.#fail('a tag value')
    if (this.tagCount === LINE_TAGS_MAX) return this.#fail(`at most ${LINE_TAGS_MAX} tags`)
    const tag = this.tagCount++
    this.keyFrom[tag] = keyFrom
    this.keyTo[tag] = keyTo
    this.valueFrom[tag] = keyTo + 1
    this.valueTo[tag] = this.at
    return this.#comma()
  }

  /** A comma announces a tag. */
  #comma(): boolean {
    if (this.at === this.#to || this.#bytes[this.at] !== COMMA) return true
    this.at++
    const next = this.at < this.#to ? this.#bytes[this.at] : SPACE
    return (next !== SPACE && next !== NEWLINE && next !== RETURN) || this.#fail('a tag key behind the comma')
  }

  #areTagsDistinct(): boolean {
    for (let i = 1; i < this.tagCount; i++) {
      for (let k = 0; k < i; k++) if (this.#isSameKey(i, k)) return this.#fail('each tag key once')
    }
    return true
  }

  #isSameKey(i: number, k: number): boolean {
    const length = (this.keyTo[i] as number) - (this.keyFrom[i] as number)
    if ((this.keyTo[k] as number) - (this.keyFrom[k] as number) !== length) return false
    const a = this.keyFrom[i] as number
    const b = this.keyFrom[k] as number
    for (let n = 0; n < length; n++) if (this.#bytes[a + n] !== this.#bytes[b + n]) return false
    return true
  }

  #fieldValue(): boolean {
    const bytes = this.#bytes
    const first = this.at < this.#to ? (bytes[this.at] as number) : 0
    this.#hasMore = false
    this.fieldKind = 'number'
    if (first === QUOTE) return this.#string()
    const from = this.at
    while (this.at < this.#to && !endsField(bytes[this.at] as number)) this.at++
    const to = this.at
    if (first === 0x2d || first === 0x2e || (first >= 0x30 && first <= 0x39)) {
      return this.#number(from, to) || this.#failAt(from, 'a number, an integer (1i) or an unsigned integer (1u)')
    }
    const truth = truthOf(bytes, from, to)
    if (Number.isNaN(truth)) return this.#failAt(from, 'a number, true, false or a quoted string')
    this.fieldValue[0] = truth
    return true
  }

  #number(from: number, to: number): boolean {
    const suffix = this.#bytes[to - 1]
    if (suffix !== 0x69 && suffix !== 0x75) return parseDecimal(this.#bytes, from, to, this.fieldValue)
    const isNegative = this.#bytes[from] === 0x2d
    let digits = isNegative ? from + 1 : from
    while (digits + 2 < to && this.#bytes[digits] === 0x30) digits++
    if (!parseInt64(this.#bytes, digits, to - 1, this.#halves) || this.#bytes[digits] === 0x2d) return false
    if (suffix === 0x75 ? isNegative : !this.#isSigned(isNegative)) return false
    const value = this.#halves.high * 4_294_967_296 + this.#halves.low
    if (!Number.isSafeInteger(value)) this.isRounded = true
    this.fieldValue[0] = isNegative ? -value : value
    return true
  }

  /** True where the magnitude read last fits a signed integer of 64 bits. */
  #isSigned(isNegative: boolean): boolean {
    const { low, high } = this.#halves
    return high < 0x80000000 || (isNegative && high === 0x80000000 && low === 0)
  }

  /** Reads to behind the closing quote; the text itself is not kept. */
  #string(): boolean {
    const open = this.at
    for (let at = open + 1; at < this.#to; at++) {
      const byte = this.#bytes[at]
      if (
        byte === BACKSLASH &&
        at + 1 < this.#to &&
        ((CLASSES[this.#bytes[at + 1] as number] as number) & ESCAPES_STRING) !== 0
      )
        at++
      else if (byte === QUOTE) {
        this.fieldKind = 'string'
        this.at = at + 1
        return true
      }
    }
    return this.#failAt(open, 'a closing quote')
  }

  #timeMs(from: number, to: number, precision: InfluxPrecision): number {
    const bytes = this.#bytes
    if (!parseInt64(bytes, from, to, this.#halves) || (bytes[from] !== 0x2d && this.#halves.high > 0x7fffffff)) {
      this.#failAt(from, 'a timestamp of 64 bits')
      return Number.NaN
    }
    const isNegative = bytes[from] === 0x2d
    const below = Math.max(isNegative ? from + 1 : from, to - DIGITS_BELOW_MS[precision])
    let whole = 0
    for (let at = isNegative ? from + 1 : from; at < below; at++) whole = whole * 10 + (bytes[at] as number) - 0x30
    let rest = 0
    for (let at = below; at < to; at++) rest |= (bytes[at] as number) - 0x30
    const unitMs = UNIT_MS[precision]
    const timeMs = isNegative ? -(whole * unitMs) - (rest > 0 ? 1 : 0) : whole * unitMs
    if (Math.abs(timeMs) <= TIME_MS_MAX + 1) return timeMs
    this.#failAt(from, 'a timestamp that 64 bits of nanoseconds hold')
    return Number.NaN
  }

  #token(from: number, ends: number, escapes: number): number {
    const bytes = this.#bytes
    const to = this.#to
    let at = from
    for (; at < to; at++) {
      const byte = bytes[at] as number
      if (byte === BACKSLASH) {
        if (at + 1 < to && ((CLASSES[bytes[at + 1] as number] as number) & escapes) !== 0) at++
      } else if (((CLASSES[byte] as number) & ends) !== 0) break
    }
    return at
  }

  #spaces(): void {
    while (this.at < this.#to && this.#bytes[this.at] === SPACE) this.at++
  }

  #failAt(at: number, what: string): boolean {
    this.at = at
    return this.#fail(what)
  }

  #fail(what: string): boolean {
    this.error = `want ${what}`
    return false
  }
}

function isTimeByte(byte: number): boolean {
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
}

function endsSeries(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN
}

function endsField(byte: number): boolean {
  return byte === COMMA || endsSeries(byte)
}

const TRUE_WORDS: readonly string[] = ['t', 'T', 'true', 'True', 'TRUE']
const FALSE_WORDS: readonly string[] = ['f', 'F', 'false', 'False', 'FALSE']

/** 1, 0, or NaN where it is no boolean. */
function truthOf(bytes: Uint8Array, from: number, to: number): number {
  for (let i = 0; i < TRUE_WORDS.length; i++) if (isWord(bytes, from, to, TRUE_WORDS[i] as string)) return 1
  for (let i = 0; i < FALSE_WORDS.length; i++) if (isWord(bytes, from, to, FALSE_WORDS[i] as string)) return 0
  return Number.NaN
}

function isWord(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) return false
  return true
}

import type { ItemReason } from '@vantage/model'
import { parseDecimal } from '../number.ts'
import {
  BACKSLASH,
  CLASSES,
  CLOSE_BRACE,
  COMMA,
  EQUALS,
  HASH,
  LABEL,
  LABEL_START,
  NAME,
  NAME_START,
  OPEN_BRACE,
  QUOTE,
  SPACE,
  TAB,
} from './characters.ts'

/** Labels of one line that are read: more are refused in any configuration worth having. */
export const LINE_LABELS_MAX = 256

/** Where labels lie: four offsets each, name and value without their quotes. */
export class LabelRanges {
  count = 0
  readonly nameFrom = new Int32Array(LINE_LABELS_MAX)
  readonly nameTo = new Int32Array(LINE_LABELS_MAX)
  readonly valueFrom = new Int32Array(LINE_LABELS_MAX)
  readonly valueTo = new Int32Array(LINE_LABELS_MAX)
}

/**
 * One sample line, taken apart into offsets; reused for every line.
 *
 *     0.0.4         name ['{' labels [','] '}'] value [timestamp ms]              blanks between tokens
 *     OpenMetrics   name ['{' labels '}'] SP value [SP timestamp s] [SP '#' SP '{' labels '}' SP value [SP timestamp s]]
 *     labels        name '=' '"' escaped '"' {',' …};  a quoted metric name comes first: {"my.name", a="b"}
 *
 * Source: prometheus/docs docs/instrumenting/exposition_formats.md; docs/specs/om/open_metrics_spec.md "ABNF".
 */
export class SampleLine {
  /** OpenMetrics: one space between tokens, no trailing comma, exemplars, seconds. */
  readonly isStrict: boolean
  nameFrom = 0
  nameTo = 0
  /** The series as sent, name and labels, ends here: the alias bytes. */
  seriesTo = 0
  readonly labels = new LabelRanges()
  readonly value = new Float64Array(1)
  /** In the unit of the grammar; NaN where the line has none. */
  readonly time = new Float64Array(1)
  hasExemplar = false
  readonly exemplarLabels = new LabelRanges()
  readonly exemplarValue = new Float64Array(1)
  readonly exemplarTime = new Float64Array(1)
  /** Of a line that was refused. */
  error = ''
  errorAt = 0
  reason: ItemReason = 'invalid_value'
  #bytes: Uint8Array = new Uint8Array(0)
  #to = 0

  constructor(isStrict: boolean) {
    this.isStrict = isStrict
  }

  /** @returns false with `error` where [from, to), a line without its end, is no sample */
  parse(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes = bytes
    this.#to = to
    this.hasExemplar = false
    this.time[0] = Number.NaN
    let at = this.#series(from)
    if (at < 0) return false
    at = this.#number(at, this.value, this.seriesTo > from && bytes[this.seriesTo - 1] === CLOSE_BRACE, 'a value')
    if (at < 0) return false
    at = this.#gap(at)
    if (at >= 0 && at < to && bytes[at] !== HASH) {
      at = this.#timestamp(at, this.time)
      if (at >= 0) at = this.#gap(at)
    }
    if (at < 0 || at === to) return at === to
    if (!this.isStrict || bytes[at] !== HASH) return this.#fail('the end of the line', at)
    return this.#exemplar(at)
  }

  /** Name and labels alone; used again where labels of known bytes are parsed. */
  parseSeries(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes = bytes
    this.#to = to
    return this.#series(from) >= 0
  }

  #series(from: number): number {
    const bytes = this.#bytes
    const to = this.#to
    let at = from
    this.nameFrom = from
    this.labels.count = 0
    if (at < to && ((CLASSES[bytes[at] as number] as number) & NAME_START) !== 0) {
      at++
      while (at < to && ((CLASSES[bytes[at] as number] as number) & NAME) !== 0) at++
    }
    this.nameTo = at
    this.seriesTo = at
    const open = this.isStrict ? at : this.#blanks(at)
    if (open < to && bytes[open] === OPEN_BRACE) {
      at = this.#labelSet(open, this.labels, this.nameTo === this.nameFrom)
      if (at < 0) return at
      this.seriesTo = at
    }
    if (this.nameTo === this.nameFrom) {
      this.#fail('a metric name', from, 'missing_name')
      return -1
    }
    return at
  }

  /** Reads from the opening to behind the closing brace. @returns −1 where malformed */
  #labelSet(open: number, into: LabelRanges, mayName: boolean): number {
    const bytes = this.#bytes
    const to = this.#to
    let at = this.#blanks(open + 1)
    let isFirst = true
    into.count = 0
    for (;;) {
      if (at < to && bytes[at] === CLOSE_BRACE && (isFirst || !this.isStrict)) return this.#checked(into, at + 1)
      at = this.#label(at, into, mayName && isFirst)
      if (at < 0) return at
      isFirst = false
      at = this.#blanks(at)
      if (at < to && bytes[at] === COMMA) at = this.#blanks(at + 1)
      else if (at < to && bytes[at] === CLOSE_BRACE) return this.#checked(into, at + 1)
      else return this.#want('a comma or a closing brace', at)
    }
  }

  /** Reads `name="value"`, or a quoted metric name where one may be. */
  #label(from: number, into: LabelRanges, mayName: boolean): number {
    const bytes = this.#bytes
    const to = this.#to
    let nameFrom = from
    let nameTo = from
    let at = from
    if (at < to && bytes[at] === QUOTE) {
      nameTo = this.#quoted(at)
      if (nameTo < 0) return nameTo
      nameFrom = from + 1
      at = nameTo + 1
    } else {
      if (at < to && ((CLASSES[bytes[at] as number] as number) & LABEL_START) !== 0) at++
      while (at > from && at < to && ((CLASSES[bytes[at] as number] as number) & LABEL) !== 0) at++
      nameTo = at
    }
    if (nameTo === nameFrom) return this.#want('a label name', from)
    at = this.#blanks(at)
    if (at >= to || bytes[at] !== EQUALS) {
      if (!mayName || nameFrom === from) return this.#want('an equals sign behind the label name', at)
      this.nameFrom = nameFrom
      this.nameTo = nameTo
      return at
    }
    at = this.#blanks(at + 1)
    if (at >= to || bytes[at] !== QUOTE) return this.#want('a quoted label value', at)
    const valueTo = this.#quoted(at)
    if (valueTo < 0) return valueTo
    if (into.count === LINE_LABELS_MAX) return this.#want(`at most ${LINE_LABELS_MAX} labels`, from, 'too_many_labels')
    into.nameFrom[into.count] = nameFrom
    into.nameTo[into.count] = nameTo
    into.valueFrom[into.count] = at + 1
    into.valueTo[into.count] = valueTo
    into.count++
    return valueTo + 1
  }

  /** @returns offset of the closing quote of the text that opens at `open`, or −1 */
  #quoted(open: number): number {
    const bytes = this.#bytes
    const to = this.#to
    for (let at = open + 1; at < to; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) return at
      if (byte === BACKSLASH) at++
    }
    return this.#want('a closing quote', open)
  }

  /** A name must not occur twice; few labels make the plain loop the fast one. */
  #checked(ranges: LabelRanges, at: number): number {
    for (let i = 1; i < ranges.count; i++) {
      for (let k = 0; k < i; k++) {
        if (this.#isSameName(ranges, i, k))
          return this.#want('each label once', ranges.nameFrom[i] as number, 'duplicate_label')
      }
    }
    return at
  }

  #isSameName(ranges: LabelRanges, i: number, k: number): boolean {
    const length = (ranges.nameTo[i] as number) - (ranges.nameFrom[i] as number)
    if ((ranges.nameTo[k] as number) - (ranges.nameFrom[k] as number) !== length) return false
    const a = ranges.nameFrom[i] as number
    const b = ranges.nameFrom[k] as number
    for (let n = 0; n < length; n++) if (this.#bytes[a + n] !== this.#bytes[b + n]) return false
    return true
  }

  #exemplar(hash: number): boolean {
    const bytes = this.#bytes
    const open = hash + 2
    if (bytes[hash + 1] !== SPACE || open >= this.#to || bytes[open] !== OPEN_BRACE) {
      return this.#fail('an exemplar: a space and labels in braces behind the hash', hash)
    }
    let at = this.#labelSet(open, this.exemplarLabels, false)
    if (at < 0) return false
    at = this.#number(at, this.exemplarValue, false, "an exemplar's value")
    if (at < 0) return false
    this.exemplarTime[0] = Number.NaN
    at = this.#gap(at)
    if (at >= 0 && at < this.#to) at = this.#timestamp(at, this.exemplarTime)
    if (at < 0) return false
    this.hasExemplar = true
    return at === this.#to || this.#fail('the end of the line', at)
  }

  /** A number behind at least one blank (none needed behind a brace in 0.0.4). @returns its end, or −1 */
  #number(from: number, out: Float64Array, mayTouch: boolean, what: string): number {
    const at = this.isStrict ? (this.#bytes[from] === SPACE ? from + 1 : from) : this.#blanks(from)
    const isApart = at > from || (mayTouch && !this.isStrict)
    const end = this.#tokenEnd(at)
    if (!isApart || at >= this.#to || !parseValue(this.#bytes, at, end, out)) return this.#want(what, at)
    return end
  }

  #timestamp(at: number, out: Float64Array): number {
    const end = this.#tokenEnd(at)
    const isGood = this.isStrict
      ? parseDecimal(this.#bytes, at, end, out)
      : isInteger(this.#bytes, at, end) && parseDecimal(this.#bytes, at, end, out)
    return isGood ? end : this.#want(this.isStrict ? 'a timestamp in seconds' : 'a timestamp in milliseconds', at)
  }

  /** Passes what separates two tokens; a strict line may not end in it. @returns −1 where it does */
  #gap(from: number): number {
    if (!this.isStrict) return this.#blanks(from)
    if (from === this.#to) return from
    if (this.#bytes[from] !== SPACE || from + 1 === this.#to) return this.#want('no blank at the end', from)
    return from + 1
  }

  #blanks(from: number): number {
    if (this.isStrict) return from
    let at = from
    while (at < this.#to && (this.#bytes[at] === SPACE || this.#bytes[at] === TAB)) at++
    return at
  }

  #tokenEnd(from: number): number {
    let at = from
    while (at < this.#to && this.#bytes[at] !== SPACE && (this.isStrict || this.#bytes[at] !== TAB)) at++
    return at
  }

  #want(what: string, at: number, reason: ItemReason = 'invalid_value'): number {
    this.#fail(what, at, reason)
    return -1
  }

  #fail(what: string, at: number, reason: ItemReason = 'invalid_value'): boolean {
    this.error = `want ${what}`
    this.errorAt = at
    this.reason = reason
    return false
  }
}

function isInteger(bytes: Uint8Array, from: number, to: number): boolean {
  const first = bytes[from]
  const start = first === 0x2d || first === 0x2b ? from + 1 : from
  // 16 digits: more do not fit a double, nor a calendar.
  if (start === to || to - start > 16) return false
  for (let at = start; at < to; at++) if ((bytes[at] as number) < 0x30 || (bytes[at] as number) > 0x39) return false
  return true
}

/** A decimal number, or one of the words `nan`, `[+-]inf`, `[+-]infinity` in any case. */
export function parseValue(bytes: Uint8Array, from: number, to: number, out: Float64Array): boolean {
  if (parseDecimal(bytes, from, to, out)) return true
  const first = bytes[from]
  const isSigned = first === 0x2d || first === 0x2b
  const start = isSigned ? from + 1 : from
  if (isWord(bytes, start, to, 'inf') || isWord(bytes, start, to, 'infinity')) {
    out[0] = first === 0x2d ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    return true
  }
  out[0] = Number.NaN
  return !isSigned && isWord(bytes, from, to, 'nan')
}

function isWord(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false
  for (let i = 0; i < word.length; i++) if (((bytes[from + i] as number) | 0x20) !== word.charCodeAt(i)) return false
  return true
}

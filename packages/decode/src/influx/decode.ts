import { isUtf8 } from 'node:buffer'
import { isUtf8Range, ReusableBuffer, utf8Text } from '@vantage/bytes'
import {
  assert,
  type Clock,
  type Fault,
  fault,
  type ItemReason,
  type LabelsOutcome,
  METRIC_NAME,
  type MetricBatch,
} from '@vantage/model'
import { canonicalLabels } from '../labels.ts'
import {
  LABEL_LIMITS,
  type LabelLimits,
  LINE_BYTES_MAX,
  LINE_BYTES_PER_CLOCK_READ,
  LINES_PER_CLOCK_READ,
  ROWS_MAX_PER_REQUEST,
} from '../limits.ts'
import { refuseItems, warnOnce } from '../refusals.ts'
import { InfluxLine, type InfluxPrecision } from './line.ts'

/** Alias bytes: measurement and tags as sent, a space, the field's key as sent. */
export const INFLUX_ALIAS_SPACE = 5

/** Alias bytes of one request: series repeat their tags for each field, so a body may hold less than they take. */
const ALIAS_BYTES_MAX = 128 * 1024 * 1024
const ARENA_KEPT_BYTES = 4 * 1024 * 1024

const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const HASH = 0x23

const UNIT_MS: Readonly<Record<InfluxPrecision, number>> = { ns: 1, us: 1, ms: 1, s: 1e3, m: 6e4, h: 36e5 }

/**
 * Decodes InfluxDB lines: each number or boolean field is a sample of `measurement_field` (of `measurement` where the
 * field is called `value`) with the tags as labels, names as sent. String fields are no samples: they are skipped and
 * counted in a warning. Bad lines are refused one by one. Nothing is made per sample but its alias bytes.
 */
export class InfluxDecoder {
  readonly #limits: LabelLimits
  readonly #line = new InfluxLine()
  readonly #aliasLine = new InfluxLine()
  readonly #arena = new ReusableBuffer()
  #arenaLength = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #batch: MetricBatch | undefined
  #precision: InfluxPrecision = 'ns'
  #defaultTimeMs = 0
  #isUtf8 = true
  #at = 0
  #lineNumber = 0
  #strings = 0
  #fault: Fault | undefined

  constructor(limits: LabelLimits = LABEL_LIMITS) {
    this.#limits = limits
  }

  /**
   * Begins with `body[0, length)`; `batch` must be reset and belongs to this decoder until the next `start`.
   * @param defaultTimeMs of lines without a time; cut to the precision, as InfluxDB does
   */
  start(body: Uint8Array, length: number, batch: MetricBatch, precision: InfluxPrecision, defaultTimeMs: number): void {
    assert(length <= body.length, 'influx body is shorter than its length')
    this.#bytes = body.subarray(0, length)
    this.#batch = batch
    this.#precision = precision
    this.#defaultTimeMs = Math.floor(defaultTimeMs / UNIT_MS[precision]) * UNIT_MS[precision]
    this.#isUtf8 = isUtf8(this.#bytes)
    this.#at = 0
    this.#lineNumber = 1
    this.#strings = 0
    this.#fault = undefined
    this.#arena.trim(ARENA_KEPT_BYTES)
    this.#arenaLength = 0
    batch.aliasSpace = INFLUX_ALIAS_SPACE
    batch.labelsOf = (row) => this.labelsOf(row)
  }

  /**
   * Goes on until the body is done or `clock.monotonicMs()` reaches `deadlineMs`.
   * @returns `more`: call again in a later turn; `done`: the batch is complete, refused lines in `batch.refused`; a
   *   fault: too_large, and nothing of the batch may be used
   */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    let readAt = this.#at
    for (let lines = 0; this.#at < this.#bytes.length; lines++) {
      if (lines === LINES_PER_CLOCK_READ || this.#at - readAt >= LINE_BYTES_PER_CLOCK_READ) {
        if (clock.monotonicMs() >= deadlineMs) return 'more'
        lines = 0
        readAt = this.#at
      }
      if (!this.#skipEmpty()) this.#take()
      if (this.#fault !== undefined) return this.#fault
    }
    const batch = this.#openBatch()
    batch.bytes = this.#arena.bytes
    if (this.#strings > 0) {
      warnOnce(batch, `${this.#strings} string fields were skipped: only numbers and booleans are samples`)
    }
    return 'done'
  }

  /** Parses the labels of a row of the batch last decoded. */
  labelsOf(row: number): LabelsOutcome {
    const batch = this.#openBatch()
    return aliasLabels(
      this.#aliasLine,
      batch.bytes,
      batch.aliasStart[row] as number,
      batch.aliasEnd[row] as number,
      this.#limits,
    )
  }

  #openBatch(): MetricBatch {
    assert(this.#batch !== undefined, 'start before step')
    return this.#batch
  }

  /** Passes blanks, and an empty line or a comment with its end. @returns false where a line of data starts */
  #skipEmpty(): boolean {
    const bytes = this.#bytes
    let at = this.#at
    while (at < bytes.length && bytes[at] === SPACE) at++
    this.#at = at
    if (at === bytes.length) return true
    let end = at
    if (bytes[at] === HASH) {
      while (end < bytes.length && isCommentByte(bytes[end] as number)) end++
    }
    if (bytes[end] === RETURN && (end + 1 === bytes.length || bytes[end + 1] === NEWLINE)) end++
    if (end < bytes.length && bytes[end] !== NEWLINE && bytes[end] !== RETURN) return false
    if (end < bytes.length && bytes[end] === RETURN && end + 1 < bytes.length) return false
    this.#at = Math.min(end + 1, bytes.length)
    this.#lineNumber++
    return true
  }

  #take(): void {
    const bytes = this.#bytes
    const batch = this.#openBatch()
    const from = this.#at
    // One byte more, for the line's end.
    const to = Math.min(bytes.length, from + LINE_BYTES_MAX + 1)
    const { rowCount, sampleCount } = batch
    const arenaLength = this.#arenaLength
    const strings = this.#strings
    const line = this.#line
    line.reset(bytes, from, to)
    const timeMs = this.#fields(batch, from)
    const isWhole = line.error === '' && (this.#isUtf8 || isUtf8Range(bytes, from, line.at))
    const isCut = line.at - from > LINE_BYTES_MAX && bytes[line.at - 1] !== NEWLINE
    if (isWhole && !isCut) {
      batch.times.fill(Number.isNaN(timeMs) ? this.#defaultTimeMs : timeMs, sampleCount, batch.sampleCount)
      this.#passTo(line.at)
      if (line.isRounded) warnOnce(batch, 'integers beyond 2^53 are stored rounded')
      return
    }
    batch.rowCount = rowCount
    batch.sampleCount = sampleCount
    this.#arenaLength = arenaLength
    this.#strings = strings
    if (this.#fault !== undefined) return
    if (isCut || this.#isLong(from)) this.#refuse('line_too_long', `want a line of at most ${LINE_BYTES_MAX} bytes`)
    else if (line.error !== '') this.#refuse('invalid_value', `${line.error} at column ${line.at - from + 1}`)
    else this.#refuse('invalid_utf8', 'want UTF-8')
    const newline = bytes.indexOf(NEWLINE, line.error === '' ? Math.max(from, line.at - 1) : line.at)
    this.#passTo(newline < 0 ? bytes.length : newline + 1)
  }

  /** Goes on at `to`; string fields may have held line ends. */
  #passTo(to: number): void {
    let at = this.#bytes.indexOf(NEWLINE, this.#at)
    while (at >= 0 && at < to) {
      this.#lineNumber++
      at = this.#bytes.indexOf(NEWLINE, at + 1)
    }
    this.#at = to
  }

  #isLong(from: number): boolean {
    const newline = this.#bytes.indexOf(NEWLINE, from)
    return (newline < 0 ? this.#bytes.length : newline) - from > LINE_BYTES_MAX
  }

  /** Pushes the fields of a line as rows without times. @returns its time in ms or NaN */
  #fields(batch: MetricBatch, from: number): number {
    const line = this.#line
    if (!line.readSeries()) return Number.NaN
    const lastTag = line.tagCount - 1
    const seriesTo = lastTag < 0 ? line.measurementTo : (line.valueTo[lastTag] as number)
    do {
      if (!line.readField()) return Number.NaN
      if (line.fieldKind === 'string') this.#strings++
      else if (!this.#push(batch, from, seriesTo)) return Number.NaN
    } while (line.hasMoreFields)
    return line.readTime(this.#precision)
  }

  #push(batch: MetricBatch, from: number, seriesTo: number): boolean {
    const { fieldKeyFrom, fieldKeyTo, fieldValue } = this.#line
    const start = this.#arenaLength
    const end = start + (seriesTo - from) + 1 + (fieldKeyTo - fieldKeyFrom)
    if (batch.rowCount === ROWS_MAX_PER_REQUEST || end > ALIAS_BYTES_MAX) {
      const what = end > ALIAS_BYTES_MAX ? `${ALIAS_BYTES_MAX} bytes of series` : `${ROWS_MAX_PER_REQUEST} fields`
      this.#fault = fault('too_large', `want at most ${what} in one request, got more`)
      return false
    }
    this.#arena.reserve(end, start)
    const arena = this.#arena.bytes
    const bytes = this.#bytes
    let at = start
    for (let i = from; i < seriesTo; i++) arena[at++] = bytes[i] as number
    arena[at++] = SPACE
    for (let i = fieldKeyFrom; i < fieldKeyTo; i++) arena[at++] = bytes[i] as number
    this.#arenaLength = end
    if (batch.sampleCount === batch.times.length) batch.growSamples()
    batch.values[batch.sampleCount] = fieldValue[0] as number
    batch.sampleCount++
    batch.endRow(start, end)
    return true
  }

  #refuse(reason: ItemReason, problem: string): void {
    refuseItems(this.#openBatch(), reason, 1, `line ${this.#lineNumber}: ${problem}`)
  }
}

/** Comments hold what prints. */
function isCommentByte(byte: number): boolean {
  return byte >= SPACE && byte !== 0x7f
}

function aliasLabels(
  line: InfluxLine,
  bytes: Uint8Array,
  from: number,
  to: number,
  limits: LabelLimits,
): LabelsOutcome {
  line.reset(bytes, from, to)
  assert(line.readSeries() && line.readFieldKey(), 'alias bytes were read from a good line')
  const measurement = utf8Text(bytes, from, line.measurementTo).replaceAll(/\\([ ,])/g, '$1')
  const field = keyText(bytes, line.fieldKeyFrom, line.fieldKeyTo)
  const pairs = [METRIC_NAME, field === 'value' ? measurement : `${measurement}_${field}`]
  for (let i = 0; i < line.tagCount; i++) {
    pairs.push(
      keyText(bytes, line.keyFrom[i] as number, line.keyTo[i] as number),
      keyText(bytes, line.valueFrom[i] as number, line.valueTo[i] as number),
    )
  }
  return canonicalLabels(pairs, limits)
}

function keyText(bytes: Uint8Array, from: number, to: number): string {
  return utf8Text(bytes, from, to).replaceAll(/\\([ ,=])/g, '$1')
}

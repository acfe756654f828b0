import { isUtf8 } from 'node:buffer'
import { isUtf8Range, utf8Text } from '@vantage/bytes'
import {
  assert,
  type Clock,
  type Fault,
  fault,
  foreign,
  type ItemReason,
  type LabelsOutcome,
  type MetricBatch,
  type MetricType,
} from '@vantage/model'
import {
  EXEMPLARS_MAX_PER_REQUEST,
  LABEL_LIMITS,
  type LabelLimits,
  LINE_BYTES_MAX,
  LINE_BYTES_PER_CLOCK_READ,
  LINES_PER_CLOCK_READ,
  ROWS_MAX_PER_REQUEST,
} from '../limits.ts'
import { refuseItems, warnOnce } from '../refusals.ts'
import { CLASSES, HASH, NAME, NAME_START, NEWLINE, QUOTE, RETURN, SPACE, TAB } from './characters.ts'
import { type Families, LooseFamilies, type MetadataKind, StrictFamilies } from './families.ts'
import { exemplarLabels, SeriesLabels, unescaped } from './labels.ts'
import { SampleLine } from './sample-line.ts'

/** Alias bytes are the series as sent: `name{labels}`. Both grammars mean the same by the same bytes. */
export const TEXT_ALIAS_SPACE = 4

/**
 * `prometheus`: text format 0.0.4 with quoted UTF-8 names; times in ms; blanks are free, unknown comments ignored.
 * `openmetrics`: OpenMetrics 1.0, strict; times in seconds; ends in `# EOF`.
 */
export type TextGrammar = 'prometheus' | 'openmetrics'

/** `scrape`: any bad line fails the body. `import`: bad lines are refused one by one, the others are taken. */
export type TextMode = 'scrape' | 'import'

export interface TextOptions {
  readonly grammar: TextGrammar
  readonly mode: TextMode
  readonly limits?: LabelLimits
}

const TYPES_004: readonly string[] = ['counter', 'gauge', 'histogram', 'summary', 'untyped', 'unknown']
const TYPES: readonly string[] = [
  ...['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'],
]

/**
 * Decodes an exposition into rows of one sample. Nothing is made per sample; `labelsOf` parses a row's own bytes.
 * Source: prometheus/docs docs/instrumenting/exposition_formats.md; docs/specs/om/open_metrics_spec.md.
 */
export class TextDecoder {
  readonly #isStrict: boolean
  readonly #mode: TextMode
  readonly #line: SampleLine
  readonly #families: Families
  readonly #labels: SeriesLabels
  #bytes: Uint8Array = new Uint8Array(0)
  #batch: MetricBatch | undefined
  #defaultTimeMs = 0
  #isUtf8 = true
  #at = 0
  #lineNumber = 0
  #isEnded = false
  #fault: Fault | undefined

  constructor({ grammar, mode, limits = LABEL_LIMITS }: TextOptions) {
    this.#isStrict = grammar === 'openmetrics'
    this.#mode = mode
    this.#line = new SampleLine(this.#isStrict)
    // What lines owe each other cannot be laid on one of them: an import asks for good lines only.
    this.#families = this.#isStrict && mode === 'scrape' ? new StrictFamilies() : new LooseFamilies()
    this.#labels = new SeriesLabels(limits)
  }

  /**
   * Begins with `body[0, length)`; `batch` must be reset and belongs to this decoder until `step` is done.
   * @param defaultTimeMs of samples without a time
   */
  start(body: Uint8Array, length: number, batch: MetricBatch, defaultTimeMs: number): void {
    assert(length <= body.length, 'text body is shorter than its length')
    this.#bytes = body.subarray(0, length)
    this.#batch = batch
    this.#defaultTimeMs = defaultTimeMs
    this.#isUtf8 = isUtf8(this.#bytes)
    this.#at = 0
    this.#lineNumber = 0
    this.#isEnded = false
    this.#fault = undefined
    this.#families.start(this.#bytes, batch)
    batch.bytes = this.#bytes
    batch.aliasSpace = TEXT_ALIAS_SPACE
    batch.labelsOf = (row) => this.labelsOf(row)
  }

  /**
   * Goes on until the body is done or `clock.monotonicMs()` reaches `deadlineMs`.
   * @returns `more`: call again in a later turn; `done`: the batch is complete, refused lines in `batch.refused`; a
   *   fault: bad_request (scrape: a bad line; OpenMetrics: no `# EOF`) or too_large, and nothing of the batch is used
   */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const bytes = this.#bytes
    let readAt = this.#at
    for (let lines = 0; this.#at < bytes.length; lines++) {
      if (lines === LINES_PER_CLOCK_READ || this.#at - readAt >= LINE_BYTES_PER_CLOCK_READ) {
        if (clock.monotonicMs() >= deadlineMs) return 'more'
        lines = 0
        readAt = this.#at
      }
      const newline = bytes.indexOf(NEWLINE, this.#at)
      const end = newline < 0 ? bytes.length : newline
      this.#lineNumber++
      this.#take(this.#at, end)
      if (this.#fault !== undefined) return this.#fault
      this.#at = end + 1
    }
    return this.#finish()
  }

  /** Parses the labels of a row of the batch last decoded. */
  labelsOf(row: number): LabelsOutcome {
    const batch = this.#openBatch()
    return this.#labels.of(batch.bytes, batch.aliasStart[row] as number, batch.aliasEnd[row] as number)
  }

  #finish(): 'done' | Fault {
    const problem = this.#families.finish()
    if (problem !== '') this.#refuse('invalid_value', problem, false)
    if (this.#isStrict && !this.#isEnded) {
      this.#fault ??= fault('bad_request', `line ${this.#lineNumber + 1}: want # EOF at the end of OpenMetrics text`)
    }
    return this.#fault ?? 'done'
  }

  #openBatch(): MetricBatch {
    assert(this.#batch !== undefined, 'start before step')
    return this.#batch
  }

  #take(from: number, lineEnd: number): void {
    const bytes = this.#bytes
    if (lineEnd - from > LINE_BYTES_MAX) {
      this.#refuse('line_too_long', `want a line of at most ${LINE_BYTES_MAX} bytes`, true)
      return
    }
    if (!this.#isUtf8 && !isUtf8Range(bytes, from, lineEnd)) {
      this.#refuse('invalid_utf8', 'want UTF-8', true)
      return
    }
    if (this.#isEnded) {
      this.#refuse('invalid_value', 'want nothing behind # EOF', true)
      return
    }
    if (this.#isStrict) {
      if (bytes[from] === HASH) this.#comment(from, lineEnd)
      else this.#sample(from, lineEnd)
      return
    }
    let start = from
    while (start < lineEnd && (bytes[start] === SPACE || bytes[start] === TAB)) start++
    const end = lineEnd > start && bytes[lineEnd - 1] === RETURN ? lineEnd - 1 : lineEnd
    if (start === end) return
    if (bytes[start] === HASH) this.#comment(start, end)
    else this.#sample(start, end)
  }

  #sample(from: number, to: number): void {
    const line = this.#line
    if (!line.parse(this.#bytes, from, to)) {
      this.#refuse(line.reason, `${line.error} at column ${line.errorAt - from + 1}`, true)
      return
    }
    const problem = this.#families.sample(line)
    if (problem !== '') {
      this.#refuse('invalid_value', problem, true)
      return
    }
    const batch = this.#openBatch()
    if (batch.rowCount === ROWS_MAX_PER_REQUEST) {
      this.#fault = fault('too_large', `want at most ${ROWS_MAX_PER_REQUEST} samples in one request, got more`)
      return
    }
    const time = line.time[0] as number
    if (batch.sampleCount === batch.times.length) batch.growSamples()
    batch.times[batch.sampleCount] = Number.isNaN(time) ? this.#defaultTimeMs : this.#ms(time)
    batch.values[batch.sampleCount] = line.value[0] as number
    batch.sampleCount++
    batch.endRow(from, line.seriesTo)
    if (line.hasExemplar) this.#exemplar(batch, line)
  }

  #ms(time: number): number {
    return this.#isStrict ? Math.round(time * 1_000) : time
  }

  #exemplar(batch: MetricBatch, line: SampleLine): void {
    if (batch.exemplars.length >= EXEMPLARS_MAX_PER_REQUEST) {
      warnOnce(batch, `exemplars beyond ${EXEMPLARS_MAX_PER_REQUEST} in one request were dropped`)
      return
    }
    const row = batch.rowCount - 1
    const time = line.exemplarTime[0] as number
    const timeMs = Number.isNaN(time) ? (batch.times[batch.sampleCount - 1] as number) : this.#ms(time)
    const labels = exemplarLabels(this.#bytes, line.exemplarLabels)
    batch.exemplars.push({ row, exemplar: { labels, value: line.exemplarValue[0] as number, timeMs } })
  }

  /** `# HELP`, `# TYPE`, `# UNIT`, `# EOF`; any other comment is ignored in 0.0.4 and bad in OpenMetrics. */
  #comment(from: number, to: number): void {
    const text = utf8Text(this.#bytes, from, to)
    if (this.#isStrict && text === '# EOF') {
      this.#isEnded = true
      return
    }
    const match = this.#isStrict ? STRICT_METADATA.exec(text) : LOOSE_METADATA.exec(text)
    if (match === null) {
      if (this.#isStrict) this.#refuse('invalid_value', 'want # HELP, # TYPE, # UNIT or # EOF', false)
      else if (BARE_METADATA.test(text)) this.#refuse('invalid_value', 'want a metric name', false)
      return
    }
    const [, kind = '', written = '', rest = ''] = match
    const name = metadataName(written)
    const value = kind === 'TYPE' && !this.#isStrict ? rest.trimEnd() : rest
    let problem = name === undefined ? `want a metric name behind # ${kind}` : ''
    if (problem === '' && kind === 'TYPE' && !this.#isType(value)) {
      problem = `want a metric type, got ${JSON.stringify(foreign(value))}`
    }
    if (problem === '') problem = this.#families.metadata(kind as MetadataKind, name ?? '', metadataText(kind, value))
    if (problem !== '') this.#refuse('invalid_value', problem, false)
  }

  #isType(text: string): boolean {
    return this.#isStrict ? TYPES.includes(text) : TYPES_004.includes(text) || TYPES.includes(text)
  }

  /** @param isItem false for what holds no sample: the others of the body are taken, so it is a warning there */
  #refuse(reason: ItemReason, problem: string, isItem: boolean): void {
    const message = `line ${this.#lineNumber}: ${problem}`
    if (this.#mode === 'scrape') this.#fault = fault('bad_request', message, { reason })
    else if (isItem) refuseItems(this.#openBatch(), reason, 1, message)
    else warnOnce(this.#openBatch(), message)
  }
}

/** One space between the parts, and one behind the name even where nothing follows. */
const STRICT_METADATA = /^# (HELP|TYPE|UNIT) ("(?:[^"\\]|\\.)*"|[^ ]+) ([\s\S]*)$/
const LOOSE_METADATA = /^#[ \t]+(HELP|TYPE|UNIT)[ \t]+("(?:[^"\\]|\\.)*"|[^ \t]+)(?:[ \t]+([\s\S]*))?$/
const BARE_METADATA = /^#[ \t]+(?:HELP|TYPE)[ \t]*$/

/** The name as written, or unquoted; undefined where it is none. */
function metadataName(written: string): string | undefined {
  const bytes = Buffer.from(written)
  if (bytes[0] === QUOTE) {
    return bytes.length > 2 && bytes.at(-1) === QUOTE ? unescaped(bytes, 1, bytes.length - 1) : undefined
  }
  for (let i = 0; i < bytes.length; i++) {
    const wanted = i === 0 ? NAME_START : NAME
    if (((CLASSES[bytes[i] as number] as number) & wanted) === 0) return undefined
  }
  return written
}

function metadataText(kind: string, text: string): string {
  if (kind === 'TYPE') return (text === 'untyped' ? 'unknown' : text) satisfies string as MetricType
  if (kind === 'UNIT') return text
  const bytes = Buffer.from(text)
  return unescaped(bytes, 0, bytes.length)
}

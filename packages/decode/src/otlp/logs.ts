import { isUtf8Range, utf8Floor } from '@vantage/bytes'
import { assert, BODY_KIND, type Clock, type Fault, fault, type ItemReason, type LogBatch } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { RECORD_LIMITS, RECORDS_MAX_PER_REQUEST, type RecordLimits } from '../limits.ts'
import { readLine } from '../log-line/read-line.ts'
import { refuseItems, warnOnce } from '../refusals.ts'
import type { CheckProblem } from './attribute-check.ts'
import { AttributeColumn } from './attribute-column.ts'
import { readId } from './record-fields.ts'
import { type RecordReader, RecordWalk, readOrigin } from './record-walk.ts'

/**
 * OTLP logs (`ExportLogsServiceRequest`, protobuf) → rows of a log batch. Texts and attributes are not copied: rows hold
 * ranges of the body.
 *
 *     LogRecord  1 time fixed64      2 severity_number   3 severity_text     5 body AnyValue   6 attributes*
 *                7 dropped_attributes_count              8 flags fixed32     9 trace_id        10 span_id
 *                11 observed_time fixed64                12 event_name
 *
 * Source: opentelemetry-proto logs/v1/logs.proto.
 */
const TIME = 0x09
const SEVERITY_NUMBER = 0x10
const SEVERITY_TEXT = 0x1a
const BODY = 0x2a
const ATTRIBUTES = 0x32
const DROPPED = 0x38
const FLAGS = 0x45
const TRACE_ID = 0x4a
const SPAN_ID = 0x52
const OBSERVED = 0x59
const EVENT_NAME = 0x62

const VALUE_STRING = 0x0a
const SEVERITY_MAX = 24

export const OTLP_ORIGIN_SPACE = 1

/** Decodes one body at a time, in slices. The body must stay until the store has applied the batch. */
export class OtlpLogsDecoder implements RecordReader {
  readonly #limits: RecordLimits
  readonly #walk = new RecordWalk()
  readonly #record = new FieldCursor()
  readonly #value = new FieldCursor()
  #attributes: AttributeColumn | undefined
  #body: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #batch: LogBatch | undefined
  #originFrom = -1
  #origin = 0
  #isOverflowing = false

  constructor(limits: RecordLimits = RECORD_LIMITS) {
    this.#limits = limits
  }

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: LogBatch): void {
    assert(length <= body.length, 'OTLP body is shorter than its length')
    this.#body = body
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.#batch = batch
    this.#originFrom = -1
    this.#isOverflowing = false
    const { columns } = batch
    for (const ranges of [columns.bodies, columns.severityTexts, columns.eventNames]) ranges.bytes = body
    this.#attributes ??= new AttributeColumn(columns.attributes, this.#limits)
    this.#attributes.start(body)
    this.#walk.start(body, length)
    batch.originSpace = OTLP_ORIGIN_SPACE
    batch.originOf = (origin) => readOrigin(batch.originBytes.bytes, batch.originBytes.from[origin] as number)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    for (;;) {
      const outcome = this.#walk.step(this)
      if (this.#isOverflowing) {
        return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} records in one request, got more`)
      }
      if (outcome === true) {
        ;(this.#batch as LogBatch).originBytes.bytes = this.#walk.arena.bytes
        return 'done'
      }
      if (outcome !== false) return outcome
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  /** Called by the walk for each record. */
  readRecord(from: number, to: number, originFrom: number, originTo: number): number | undefined {
    const batch = this.#batch as LogBatch
    if (batch.verdict.count >= RECORDS_MAX_PER_REQUEST) {
      this.#isOverflowing = true
      return undefined
    }
    if (!batch.verdict.next()) return undefined
    if (originFrom !== this.#originFrom) {
      this.#originFrom = originFrom
      this.#origin = batch.addOrigin(originFrom, originTo)
    }
    const row = batch.addRow(this.#origin)
    const problem = this.#readFields(batch, row, from, to)
    if (problem === undefined) {
      if (batch.columns.bodyKinds[row] === BODY_KIND.text) readLine(batch, row)
      return undefined
    }
    // The row goes again: refused records are not in the columns.
    batch.columns.count = row
    if (problem === 'malformed') return this.#record.at
    batch.verdict.refuse()
    refuseItems(batch, problem, 1, PROBLEMS[problem])
    return undefined
  }

  #readFields(batch: LogBatch, row: number, from: number, to: number): Problem | undefined {
    const { columns } = batch
    const record = this.#record
    const attributes = this.#attributes as AttributeColumn
    attributes.openRecord()
    record.reset(this.#body, from, to)
    let problem: Problem | undefined
    for (let fieldFrom = from; nextField(record); fieldFrom = record.at) {
      if (record.tag === ATTRIBUTES) record.at = attributes.add(fieldFrom, record.from, record.to, to)
      else if (record.tag === BODY) problem ??= this.#readBody(batch, row)
      else if (record.tag === TIME) columns.times[row] = this.#view.getBigInt64(record.from, true)
      else if (record.tag === OBSERVED) columns.observedTimes[row] = this.#view.getBigInt64(record.from, true)
      else if (record.tag === TRACE_ID) problem ??= readId(record, columns.traceIds, row, 16)
      else if (record.tag === SPAN_ID) problem ??= readId(record, columns.spanIds, row, 8)
      else if (record.tag === SEVERITY_NUMBER) columns.severities[row] = Math.min(SEVERITY_MAX, fieldVarint(record))
      else problem ??= this.#readRare(batch, row)
    }
    if (record.isBad) return 'malformed'
    problem = attributes.problem() ?? problem
    if (problem !== undefined) return problem
    if (attributes.closeRecord(row))
      warnOnce(batch, `attribute values longer than ${this.#limits.maxAttributeBytes} bytes were cut`)
    return undefined
  }

  #readRare(batch: LogBatch, row: number): Problem | undefined {
    const { columns } = batch
    const record = this.#record
    if (record.tag === DROPPED) columns.droppedAttributes[row] = fieldVarint(record)
    else if (record.tag === FLAGS) columns.flags[row] = this.#view.getUint32(record.from, true)
    else if (record.tag === SEVERITY_TEXT || record.tag === EVENT_NAME) {
      if (!isUtf8Range(record.bytes, record.from, record.to)) return 'invalid_utf8'
      const column = record.tag === SEVERITY_TEXT ? columns.severityTexts : columns.eventNames
      column.set(row, record.from, record.to)
    }
    return undefined
  }

  #readBody(batch: LogBatch, row: number): Problem | undefined {
    const { columns } = batch
    const record = this.#record
    const value = this.#value
    value.reset(this.#body, record.from, record.to)
    // Fast path: text, and nothing behind it.
    if (nextField(value) && value.tag === VALUE_STRING && value.to === record.to) {
      if (!isUtf8Range(value.bytes, value.from, value.to)) return 'invalid_utf8'
      columns.bodyKinds[row] = BODY_KIND.text
      columns.bodies.set(row, value.from, this.#cutLine(batch, value.from, value.to))
      return undefined
    }
    if (record.from === record.to) return undefined
    const problem = (this.#attributes as AttributeColumn).check.value(this.#body, record.from, record.to)
    if (problem !== undefined) return problem
    if (record.to - record.from > this.#limits.maxLineBytes) return 'line_too_long'
    columns.bodyKinds[row] = BODY_KIND.value
    columns.bodies.set(row, record.from, record.to)
    return undefined
  }

  #cutLine(batch: LogBatch, from: number, to: number): number {
    if (to - from <= this.#limits.maxLineBytes) return to
    warnOnce(batch, `lines longer than ${this.#limits.maxLineBytes} bytes were cut`)
    return utf8Floor(this.#body, from, from + this.#limits.maxLineBytes)
  }
}

type Problem = CheckProblem | Extract<ItemReason, 'invalid_id' | 'too_many_attributes' | 'line_too_long'>

const PROBLEMS: Readonly<Record<Exclude<Problem, 'malformed'>, string>> = {
  invalid_utf8: 'log record: want UTF-8 in texts',
  nested_too_deep: 'log record: want values nested at most 16 deep',
  invalid_id: 'log record: want a trace id of 16 bytes and a span id of 8, or none',
  too_many_attributes: 'log record: want at most `limits.maxAttributes` attributes',
  line_too_long: 'log record: want a structured body of at most `limits.maxLineBytes` bytes',
}

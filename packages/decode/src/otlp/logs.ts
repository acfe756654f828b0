import { isUtf8Range, utf8Floor } from '@vantage/bytes'
import { BODY_KIND, type ItemReason, type LogBatch } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { readLine } from '../log-line/read-line.ts'
import { warnOnce } from '../refusals.ts'
import type { CheckProblem } from './attribute-check.ts'
import type { AttributeColumn } from './attribute-column.ts'
import { RecordDecoder } from './record-decoder.ts'
import { readId } from './record-fields.ts'

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

type Problem =
  | Exclude<CheckProblem, 'malformed'>
  | Extract<ItemReason, 'invalid_id' | 'too_many_attributes' | 'line_too_long'>

const PROBLEMS: Readonly<Record<Problem, string>> = {
  invalid_utf8: 'log record: want UTF-8 in texts',
  nested_too_deep: 'log record: want values nested at most 16 deep',
  invalid_id: 'log record: want a trace id of 16 bytes and a span id of 8, or none',
  too_many_attributes: 'log record: want at most `limits.maxAttributes` attributes',
  line_too_long: 'log record: want a structured body of at most `limits.maxLineBytes` bytes',
}

export class OtlpLogsDecoder extends RecordDecoder<LogBatch, Problem> {
  protected readonly plural = 'records'
  protected readonly problems = PROBLEMS
  readonly #value = new FieldCursor()

  protected startColumns({ columns }: LogBatch): void {
    for (const ranges of [columns.bodies, columns.severityTexts, columns.eventNames]) ranges.bytes = this.body
  }

  protected readFields(batch: LogBatch, row: number, from: number, to: number): Problem | 'malformed' | undefined {
    const { columns } = batch
    const record = this.record
    const attributes = this.attributes as AttributeColumn
    attributes.openRecord()
    record.reset(this.body, from, to)
    let problem: Problem | 'malformed' | undefined
    for (let fieldFrom = from; nextField(record); fieldFrom = record.at) {
      if (record.tag === ATTRIBUTES) record.at = attributes.add(fieldFrom, record.from, record.to, to)
      else if (record.tag === BODY) problem ??= this.#readBody(batch, row)
      else if (record.tag === TIME) columns.times[row] = this.view.getBigInt64(record.from, true)
      else if (record.tag === OBSERVED) columns.observedTimes[row] = this.view.getBigInt64(record.from, true)
      else if (record.tag === TRACE_ID) problem ??= readId(record, columns.traceIds, row, 16)
      else if (record.tag === SPAN_ID) problem ??= readId(record, columns.spanIds, row, 8)
      else if (record.tag === SEVERITY_NUMBER) columns.severities[row] = Math.min(SEVERITY_MAX, fieldVarint(record))
      else problem ??= this.#readRare(batch, row)
    }
    if (record.isBad) return 'malformed'
    problem = attributes.problem() ?? problem
    if (problem !== undefined) return problem
    if (attributes.closeRecord(row))
      warnOnce(batch, `attribute values longer than ${this.limits.maxAttributeBytes} bytes were cut`)
    if (columns.bodyKinds[row] === BODY_KIND.text) readLine(batch, row)
    return undefined
  }

  #readRare(batch: LogBatch, row: number): Problem | undefined {
    const { columns } = batch
    const record = this.record
    if (record.tag === DROPPED) columns.droppedAttributes[row] = fieldVarint(record)
    else if (record.tag === FLAGS) columns.flags[row] = this.view.getUint32(record.from, true)
    else if (record.tag === SEVERITY_TEXT || record.tag === EVENT_NAME) {
      if (!isUtf8Range(record.bytes, record.from, record.to)) return 'invalid_utf8'
      const column = record.tag === SEVERITY_TEXT ? columns.severityTexts : columns.eventNames
      column.set(row, record.from, record.to)
    }
    return undefined
  }

  #readBody(batch: LogBatch, row: number): Problem | 'malformed' | undefined {
    const { columns } = batch
    const record = this.record
    const value = this.#value
    value.reset(this.body, record.from, record.to)
    // Fast path: text, and nothing behind it.
    if (nextField(value) && value.tag === VALUE_STRING && value.to === record.to) {
      if (!isUtf8Range(value.bytes, value.from, value.to)) return 'invalid_utf8'
      columns.bodyKinds[row] = BODY_KIND.text
      columns.bodies.set(row, value.from, this.#cutLine(batch, value.from, value.to))
      return undefined
    }
    if (record.from === record.to) return undefined
    const problem = (this.attributes as AttributeColumn).check.value(this.body, record.from, record.to)
    if (problem !== undefined) return problem
    if (record.to - record.from > this.limits.maxLineBytes) return 'line_too_long'
    columns.bodyKinds[row] = BODY_KIND.value
    columns.bodies.set(row, record.from, record.to)
    return undefined
  }

  #cutLine(batch: LogBatch, from: number, to: number): number {
    if (to - from <= this.limits.maxLineBytes) return to
    warnOnce(batch, `lines longer than ${this.limits.maxLineBytes} bytes were cut`)
    return utf8Floor(this.body, from, from + this.limits.maxLineBytes)
  }
}

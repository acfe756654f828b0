import { isUtf8Range } from '@vantage/bytes'
import type { ItemReason, SpanBatch } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { warnOnce } from '../refusals.ts'
import type { CheckProblem } from './attribute-check.ts'
import type { AttributeColumn } from './attribute-column.ts'
import { PartColumn } from './part-column.ts'
import { RecordDecoder } from './record-decoder.ts'
import { readId } from './record-fields.ts'

/**
 * OTLP traces (`ExportTraceServiceRequest`, protobuf) → rows of a span batch, as `OtlpLogsDecoder`.
 *
 *     Span    1 trace_id  2 span_id  3 trace_state  4 parent_span_id  5 name  6 kind  7 start fixed64  8 end fixed64
 *             9 attributes*  10 dropped_attributes  11 events*  12 dropped_events  13 links*  14 dropped_links
 *             15 status  16 flags fixed32
 *     Status  2 message  3 code
 *
 * Source: opentelemetry-proto trace/v1/trace.proto.
 */
const TRACE_ID = 0x0a
const SPAN_ID = 0x12
const TRACE_STATE = 0x1a
const PARENT = 0x22
const NAME = 0x2a
const KIND = 0x30
const START = 0x39
const END = 0x41
const ATTRIBUTES = 0x4a
const DROPPED_ATTRIBUTES = 0x50
const EVENTS = 0x5a
const DROPPED_EVENTS = 0x60
const LINKS = 0x6a
const DROPPED_LINKS = 0x70
const STATUS = 0x7a
const FLAGS = 0x85

const STATUS_MESSAGE = 0x12
const STATUS_CODE = 0x18
const KIND_MAX = 5
const STATUS_MAX = 2

type Problem = Exclude<CheckProblem, 'malformed'> | Extract<ItemReason, 'invalid_id' | 'too_many_attributes'>

const PROBLEMS: Readonly<Record<Problem, string>> = {
  invalid_utf8: 'span: want UTF-8 in texts',
  nested_too_deep: 'span: want values nested at most 16 deep',
  invalid_id: 'span: want a trace id of 16 bytes and a span id of 8, not all zero, and a parent id of 8 or none',
  too_many_attributes: 'span: want at most `limits.maxAttributes` attributes',
}

export class OtlpTracesDecoder extends RecordDecoder<SpanBatch, Problem> {
  protected readonly plural = 'spans'
  protected readonly problems = PROBLEMS
  readonly #inner = new FieldCursor()
  #events: PartColumn | undefined
  #links: PartColumn | undefined

  protected startColumns({ columns }: SpanBatch, { check }: AttributeColumn): void {
    for (const ranges of [columns.names, columns.statusMessages, columns.traceStates]) ranges.bytes = this.body
    this.#events ??= new PartColumn(columns.events, 'event', check)
    this.#events.start(this.body)
    this.#links ??= new PartColumn(columns.links, 'link', check)
    this.#links.start(this.body)
  }

  protected readFields(batch: SpanBatch, row: number, from: number, to: number): Problem | 'malformed' | undefined {
    const { columns } = batch
    const record = this.record
    const attributes = this.attributes as AttributeColumn
    const events = this.#events as PartColumn
    const links = this.#links as PartColumn
    attributes.openRecord()
    events.openRecord()
    links.openRecord()
    record.reset(this.body, from, to)
    let problem: Problem | 'malformed' | undefined
    for (let fieldFrom = from; nextField(record); fieldFrom = record.at) {
      if (record.tag === ATTRIBUTES) record.at = attributes.add(fieldFrom, record.from, record.to, to)
      else if (record.tag === EVENTS) events.add(fieldFrom, record.from, record.to)
      else if (record.tag === LINKS) links.add(fieldFrom, record.from, record.to)
      else if (record.tag === TRACE_ID) problem ??= readId(record, columns.traceIds, row, 16)
      else if (record.tag === SPAN_ID) problem ??= readId(record, columns.spanIds, row, 8)
      else if (record.tag === PARENT) problem ??= readId(record, columns.parentSpanIds, row, 8)
      else if (record.tag === START) columns.startTimes[row] = this.view.getBigInt64(record.from, true)
      else if (record.tag === END) columns.endTimes[row] = this.view.getBigInt64(record.from, true)
      else if (record.tag === KIND) columns.kinds[row] = known(fieldVarint(record), KIND_MAX)
      else problem ??= this.#readRare(batch, row)
    }
    if (record.isBad) return 'malformed'
    problem = attributes.problem() ?? events.problem ?? links.problem ?? problem
    if (problem === undefined && !hasIds(columns.traceIds, columns.spanIds, row)) problem = 'invalid_id'
    if (problem !== undefined) return problem
    events.closeRecord(row)
    links.closeRecord(row)
    if (attributes.closeRecord(row)) {
      warnOnce(batch, `attribute values longer than ${this.limits.maxAttributeBytes} bytes were cut`)
    }
    return undefined
  }

  #readRare(batch: SpanBatch, row: number): Problem | 'malformed' | undefined {
    const { columns } = batch
    const record = this.record
    switch (record.tag) {
      case NAME:
      case TRACE_STATE: {
        if (!isUtf8Range(record.bytes, record.from, record.to)) return 'invalid_utf8'
        const column = record.tag === NAME ? columns.names : columns.traceStates
        column.set(row, record.from, record.to)
        return undefined
      }
      case STATUS:
        return this.#readStatus(batch, row)
      case DROPPED_ATTRIBUTES:
        columns.droppedAttributes[row] = fieldVarint(record)
        return undefined
      case DROPPED_EVENTS:
        columns.droppedEvents[row] = fieldVarint(record)
        return undefined
      case DROPPED_LINKS:
        columns.droppedLinks[row] = fieldVarint(record)
        return undefined
      case FLAGS:
        columns.flags[row] = this.view.getUint32(record.from, true)
        return undefined
      default:
        return undefined
    }
  }

  #readStatus(batch: SpanBatch, row: number): Problem | 'malformed' | undefined {
    const { columns } = batch
    const status = this.#inner
    status.reset(this.body, this.record.from, this.record.to)
    while (nextField(status)) {
      if (status.tag === STATUS_CODE) columns.statusCodes[row] = known(fieldVarint(status), STATUS_MAX)
      else if (status.tag === STATUS_MESSAGE) {
        if (!isUtf8Range(status.bytes, status.from, status.to)) return 'invalid_utf8'
        columns.statusMessages.set(row, status.from, status.to)
      }
    }
    return status.isBad ? 'malformed' : undefined
  }
}

/** Numbers of later versions are unknown: 0. */
function known(value: number, max: number): number {
  return value <= max ? value : 0
}

function hasIds(traceIds: Uint8Array, spanIds: Uint8Array, row: number): boolean {
  let trace = 0
  for (let i = row * 16; i < row * 16 + 16; i++) trace |= traceIds[i] as number
  let span = 0
  for (let i = row * 8; i < row * 8 + 8; i++) span |= spanIds[i] as number
  return trace !== 0 && span !== 0
}

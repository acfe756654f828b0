import { isUtf8Range } from '@vantage/bytes'
import { assert, type Clock, type Fault, fault, type ItemReason, type SpanBatch } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { RECORD_LIMITS, RECORDS_MAX_PER_REQUEST, type RecordLimits } from '../limits.ts'
import { refuseItems, warnOnce } from '../refusals.ts'
import type { CheckProblem } from './attribute-check.ts'
import { AttributeColumn } from './attribute-column.ts'
import { OTLP_ORIGIN_SPACE } from './logs.ts'
import { PartColumn } from './part-column.ts'
import { readId } from './record-fields.ts'
import { type RecordReader, RecordWalk, readOrigin } from './record-walk.ts'

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

/** Decodes one body at a time, in slices. The body must stay until the store has applied the batch. */
export class OtlpTracesDecoder implements RecordReader {
  readonly #limits: RecordLimits
  readonly #walk = new RecordWalk()
  readonly #record = new FieldCursor()
  readonly #inner = new FieldCursor()
  #attributes: AttributeColumn | undefined
  #events: PartColumn | undefined
  #links: PartColumn | undefined
  #body: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #batch: SpanBatch | undefined
  #originFrom = -1
  #origin = 0
  #isOverflowing = false

  constructor(limits: RecordLimits = RECORD_LIMITS) {
    this.#limits = limits
  }

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: SpanBatch): void {
    assert(length <= body.length, 'OTLP body is shorter than its length')
    this.#body = body
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.#batch = batch
    this.#originFrom = -1
    this.#isOverflowing = false
    const { columns } = batch
    for (const ranges of [columns.names, columns.statusMessages, columns.traceStates]) ranges.bytes = body
    this.#attributes ??= new AttributeColumn(columns.attributes, this.#limits)
    this.#attributes.start(body)
    this.#events ??= new PartColumn(columns.events, 'event', this.#attributes.check)
    this.#events.start(body)
    this.#links ??= new PartColumn(columns.links, 'link', this.#attributes.check)
    this.#links.start(body)
    this.#walk.start(body, length)
    batch.originSpace = OTLP_ORIGIN_SPACE
    batch.originOf = (origin) => readOrigin(batch.originBytes.bytes, batch.originBytes.from[origin] as number)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    for (;;) {
      const outcome = this.#walk.step(this)
      if (this.#isOverflowing) {
        return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} spans in one request, got more`)
      }
      if (outcome === true) {
        ;(this.#batch as SpanBatch).originBytes.bytes = this.#walk.arena.bytes
        return 'done'
      }
      if (outcome !== false) return outcome
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  /** Called by the walk for each span. */
  readRecord(from: number, to: number, originFrom: number, originTo: number): number | undefined {
    const batch = this.#batch as SpanBatch
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
    if (problem === undefined) return undefined
    batch.columns.count = row
    if (problem === 'malformed') return this.#record.at
    batch.verdict.refuse()
    refuseItems(batch, problem, 1, PROBLEMS[problem])
    return undefined
  }

  #readFields(batch: SpanBatch, row: number, from: number, to: number): Problem | undefined {
    const { columns } = batch
    const record = this.#record
    const attributes = this.#attributes as AttributeColumn
    const events = this.#events as PartColumn
    const links = this.#links as PartColumn
    attributes.openRecord()
    events.openRecord()
    links.openRecord()
    record.reset(this.#body, from, to)
    let problem: Problem | undefined
    for (let fieldFrom = from; nextField(record); fieldFrom = record.at) {
      if (record.tag === ATTRIBUTES) record.at = attributes.add(fieldFrom, record.from, record.to, to)
      else if (record.tag === EVENTS) events.add(fieldFrom, record.from, record.to)
      else if (record.tag === LINKS) links.add(fieldFrom, record.from, record.to)
      else if (record.tag === TRACE_ID) problem ??= readId(record, columns.traceIds, row, 16)
      else if (record.tag === SPAN_ID) problem ??= readId(record, columns.spanIds, row, 8)
      else if (record.tag === PARENT) problem ??= readId(record, columns.parentSpanIds, row, 8)
      else if (record.tag === START) columns.startTimes[row] = this.#view.getBigInt64(record.from, true)
      else if (record.tag === END) columns.endTimes[row] = this.#view.getBigInt64(record.from, true)
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
      warnOnce(batch, `attribute values longer than ${this.#limits.maxAttributeBytes} bytes were cut`)
    }
    return undefined
  }

  #readRare(batch: SpanBatch, row: number): Problem | undefined {
    const { columns } = batch
    const record = this.#record
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
        columns.flags[row] = this.#view.getUint32(record.from, true)
        return undefined
      default:
        return undefined
    }
  }

  #readStatus(batch: SpanBatch, row: number): Problem | undefined {
    const { columns } = batch
    const status = this.#inner
    status.reset(this.#body, this.#record.from, this.#record.to)
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

type Problem = CheckProblem | Extract<ItemReason, 'invalid_id' | 'too_many_attributes'>

const PROBLEMS: Readonly<Record<Exclude<Problem, 'malformed'>, string>> = {
  invalid_utf8: 'span: want UTF-8 in texts',
  nested_too_deep: 'span: want values nested at most 16 deep',
  invalid_id: 'span: want a trace id of 16 bytes and a span id of 8, not all zero, and a parent id of 8 or none',
  too_many_attributes: 'span: want at most `limits.maxAttributes` attributes',
}

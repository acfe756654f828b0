import { assert, type Clock, type Fault, fault, type SpanBatch } from '@vantage/model'
import { FieldCursor, nextField } from '../field-cursor.ts'
import { FIELDS_PER_CLOCK_READ, RECORD_LIMITS, RECORDS_MAX_PER_REQUEST, type RecordLimits } from '../limits.ts'
import { SpanRows } from '../span-rows.ts'
import { ProtobufSpanReader } from './protobuf-span.ts'
import { addZipkinSpan, ZIPKIN_ORIGIN_SPACE } from './span.ts'

/** Source: openzipkin/zipkin-api zipkin.proto: `ListOfSpans { repeated Span spans = 1 }`. */
const SPANS = 0x0a
/** A span has some 20 fields. */
const COST_OF_SPAN = 20

/** Zipkin spans (protobuf, version 2) → rows of a span batch: the same rows that the JSON form gives. */
export class ZipkinProtobufDecoder {
  readonly #rows: SpanRows
  readonly #list = new FieldCursor()
  readonly #span = new ProtobufSpanReader()
  #batch: SpanBatch | undefined

  constructor(limits: RecordLimits = RECORD_LIMITS) {
    this.#rows = new SpanRows(limits)
  }

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: SpanBatch): void {
    assert(length <= body.length, 'Zipkin body is shorter than its length')
    this.#batch = batch
    this.#list.reset(body, 0, length)
    this.#rows.start(batch, ZIPKIN_ORIGIN_SPACE)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const batch = this.#batch as SpanBatch
    const list = this.#list
    for (;;) {
      for (let cost = 0; cost < FIELDS_PER_CLOCK_READ; cost += COST_OF_SPAN) {
        if (!nextField(list)) {
          if (list.isBad) return fault('bad_request', `Zipkin: malformed list of spans at offset ${list.at}`)
          this.#rows.finish()
          return 'done'
        }
        const bad = list.tag === SPANS ? this.#takeSpan(batch) : undefined
        if (bad !== undefined) return bad
      }
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  #takeSpan(batch: SpanBatch): Fault | undefined {
    const { bytes, from, to } = this.#list
    if (batch.verdict.count >= RECORDS_MAX_PER_REQUEST) {
      return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} spans in one request, got more`)
    }
    if (!batch.verdict.next()) return undefined
    const parts = this.#span.read(bytes, from, to)
    if (parts === 'malformed') return fault('bad_request', `Zipkin: malformed span at offset ${from}`)
    if (parts !== 'invalid_utf8') addZipkinSpan(this.#rows, parts)
    else this.#rows.refuse({ reason: 'invalid_utf8', message: 'span: want UTF-8 in texts' })
    return undefined
  }
}

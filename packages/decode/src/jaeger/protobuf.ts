import { assert, type Clock, type Fault, fault, type SpanBatch } from '@vantage/model'
import { FieldCursor, nextField } from '../field-cursor.ts'
import { FIELDS_PER_CLOCK_READ, RECORD_LIMITS, RECORDS_MAX_PER_REQUEST, type RecordLimits } from '../limits.ts'
import { SpanRows } from '../span-rows.ts'
import { JaegerMessageReader } from './protobuf-span.ts'
import { addJaegerSpan, JAEGER_ORIGIN_SPACE, type JaegerProcess } from './span.ts'

const BATCH = 0x0a
const SPANS = 0x0a
const PROCESS = 0x12
/** A span has some 40 values. */
const COST_OF_SPAN = 40

const NO_PROCESS: JaegerProcess = { key: '', service: '', tags: [], isUtf8: true }

/**
 * Jaeger's `PostSpans` → rows of a span batch.
 *
 *     PostSpansRequest  1 batch
 *     Batch             1 spans* Span   2 process
 *
 * Source: jaegertracing/jaeger-idl proto/api_v2/collector.proto, model.proto. A span's own process comes before the
 * batch's.
 */
export class JaegerProtobufDecoder {
  readonly #rows: SpanRows
  readonly #request = new FieldCursor()
  readonly #fields = new FieldCursor()
  readonly #reader = new JaegerMessageReader()
  #batch: SpanBatch | undefined
  #process: JaegerProcess = NO_PROCESS

  constructor(limits: RecordLimits = RECORD_LIMITS) {
    this.#rows = new SpanRows(limits)
  }

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: SpanBatch): void {
    assert(length <= body.length, 'Jaeger body is shorter than its length')
    this.#batch = batch
    this.#request.reset(body, 0, length)
    this.#fields.reset(body, 0, 0)
    this.#rows.start(batch, JAEGER_ORIGIN_SPACE)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const batch = this.#batch as SpanBatch
    for (;;) {
      for (let cost = 0; cost < FIELDS_PER_CLOCK_READ; cost += COST_OF_SPAN) {
        if (nextField(this.#fields)) {
          const bad = this.#fields.tag === SPANS ? this.#takeSpan(batch) : undefined
          if (bad !== undefined) return bad
        } else if (this.#fields.isBad) return malformed('batch', this.#fields.at)
        else if (nextField(this.#request)) {
          if (this.#request.tag === BATCH && !this.#openBatch()) return malformed('process', this.#request.from)
        } else if (this.#request.isBad) return malformed('request', this.#request.at)
        else {
          this.#rows.finish()
          return 'done'
        }
      }
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  /** Looks ahead for the process: it stands behind the spans. */
  #openBatch(): boolean {
    const { bytes, from, to } = this.#request
    const fields = this.#fields
    fields.reset(bytes, from, to)
    this.#process = NO_PROCESS
    this.#reader.isBad = false
    this.#reader.isUtf8 = true
    while (nextField(fields)) {
      if (fields.tag === PROCESS) this.#process = this.#reader.process(bytes, fields.from, fields.to)
    }
    const isGood = !fields.isBad && !this.#reader.isBad
    fields.reset(bytes, from, to)
    return isGood
  }

  #takeSpan(batch: SpanBatch): Fault | undefined {
    const { bytes, from, to } = this.#fields
    if (batch.verdict.count >= RECORDS_MAX_PER_REQUEST) {
      return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} spans in one request, got more`)
    }
    if (!batch.verdict.next()) return undefined
    const { parts, process = this.#process } = this.#reader.span(bytes, from, to)
    if (this.#reader.isBad) return malformed('span', from)
    if (this.#reader.isUtf8 && process.isUtf8) addJaegerSpan(this.#rows, parts, process)
    else this.#rows.refuse({ reason: 'invalid_utf8', message: 'span: want UTF-8 in texts of span and process' })
    return undefined
  }
}

function malformed(what: string, at: number): Fault {
  return fault('bad_request', `Jaeger: malformed ${what} at offset ${at}`)
}

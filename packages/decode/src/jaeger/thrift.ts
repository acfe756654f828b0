import { assert, type Clock, type Fault, fault, type SpanBatch } from '@vantage/model'
import { FIELDS_PER_CLOCK_READ, RECORD_LIMITS, RECORDS_MAX_PER_REQUEST, type RecordLimits } from '../limits.ts'
import { SpanRows } from '../span-rows.ts'
import { addJaegerSpan, JAEGER_ORIGIN_SPACE, type JaegerProcess } from './span.ts'
import { readProcess, readSpan } from './thrift-batch.ts'
import { THRIFT, ThriftReader } from './thrift-reader.ts'

/** A span has some 40 values. */
const COST_OF_SPAN = 40

/**
 * Jaeger's batches in Thrift's binary protocol → rows of a span batch.
 *
 *     Batch  1 process   2 spans list<Span>
 *
 * Source: jaegertracing/jaeger-idl thrift/jaeger.thrift. The process comes first, as all generated code writes it.
 */
export class JaegerThriftDecoder {
  readonly #rows: SpanRows
  readonly #reader = new ThriftReader()
  #batch: SpanBatch | undefined
  #process: JaegerProcess | undefined
  /** Spans of the open list that are still to come. */
  #left = 0

  constructor(limits: RecordLimits = RECORD_LIMITS) {
    this.#rows = new SpanRows(limits)
  }

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: SpanBatch): void {
    assert(length <= body.length, 'Jaeger body is shorter than its length')
    this.#batch = batch
    this.#reader.reset(body, 0, length)
    this.#process = undefined
    this.#left = 0
    this.#rows.start(batch, JAEGER_ORIGIN_SPACE)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const batch = this.#batch as SpanBatch
    const reader = this.#reader
    for (;;) {
      for (let cost = 0; cost < FIELDS_PER_CLOCK_READ; cost += COST_OF_SPAN) {
        if (this.#left > 0) {
          this.#left--
          const bad = this.#takeSpan(batch)
          if (bad !== undefined) return bad
        } else if (reader.nextField()) {
          const bad = this.#openField()
          if (bad !== undefined) return bad
        } else if (!reader.isBad) {
          this.#rows.finish()
          return 'done'
        }
        if (reader.isBad) return fault('bad_request', `Jaeger: malformed Thrift batch at offset ${reader.at}`)
      }
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  #openField(): Fault | undefined {
    const reader = this.#reader
    if (reader.isField(1, THRIFT.struct)) this.#process = readProcess(reader)
    else if (reader.isField(2, THRIFT.list)) {
      if (this.#process === undefined) return fault('bad_request', 'Jaeger: want the process before the spans')
      this.#left = reader.list(THRIFT.struct)
    } else reader.skipField()
    return undefined
  }

  #takeSpan(batch: SpanBatch): Fault | undefined {
    if (batch.verdict.count >= RECORDS_MAX_PER_REQUEST) {
      return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} spans in one request, got more`)
    }
    const isWanted = batch.verdict.next()
    const span = readSpan(this.#reader)
    if (!isWanted || this.#reader.isBad) return undefined
    const process = this.#process as JaegerProcess
    if (process.isUtf8 && this.#reader.isUtf8) addJaegerSpan(this.#rows, span, process)
    else this.#rows.refuse({ reason: 'invalid_utf8', message: 'span: want UTF-8 in texts of span and process' })
    return undefined
  }
}

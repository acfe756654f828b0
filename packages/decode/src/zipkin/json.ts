import { JSON_TOKENS, JsonReader } from '@vantage/bytes'
import { assert, type Clock, type Fault, fault, foreign, type SpanBatch } from '@vantage/model'
import { FIELDS_PER_CLOCK_READ, RECORD_LIMITS, RECORDS_MAX_PER_REQUEST, type RecordLimits } from '../limits.ts'
import { SpanRows } from '../span-rows.ts'
import { readJsonSpan } from './json-span.ts'
import { addZipkinSpan, ZIPKIN_ORIGIN_SPACE } from './span.ts'

const SPANS_PER_CLOCK_READ = 64

/**
 * Zipkin spans (JSON, version 2: an array of spans) → rows of a span batch. Owner: one request at a time.
 * Source: openzipkin/zipkin-api zipkin2-api.yaml. A span's origin bytes are its service's name.
 */
export class ZipkinJsonDecoder {
  readonly #reader = new JsonReader()
  readonly #rows: SpanRows
  #body: Uint8Array = new Uint8Array(0)
  #batch: SpanBatch | undefined
  #spanFrom = 0
  #isUtf8 = true

  constructor(limits: RecordLimits = RECORD_LIMITS) {
    this.#rows = new SpanRows(limits)
  }

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: SpanBatch): void {
    this.#body = body
    this.#batch = batch
    this.#isUtf8 = this.#reader.start(body, 0, length)
    this.#rows.start(batch, ZIPKIN_ORIGIN_SPACE)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const batch = this.#batch
    assert(batch !== undefined, 'start before step')
    let spans = 0
    for (let tokens = 1; ; tokens++) {
      const token = this.#isUtf8 ? this.#reader.next() : JSON_TOKENS.bad
      if (token === JSON_TOKENS.bad) {
        return fault('bad_request', `Zipkin: ${foreign(this.#reader.error)} at offset ${this.#reader.errorAt}`)
      }
      if (token === JSON_TOKENS.end) {
        this.#rows.finish()
        return 'done'
      }
      const { depth } = this.#reader
      if (depth === 0 && token !== JSON_TOKENS.arrayEnd) return fault('bad_request', 'Zipkin: want an array of spans')
      if (depth === 1 && token === JSON_TOKENS.objectStart)
        return fault('bad_request', 'Zipkin: want an array of spans')
      if (depth === 2 && token === JSON_TOKENS.objectStart) this.#spanFrom = this.#reader.offsetBytes - 1
      if (depth === 1 && token === JSON_TOKENS.objectEnd) {
        const bad = this.#takeSpan(batch)
        if (bad !== undefined) return bad
        spans++
      } else if (depth === 1 && token !== JSON_TOKENS.arrayStart) {
        return fault('bad_request', `Zipkin: want objects in the array before offset ${this.#reader.offsetBytes}`)
      }
      if (spans < SPANS_PER_CLOCK_READ && tokens % FIELDS_PER_CLOCK_READ !== 0) continue
      spans = 0
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  #takeSpan(batch: SpanBatch): Fault | undefined {
    if (batch.verdict.count >= RECORDS_MAX_PER_REQUEST) {
      return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} spans in one request, got more`)
    }
    if (!batch.verdict.next()) return undefined
    const { buffer, byteOffset } = this.#body
    const json = Buffer.from(buffer, byteOffset + this.#spanFrom, this.#reader.offsetBytes - this.#spanFrom)
    const span = parse(json.toString('utf8'))
    if (span === undefined) return fault('bad_request', `Zipkin: bad JSON in the span at offset ${this.#spanFrom}`)
    addZipkinSpan(this.#rows, readJsonSpan(span))
    return undefined
  }
}

/** The reader has passed over texts without a look at their escapes. */
function parse(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(json) as Readonly<Record<string, unknown>>
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

import { JSON_TOKENS, JsonReader } from '@vantage/bytes'
import {
  assert,
  type ByteRanges,
  type Clock,
  encodeAttributes,
  encodeEvents,
  type Fault,
  fault,
  foreign,
  NO_ORIGIN,
  type SpanBatch,
} from '@vantage/model'
import { FIELDS_PER_CLOCK_READ, RECORDS_MAX_PER_REQUEST } from '../limits.ts'
import { refuseItems } from '../refusals.ts'
import { Arena } from './arena.ts'
import { readZipkinSpan, type ZipkinSpan } from './span.ts'

const ZIPKIN_ORIGIN_SPACE = 3

const STATUS_ERROR = 2
const SPANS_PER_CLOCK_READ = 64

/**
 * Zipkin spans (JSON, version 2: an array of spans) → rows of a span batch. Owner: one request at a time.
 * Source: openzipkin/zipkin-api zipkin2-api.yaml. A span's origin bytes are its service's name.
 */
export class ZipkinJsonDecoder {
  readonly #reader = new JsonReader()
  readonly #arena = new Arena()
  #body: Uint8Array = new Uint8Array(0)
  #batch: SpanBatch | undefined
  readonly #origins = new Map<string, number>()
  #services: string[] = []
  #spanFrom = 0
  #isUtf8 = true

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: SpanBatch): void {
    this.#body = body
    this.#batch = batch
    this.#arena.reset()
    this.#origins.clear()
    this.#services = []
    this.#isUtf8 = this.#reader.start(body, 0, length)
    batch.originSpace = ZIPKIN_ORIGIN_SPACE
    const services = this.#services
    batch.originOf = (origin) => {
      const service = services[origin] as string
      if (service === '') return NO_ORIGIN
      return { ...NO_ORIGIN, resource: [{ key: 'service.name', value: { kind: 'string', value: service } }] }
    }
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
        this.#finish(batch)
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
    const span = readZipkinSpan(JSON.parse(json.toString('utf8')))
    if (span.ok) this.#addSpan(batch, span.value)
    else {
      batch.verdict.refuse()
      refuseItems(batch, span.error.reason, 1, span.error.message)
    }
    return undefined
  }

  #addSpan(batch: SpanBatch, span: ZipkinSpan): void {
    const { columns } = batch
    const row = batch.addRow(this.#originOf(span.service))
    columns.traceIds.set(span.traceId, row * 16)
    columns.spanIds.set(span.spanId, row * 8)
    columns.parentSpanIds.set(span.parentSpanId, row * 8)
    columns.kinds[row] = span.kind
    columns.startTimes[row] = span.startNs
    columns.endTimes[row] = span.startNs + span.durationNs
    if (span.error !== undefined && span.error !== 'false') {
      columns.statusCodes[row] = STATUS_ERROR
      this.#arena.put(columns.statusMessages, row, Buffer.from(span.error))
    }
    this.#arena.put(columns.names, row, Buffer.from(span.name))
    this.#arena.put(columns.attributes, row, encodeAttributes(span.attributes))
    this.#arena.put(columns.events, row, encodeEvents(span.events))
  }

  #originOf(service: string): number {
    const known = this.#origins.get(service)
    if (known !== undefined) return known
    this.#services.push(service)
    const origin = this.#services.length - 1
    this.#origins.set(service, origin)
    return origin
  }

  #finish(batch: SpanBatch): void {
    for (const service of this.#services) {
      const origin = batch.addOrigin(0, 0)
      this.#arena.put(batch.originBytes, origin, Buffer.from(service))
    }
    const { columns } = batch
    const all: ByteRanges[] = [columns.names, columns.statusMessages, columns.attributes, columns.events]
    for (const ranges of [...all, batch.originBytes]) ranges.bytes = this.#arena.bytes
  }
}

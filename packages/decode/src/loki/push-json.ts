import { JSON_TOKENS, JsonReader, type JsonToken, ProtobufWriter } from '@vantage/bytes'
import { assert, type Clock, type Fault, fault, foreign, type LogBatch } from '@vantage/model'
import { FIELDS_PER_CLOCK_READ } from '../limits.ts'
import type { LokiPushDecoder } from './push.ts'

type Place = 'request' | 'streams' | 'stream' | 'labels' | 'values' | 'entry' | 'metadata'

/**
 * Rewrites Loki's JSON push as its protobuf form, token by token, so that one decoder serves both.
 *
 *     { "streams": [ { "stream": { label: value }, "values": [ [ "unix ns", "line", { name: value }? ] ] } ] }
 *
 * Source: grafana/loki docs, HTTP API, "Ingest logs". `stream` may stand behind `values`. Other keys are ignored.
 */
export class LokiPushJsonDecoder {
  readonly #decoder: LokiPushDecoder
  readonly #reader = new JsonReader()
  readonly #writer = new ProtobufWriter()
  #batch: LogBatch | undefined
  /** What is open, from the outside in. */
  #path: Place[] = []
  #key = ''
  #labels: string[] = []
  #streamMark = 0
  #entryMark = 0
  /** Place in the open entry. */
  #place = 0
  #ignoreDepth = -1
  #isUtf8 = true
  #isTranscoded = false

  constructor(decoder: LokiPushDecoder) {
    this.#decoder = decoder
  }

  start(body: Uint8Array, length: number, batch: LogBatch): void {
    this.#batch = batch
    this.#writer.reset()
    this.#path = []
    this.#ignoreDepth = -1
    this.#isTranscoded = false
    this.#isUtf8 = this.#reader.start(body, 0, length)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    while (!this.#isTranscoded) {
      for (let tokens = 0; tokens < FIELDS_PER_CLOCK_READ && !this.#isTranscoded; tokens++) {
        const token = this.#isUtf8 ? this.#reader.next() : JSON_TOKENS.bad
        if (token === JSON_TOKENS.bad) {
          return fault('bad_request', `Loki push: ${foreign(this.#reader.error)} at offset ${this.#reader.errorAt}`)
        }
        if (token === JSON_TOKENS.end) {
          assert(this.#batch !== undefined, 'start before step')
          this.#isTranscoded = true
          this.#decoder.start(this.#writer.buffer.bytes, this.#writer.length, this.#batch)
        } else if (this.#ignoreDepth >= 0) {
          if (this.#reader.depth <= this.#ignoreDepth) this.#ignoreDepth = -1
        } else {
          const bad = this.#take(token)
          if (bad !== undefined) return bad
        }
      }
      if (!this.#isTranscoded && clock.monotonicMs() >= deadlineMs) return 'more'
    }
    return this.#decoder.step(deadlineMs, clock)
  }

  #take(token: JsonToken): Fault | undefined {
    if (token === JSON_TOKENS.key) {
      this.#key = this.#reader.text()
      return undefined
    }
    if (token === JSON_TOKENS.objectEnd || token === JSON_TOKENS.arrayEnd) return this.#close()
    switch (this.#path.at(-1)) {
      case undefined:
        return this.#open(token, JSON_TOKENS.objectStart, 'request')
      case 'request':
        return this.#key === 'streams' ? this.#open(token, JSON_TOKENS.arrayStart, 'streams') : this.#skip(token)
      case 'streams':
        this.#labels = []
        this.#streamMark = this.#writer.open(0x0a)
        return this.#open(token, JSON_TOKENS.objectStart, 'stream')
      case 'stream':
        if (this.#key === 'stream') return this.#open(token, JSON_TOKENS.objectStart, 'labels')
        return this.#key === 'values' ? this.#open(token, JSON_TOKENS.arrayStart, 'values') : this.#skip(token)
      case 'labels':
        if (token !== JSON_TOKENS.string) return this.#wrong('a string for a label')
        this.#labels.push(`${this.#key}=${JSON.stringify(this.#reader.text())}`)
        return undefined
      case 'values':
        this.#place = 0
        this.#entryMark = this.#writer.open(0x12)
        return this.#open(token, JSON_TOKENS.arrayStart, 'entry')
      case 'entry':
        return this.#takePart(token)
      case 'metadata':
        return this.#takeMetadata(token)
    }
  }

  #takePart(token: JsonToken): Fault | undefined {
    const place = this.#place++
    if (place === 0) return this.#takeTime(token)
    if (place === 1) {
      if (token !== JSON_TOKENS.string) return this.#wrong('the line as a string')
      this.#writer.text(0x12, this.#reader.text())
      return undefined
    }
    if (place === 2) return this.#open(token, JSON_TOKENS.objectStart, 'metadata')
    return this.#wrong('[time, line, structured metadata]')
  }

  #takeTime(token: JsonToken): Fault | undefined {
    const text = token === JSON_TOKENS.string || token === JSON_TOKENS.number ? this.#reader.text() : ''
    if (!/^-?\d{1,19}$/.test(text)) return this.#wrong('the time as unix ns')
    const ns = BigInt(text)
    const seconds = ns / 1_000_000_000n
    const mark = this.#writer.open(0x0a)
    this.#writer.signed(0x08, Number(seconds))
    this.#writer.signed(0x10, Number(ns - seconds * 1_000_000_000n))
    this.#writer.close(mark)
    return undefined
  }

  #takeMetadata(token: JsonToken): Fault | undefined {
    if (token !== JSON_TOKENS.string) return this.#wrong('a string for structured metadata')
    const mark = this.#writer.open(0x1a)
    this.#writer.text(0x0a, this.#key)
    this.#writer.text(0x12, this.#reader.text())
    this.#writer.close(mark)
    return undefined
  }

  #open(token: JsonToken, wanted: JsonToken, what: Place): Fault | undefined {
    if (token !== wanted) return this.#wrong(wanted === JSON_TOKENS.objectStart ? 'an object' : 'an array')
    this.#path.push(what)
    return undefined
  }

  #close(): Fault | undefined {
    const what = this.#path.pop()
    if (what === 'entry') {
      if (this.#place < 2) return this.#wrong('[time, line]')
      this.#writer.close(this.#entryMark)
    } else if (what === 'stream') {
      this.#writer.text(0x0a, `{${this.#labels.join(', ')}}`)
      this.#writer.close(this.#streamMark)
    }
    return undefined
  }

  #skip(token: JsonToken): undefined {
    const isOpen = token === JSON_TOKENS.objectStart || token === JSON_TOKENS.arrayStart
    if (isOpen) this.#ignoreDepth = this.#reader.depth - 1
    return undefined
  }

  #wrong(wanted: string): Fault {
    return fault('bad_request', `Loki push: want ${wanted} before offset ${this.#reader.offsetBytes}`)
  }
}

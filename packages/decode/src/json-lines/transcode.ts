import { isUtf8Range, JSON_TOKENS, JsonReader, type JsonToken, utf8Text } from '@vantage/bytes'
import { type Clock, type Fault, fault, foreign, type Refusal } from '@vantage/model'
import { FIELDS_PER_CLOCK_READ, LINE_BYTES_MAX, RECORDS_MAX_PER_REQUEST } from '../limits.ts'
import { refuseItems } from '../refusals.ts'
import type { JsonLineRow } from './fields.ts'

/** Bytes of lines, and their number, that go into one push: some 5 ms of work. */
const PUSH_BYTES = 512 * 1024
const PUSH_LINES = 2_000
const LINES_PER_CLOCK_READ = 32

const NEWLINE = 0x0a
const RETURN = 0x0d

/** @returns the row that an object is, or what is wrong with it */
export type ReadRow = (text: string) => JsonLineRow | string

type Entry = readonly [string, string, Readonly<Record<string, string>>]

/** Rows of JSON objects, gathered to bodies of Loki's push in JSON, which one path decodes, logs and replays. */
class PushWriter {
  #read: ReadRow = () => 'BUG: not started'
  #pushBytes = 0
  #streams = new Map<string, { readonly stream: object; readonly values: Entry[] }>()
  readonly pushes: Buffer[] = []
  readonly refused: Refusal[] = []

  start(read: ReadRow): void {
    this.#read = read
    this.#pushBytes = 0
    this.#streams.clear()
    this.pushes.length = 0
    this.refused.length = 0
  }

  /** @param place of the object, as its sender counts */
  add(bytes: Uint8Array, from: number, to: number, place: string): void {
    if (to - from > LINE_BYTES_MAX) {
      this.#refuse('line_too_long', place, `want at most ${LINE_BYTES_MAX} bytes, got ${to - from}`)
      return
    }
    if (!isUtf8Range(bytes, from, to)) {
      this.#refuse('invalid_utf8', place, 'want UTF-8')
      return
    }
    const text = utf8Text(bytes, from, to)
    const row = this.#read(text)
    if (typeof row === 'string') {
      this.#refuse('invalid_value', place, row)
      return
    }
    const key = JSON.stringify(row.labels)
    const known = this.#streams.get(key)
    const values = known?.values ?? []
    if (known === undefined) this.#streams.set(key, { stream: row.labels, values })
    values.push([String(row.timeNs), row.line, row.fields])
    this.#pushBytes += text.length
    if (this.#pushBytes >= PUSH_BYTES) this.push()
  }

  push(): void {
    if (this.#streams.size === 0) return
    this.pushes.push(Buffer.from(JSON.stringify({ streams: [...this.#streams.values()] })))
    this.#streams.clear()
    this.#pushBytes = 0
  }

  #refuse(reason: 'line_too_long' | 'invalid_utf8' | 'invalid_value', place: string, message: string): void {
    refuseItems(this, reason, 1, `${place}: ${message}`)
  }
}

/** Lines of JSON objects → pushes. */
export class JsonLinesTranscoder {
  #body: Uint8Array = new Uint8Array(0)
  #length = 0
  #at = 0
  #lines = 0
  readonly #out = new PushWriter()
  readonly pushes = this.#out.pushes
  readonly refused = this.#out.refused

  start(body: Uint8Array, length: number, read: ReadRow): void {
    this.#body = body
    this.#length = length
    this.#at = 0
    this.#lines = 0
    this.#out.start(read)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    while (this.#at < this.#length) {
      const bad = this.#takeLine()
      if (bad !== undefined) return bad
      if (this.#lines % LINES_PER_CLOCK_READ === 0 && clock.monotonicMs() >= deadlineMs) return 'more'
    }
    this.#out.push()
    return 'done'
  }

  #takeLine(): Fault | undefined {
    const from = this.#at
    const newline = this.#body.indexOf(NEWLINE, from)
    let to = newline < 0 || newline >= this.#length ? this.#length : newline
    this.#at = to + 1
    if (to > from && this.#body[to - 1] === RETURN) to--
    if (to === from) return undefined
    if (++this.#lines > RECORDS_MAX_PER_REQUEST) {
      return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} lines in one request, got more`)
    }
    this.#out.add(this.#body, from, to, `line ${this.#lines}`)
    if (this.#lines % PUSH_LINES === 0) this.#out.push()
    return undefined
  }
}

/** Objects of one JSON array, or one object → pushes. */
export class JsonArrayTranscoder {
  readonly #reader = new JsonReader()
  #body: Uint8Array = new Uint8Array(0)
  #isUtf8 = true
  #isFirst = true
  /** Of the brackets that rows lie in. */
  #rowDepth = 0
  #from = 0
  #objects = 0
  readonly #out = new PushWriter()
  readonly pushes = this.#out.pushes
  readonly refused = this.#out.refused

  start(body: Uint8Array, length: number, read: ReadRow): void {
    this.#body = body
    this.#isUtf8 = this.#reader.start(body, 0, length)
    this.#isFirst = true
    this.#objects = 0
    this.#out.start(read)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    for (let tokens = 1; ; tokens++) {
      const token = this.#isUtf8 ? this.#reader.next() : JSON_TOKENS.bad
      if (token === JSON_TOKENS.bad) {
        return fault('bad_request', `JSON: ${foreign(this.#reader.error)} at offset ${this.#reader.errorAt}`)
      }
      if (token === JSON_TOKENS.end) {
        this.#out.push()
        return 'done'
      }
      const bad = this.#take(token)
      if (bad !== undefined) return bad
      const isDue = tokens % FIELDS_PER_CLOCK_READ === 0 || this.#objects % LINES_PER_CLOCK_READ === 0
      if (isDue && clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  /** Objects at the depth of the first one are rows; beside them nothing may stand. */
  #take(token: JsonToken): Fault | undefined {
    const { depth, offsetBytes } = this.#reader
    const isBegin = token === JSON_TOKENS.objectStart || token === JSON_TOKENS.arrayStart
    const isEnd = token === JSON_TOKENS.objectEnd || token === JSON_TOKENS.arrayEnd
    if (this.#isFirst) {
      this.#isFirst = false
      if (token === JSON_TOKENS.arrayStart) {
        this.#rowDepth = 1
        return undefined
      }
      this.#rowDepth = 0
    }
    // Inside a row, or at the end of the array.
    if ((isBegin ? depth - 1 : depth) !== this.#rowDepth) return undefined
    if (token === JSON_TOKENS.objectStart) this.#from = offsetBytes - 1
    else if (token === JSON_TOKENS.objectEnd) return this.#takeObject(offsetBytes)
    else if (!isEnd || this.#rowDepth === 1) {
      return fault('bad_request', `JSON: want an array of objects, or one, before offset ${offsetBytes}`)
    }
    return undefined
  }

  #takeObject(end: number): Fault | undefined {
    if (++this.#objects > RECORDS_MAX_PER_REQUEST) {
      return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} objects in one request, got more`)
    }
    this.#out.add(this.#body, this.#from, end, `object ${this.#objects}`)
    if (this.#objects % PUSH_LINES === 0) this.#out.push()
    return undefined
  }
}

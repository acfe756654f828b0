import { isUtf8Range, utf8Text } from '@vantage/bytes'
import { type Clock, type Fault, fault, type Refusal } from '@vantage/model'
import { LINE_BYTES_MAX, RECORDS_MAX_PER_REQUEST } from '../limits.ts'
import { refuseItems } from '../refusals.ts'
import { JSON_LINE_MAPPING, type JsonLineMapping, readJsonLine } from './fields.ts'

/** Bytes of lines, and their number, that go into one push: some 5 ms of work. */
const PUSH_BYTES = 512 * 1024
const PUSH_LINES = 2_000
const LINES_PER_CLOCK_READ = 32

const NEWLINE = 0x0a
const RETURN = 0x0d

type Entry = readonly [string, string, Readonly<Record<string, string>>]

/** Lines of JSON objects → bodies of Loki's push in JSON, which one path decodes, logs and replays. */
export class JsonLinesTranscoder {
  #body: Uint8Array = new Uint8Array(0)
  #length = 0
  #at = 0
  #mapping = JSON_LINE_MAPPING
  #lines = 0
  #pushBytes = 0
  #streams = new Map<string, { readonly stream: object; readonly values: Entry[] }>()
  readonly pushes: Buffer[] = []
  readonly refused: Refusal[] = []

  start(body: Uint8Array, length: number, mapping: JsonLineMapping): void {
    this.#body = body
    this.#length = length
    this.#at = 0
    this.#mapping = mapping
    this.#lines = 0
    this.#pushBytes = 0
    this.#streams.clear()
    this.pushes.length = 0
    this.refused.length = 0
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    while (this.#at < this.#length) {
      const bad = this.#takeLine()
      if (bad !== undefined) return bad
      if (this.#lines % LINES_PER_CLOCK_READ === 0 && clock.monotonicMs() >= deadlineMs) return 'more'
    }
    this.#push()
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
    if (to - from > LINE_BYTES_MAX)
      this.#refuse('line_too_long', `want at most ${LINE_BYTES_MAX} bytes, got ${to - from}`)
    else if (!isUtf8Range(this.#body, from, to)) this.#refuse('invalid_utf8', 'want UTF-8')
    else this.#takeText(utf8Text(this.#body, from, to))
    return undefined
  }

  #takeText(text: string): void {
    const row = readJsonLine(text, this.#mapping)
    if (typeof row === 'string') {
      this.#refuse('invalid_value', row)
      return
    }
    const key = JSON.stringify(row.labels)
    const known = this.#streams.get(key)
    const values = known?.values ?? []
    if (known === undefined) this.#streams.set(key, { stream: row.labels, values })
    values.push([String(row.timeNs), row.line, row.fields])
    this.#pushBytes += text.length
    if (this.#pushBytes >= PUSH_BYTES || this.#lines % PUSH_LINES === 0) this.#push()
  }

  #refuse(reason: 'line_too_long' | 'invalid_utf8' | 'invalid_value', message: string): void {
    refuseItems(this, reason, 1, `line ${this.#lines}: ${message}`)
  }

  #push(): void {
    if (this.#streams.size === 0) return
    this.pushes.push(Buffer.from(JSON.stringify({ streams: [...this.#streams.values()] })))
    this.#streams.clear()
    this.#pushBytes = 0
  }
}

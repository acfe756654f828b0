import { ByteCursor, isUtf8Range, ProtobufWriter, readVarint, readVarint64, utf8Floor, utf8Text } from '@vantage/bytes'
import { assert, BODY_KIND, type Clock, type Fault, fault, hexBytes, type LogBatch, NO_ORIGIN } from '@vantage/model'
import { FieldCursor, nextField } from '../field-cursor.ts'
import { FIELDS_PER_CLOCK_READ, type PushLimits, RECORD_LIMITS, RECORDS_MAX_PER_REQUEST } from '../limits.ts'
import { readLine, severityOfWord } from '../log-line/read-line.ts'
import { refuseItems, warnOnce } from '../refusals.ts'
import { parseStreamLabels, type StreamProblem, streamAttributes, streamProblem } from './stream-labels.ts'

/**
 * Loki push (`logproto.PushRequest`, uncompressed) → rows of a log batch.
 *
 *     PushRequest      1 streams*
 *     StreamAdapter    1 labels string   2 entries*   3 hash
 *     EntryAdapter     1 timestamp { 1 seconds, 2 nanos }   2 line   3 structured_metadata* { 1 name, 2 value }
 *
 * Source: grafana/loki pkg/push/push.proto. A stream's origin bytes are its labels' text.
 */
const STREAMS = 0x0a
const LABELS = 0x0a
const ENTRIES = 0x12
const TIMESTAMP = 0x0a
const LINE = 0x12
const METADATA = 0x1a

const LOKI_ORIGIN_SPACE = 2

/** Structured metadata that say the severity. Source: grafana/loki docs, `discover_log_levels`. */
const LEVELS: ReadonlySet<string> = new Set(['level', 'lvl', 'severity', 'severity_text', 'loglevel', 'log_level'])

/** Structured metadata that are columns of their own, and how many bytes they have. */
/** Structured metadata that are columns of their own. */
const TRACE_ID = 'trace_id'
const SPAN_ID = 'span_id'

/** Decodes one body at a time, in slices. The body must stay until the store has applied the batch. */
export class LokiPushDecoder {
  readonly #limits: PushLimits
  readonly #request = new FieldCursor()
  readonly #stream = new FieldCursor()
  readonly #entry = new FieldCursor()
  readonly #pair = new FieldCursor()
  readonly #attributes = new ProtobufWriter()
  #body: Uint8Array = new Uint8Array(0)
  #batch: LogBatch | undefined
  #origin = -1
  #streams = 0
  /** Why rows of the open stream are refused. */
  #problem: StreamProblem | undefined

  constructor(limits: PushLimits = RECORD_LIMITS) {
    this.#limits = limits
  }

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: LogBatch): void {
    assert(length <= body.length, 'Loki body is shorter than its length')
    this.#body = body
    this.#batch = batch
    this.#request.reset(body, 0, length)
    this.#stream.reset(body, 0, 0)
    this.#attributes.reset()
    this.#streams = 0
    batch.columns.bodies.bytes = body
    batch.originBytes.bytes = body
    batch.originSpace = LOKI_ORIGIN_SPACE
    batch.originOf = (origin) => {
      const { from, to } = batch.originBytes
      const labels = parseStreamLabels(utf8Text(body, from[origin] as number, to[origin] as number))
      assert(labels.ok, 'labels were parsed before')
      return { ...NO_ORIGIN, resource: streamAttributes(labels.value), kind: 'labels' }
    }
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const batch = this.#batch as LogBatch
    for (;;) {
      for (let cost = 0; cost < FIELDS_PER_CLOCK_READ; cost += 8) {
        if (nextField(this.#stream)) {
          const bad = this.#stream.tag === ENTRIES ? this.#readEntry(batch) : undefined
          if (bad !== undefined) return bad
        } else if (this.#stream.isBad) return malformed('stream', this.#stream.at)
        else if (nextField(this.#request)) {
          const bad = this.#request.tag === STREAMS ? this.#openStream(batch) : undefined
          if (bad !== undefined) return bad
        } else if (this.#request.isBad) return malformed('request', this.#request.at)
        else {
          batch.columns.attributes.bytes = this.#attributes.buffer.bytes
          if (this.#streams === 0) return fault('unprocessable', 'want at least one stream, got none')
          return 'done'
        }
      }
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  /** The labels come first in what any client sends, but may stand anywhere. */
  #openStream(batch: LogBatch): Fault | undefined {
    const { from, to } = this.#request
    const stream = this.#stream
    stream.reset(this.#body, from, to)
    let labels: [number, number] | undefined
    while (labels === undefined && nextField(stream)) if (stream.tag === LABELS) labels = [stream.from, stream.to]
    if (stream.isBad) return malformed('stream', stream.at)
    stream.reset(this.#body, from, to)
    const [at, end] = labels ?? [from, from]
    if (!isUtf8Range(this.#body, at, end)) return fault('bad_request', 'stream labels: want UTF-8')
    const parsed = parseStreamLabels(utf8Text(this.#body, at, end))
    if (!parsed.ok) return parsed.error
    if (parsed.value.length === 0) return fault('unprocessable', 'stream labels: want at least one, got none')
    this.#streams++
    this.#problem = streamProblem(parsed.value, this.#limits.streamLabels)
    if (this.#problem === undefined) this.#origin = batch.addOrigin(at, end)
    return undefined
  }

  #readEntry(batch: LogBatch): Fault | undefined {
    if (batch.verdict.count >= RECORDS_MAX_PER_REQUEST) {
      return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} lines in one request, got more`)
    }
    if (!batch.verdict.next()) return undefined
    if (this.#problem !== undefined) {
      batch.verdict.refuse()
      refuseItems(batch, this.#problem.reason, 1, this.#problem.message)
      return undefined
    }
    const { columns } = batch
    const row = batch.addRow(this.#origin)
    const attributesFrom = this.#attributes.length
    const entry = this.#entry
    entry.reset(this.#body, this.#stream.from, this.#stream.to)
    let isUtf8 = true
    let pairs = 0
    while (nextField(entry)) {
      if (entry.tag === LINE) {
        isUtf8 &&= isUtf8Range(this.#body, entry.from, entry.to)
        columns.bodyKinds[row] = BODY_KIND.text
        columns.bodies.set(row, entry.from, this.#cutLine(batch, entry.from, entry.to))
      } else if (entry.tag === TIMESTAMP) columns.times[row] = readTimestamp(this.#body, entry.from, entry.to)
      else if (entry.tag === METADATA) {
        pairs++
        isUtf8 &&= this.#readMetadata(batch, row)
        if (this.#pair.isBad) return malformed('structured metadata', this.#pair.at)
      }
    }
    if (entry.isBad) return malformed('entry', entry.at)
    columns.attributes.set(row, attributesFrom, this.#attributes.length)
    if (isUtf8 && pairs <= this.#limits.maxAttributes) {
      readLine(batch, row)
      return undefined
    }
    columns.count = row
    batch.verdict.refuse()
    if (!isUtf8) refuseItems(batch, 'invalid_utf8', 1, 'entry: want UTF-8 in line and structured metadata')
    else refuseItems(batch, 'too_many_attributes', 1, 'entry: want fewer structured metadata (limits.maxAttributes)')
    return undefined
  }

  /** @returns false where it is not UTF-8 */
  #readMetadata(batch: LogBatch, row: number): boolean {
    const pair = this.#pair
    pair.reset(this.#body, this.#entry.from, this.#entry.to)
    const name: [number, number] = [0, 0]
    const value: [number, number] = [0, 0]
    while (nextField(pair)) {
      if (pair.tag !== 0x0a && pair.tag !== 0x12) continue
      if (!isUtf8Range(this.#body, pair.from, pair.to)) return false
      const range = pair.tag === 0x0a ? name : value
      range[0] = pair.from
      range[1] = pair.to
    }
    const key = utf8Text(this.#body, name[0], name[1])
    if (this.#setId(batch, row, key, value)) return true
    if (LEVELS.has(key)) batch.columns.severities[row] = severityOfWord(utf8Text(this.#body, value[0], value[1]))
    const end = Math.min(value[1], utf8Floor(this.#body, value[0], value[0] + this.#limits.maxAttributeBytes))
    const field = this.#attributes.open(0x0a)
    this.#attributes.text(0x0a, key)
    const any = this.#attributes.open(0x12)
    this.#attributes.bytes(0x0a, this.#body, value[0], end)
    this.#attributes.close(any)
    this.#attributes.close(field)
    return true
  }

  /** Ids in their usual form go to their columns, where joins look for them. */
  #setId(batch: LogBatch, row: number, key: string, [from, to]: readonly [number, number]): boolean {
    if (key !== TRACE_ID && key !== SPAN_ID) return false
    const length = key === TRACE_ID ? 16 : 8
    const text = utf8Text(this.#body, from, to)
    const id = text === text.toLowerCase() ? hexBytes(text, length) : undefined
    if (id === undefined || id.every((byte) => byte === 0)) return false
    const column = key === TRACE_ID ? batch.columns.traceIds : batch.columns.spanIds
    column.set(id, row * length)
    return true
  }

  #cutLine(batch: LogBatch, from: number, to: number): number {
    if (to - from <= this.#limits.maxLineBytes) return to
    warnOnce(batch, `lines longer than ${this.#limits.maxLineBytes} bytes were cut`)
    return utf8Floor(this.#body, from, from + this.#limits.maxLineBytes)
  }
}

function readTimestamp(bytes: Uint8Array, from: number, to: number): bigint {
  const cursor = new ByteCursor(bytes, from, to)
  let seconds = 0n
  let nanos = 0n
  while (cursor.at < to && !cursor.isBad) {
    const tag = readVarint(cursor)
    readVarint64(cursor)
    const value = BigInt.asIntN(64, (BigInt(cursor.high >>> 0) << 32n) | BigInt(cursor.low >>> 0))
    if (tag === 0x08) seconds = value
    else if (tag === 0x10) nanos = value
  }
  return BigInt.asIntN(64, seconds * 1_000_000_000n + nanos)
}

function malformed(what: string, at: number): Fault {
  return fault('bad_request', `Loki push: malformed ${what} at offset ${at}`)
}

import { JSON_TOKENS, JsonReader, type JsonToken } from '@vantage/bytes'
import { type Fault, fault, foreign, type ItemReason, type LabelsOutcome, type MetricBatch } from '@vantage/model'
import { canonicalLabels } from '../labels.ts'
import { LABEL_LIMITS, type LabelLimits } from '../limits.ts'
import { parseTimestamp } from './timestamp.ts'

/**
 * Plain JSON batches: `{"metrics":[{"timestamp":1700000000000,"service_name":"shop","metric_name":"orders_total",
 * "value":3,"endpoint":"/pay","method":"POST","status_code":200,"tags":{"region":"eu"}}]}`.
 *
 * | key | label | form |
 * | --- | --- | --- |
 * | `metric_name` (wanted) | `__name__` | text, kept as sent (UTF-8) |
 * | `service_name` (wanted) | `service_name` | text |
 * | `timestamp` (absent: the time of receipt) | | see `parseTimestamp` |
 * | `value` (wanted) | | number, or "NaN", "+Inf", "-Inf" |
 * | `endpoint`, `method` | the same | text |
 * | `status_code` | the same | number or text |
 * | `tags` | each key | object of text, numbers, true, false; null = absent |
 *
 * Unknown keys are ignored. All items are checked; one bad item means that nothing is stored.
 */

export const JSON_BATCH_ALIAS_SPACE = 3
const ITEMS_MAX = 1_000
/** Bad items that are listed. */
const PROBLEMS_MAX = ITEMS_MAX
/** Tags of one item that are read: more are refused anyway, by `limits.maxLabels`. */
const TAGS_MAX = 256

export interface ItemProblem {
  readonly index: number
  readonly reason: ItemReason
  readonly message: string
}

export type JsonBatchOutcome =
  | { readonly kind: 'ok'; readonly items: number }
  | { readonly kind: 'invalid'; readonly problems: readonly ItemProblem[] }
  | { readonly kind: 'fault'; readonly fault: Fault }

/**
 * Tells a plain batch from OTLP/JSON by the first key of the object that decides it: `metrics` or
 * `resourceMetrics` (`resource_metrics`). False too where the body is no JSON object: the OTLP decoder then says why.
 */
export function isJsonBatch(body: Uint8Array, length: number): boolean {
  const reader = new JsonReader()
  if (!reader.start(body, 0, length) || reader.next() !== JSON_TOKENS.objectStart) return false
  for (;;) {
    const token = reader.next()
    if (token === JSON_TOKENS.bad || token === JSON_TOKENS.end) return false
    if (token !== JSON_TOKENS.key || reader.depth !== 1) continue
    if (reader.is('resourceMetrics') || reader.is('resource_metrics')) return false
    if (reader.is('metrics')) return reader.next() === JSON_TOKENS.arrayStart
  }
}

/** Decodes a whole body into rows of one sample. At most ITEMS_MAX items: short enough not to need slices. */
export function decodeJsonBatch(
  body: Uint8Array,
  length: number,
  batch: MetricBatch,
  nowMs: number,
  limits: LabelLimits = LABEL_LIMITS,
): JsonBatchOutcome {
  return new BatchReader(body, length, batch, nowMs, limits).read()
}

class Item {
  labels: string[] = []
  hasName = false
  hasService = false
  timeMs: number | undefined
  value: number | undefined
  problem: { readonly reason: ItemReason; readonly message: string } | undefined

  fail(reason: ItemReason, message: string): void {
    this.problem ??= { reason, message }
  }
}

class BatchReader {
  readonly #reader = new JsonReader()
  readonly #batch: MetricBatch
  readonly #nowMs: number
  readonly #limits: LabelLimits
  readonly #isUtf8: boolean
  readonly #problems: ItemProblem[] = []
  readonly #labels: LabelsOutcome[] = []
  readonly #aliases: string[] = []
  #items = 0

  constructor(body: Uint8Array, length: number, batch: MetricBatch, nowMs: number, limits: LabelLimits) {
    this.#batch = batch
    this.#nowMs = nowMs
    this.#limits = limits
    this.#isUtf8 = this.#reader.start(body, 0, length)
  }

  read(): JsonBatchOutcome {
    const bad = this.#isUtf8 ? this.#root() : this.#malformed()
    if (bad !== undefined) return { kind: 'fault', fault: bad }
    if (this.#problems.length > 0) return { kind: 'invalid', problems: this.#problems }
    this.#finish()
    return { kind: 'ok', items: this.#items }
  }

  #root(): Fault | undefined {
    const reader = this.#reader
    if (reader.next() !== JSON_TOKENS.objectStart) return this.#malformed('want an object')
    let hasMetrics = false
    for (;;) {
      const token = reader.next()
      if (token === JSON_TOKENS.bad) return this.#malformed()
      if (token === JSON_TOKENS.end) return hasMetrics ? undefined : this.#malformed('want the key "metrics"')
      if (token !== JSON_TOKENS.key) continue
      const isMetrics = reader.is('metrics')
      const value = reader.next()
      if (!isMetrics) {
        if (!this.#skip(value)) return this.#malformed()
        continue
      }
      if (hasMetrics || value !== JSON_TOKENS.arrayStart) return this.#malformed('want "metrics" once, as an array')
      hasMetrics = true
      const bad = this.#array()
      if (bad !== undefined) return bad
    }
  }

  #array(): Fault | undefined {
    for (;;) {
      const token = this.#reader.next()
      if (token === JSON_TOKENS.arrayEnd) return undefined
      if (token === JSON_TOKENS.bad) return this.#malformed()
      if (this.#items === ITEMS_MAX) {
        return fault('too_large', `want at most ${ITEMS_MAX} items in one batch, got more`)
      }
      const item = new Item()
      if (token === JSON_TOKENS.objectStart) {
        if (!this.#object(item)) return this.#malformed()
      } else {
        item.fail('invalid_value', 'want an object')
        if (!this.#skip(token)) return this.#malformed()
      }
      this.#close(item)
    }
  }

  #object(item: Item): boolean {
    const reader = this.#reader
    for (;;) {
      const token = reader.next()
      if (token === JSON_TOKENS.objectEnd) return true
      if (token !== JSON_TOKENS.key) return false
      const key = reader.text()
      const value = reader.next()
      const isGood = key === 'tags' ? this.#tags(item, value) : this.#member(item, key, value)
      if (!isGood) return false
    }
  }

  #member(item: Item, key: string, token: JsonToken): boolean {
    const reader = this.#reader
    if (token === JSON_TOKENS.none) return true
    if (key === 'timestamp') {
      const isScalar = token === JSON_TOKENS.number || token === JSON_TOKENS.string
      item.timeMs = isScalar ? parseTimestamp(reader.text(), token === JSON_TOKENS.number) : undefined
      if (item.timeMs === undefined)
        item.fail('invalid_value', 'timestamp: want unix seconds, ms, µs, ns or an ISO 8601 time')
    } else if (key === 'value') {
      item.value =
        token === JSON_TOKENS.number
          ? reader.number()
          : token === JSON_TOKENS.string
            ? special(reader.text())
            : undefined
      if (item.value === undefined) item.fail('invalid_value', 'value: want a number')
    } else if (key === 'metric_name' || key === 'service_name' || key === 'endpoint' || key === 'method') {
      if (token === JSON_TOKENS.string) this.#label(item, key, reader.text())
      else item.fail('invalid_value', `${key}: want text`)
    } else if (key === 'status_code') {
      if (token === JSON_TOKENS.string || token === JSON_TOKENS.number) this.#label(item, key, reader.text())
      else item.fail('invalid_value', 'status_code: want a number or text')
    }
    return this.#skip(token)
  }

  #label(item: Item, key: string, text: string): void {
    if (key === 'metric_name') item.hasName = text !== ''
    if (key === 'service_name') item.hasService = text !== ''
    item.labels.push(key === 'metric_name' ? '__name__' : key, text)
  }

  #tags(item: Item, opening: JsonToken): boolean {
    const reader = this.#reader
    if (opening === JSON_TOKENS.none) return true
    if (opening !== JSON_TOKENS.objectStart) {
      item.fail('invalid_value', 'tags: want an object')
      return this.#skip(opening)
    }
    for (let count = 0; ; count++) {
      const token = reader.next()
      if (token === JSON_TOKENS.objectEnd) return true
      if (token !== JSON_TOKENS.key) return false
      const key = reader.text()
      const value = reader.next()
      const isText = value === JSON_TOKENS.string || value === JSON_TOKENS.number
      if (count >= TAGS_MAX)
        item.fail('too_many_labels', `tags: want at most ${this.#limits.maxLabels} labels (limits.maxLabels)`)
      else if (isText) item.labels.push(key, reader.text())
      else if (value === JSON_TOKENS.yes || value === JSON_TOKENS.no)
        item.labels.push(key, value === JSON_TOKENS.yes ? 'true' : 'false')
      else if (value !== JSON_TOKENS.none)
        item.fail('invalid_value', `tags.${foreign(key)}: want text, a number, true or false`)
      if (!this.#skip(value)) return false
    }
  }

  /** Passes over the rest of a value whose first token was read. False where the JSON is malformed. */
  #skip(token: JsonToken): boolean {
    if (token !== JSON_TOKENS.objectStart && token !== JSON_TOKENS.arrayStart) return token !== JSON_TOKENS.bad
    const depth = this.#reader.depth - 1
    while (this.#reader.depth > depth) if (this.#reader.next() === JSON_TOKENS.bad) return false
    return true
  }

  #close(item: Item): void {
    const index = this.#items++
    if (!item.hasName) item.fail('missing_name', 'metric_name: want text')
    if (!item.hasService) item.fail('invalid_value', 'service_name: want text')
    if (item.value === undefined) item.fail('invalid_value', 'value is missing')
    const labels = canonicalLabels(item.labels, this.#limits)
    if (!labels.ok) item.fail(labels.reason, labels.message)
    if (item.problem !== undefined) {
      if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ index, ...item.problem })
      return
    }
    this.#labels.push(labels)
    this.#aliases.push(JSON.stringify(labels.ok ? labels.labels : []))
    this.#batch.pushSample(item.timeMs ?? this.#nowMs, item.value ?? Number.NaN)
    this.#batch.endRow(0, 0)
  }

  /** Alias bytes are the canonical labels as text. */
  #finish(): void {
    const batch = this.#batch
    const bytes = new Uint8Array(this.#aliases.reduce((sum, alias) => sum + alias.length * 3, 0))
    const encoder = new TextEncoder()
    let at = 0
    for (const [row, alias] of this.#aliases.entries()) {
      const { written } = encoder.encodeInto(alias, bytes.subarray(at))
      batch.aliasStart[row] = at
      at += written
      batch.aliasEnd[row] = at
    }
    const labels = this.#labels
    batch.bytes = bytes
    batch.aliasSpace = JSON_BATCH_ALIAS_SPACE
    batch.labelsOf = (row) => labels[row] as LabelsOutcome
  }

  #malformed(wanted?: string): Fault {
    const message = this.#reader.error === '' ? (wanted ?? 'want an object') : this.#reader.error
    const at = this.#reader.error === '' ? this.#reader.offsetBytes : this.#reader.errorAt
    return fault('bad_request', `JSON batch: ${foreign(message)} at offset ${at}`)
  }
}

function special(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN
  if (text === 'Inf' || text === '+Inf' || text === 'Infinity') return Number.POSITIVE_INFINITY
  if (text === '-Inf' || text === '-Infinity') return Number.NEGATIVE_INFINITY
  return undefined
}

import { JSON_TOKENS, JsonReader, type JsonToken, utf8Text } from '@vantage/bytes'
import { type Fault, fault, foreign, type ItemReason, type MetricBatch } from '@vantage/model'
import { LABEL_LIMITS, type LabelLimits } from '../limits.ts'
import { AliasArena, CheckedAliases, LABEL_KINDS, type LabelKind, labelsOfAlias } from './alias.ts'
import { millisOfUnix, parseTimestamp } from './timestamp.ts'

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
/** Whole numbers of so many digits are exact as doubles. */
const EXACT_DIGITS = 15

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

/** The item that is open. */
class Item {
  hasName = false
  hasService = false
  hasTime = false
  hasValue = false
  timeMs = 0
  value = 0
  problem: { readonly reason: ItemReason; readonly message: string } | undefined

  open(): void {
    this.hasName = false
    this.hasService = false
    this.hasTime = false
    this.hasValue = false
    this.problem = undefined
  }

  fail(reason: ItemReason, message: string): void {
    this.problem ??= { reason, message }
  }
}

/** Bytes of aliases that are kept for the next batch. */
const ARENA_KEPT_BYTES = 1024 * 1024

/** Decodes one batch at a time. Nothing is made per item. */
export class JsonBatchDecoder {
  readonly #reader = new JsonReader()
  readonly #limits: LabelLimits
  readonly #checked = new CheckedAliases()
  readonly #arena = new AliasArena()
  readonly #item = new Item()
  #batch: MetricBatch | undefined
  #body: Uint8Array = new Uint8Array(0)
  #nowMs = 0
  #problems: ItemProblem[] = []
  #items = 0

  constructor(limits: LabelLimits = LABEL_LIMITS) {
    this.#limits = limits
  }

  /**
   * Decodes a whole body into rows of one sample; `batch` must be reset. At most ITEMS_MAX items: short enough not to
   * need slices.
   * @param nowMs the time of items without one
   */
  decode(body: Uint8Array, length: number, batch: MetricBatch, nowMs: number): JsonBatchOutcome {
    this.#batch = batch
    this.#body = body
    this.#nowMs = nowMs
    this.#problems = []
    this.#items = 0
    this.#arena.reset(ARENA_KEPT_BYTES)
    const bad = this.#reader.start(body, 0, length) ? this.#root() : this.#malformed()
    if (bad !== undefined) return { kind: 'fault', fault: bad }
    if (this.#problems.length > 0) return { kind: 'invalid', problems: this.#problems }
    batch.bytes = this.#arena.bytes
    batch.aliasSpace = JSON_BATCH_ALIAS_SPACE
    batch.labelsOf = (row) =>
      labelsOfAlias(batch.bytes, batch.aliasStart[row] as number, batch.aliasEnd[row] as number, this.#limits)
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
      const from = this.#arena.length
      const item = this.#item
      item.open()
      if (token === JSON_TOKENS.objectStart) {
        if (!this.#object()) return this.#malformed()
      } else {
        item.fail('invalid_value', `want an object, got ${this.#got(token)}`)
        if (!this.#skip(token)) return this.#malformed()
      }
      this.#close(from)
    }
  }

  #object(): boolean {
    const reader = this.#reader
    for (;;) {
      const token = reader.next()
      if (token === JSON_TOKENS.objectEnd) return true
      if (token !== JSON_TOKENS.key) return false
      const member = memberOf(reader)
      const value = reader.next()
      const isGood = member === 'tags' ? this.#tags(value) : this.#member(member, value)
      if (!isGood) return false
    }
  }

  #member(member: Member | undefined, token: JsonToken): boolean {
    if (token === JSON_TOKENS.none) return true
    switch (member) {
      case 'timestamp':
        this.#time(token)
        break
      case 'value':
        this.#value(token)
        break
      case 'metric_name':
        this.#text(LABEL_KINDS.name, member, token)
        break
      case 'service_name':
        this.#text(LABEL_KINDS.service, member, token)
        break
      case 'endpoint':
        this.#text(LABEL_KINDS.endpoint, member, token)
        break
      case 'method':
        this.#text(LABEL_KINDS.method, member, token)
        break
      case 'status_code':
        if (token === JSON_TOKENS.string || token === JSON_TOKENS.number) this.#label(LABEL_KINDS.status)
        else this.#item.fail('invalid_value', `status_code: want a number or text, got ${this.#got(token)}`)
        break
    }
    return this.#skip(token)
  }

  #time(token: JsonToken): void {
    const reader = this.#reader
    const item = this.#item
    const isNumber = token === JSON_TOKENS.number
    // Fast path: a whole number of few digits is exact.
    const quick = isNumber && reader.to - reader.from <= EXACT_DIGITS ? millisOfUnix(reader.number()) : undefined
    const isScalar = isNumber || token === JSON_TOKENS.string
    const timeMs = quick ?? (isScalar ? parseTimestamp(reader.text(), isNumber) : undefined)
    if (timeMs === undefined) {
      const wanted = 'timestamp: want unix seconds, ms, µs, ns or an ISO 8601 time'
      item.fail('invalid_value', `${wanted}, got ${this.#got(token)}`)
    } else {
      item.timeMs = timeMs
      item.hasTime = true
    }
  }

  #value(token: JsonToken): void {
    const item = this.#item
    item.hasValue = true
    if (token === JSON_TOKENS.number) item.value = this.#reader.number()
    else {
      const value = token === JSON_TOKENS.string ? special(this.#reader.text()) : undefined
      if (value === undefined) item.fail('invalid_value', `value: want a number, got ${this.#got(token)}`)
      item.value = value ?? Number.NaN
    }
  }

  #text(kind: LabelKind, key: string, token: JsonToken): void {
    if (token === JSON_TOKENS.string) this.#label(kind)
    else this.#item.fail('invalid_value', `${key}: want text, got ${this.#got(token)}`)
  }

  #label(kind: LabelKind): void {
    const { from, to } = this.#reader
    if (kind === LABEL_KINDS.name) this.#item.hasName = to > from
    if (kind === LABEL_KINDS.service) this.#item.hasService = to > from
    this.#arena.label(kind, this.#body, from, to)
  }

  #tags(opening: JsonToken): boolean {
    const reader = this.#reader
    const item = this.#item
    if (opening === JSON_TOKENS.none) return true
    if (opening !== JSON_TOKENS.objectStart) {
      item.fail('invalid_value', `tags: want an object, got ${this.#got(opening)}`)
      return this.#skip(opening)
    }
    for (let count = 0; ; count++) {
      const token = reader.next()
      if (token === JSON_TOKENS.objectEnd) return true
      if (token !== JSON_TOKENS.key) return false
      const { from, to } = reader
      const value = reader.next()
      const isText = value === JSON_TOKENS.string || value === JSON_TOKENS.number
      // The words stand in the body as they are as labels.
      const isWord = value === JSON_TOKENS.yes || value === JSON_TOKENS.no
      if (count >= TAGS_MAX)
        item.fail('too_many_labels', `tags: want at most ${this.#limits.maxLabels} labels (limits.maxLabels)`)
      else if (isText || isWord) this.#arena.tag(this.#body, from, to, reader.from, reader.to)
      else if (value !== JSON_TOKENS.none)
        item.fail(
          'invalid_value',
          `tags.${foreign(utf8Text(this.#body, from, to))}: want text, a number, true or false, got ${this.#got(value)}`,
        )
      if (!this.#skip(value)) return false
    }
  }

  /** What stands in the place of what was wanted, as the sender wrote it. */
  #got(token: JsonToken): string {
    if (token === JSON_TOKENS.objectStart) return 'an object'
    if (token === JSON_TOKENS.arrayStart) return 'an array'
    if (token === JSON_TOKENS.string) return JSON.stringify(foreign(this.#reader.text()))
    return foreign(utf8Text(this.#body, this.#reader.from, this.#reader.to))
  }

  /** Passes over the rest of a value whose first token was read. False where the JSON is malformed. */
  #skip(token: JsonToken): boolean {
    if (token !== JSON_TOKENS.objectStart && token !== JSON_TOKENS.arrayStart) return token !== JSON_TOKENS.bad
    const depth = this.#reader.depth - 1
    while (this.#reader.depth > depth) if (this.#reader.next() === JSON_TOKENS.bad) return false
    return true
  }

  #close(from: number): void {
    const item = this.#item
    const index = this.#items++
    if (!item.hasName) item.fail('missing_name', 'metric_name: want text, got none')
    if (!item.hasService) item.fail('invalid_value', 'service_name: want text, got none')
    if (!item.hasValue) item.fail('invalid_value', 'value: want a number, got none')
    this.#check(from)
    if (item.problem !== undefined) {
      if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ index, ...item.problem })
      return
    }
    const batch = this.#batch as MetricBatch
    batch.pushSample(item.hasTime ? item.timeMs : this.#nowMs, item.value)
    batch.endRow(from, this.#arena.length)
  }

  /** All items are checked before any is stored; what was good once is good. */
  #check(from: number): void {
    const arena = this.#arena
    if (this.#checked.has(arena.view, from, arena.length)) return
    const labels = labelsOfAlias(arena.bytes, from, arena.length, this.#limits)
    if (labels.ok) this.#checked.add(arena.bytes, arena.view, from, arena.length)
    else this.#item.fail(labels.reason, labels.message)
  }

  #malformed(wanted?: string): Fault {
    const message = this.#reader.error === '' ? (wanted ?? 'want an object') : this.#reader.error
    const at = this.#reader.error === '' ? this.#reader.offsetBytes : this.#reader.errorAt
    return fault('bad_request', `JSON batch: ${foreign(message)} at offset ${at}`)
  }
}

const MEMBERS = [
  'timestamp',
  'service_name',
  'metric_name',
  'value',
  'endpoint',
  'method',
  'status_code',
  'tags',
] as const
type Member = (typeof MEMBERS)[number]

/** Members by the length of their names: few comparisons tell which one a key is. */
const MEMBERS_BY_LENGTH: readonly (readonly Member[])[] = Array.from({ length: 13 }, (_, length) =>
  MEMBERS.filter((member) => member.length === length),
)

/** Which member the key is; undefined for one that is not known. */
function memberOf(reader: JsonReader): Member | undefined {
  const likely = reader.hasEscapes ? MEMBERS : MEMBERS_BY_LENGTH[reader.to - reader.from]
  if (likely === undefined) return undefined
  for (let i = 0; i < likely.length; i++) if (reader.is(likely[i] as Member)) return likely[i]
  return undefined
}

function special(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN
  if (text === 'Inf' || text === '+Inf' || text === 'Infinity') return Number.POSITIVE_INFINITY
  if (text === '-Inf' || text === '-Infinity') return Number.NEGATIVE_INFINITY
  return undefined
}

import type { Histogram, Labels } from '@vantage/model'
import { type BucketRange, bucketRanges } from '@vantage/model/histograms'
import { formatApiFloat } from '@vantage/query/promql'
import { NUMBER_BYTES_MAX, writeNumber } from './write-number.ts'

const START_BYTES = 16 * 1024
/** Room that any single number or punctuation needs. */
const SLACK_BYTES = 64
const QUOTE = 0x22
const BACKSLASH = 0x5c
const encoder = new TextEncoder()
/** Memory that one thread keeps for its next answer: taking it anew costs as much as writing it full. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024
let kept: Uint8Array | undefined

/** Unix ms as seconds with at most three decimals. */
function secondsText(timeMs: number): string {
  const whole = Math.floor(timeMs / 1000)
  const rest = timeMs - whole * 1000
  if (rest === 0 || timeMs < 0) return String(timeMs / 1000)
  return String(whole) + (rest >= 100 ? `.${rest}` : rest >= 10 ? `.0${rest}` : `.00${rest}`)
}

/** Writes a JSON answer straight into bytes: long answers are numbers, and strings of them would be made for nothing. */
export class AnswerWriter {
  #bytes: Uint8Array
  #at = 0
  /** What has been accounted for; memory that was kept may be larger. */
  #room = START_BYTES
  readonly #onGrow: (bytes: number) => void

  /** @param onGrow told how much more memory is needed, before it is taken; may throw */
  constructor(onGrow: (bytes: number) => void = () => {}) {
    this.#onGrow = onGrow
    this.#bytes = kept ?? new Uint8Array(START_BYTES)
    kept = undefined
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at
  }

  /** The bytes written, in memory of their own: ready to be transferred. The writer's work is done. */
  finish(): Uint8Array<ArrayBuffer> {
    const answer = this.#bytes.slice(0, this.#at)
    if (this.#bytes.length <= KEPT_BYTES_MAX) kept = this.#bytes
    this.#bytes = answer
    this.#room = answer.length
    return answer
  }

  /** Text that is ASCII and JSON already. */
  raw(text: string): void {
    this.#reserve(text.length)
    const bytes = this.#bytes
    let at = this.#at
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.#at = at
  }

  /** JSON that another writer has written. */
  bytes(json: Uint8Array): void {
    this.#reserve(json.length)
    this.#bytes.set(json, this.#at)
    this.#at += json.length
  }

  /** As `bytes`, for a few of them: cheaper than a copy by the engine. */
  part(json: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from)
    const bytes = this.#bytes
    let at = this.#at
    for (let i = from; i < to; i++) bytes[at++] = json[i] as number
    this.#at = at
  }

  /** A JSON string. Lone surrogates become U+FFFD, as in any UTF-8. */
  string(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.#utf8(JSON.stringify(text.toWellFormed()))
        return
      }
    }
    this.#reserve(text.length + 2)
    this.#bytes[this.#at++] = QUOTE
    this.raw(text)
    this.#bytes[this.#at++] = QUOTE
  }

  /** JSON of any characters. */
  text(jsonText: string): void {
    this.#utf8(jsonText.toWellFormed())
  }

  labels(labels: Labels): void {
    this.raw('{')
    for (let i = 0; i < labels.length; i += 2) {
      if (i > 0) this.raw(',')
      this.string(labels[i] as string)
      this.raw(':')
      this.string(labels[i + 1] as string)
    }
    this.raw('}')
  }

  strings(list: readonly string[]): void {
    this.raw('[')
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.raw(',')
      this.string(list[i] as string)
    }
    this.raw(']')
  }

  /** `[1700000000.123,"1.5"]`: seconds with at most three decimals, the value as Prometheus prints it. */
  point(timeMs: number, value: number): void {
    this.raw('[')
    this.seconds(timeMs)
    this.raw(',"')
    this.value(value)
    this.raw('"]')
  }

  /** A value as Prometheus prints it, without quotes. */
  value(value: number): void {
    this.#reserve(NUMBER_BYTES_MAX)
    const end = writeNumber(this.#bytes, this.#at, value)
    if (end < 0) this.raw(formatApiFloat(value))
    else this.#at = end
  }

  /** `[1700000000,{"count":"3","sum":"6","buckets":[[0,"1","2","3"]]}]`; buckets that count nothing are left out. */
  histogramPoint(timeMs: number, histogram: Histogram): void {
    this.raw('[')
    this.seconds(timeMs)
    this.raw(',{"count":"')
    this.value(histogram.count)
    this.raw('","sum":"')
    this.value(histogram.sum)
    this.raw('"')
    let isFirst = true
    for (const range of bucketRanges(histogram)) {
      if (range.count === 0) continue
      this.raw(isFirst ? ',"buckets":[' : ',')
      isFirst = false
      this.#bucket(range)
    }
    this.raw(isFirst ? '}]' : ']}]')
  }

  #bucket(range: BucketRange): void {
    this.raw(`[${boundaryRule(range)},"`)
    this.value(range.lower)
    this.raw('","')
    this.value(range.upper)
    this.raw('","')
    this.value(range.count)
    this.raw('"]')
  }

  seconds(timeMs: number): void {
    if (timeMs >= 0 && timeMs % 1000 === 0) this.value(timeMs / 1000)
    else this.raw(secondsText(timeMs))
  }

  #utf8(text: string): void {
    this.#reserve(text.length * 3)
    this.#at += encoder.encodeInto(text, this.#bytes.subarray(this.#at)).written
  }

  #reserve(size: number): void {
    const need = this.#at + size + SLACK_BYTES
    if (need > this.#room) this.#grow(need)
  }

  #grow(need: number): void {
    const room = Math.max(need, this.#room * 2)
    this.#onGrow(room - this.#room)
    this.#room = room
    if (room <= this.#bytes.length) return
    const bytes = new Uint8Array(room)
    bytes.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = bytes
  }
}

/**
 * Which ends belong to a bucket: 0 the upper, 1 the lower, 2 none, 3 both.
 * Source: prometheus/prometheus docs/querying/api.md, "Native histograms".
 */
function boundaryRule({ isLowerInclusive, isUpperInclusive }: BucketRange): number {
  if (isLowerInclusive) return isUpperInclusive ? 3 : 1
  return isUpperInclusive ? 0 : 2
}

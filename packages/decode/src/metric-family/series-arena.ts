import { ProtobufWriter, ReusableBuffer, writeVarint } from '@vantage/bytes'
import { METRIC_NAME } from '@vantage/model'
import { labelNumberText } from '../number-text.ts'

const PAIR = 0x0a
const PAIR_NAME = 0x0a
const PAIR_VALUE = 0x12
/** Tag and length of a pair. */
const HEAD_BYTES_MAX = 11

/** Bounds and quantiles whose label is kept: targets have few, each in many series. */
const NUMBERS_MAX = 4_096

export type Suffix = '' | '_count' | '_sum' | '_bucket'

/**
 * The alias bytes of the rows of one body, behind each other: label pairs (`label-fields.ts`) of the name, of the own
 * label (`le`, `quantile`), then those of the metric as they were sent.
 */
export class SeriesArena {
  readonly #arena = new ReusableBuffer()
  readonly #labels = new ReusableBuffer()
  readonly #writer = new ProtobufWriter()
  readonly #names = new Map<Suffix, Uint8Array>()
  readonly #numbers = new Map<string, Map<number, Uint8Array>>()
  #familyName = ''
  #labelBytes = 0
  length = 0

  /** What alias offsets point into; another array once the arena has grown. */
  get bytes(): Uint8Array {
    return this.#arena.bytes
  }

  /** Of the metric that is open. */
  get labelBytes(): number {
    return this.#labelBytes
  }

  reset(): void {
    this.length = 0
  }

  openFamily(name: string): void {
    this.#familyName = name
    this.#names.clear()
  }

  openMetric(): void {
    this.#labelBytes = 0
  }

  /** Adds a pair of the metric, given as its content without tag and length. */
  addLabel(bytes: Uint8Array, from: number, to: number): void {
    this.#labels.reserve(this.#labelBytes + HEAD_BYTES_MAX + to - from, this.#labelBytes)
    const out = this.#labels.bytes
    out[this.#labelBytes] = PAIR
    const at = writeVarint(out, this.#labelBytes + 1, to - from)
    out.set(bytes.subarray(from, to), at)
    this.#labelBytes = at + to - from
  }

  /** Writes one series of the open metric, from `length` as it was to `length` as it is then. */
  write(suffix: Suffix): void {
    this.#append(this.#namePair(suffix))
    this.#appendLabels()
  }

  /** The same with an own label. */
  writeNumbered(suffix: Suffix, label: 'le' | 'quantile', value: number): void {
    this.#append(this.#namePair(suffix))
    this.#append(this.#numberPair(label, value))
    this.#appendLabels()
  }

  #append(pair: Uint8Array): void {
    this.#arena.reserve(this.length + pair.length, this.length)
    copy(pair, pair.length, this.#arena.bytes, this.length)
    this.length += pair.length
  }

  #appendLabels(): void {
    this.#arena.reserve(this.length + this.#labelBytes, this.length)
    copy(this.#labels.bytes, this.#labelBytes, this.#arena.bytes, this.length)
    this.length += this.#labelBytes
  }

  #namePair(suffix: Suffix): Uint8Array {
    let pair = this.#names.get(suffix)
    if (pair === undefined) {
      pair = this.#pair(METRIC_NAME, this.#familyName + suffix)
      this.#names.set(suffix, pair)
    }
    return pair
  }

  #numberPair(label: string, value: number): Uint8Array {
    let known = this.#numbers.get(label)
    if (known === undefined) {
      known = new Map()
      this.#numbers.set(label, known)
    }
    let pair = known.get(value)
    if (pair === undefined) {
      pair = this.#pair(label, labelNumberText(value))
      if (known.size === NUMBERS_MAX) known.clear()
      known.set(value, pair)
    }
    return pair
  }

  #pair(name: string, value: string): Uint8Array {
    const writer = this.#writer
    writer.reset()
    const mark = writer.open(PAIR)
    writer.text(PAIR_NAME, name)
    writer.text(PAIR_VALUE, value)
    writer.close(mark)
    return writer.finish()
  }
}

/** Label sets are short: a loop beats the call that copies a range. */
const SHORT_BYTES = 64

function copy(from: Uint8Array, length: number, to: Uint8Array, at: number): void {
  if (length > SHORT_BYTES) to.set(from.subarray(0, length), at)
  else for (let i = 0; i < length; i++) to[at + i] = from[i] as number
}

import { seededRandom } from '@vantage/model/testing'

/** Times and values stand for these while a body is made once; both forms keep their length whatever replaces them. */
export const TIME_MS = 1_700_000_000_000
export const VALUE = 1_234_567
/** Seven digits, so that the text form keeps its length; half of the random walk goes on in the fraction of doubles. */
const VALUE_MIN = 1_000_000
const VALUE_SPAN = 8_000_000
const SEED = 20_261_122

/** How a protocol writes a time. */
export type TimeForm = 'fixed64 ns' | 'varint ns' | 'text ms' | 'text ns' | 'none'
/** How it writes a value. */
export type ValueForm = 'double' | 'text'

/** 1.7e18 ns takes 61 bits: nine groups of seven from 2004 on. */
const VARINT_NS_BYTES = 9
const NS_PER_MS = 1_000_000n

/**
 * A request made once and patched for each send, so that the sender costs little beside what it measures: all its times
 * become one time, all its values random ones.
 */
export class TimedTemplate {
  readonly items: number
  readonly #bytes: Buffer
  readonly #timeForm: TimeForm
  readonly #valueForm: ValueForm
  readonly #timesAt: number[]
  readonly #valuesAt: number[]
  readonly #random = seededRandom(SEED)

  /** @param bytes hold `TIME_MS` and `VALUE` wherever a time and a value belong */
  constructor(bytes: Uint8Array, items: number, timeForm: TimeForm, valueForm: ValueForm) {
    this.items = items
    this.#bytes = Buffer.from(bytes)
    this.#timeForm = timeForm
    this.#valueForm = valueForm
    this.#timesAt = timeForm === 'none' ? [] : placesOf(this.#bytes, timeBytes(timeForm, TIME_MS))
    this.#valuesAt = placesOf(this.#bytes, valueForm === 'double' ? doubleBytes(VALUE) : Buffer.from(String(VALUE)))
    const isWhole = this.#valuesAt.length === items && (timeForm === 'none' || this.#timesAt.length === items)
    if (!isWhole) throw new Error(`BUG: ${items} items, ${this.#timesAt.length} times, ${this.#valuesAt.length} values`)
  }

  /** @returns a body of its own */
  at(timeMs: number): Buffer {
    const body = Buffer.from(this.#bytes)
    if (this.#timeForm !== 'none') {
      const time = timeBytes(this.#timeForm, timeMs)
      for (const at of this.#timesAt) time.copy(body, at)
    }
    for (const at of this.#valuesAt) {
      const value = VALUE_MIN + this.#random() * VALUE_SPAN
      if (this.#valueForm === 'double') body.writeDoubleLE(value, at)
      else body.write(String(Math.floor(value)), at, 'latin1')
    }
    return body
  }
}

function placesOf(bytes: Buffer, pattern: Buffer): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + pattern.length)) places.push(at)
  return places
}

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

function timeBytes(form: Exclude<TimeForm, 'none'>, timeMs: number): Buffer {
  const ns = BigInt(timeMs) * NS_PER_MS
  switch (form) {
    case 'text ms':
      return Buffer.from(String(timeMs))
    case 'text ns':
      return Buffer.from(String(ns))
    case 'fixed64 ns': {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(ns)
      return bytes
    }
    case 'varint ns': {
      const bytes = Buffer.alloc(VARINT_NS_BYTES)
      for (let i = 0; i < VARINT_NS_BYTES; i++) {
        const group = Number((ns >> BigInt(7 * i)) & 127n)
        bytes[i] = i === VARINT_NS_BYTES - 1 ? group : group | 128
      }
      return bytes
    }
  }
}

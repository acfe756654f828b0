import { writeVarint, writeZigzag } from '@vantage/bytes'
import type { SampleColumns } from '@vantage/model'

/** As many samples as Prometheus puts into one. */
export const XOR_CHUNK_SAMPLES_MAX = 120

/** Count, first sample and the largest form of each other one: 4 + 64 bits of time, 2 + 5 + 6 + 64 of value. */
const BYTES_MAX = 2 + 10 + 8 + Math.ceil((XOR_CHUNK_SAMPLES_MAX * (68 + 77)) / 8) + 8

/**
 * Writes chunks of floats as Prometheus stores and streams them (encoding XOR). Source: prometheus/prometheus
 * tsdb/docs/format/chunks.md "XOR chunk data"; Gorilla, Pelkonen et al. 2015, section 4.1.
 *
 *     u16 count (big-endian) | varint t0 | 64 bits v0 | uvarint t1 − t0 | value | (time | value) …
 *     time   difference of differences: 0 | 10 14 bits | 110 17 bits | 1110 20 bits | 1111 64 bits
 *     value  XOR with the one before: 0 = equal | 10 bits in the window before | 11 leading (5) length (6, 0 = 64) bits
 *
 * Bits fill bytes from the top. Owner: one answer; `bytes[0, length)` is valid until the next `encode`.
 */
export class XorChunkWriter {
  readonly bytes = new Uint8Array(BYTES_MAX)
  /** Free bits of the byte at `#at`; 8 = not begun. */
  #free = 8
  #at = 0
  /** Of the window that is open; 64 = none. */
  #leading = 64
  #trailing = 0
  readonly #varint = new Uint8Array(10)

  /** True where the last thing written was of whole bytes. */
  #endsInBytes = false

  /** Prometheus opens the next byte with each whole byte it writes: an empty one may stand at the end. */
  get length(): number {
    return this.#free === 8 && !this.#endsInBytes ? this.#at : this.#at + 1
  }

  /** Samples [from, to), at most `XOR_CHUNK_SAMPLES_MAX`, ascending in whole ms; values go bit for bit. */
  encode(samples: SampleColumns, from: number, to: number): void {
    const { times, halves } = samples
    this.bytes.fill(0)
    this.#at = 0
    this.#free = 8
    this.#leading = 64
    this.#trailing = 0
    this.#put(to - from, 16)
    let delta = 0
    for (let i = from; i < to; i++) {
      const time = times[i] as number
      const low = halves[i * 2] as number
      const high = halves[i * 2 + 1] as number
      if (i === from) {
        this.#putBytes(writeZigzag(this.#varint, 0, time))
        this.#put(high, 32)
        this.#put(low, 32)
        this.#endsInBytes = true
        continue
      }
      const next = time - (times[i - 1] as number)
      if (i === from + 1) this.#putBytes(writeVarint(this.#varint, 0, next))
      else this.#putTime(next - delta)
      delta = next
      this.#putValue(low ^ (halves[i * 2 - 2] as number), high ^ (halves[i * 2 - 1] as number))
    }
  }

  #putTime(difference: number): void {
    if (difference === 0) this.#put(0, 1)
    else if (fits(difference, 14)) {
      this.#put(0b10, 2)
      this.#put(difference, 14)
    } else if (fits(difference, 17)) {
      this.#put(0b110, 3)
      this.#put(difference, 17)
    } else if (fits(difference, 20)) {
      this.#put(0b1110, 4)
      this.#put(difference, 20)
    } else {
      this.#put(0b1111, 4)
      this.#put(Math.floor(difference / 4294967296), 32)
      this.#put(difference % 4294967296, 32)
    }
  }

  /** @param low with `high` the bits in which the value differs from the one before */
  #putValue(low: number, high: number): void {
    if (low === 0 && high === 0) {
      this.#put(0, 1)
      this.#endsInBytes = false
      return
    }
    // Five bits hold up to 31.
    const leading = Math.min(31, high === 0 ? 32 + Math.clz32(low) : Math.clz32(high))
    const trailing = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low)
    if (this.#leading <= leading && this.#trailing <= trailing) this.#put(0b10, 2)
    else {
      this.#leading = leading
      this.#trailing = trailing
      this.#put(0b11, 2)
      this.#put(leading, 5)
      this.#put(64 - leading - trailing, 6)
    }
    const count = 64 - this.#leading - this.#trailing
    this.#putShifted(low, high, this.#trailing, count)
    this.#endsInBytes = count % 8 === 0
  }

  /** The lowest `count` bits of 64 that are moved down by `shift`. */
  #putShifted(low: number, high: number, shift: number, count: number): void {
    let shiftedLow = low
    let shiftedHigh = high
    if (shift >= 32) {
      shiftedLow = high >>> (shift - 32)
      shiftedHigh = 0
    } else if (shift > 0) {
      shiftedLow = (low >>> shift) | (high << (32 - shift))
      shiftedHigh = high >>> shift
    }
    if (count > 32) this.#put(shiftedHigh, count - 32)
    this.#put(shiftedLow, Math.min(32, count))
  }

  #putBytes(length: number): void {
    for (let i = 0; i < length; i++) this.#put(this.#varint[i] as number, 8)
  }

  /** The lowest `count` bits (1 to 32) of an integer, highest first. */
  #put(value: number, count: number): void {
    let left = count
    while (left > 0) {
      const take = Math.min(left, this.#free)
      left -= take
      const bits = (value >>> left) & ((1 << take) - 1)
      this.#free -= take
      this.bytes[this.#at] = (this.bytes[this.#at] as number) | (bits << this.#free)
      if (this.#free > 0) continue
      this.#free = 8
      this.#at++
    }
  }
}

/** True where Prometheus writes the difference in `bits` bits: two's complement, but for its upper bound. */
function fits(difference: number, bits: number): boolean {
  const half = 2 ** (bits - 1)
  return difference > -half && difference <= half
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word)
}

import { ReusableBuffer } from './reusable-buffer.ts'
import { putUint32, varintLength, writeVarint, writeVarint64, writeVarintSigned } from './varint.ts'

/** The longest varint. */
const VARINT_BYTES = 10
/** Up to here a loop is faster than a view and a call. */
const SHORT_RUN_BYTES = 48
/** Tag and length in front of a field's content. */
const HEAD_BYTES = 2 * VARINT_BYTES

/**
 * Appends Protocol Buffers fields to one growing buffer. Nested messages are opened, filled and closed; their
 * length is put in front when they are closed. Tags are whole (`field << 3 | wire type`). Fields are written
 * as given, defaults included: the caller leaves them out.
 */
export class ProtobufWriter {
  length = 0
  readonly buffer = new ReusableBuffer()
  readonly #bits = new Float64Array(1)
  readonly #halves = new Uint32Array(this.#bits.buffer)

  /** Starts over; the buffer stays. */
  reset(): void {
    this.length = 0
  }

  /** Begins a nested message. @returns the mark that `close` wants back */
  open(tag: number): number {
    this.#room(HEAD_BYTES)
    this.length = writeVarint(this.buffer.bytes, this.length, tag) + 1
    return this.length
  }

  /** Ends the message opened last. Content over 127 bytes moves up to make room for its length. */
  close(mark: number): void {
    const size = this.length - mark
    const width = varintLength(size)
    if (width > 1) {
      this.#room(width)
      this.buffer.bytes.copyWithin(mark + width - 1, mark, this.length)
      this.length += width - 1
    }
    writeVarint(this.buffer.bytes, mark - 1, size)
  }

  /** A non-negative integer up to 2^53. */
  varint(tag: number, value: number): void {
    this.#room(HEAD_BYTES)
    this.length = writeVarint(this.buffer.bytes, writeVarint(this.buffer.bytes, this.length, tag), value)
  }

  /** An int64 within ±2^53. */
  signed(tag: number, value: number): void {
    this.#room(HEAD_BYTES)
    this.length = writeVarintSigned(this.buffer.bytes, writeVarint(this.buffer.bytes, this.length, tag), value)
  }

  /** 64 bits as a varint. */
  varint64(tag: number, low: number, high: number): void {
    this.#room(HEAD_BYTES)
    this.length = writeVarint64(this.buffer.bytes, writeVarint(this.buffer.bytes, this.length, tag), low, high)
  }

  /** 64 bits as they are (double, fixed64, sfixed64). */
  fixed64(tag: number, low: number, high: number): void {
    this.#room(HEAD_BYTES)
    const at = writeVarint(this.buffer.bytes, this.length, tag)
    this.length = putUint32(this.buffer.bytes, putUint32(this.buffer.bytes, at, low), high)
  }

  fixed32(tag: number, value: number): void {
    this.#room(HEAD_BYTES)
    this.length = putUint32(this.buffer.bytes, writeVarint(this.buffer.bytes, this.length, tag), value)
  }

  double(tag: number, value: number): void {
    this.#bits[0] = value
    this.fixed64(tag, this.#halves[0] as number, this.#halves[1] as number)
  }

  text(tag: number, text: string): void {
    this.#room(HEAD_BYTES + text.length * 3)
    const at = writeVarint(this.buffer.bytes, this.length, tag)
    // The length of most texts fits one byte: write behind it and move only where it does not.
    const { written } = encoder.encodeInto(text, this.buffer.bytes.subarray(at + 1))
    const width = varintLength(written)
    if (width > 1) this.buffer.bytes.copyWithin(at + width, at + 1, at + 1 + written)
    this.length = writeVarint(this.buffer.bytes, at, written) + written
  }

  /** Bytes [from, to) of another array. */
  bytes(tag: number, bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    this.#room(HEAD_BYTES + to - from)
    const at = writeVarint(this.buffer.bytes, this.length, tag)
    const contentAt = writeVarint(this.buffer.bytes, at, to - from)
    if (to - from > SHORT_RUN_BYTES) this.buffer.bytes.set(bytes.subarray(from, to), contentAt)
    else for (let i = from, k = contentAt; i < to; i++, k++) this.buffer.bytes[k] = bytes[i] as number
    this.length = contentAt + to - from
  }

  /** Fields that were written before, tags included. */
  append(fields: Uint8Array): void {
    this.#room(fields.length)
    this.buffer.bytes.set(fields, this.length)
    this.length += fields.length
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.buffer.bytes.slice(0, this.length)
  }

  #room(sizeBytes: number): void {
    this.buffer.reserve(this.length + sizeBytes, this.length)
  }
}

const encoder = new TextEncoder()

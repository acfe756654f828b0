const encoder = new TextEncoder()

/** Most of what is written fits; it grows where that is not so. */
const FIRST_BYTES = 4096
/** One large value must not stay in memory. */
const KEPT_BYTES_MAX = 1024 * 1024
/** Tag and length in front of a content, or tag and number. */
const HEAD_BYTES = 11
/** Up to here a loop is faster than a call of the encoder. */
const SHORT_TEXT = 48

/**
 * Writes protobuf fields with tags of one byte into one buffer, which is used again. A nested message is opened, filled
 * and closed; its length is put in front when it is closed. Fields are written as given, defaults included. Of its own,
 * because this package imports nothing: the writer of `@vantage/bytes` has tags of any size and is kept by its caller.
 */
export class FieldWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #at = 0
  readonly #scratch = new DataView(new ArrayBuffer(8))

  /** Begins anew, whatever became of what was written before. */
  reset(): void {
    this.#at = 0
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = new Uint8Array(FIRST_BYTES)
  }

  /** Begins a nested message. @returns the mark that `close` wants back */
  open(tag: number): number {
    this.#room(HEAD_BYTES)
    this.#bytes[this.#at] = tag
    this.#at += 2
    return this.#at
  }

  /** Ends the message opened last. Its place for the length is one byte wide: a longer one moves the content. */
  close(mark: number): void {
    const size = this.#at - mark
    const width = varintWidth(size)
    if (width > 1) {
      this.#room(width)
      this.#bytes.copyWithin(mark + width - 1, mark, this.#at)
    }
    this.#at = mark - 1
    this.#varint(size)
    this.#at += size
  }

  /** An integer from 0 to 2^32 − 1. */
  varint(tag: number, value: number): void {
    this.#room(HEAD_BYTES)
    this.#bytes[this.#at++] = tag
    this.#varint(value)
  }

  /** The lower 64 bits, those of a negative number too. */
  int64(tag: number, value: bigint): void {
    this.#room(HEAD_BYTES)
    this.#bytes[this.#at++] = tag
    this.#scratch.setBigUint64(0, value)
    let high = this.#scratch.getUint32(0)
    let low = this.#scratch.getUint32(4)
    while (high !== 0) {
      this.#bytes[this.#at++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.#varint(low)
  }

  fixed32(tag: number, value: number): void {
    this.#scratch.setUint32(0, value, true)
    this.#fixed(tag, 4)
  }

  fixed64(tag: number, value: bigint): void {
    this.#scratch.setBigUint64(0, value, true)
    this.#fixed(tag, 8)
  }

  double(tag: number, value: number): void {
    this.#scratch.setFloat64(0, value, true)
    this.#fixed(tag, 8)
  }

  text(tag: number, text: string): void {
    this.#room(HEAD_BYTES + text.length * 3)
    const from = this.open(tag)
    if (text.length > SHORT_TEXT || !this.#ascii(text)) {
      this.#at = from + encoder.encodeInto(text, this.#bytes.subarray(from)).written
    }
    this.close(from)
  }

  bytes(tag: number, bytes: Uint8Array): void {
    this.#room(HEAD_BYTES + bytes.length)
    this.#bytes[this.#at++] = tag
    this.#varint(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** A copy of what was written; the writer begins anew. */
  finish(): Uint8Array<ArrayBuffer> {
    const written = this.#bytes.slice(0, this.#at)
    this.reset()
    return written
  }

  /** @returns false where the text has other characters: then the place has not moved */
  #ascii(text: string): boolean {
    const bytes = this.#bytes
    const from = this.#at
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      bytes[from + i] = code
    }
    this.#at = from + text.length
    return true
  }

  #varint(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
  }

  #fixed(tag: number, width: number): void {
    this.#room(HEAD_BYTES)
    this.#bytes[this.#at++] = tag
    for (let i = 0; i < width; i++) this.#bytes[this.#at++] = this.#scratch.getUint8(i)
  }

  #room(size: number): void {
    const needed = this.#at + size
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
  }
}

function varintWidth(value: number): number {
  let width = 1
  for (let rest = value; rest > 0x7f; rest >>>= 7) width++
  return width
}

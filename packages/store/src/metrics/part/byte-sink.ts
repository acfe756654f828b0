/** A growing byte array with the few forms that sections are made of. */
export class ByteSink {
  bytes = new Uint8Array(4096)
  length = 0
  #view = new DataView(this.bytes.buffer)

  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const next = new Uint8Array(Math.max(this.length + more, this.bytes.length * 2))
    next.set(this.bytes.subarray(0, this.length))
    this.bytes = next
    this.#view = new DataView(next.buffer)
  }

  /** Whole numbers from 0 to 2^53 - 1, 7 bits a byte, low first. */
  varint(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest >= 128) {
      this.bytes[this.length++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.length++] = rest
  }

  u32(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.length, value >>> 0, true)
    this.length += 4
  }

  f64(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }
}

/** Reads what a `ByteSink` wrote. Reading beyond the end yields zeros and sets `isPast`. */
export class ByteSource {
  readonly bytes: Uint8Array
  readonly #view: DataView
  at = 0
  isPast = false

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  varint(): number {
    let value = 0
    let unit = 1
    for (let i = 0; i < 8; i++) {
      if (this.at >= this.bytes.length) break
      const byte = this.bytes[this.at++] as number
      value += (byte & 0x7f) * unit
      if (byte < 128) return value
      unit *= 128
    }
    this.isPast = true
    return 0
  }

  u32(): number {
    if (!this.#has(4)) return 0
    this.at += 4
    return this.#view.getUint32(this.at - 4, true)
  }

  f64(): number {
    if (!this.#has(8)) return 0
    this.at += 8
    return this.#view.getFloat64(this.at - 8, true)
  }

  raw(length: number): Uint8Array {
    if (!this.#has(length)) return new Uint8Array(0)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  #has(length: number): boolean {
    if (this.at + length <= this.bytes.length) return true
    this.isPast = true
    return false
  }
}

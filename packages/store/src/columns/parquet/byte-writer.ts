const ROOM_BYTES = 64 * 1024

/** A growing byte array: what pages and footers are written into. */
export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>
  at = 0

  /** @param roomBytes to begin with */
  constructor(roomBytes = ROOM_BYTES) {
    this.bytes = new Uint8Array(roomBytes)
  }

  /** Makes room; whoever writes to `bytes` by hand calls it first. */
  reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.at + more, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.at++] = value
  }

  /** 0 … 2^53 − 1. */
  varint(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest >= 128) {
      this.bytes[this.at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.at++] = rest
  }

  /** −2^52 … 2^52. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  u32(value: number): void {
    this.reserve(4)
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.at++] = value >>> shift
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.at)
  }

  reset(): void {
    this.at = 0
  }
}

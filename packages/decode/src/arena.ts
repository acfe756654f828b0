import { ReusableBuffer } from '@vantage/bytes'
import type { ByteRanges } from '@vantage/model'

/** Bytes of one request, appended. Owner: one decoder. */
export class Arena {
  readonly #buffer = new ReusableBuffer()
  length = 0

  /** Valid until the next `put`. */
  get bytes(): Uint8Array {
    return this.#buffer.bytes
  }

  reset(): void {
    this.length = 0
  }

  /** Appends bytes and makes them the row's range of a column. */
  put(column: ByteRanges, row: number, bytes: Uint8Array): void {
    const from = this.length
    this.#buffer.reserve(from + bytes.length, Math.max(1, from))
    this.#buffer.bytes.set(bytes, from)
    this.length += bytes.length
    column.set(row, from, this.length)
  }
}

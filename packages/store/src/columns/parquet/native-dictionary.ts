import { copyBytes, type NativeMemory, oneInBlock } from '@vantage/bytes'
import type { Dictionary, Ranges } from './column-values.ts'

const VALUES_MAX = 65_536
const ENTRIES_MAX = 4096
const TABLE_BYTES = 64 * 1024
const COLUMN_BYTES = VALUES_MAX * 4
/** Table, entries, then begins, ends and codes. */
const BLOCK_BYTES = TABLE_BYTES + ENTRIES_MAX * 8 + 3 * COLUMN_BYTES + 32 * 1024
/** Of the copy of what texts lie in: the attributes of a row group take about 16 MiB. */
const TEXT_BYTES_MIN = 1024 * 1024
const TEXT_BYTES_MAX = 32 * 1024 * 1024
/** The loop reads behind the last text. */
const OVERREAD_BYTES = 8

/**
 * Dictionaries of texts by the SIMD module: what `rangeDictionary` finds, in a third of the time. Owner: one thread, for
 * one row group at a time.
 */
class NativeDictionary {
  readonly #native: NativeMemory
  readonly #block: number
  readonly #entries: Int32Array
  readonly #froms: Int32Array
  readonly #ends: Int32Array
  readonly #codes: Int32Array
  /** Address and size of the copy, 0 before there is one. */
  #texts = 0
  #textBytes = 0
  /** Bytes [0, copied) of it lie in the copy. */
  #source: Uint8Array | undefined
  #copied = 0

  constructor(native: NativeMemory, block: number) {
    const { buffer } = native.bytes
    this.#native = native
    this.#block = block
    this.#entries = new Int32Array(buffer, block + TABLE_BYTES, ENTRIES_MAX * 2)
    const column = (index: number) =>
      new Int32Array(buffer, block + TABLE_BYTES + ENTRIES_MAX * 8 + index * COLUMN_BYTES, VALUES_MAX)
    this.#froms = column(0)
    this.#ends = column(1)
    this.#codes = column(2)
  }

  /** Bytes of the last row group are not those of the next. */
  forget(): void {
    this.#source = undefined
  }

  /** @returns the dictionary; undefined where it would have more than `most` entries; false where it cannot be told */
  of({ bytes, from, to }: Ranges, count: number, most: number): Dictionary | undefined | false {
    if (count > VALUES_MAX || most > ENTRIES_MAX) return false
    let end = 0
    for (let i = 0; i < count; i++) if ((to[i] as number) > end) end = to[i] as number
    const texts = this.#reach(bytes, end)
    if (texts < 0) return false
    this.#froms.set(from.subarray(0, count))
    this.#ends.set(to.subarray(0, count))
    const { byteOffset } = this.#codes
    const table = this.#block
    const { byteOffset: entriesAt } = this.#entries
    const { byteOffset: fromsAt } = this.#froms
    const { byteOffset: endsAt } = this.#ends
    const known = this.#native.kernels.dictionary(texts, fromsAt, endsAt, count, byteOffset, table, entriesAt, most)
    if (known < 0) return undefined
    const entries = Array.from({ length: known }, (_, code) =>
      bytes.subarray(this.#entries[code * 2], this.#entries[code * 2 + 1]),
    )
    return { codes: this.#codes.slice(0, count), entries }
  }

  /** Copies bytes [0, end) once, unless they lie there already. @returns their address, or -1 where they are too many */
  #reach(bytes: Uint8Array, end: number): number {
    const address = this.#native.addressOf(bytes)
    if (address >= 0) return address
    if (this.#source !== bytes) this.#copied = 0
    this.#source = bytes
    if (!this.#cover(end + OVERREAD_BYTES)) return -1
    if (end > this.#copied) {
      copyBytes(bytes, this.#copied, end, this.#native.bytes, this.#texts + this.#copied)
      this.#copied = end
    }
    return this.#texts
  }

  /** Another block where the one at hand is too small; what was copied is to be copied again. */
  #cover(sizeBytes: number): boolean {
    if (sizeBytes <= this.#textBytes) return true
    if (sizeBytes > TEXT_BYTES_MAX) return false
    const blockBytes = Math.max(TEXT_BYTES_MIN, 2 ** Math.ceil(Math.log2(sizeBytes)))
    const block = this.#native.allocate(blockBytes)
    if (block < 0) return false
    if (this.#textBytes > 0) this.#native.free(this.#texts, this.#textBytes)
    this.#texts = block
    this.#textBytes = blockBytes
    this.#copied = 0
    return true
  }
}

/** This thread's; undefined where the machine has no such memory. */
export const nativeDictionary = oneInBlock(BLOCK_BYTES, (native, block) => new NativeDictionary(native, block))

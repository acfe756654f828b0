import { copyBytes, type NativeMemory, oneInBlock } from '@vantage/bytes'
import type { ByteRanges } from '@vantage/model'

/** Rows, and bytes of them, that one call copies. */
const ROWS_MAX = 8192
const BYTES_MAX = 4 * 1024 * 1024 - 128 * 1024
const COLUMN_BYTES = ROWS_MAX * 4
/** Begins and ends, then bytes with room for what the loop writes too much. */
const BLOCK_BYTES = 4 * 1024 * 1024
const STAGE = 2 * COLUMN_BYTES

/**
 * Copies ranges of bodies one behind the other by the SIMD module, where a copy of each would cost more than its bytes.
 * Owner: one thread.
 */
class NativeGather {
  readonly #native: NativeMemory
  readonly #block: number
  readonly #froms: Int32Array
  readonly #ends: Int32Array

  constructor(native: NativeMemory, block: number) {
    this.#native = native
    this.#block = block
    this.#froms = new Int32Array(native.bytes.buffer, block, ROWS_MAX)
    this.#ends = new Int32Array(native.bytes.buffer, block + COLUMN_BYTES, ROWS_MAX)
  }

  /**
   * Copies the bytes of rows [from, to), `length` of them, to `target` at `at`.
   * @returns false where they are too many, or lie where the module does not reach them
   */
  copy(source: ByteRanges, from: number, to: number, length: number, target: Uint8Array, at: number): boolean {
    const address = this.#native.addressOf(source.bytes)
    if (address < 0 || to - from > ROWS_MAX || length > BYTES_MAX) return false
    this.#froms.set(source.from.subarray(from, to))
    this.#ends.set(source.to.subarray(from, to))
    const stage = this.#block + STAGE
    this.#native.kernels.gather(address, this.#block, this.#block + COLUMN_BYTES, to - from, stage)
    copyBytes(this.#native.bytes, stage, stage + length, target, at)
    return true
  }
}

/** This thread's; undefined where the machine has no such memory. */
export const nativeGather = oneInBlock(BLOCK_BYTES, (native, block) => new NativeGather(native, block))

import { type NativeMemory, oneInBlock } from '@vantage/bytes'

/** Values that are picked of one block. */
const PICKS_MAX = 4096
const PLACES = 0
const VALUES = PICKS_MAX * 4
const PAGE_BYTES = 64 * 1024
const BLOCK_BYTES = Math.ceil((VALUES + PICKS_MAX * 8) / PAGE_BYTES) * PAGE_BYTES
/** Blocks of fewer codes are summed up sooner than handed over. */
const CODES_MIN = 32

/** Sums up differences by the SIMD module, of bytes that lie in its memory. Owner: one thread. */
class NativePicks {
  readonly #native: NativeMemory
  readonly #block: number
  readonly #places: Int32Array
  /** What the last call picked. */
  readonly values: Float64Array
  /** What the last call learned: a value lies below the one before it. */
  falls = false

  constructor(native: NativeMemory, block: number) {
    this.#native = native
    this.#block = block
    this.#places = new Int32Array(native.bytes.buffer, block + PLACES, PICKS_MAX)
    this.values = new Float64Array(native.bytes.buffer, block + VALUES, PICKS_MAX)
  }

  /**
   * @param at in `bytes`: where the planes begin
   * @param first the value before all codes, scaled, and the difference that led to it
   * @returns false where the plain loops are to do it
   */
  pick(
    bytes: Uint8Array,
    at: number,
    rest: number,
    width: number,
    order: number,
    first: number,
    difference: number,
    power: number,
    places: Int32Array,
  ): boolean {
    if (width < 1 || width > 2 || rest < CODES_MIN || places.length > PICKS_MAX) return false
    const address = this.#native.addressOf(bytes)
    if (address < 0) return false
    this.#places.set(places)
    const { kernels } = this.#native
    const from = this.#block + PLACES
    const to = this.#block + VALUES
    const count = places.length
    this.falls = kernels.pick(address + at, rest, width, order, first, difference, power, from, count, to) === 1
    return true
  }
}

/** This thread's; undefined where the machine has no such memory. */
export const nativePicks = oneInBlock(BLOCK_BYTES, (native, block) => new NativePicks(native, block))

import { type NativeMemory, oneInBlock } from '@vantage/bytes'

/** Steps of a row: as many as a range may have, and some. */
const STEPS_MAX = 11_008
/** Fewer are written sooner than handed over. */
const STEPS_MIN = 8
/** For each step: its value, whether it has one, its head, where that begins, and its point as text. */
const HEAD_BYTES = 28
const POINT_BYTES = HEAD_BYTES + 32
const VALUES = 0
const OFFSETS = VALUES + STEPS_MAX * 8
const PRESENT = OFFSETS + (STEPS_MAX + 2) * 4
const HEADS = PRESENT + STEPS_MAX
const OUT = HEADS + STEPS_MAX * HEAD_BYTES
const PAGE_BYTES = 64 * 1024
/** The loop writes behind the last point, and begins where it is told to. */
const BLOCK_BYTES = Math.ceil((OUT + STEPS_MAX * POINT_BYTES + 64) / PAGE_BYTES) * PAGE_BYTES

/** The beginnings of all points, `[1700000000,"`, one behind the other: the same for every series of an answer. */
export interface PointHeads {
  readonly bytes: Uint8Array
  /** Where head i begins, and where the last one ends. */
  readonly offsets: Int32Array
}

/** Writes the points of a series as they stand in an answer, by the SIMD module. Owner: one thread. */
class NativePoints {
  readonly #native: NativeMemory
  readonly #block: number
  readonly #values: Float64Array
  readonly #offsets: Int32Array
  /** Those that lie in the block. */
  #heads: PointHeads | undefined

  constructor(native: NativeMemory, block: number) {
    this.#native = native
    this.#block = block
    this.#values = new Float64Array(native.bytes.buffer, block + VALUES, STEPS_MAX)
    this.#offsets = new Int32Array(native.bytes.buffer, block + OFFSETS, STEPS_MAX + 1)
  }

  /**
   * @param values one for each head
   * @param present 0 where a step has no point
   * @param place where the text will go: copies are quicker between places that differ by a multiple of eight
   * @returns `head value"]`, with commas between, valid until the next call; undefined where a value takes an exponent, or
   * where the steps are too few or too many
   */
  of(values: Float64Array, present: Uint8Array, heads: PointHeads, place: number): Uint8Array | undefined {
    const steps = values.length
    if (steps < STEPS_MIN || steps > STEPS_MAX || heads.bytes.length > STEPS_MAX * HEAD_BYTES) return undefined
    const { bytes, kernels } = this.#native
    const block = this.#block
    if (this.#heads !== heads) {
      bytes.set(heads.bytes, block + HEADS)
      this.#offsets.set(heads.offsets)
      this.#heads = heads
    }
    this.#values.set(values)
    bytes.set(present, block + PRESENT)
    const out = block + OUT + (place & 7)
    const length = kernels.points(block + VALUES, block + PRESENT, steps, block + HEADS, block + OFFSETS, out)
    return length < 0 ? undefined : bytes.subarray(out, out + length)
  }
}

/** This thread's; undefined where the machine has no such memory. */
export const nativePoints = oneInBlock(BLOCK_BYTES, (native, block) => new NativePoints(native, block))

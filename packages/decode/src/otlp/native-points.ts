import { type NativeMemory, oneInBlock } from '@vantage/bytes'

/** One block: the place behind the last point, the points of one run, the head of their aliases. */
const BLOCK_BYTES = 64 * 1024
const OUT_AT = 8
export const POINT_WORDS = 8
const POINT_BYTES = POINT_WORDS * 4
const HEAD_AT = BLOCK_BYTES - 32
/** Points that one run reads at most. */
export const POINTS_PER_RUN = Math.floor((HEAD_AT - OUT_AT) / POINT_BYTES)

/**
 * What the SIMD loop found of number points (`numberPoints` of wasm/kernels.ts). Owner: one thread; a run is valid until
 * the next.
 */
export class NativePoints {
  readonly #native: NativeMemory
  readonly #block: number
  /** Of point i: doubles 4i time, 4i + 1 start; words 8i + 4, + 5 value, + 6, + 7 its alias, as addresses. */
  readonly doubles: Float64Array
  readonly words: Uint32Array
  readonly #end: Uint32Array
  /** Of the aliases: 17 bytes, to be written before a run. */
  readonly head: DataView

  constructor(native: NativeMemory, block: number) {
    const { buffer } = native.bytes
    this.#native = native
    this.#block = block
    this.doubles = new Float64Array(buffer, block + OUT_AT, POINTS_PER_RUN * 4)
    this.words = new Uint32Array(buffer, block + OUT_AT, POINTS_PER_RUN * POINT_WORDS)
    this.#end = new Uint32Array(buffer, block + OUT_AT - 4, 1)
    this.head = new DataView(buffer, block + HEAD_AT, 32)
  }

  addressOf(bytes: Uint8Array): number {
    return this.#native.addressOf(bytes)
  }

  /**
   * Reads points from the front of [start, end), addresses in native memory, and writes their aliases from `arena` on.
   * @returns how many; `end` says where the next field begins
   */
  run(start: number, end: number, arena: number): number {
    const block = this.#block
    return this.#native.kernels.numberPoints(start, end, block + OUT_AT, POINTS_PER_RUN, arena, block + HEAD_AT)
  }

  /** Address behind the last point of the run. */
  get end(): number {
    return this.#end[0] as number
  }
}

/** This thread's; undefined where the machine has no such memory. */
export const nativePoints = oneInBlock(BLOCK_BYTES, (native, block) => new NativePoints(native, block))

import type { NativeMemory } from '@vantage/bytes'

export const SEGMENT_BITS = 14
export const SEGMENT_MASK = (1 << SEGMENT_BITS) - 1
const SEGMENT_WORDS = 1 << SEGMENT_BITS
const SEGMENT_BYTES = SEGMENT_WORDS * 4

/** A long list of words in segments, where the SIMD loops reach it while there is memory of that kind. */
export class WordSegments {
  readonly #native: NativeMemory | undefined
  readonly words: Int32Array[] = []
  /** Of each segment, in native memory. */
  readonly addresses: number[] = []
  /** True while all segments lie in native memory. */
  isNative = true

  constructor(native: NativeMemory | undefined) {
    this.#native = native
  }

  get byteLength(): number {
    return this.words.length * SEGMENT_BYTES
  }

  /** Makes room for `count` words; new ones are 0. */
  cover(count: number): void {
    while (this.words.length << SEGMENT_BITS < count) this.#add()
  }

  /** Gives all segments back. */
  release(): void {
    for (const address of this.addresses) if (address >= 0) this.#native?.free(address, SEGMENT_BYTES)
    this.words.length = 0
    this.addresses.length = 0
    this.isNative = true
  }

  #add(): void {
    const native = this.#native
    const address = native?.allocate(SEGMENT_BYTES) ?? -1
    if (native === undefined || address < 0) this.isNative = false
    const words =
      native === undefined || address < 0
        ? new Int32Array(SEGMENT_WORDS)
        : new Int32Array(native.bytes.buffer, address, SEGMENT_WORDS).fill(0)
    this.words.push(words)
    this.addresses.push(address)
  }
}

/**
 * Bloom filters of 64-byte blocks: one hash chooses the block, another sets six bits in it, so that a look reads 64
 * bytes. Built large and then folded in halves until about half of the bits are set: nobody has to know beforehand how
 * many different keys there will be.
 */
const BLOCK_BYTES = 64
const BITS_PER_KEY = 6
/** A filter is folded as long as fewer bits than this share would be set. */
const FILL_MAX = 0.5
/** A power of two; small enough for the nearest cache. */
const RECENT_KEYS = 4096

export class BloomBuilder {
  readonly #bytes: Uint8Array
  readonly #blockMask: number
  /** Keys that came lately, by their hash: most words come again and again, and need not be added again. */
  readonly #recent = new Int32Array(RECENT_KEYS)

  /** @param bytes a power of two, at least 64 */
  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes)
    this.#blockMask = bytes / BLOCK_BYTES - 1
  }

  reset(): void {
    this.#bytes.fill(0)
    this.#recent.fill(0)
  }

  add(hash: number): void {
    const recent = hash & (RECENT_KEYS - 1)
    if (this.#recent[recent] === hash && hash !== 0) return
    this.#recent[recent] = hash
    const block = (hash & this.#blockMask) * BLOCK_BYTES
    let bits = Math.imul(hash, 0x9e3779b1) ^ (hash >>> 15)
    for (let i = 0; i < BITS_PER_KEY; i++) {
      bits = Math.imul(bits, 0x85ebca6b) + 0x7f4a7c15
      const bit = bits >>> 23
      const at = block + (bit >>> 3)
      this.#bytes[at] = (this.#bytes[at] as number) | (1 << (bit & 7))
    }
  }

  /** The filter, as small as it may be. Bytes of its own. */
  fold(): Uint8Array {
    let filter = this.#bytes.slice()
    while (filter.length > BLOCK_BYTES) {
      const half = filter.length / 2
      const folded = new Uint8Array(half)
      for (let i = 0; i < half; i++) folded[i] = (filter[i] as number) | (filter[half + i] as number)
      if (bitsSet(folded) > half * 8 * FILL_MAX) break
      filter = folded
    }
    return filter
  }
}

/** False: the key was not added. */
export function mayHoldKey(filter: Uint8Array, hash: number): boolean {
  const block = (hash & (filter.length / BLOCK_BYTES - 1)) * BLOCK_BYTES
  let bits = Math.imul(hash, 0x9e3779b1) ^ (hash >>> 15)
  for (let i = 0; i < BITS_PER_KEY; i++) {
    bits = Math.imul(bits, 0x85ebca6b) + 0x7f4a7c15
    const bit = bits >>> 23
    if (((filter[block + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0) return false
  }
  return true
}

function bitsSet(bytes: Uint8Array): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  let sum = 0
  for (let i = 0; i < words.length; i++) {
    let word = words[i] as number
    word -= (word >>> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
    sum += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return sum
}

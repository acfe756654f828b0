/** Shorter needles are left to `Buffer`: it looks for single bytes faster than any loop here. */
const HORSPOOL_BYTES_MIN = 5

/**
 * Looks for one needle in bytes. Source: R. N. Horspool, Practical fast searching in strings (1980): the byte at the
 * needle's last place says how far it may move. Quicker than `Buffer.indexOf` where the needle is often met, which costs
 * that a call each.
 */
export class NeedleSearch {
  readonly #needle: Buffer
  readonly #steps: Uint8Array

  constructor(needle: Buffer) {
    this.#needle = needle
    const longest = Math.min(needle.length, 255)
    this.#steps = new Uint8Array(256).fill(longest)
    for (let i = needle.length - longest; i < needle.length - 1; i++) {
      this.#steps[needle[i] as number] = needle.length - 1 - i
    }
  }

  /** @returns the place of the first that begins at or behind `from`, or -1 */
  indexIn(bytes: Buffer, from: number): number {
    const needle = this.#needle
    if (needle.length < HORSPOOL_BYTES_MIN) return bytes.indexOf(needle, from)
    const steps = this.#steps
    const last = needle.length - 1
    const lastByte = needle[last] as number
    const end = bytes.length
    for (let at = from + last; at < end; ) {
      const byte = bytes[at] as number
      if (byte === lastByte) {
        let k = last - 1
        while (k >= 0 && bytes[at - last + k] === needle[k]) k--
        if (k < 0) return at - last
      }
      at += steps[byte] as number
    }
    return -1
  }
}

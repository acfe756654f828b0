/**
 * Which items of a request were refused, in the order of the request: what goes into the log record, so that a replay
 * refuses the same ones whatever the limits are by then. Owner: a batch.
 */
export class ItemVerdict {
  /** Items that were begun. */
  count = 0
  #bits = new Uint8Array(128)
  #hasRefused = false
  #replayed: Uint8Array | undefined

  /** @param replayed the verdict of a record that is replayed */
  reset(replayed?: Uint8Array): void {
    if (this.#hasRefused) this.#bits.fill(0)
    this.#hasRefused = false
    this.count = 0
    this.#replayed = replayed
  }

  /** Begins the next item. @returns false where it was refused when it came */
  next(): boolean {
    const item = this.count++
    return this.#replayed === undefined || (((this.#replayed[item >> 3] ?? 0) >> (item & 7)) & 1) === 0
  }

  /** Refuses item `item`; by default the one begun last. */
  refuse(item: number = this.count - 1): void {
    this.#hasRefused = true
    const at = item >> 3
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2))
      grown.set(this.#bits)
      this.#bits = grown
    }
    this.#bits[at] = (this.#bits[at] as number) | (1 << (item & 7))
  }

  /** Bit i set = item i was refused; undefined = all were taken. Bytes of its own. */
  bits(): Uint8Array | undefined {
    return this.#hasRefused ? this.#bits.slice(0, (this.count + 7) >> 3) : undefined
  }
}

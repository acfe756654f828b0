/** A growing list of 32-bit integers that is reused between calls; owned by one caller at a time. */
export class IntList {
  items = new Int32Array(256)
  count = 0

  reset(): void {
    this.count = 0
  }

  reserve(size: number): void {
    if (size <= this.items.length) return
    this.items = grownInts(this.items, size)
  }

  /** Takes a column over as its content. */
  adopt(items: Int32Array<ArrayBuffer>): void {
    this.items = items
    this.count = items.length
  }

  push(value: number): void {
    if (this.count === this.items.length) this.reserve(this.count + 1)
    this.items[this.count++] = value
  }
}

/** A copy with room for at least `size` items, doubled so that growth stays amortised. */
export function grownInts(from: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(Math.max(size, from.length * 2))
  to.set(from)
  return to
}

/** First in, first out, over a ring of integers. */
export class IntQueue {
  #ring = new Int32Array(64)
  #head = 0
  count = 0

  push(value: number): void {
    if (this.count === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.count) & (this.#ring.length - 1)] = value
    this.count++
  }

  /** The oldest item; only while `count` > 0. */
  first(): number {
    return this.#ring[this.#head] as number
  }

  shift(): number {
    const value = this.#ring[this.#head] as number
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.count--
    return value
  }

  #grow(): void {
    const next = new Int32Array(this.#ring.length * 2)
    for (let i = 0; i < this.count; i++) next[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)] as number
    this.#ring = next
    this.#head = 0
  }
}

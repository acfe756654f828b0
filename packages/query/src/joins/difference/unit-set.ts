/** So many are kept as a list; of more, a bit for each. */
const LIST_MAX = 16

/** A set of small numbers: few at first, then bits. */
export class UnitSet {
  #list: number[] | undefined = []
  #bits = new Uint32Array(0)
  #last = -1

  /** True where it holds no more than one. */
  get isSingle(): boolean {
    return this.#list !== undefined && this.#list.length <= 1
  }

  /** @returns bytes that it has grown by */
  add(unit: number): number {
    // Fast path: what belongs to one unit often comes in a row.
    if (unit === this.#last) return 0
    this.#last = unit
    const list = this.#list
    if (list !== undefined) {
      if (list.includes(unit)) return 0
      list.push(unit)
      if (list.length <= LIST_MAX) return 0
      this.#list = undefined
      return list.reduce((grown, one) => grown + this.#set(one), 0)
    }
    return this.#set(unit)
  }

  #set(unit: number): number {
    const word = unit >>> 5
    let grown = 0
    if (word >= this.#bits.length) {
      const bits = new Uint32Array(Math.max(16, word + 1, this.#bits.length * 2))
      grown = (bits.length - this.#bits.length) * 4
      bits.set(this.#bits)
      this.#bits = bits
    }
    this.#bits[word] = (this.#bits[word] as number) | (1 << (unit & 31))
    return grown
  }

  forEach(visit: (unit: number) => void): void {
    if (this.#list !== undefined) {
      for (const unit of this.#list) visit(unit)
      return
    }
    this.#bits.forEach((bits, word) => {
      for (let left = bits; left !== 0; left &= left - 1) visit(word * 32 + 31 - Math.clz32(left & -left))
    })
  }
}

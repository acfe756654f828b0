const KEYS_MIN = 8
/** Keys come from outside: nobody may choose such as fall into one another's places. */
const SEED = Math.floor(Math.random() * 2 ** 32) | 1

/** Places by keys of a few 32-bit words, as a Map would hold them, without a text for each key. */
export class KeyTable {
  readonly #words: number
  /** Of each slot the words of its key, then the place from 1; 0 = the slot is free. */
  #slots: Int32Array
  #mask: number
  #count = 0

  /**
   * @param words of a key
   * @param keys how many are expected
   */
  constructor(words: number, keys = KEYS_MIN) {
    this.#words = words
    const slots = 2 ** Math.ceil(Math.log2(Math.max(KEYS_MIN, keys) * 2))
    this.#slots = new Int32Array(slots * (words + 1))
    this.#mask = slots - 1
  }

  /** @returns the place of a key, -1 without */
  get(key: Int32Array): number {
    return (this.#slots[this.#slotOf(key, 0) + this.#words] as number) - 1
  }

  /** Gives a key its place, in the place of a former one. */
  set(key: Int32Array, place: number): void {
    const words = this.#words
    const at = this.#slotOf(key, 0)
    const isNew = this.#slots[at + words] === 0
    for (let i = 0; i < words; i++) this.#slots[at + i] = key[i] as number
    this.#slots[at + words] = place + 1
    if (isNew && ++this.#count * 2 > this.#mask) this.#grow()
  }

  /** Where the key from `from` on lies, or the free slot that it would have. */
  #slotOf(keys: Int32Array, from: number): number {
    const slots = this.#slots
    const words = this.#words
    let slot = hashOf(keys, from, words) & this.#mask
    for (;;) {
      const at = slot * (words + 1)
      if (slots[at + words] === 0) return at
      let same = 0
      while (same < words && slots[at + same] === keys[from + same]) same++
      if (same === words) return at
      slot = (slot + 1) & this.#mask
    }
  }

  #grow(): void {
    const size = this.#words + 1
    const former = this.#slots
    this.#slots = new Int32Array(former.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let at = 0; at < former.length; at += size) {
      if (former[at + this.#words] === 0) continue
      const to = this.#slotOf(former, at)
      for (let i = 0; i < size; i++) this.#slots[to + i] = former[at + i] as number
    }
  }
}

function hashOf(keys: Int32Array, from: number, words: number): number {
  let hash = SEED
  for (let i = from; i < from + words; i++) {
    hash = Math.imul(hash ^ (keys[i] as number), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b)
  return hash ^ (hash >>> 16)
}

/** The eight bytes of a span id as two words of a key, from `at` on. */
export function putSpanId(key: Int32Array, at: number, ids: Uint8Array, row: number): void {
  key[at] = wordAt(ids, row * 8)
  key[at + 1] = wordAt(ids, row * 8 + 4)
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

import { nativeMemory } from '@vantage/bytes'
import { PAGE_BYTES } from '../limits.ts'

/** Slots come in slabs of this many, so that a small store pays for few. */
const SLOTS_PER_SLAB = 64

/** Where a page lies: valid until the next `claim`. */
export interface PageSlot {
  bytes: Uint8Array
  at: number
}

/**
 * Decompressed pages of one thread in reused memory: slots of one page each, second chance on eviction.
 * Fresh buffers per page would grow the process by gigabytes before the collector notices.
 */
export class PageCache {
  readonly #slotsMax: number
  readonly #isNative: boolean
  readonly #slabs: Uint8Array[] = []
  readonly #slotOf = new Map<number, number>()
  readonly #keys: number[] = []
  readonly #used: boolean[] = []
  #hand = 0
  hits = 0
  misses = 0

  /** @param isNative in memory that the SIMD loops reach, of which it gives nothing back: it is its thread's only one */
  constructor(bytesMax: number, isNative = false) {
    this.#slotsMax = Math.max(4, Math.floor(bytesMax / PAGE_BYTES))
    this.#isNative = isNative
  }

  get byteLength(): number {
    return this.#slabs.length * SLOTS_PER_SLAB * PAGE_BYTES
  }

  /** @returns true where `slot` now names the page; else the caller reads it and fills what `claim` gives */
  find(key: number, slot: PageSlot): boolean {
    const known = this.#slotOf.get(key)
    if (known === undefined) {
      this.misses++
      return false
    }
    this.hits++
    this.#used[known] = true
    this.#name(known, slot)
    return true
  }

  /** A slot for a page that `find` did not find; the page in it before is gone. */
  claim(key: number, slot: PageSlot): void {
    let index = this.#keys.length
    if (index < this.#slotsMax) {
      if (index % SLOTS_PER_SLAB === 0) this.#slabs.push(this.#slab())
      this.#keys.push(key)
      this.#used.push(true)
    } else {
      index = this.#evict()
      this.#keys[index] = key
      this.#used[index] = true
    }
    this.#slotOf.set(key, index)
    this.#name(index, slot)
  }

  #slab(): Uint8Array {
    const size = SLOTS_PER_SLAB * PAGE_BYTES
    const native = this.#isNative ? nativeMemory() : undefined
    const address = native?.allocate(size) ?? -1
    return native === undefined || address < 0 ? new Uint8Array(size) : native.bytes.subarray(address, address + size)
  }

  #evict(): number {
    while (this.#used[this.#hand] === true) {
      this.#used[this.#hand] = false
      this.#hand = (this.#hand + 1) % this.#keys.length
    }
    const index = this.#hand
    this.#hand = (this.#hand + 1) % this.#keys.length
    this.#slotOf.delete(this.#keys[index] as number)
    return index
  }

  #name(index: number, slot: PageSlot): void {
    slot.bytes = this.#slabs[Math.floor(index / SLOTS_PER_SLAB)] as Uint8Array
    slot.at = (index % SLOTS_PER_SLAB) * PAGE_BYTES
  }
}

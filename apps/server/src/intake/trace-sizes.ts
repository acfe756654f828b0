/** Slots of a table: at first, and at most. One takes 12 bytes. */
const SLOTS_MIN = 1_024
const SLOTS_MAX = 2 ** 18
/** Odd numbers with their bits all over. */
const FIRST_FACTOR = 0x9e3779b1
const SECOND_FACTOR = 0x85ebca6b

/** Open addressing by 64 bits of a trace id; a slot without bytes is free. */
interface Table {
  firsts: Int32Array
  seconds: Int32Array
  bytes: Uint32Array
  used: number
}

/**
 * Bytes of each trace that had spans lately. Two tables: what is asked for in the older one moves to the newer; a turn
 * forgets what nobody asked for since the last turn. A full table turns by itself, so that memory is bounded whatever
 * comes: 131,072 traces a table.
 */
export class TraceSizes {
  readonly #seed: number
  #now = newTable(SLOTS_MIN)
  #before = newTable(SLOTS_MIN)

  /** @param seed of the hash: senders cannot know which ids share a slot */
  constructor(seed: number) {
    this.#seed = seed
  }

  /** Counts the bytes to a trace. @returns false where it has more than `max` with them: then they are not counted */
  add(first: number, second: number, bytes: number, max: number): boolean {
    let slot = this.#slotOf(this.#now, first, second)
    const before = this.#now.bytes[slot] as number
    const known = before === 0 ? this.#sizeBefore(first, second) : before
    if (known + bytes > max) return false
    if (before === 0) {
      if (this.#now.used * 2 >= this.#now.bytes.length) {
        this.#grow()
        slot = this.#slotOf(this.#now, first, second)
      }
      this.#now.firsts[slot] = first
      this.#now.seconds[slot] = second
      this.#now.used++
    }
    this.#now.bytes[slot] = known + bytes
    return true
  }

  /** Forgets what had no span since the last turn. */
  turn(): void {
    this.#before = this.#now
    this.#now = newTable(this.#before.bytes.length)
  }

  #sizeBefore(first: number, second: number): number {
    return this.#before.bytes[this.#slotOf(this.#before, first, second)] as number
  }

  /** The slot of a trace, or the free one where it belongs. */
  #slotOf({ firsts, seconds, bytes }: Table, first: number, second: number): number {
    const mask = bytes.length - 1
    const mixed = Math.imul(first ^ this.#seed, FIRST_FACTOR) ^ Math.imul(second, SECOND_FACTOR)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    while (bytes[slot] !== 0 && (firsts[slot] !== first || seconds[slot] !== second)) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const old = this.#now
    if (old.bytes.length >= SLOTS_MAX) {
      this.turn()
      return
    }
    this.#now = newTable(old.bytes.length * 2)
    for (let i = 0; i < old.bytes.length; i++) {
      if (old.bytes[i] === 0) continue
      const slot = this.#slotOf(this.#now, old.firsts[i] as number, old.seconds[i] as number)
      this.#now.firsts[slot] = old.firsts[i] as number
      this.#now.seconds[slot] = old.seconds[i] as number
      this.#now.bytes[slot] = old.bytes[i] as number
    }
    this.#now.used = old.used
  }
}

function newTable(slots: number): Table {
  return { firsts: new Int32Array(slots), seconds: new Int32Array(slots), bytes: new Uint32Array(slots), used: 0 }
}

import { hexText } from '@vantage/model'
import type { SpanIds } from './cumulative.ts'

/** Entries that there is room for at first; the room doubles up to the most. */
const ENTRIES_MIN = 1_024
/** A trace id and a span id. */
const KEY_WORDS = 6
const KEY_BYTES = KEY_WORDS * 4
const NONE = -1

/**
 * Values by trace and span id, oldest first, of which there are at most so many: ids lie in typed arrays, where a look for
 * one makes no text of it. Chains of a hash table, and a list in the order in which values came.
 *
 *     heads[slot] → entry → next[entry] → …        oldest → newer[entry] → …        free → newer[entry] → …
 */
export class CallTable<Value> {
  readonly #max: number
  readonly #seed: number
  #keys = new Int32Array(0)
  #values: (Value | undefined)[] = []
  #heads = new Int32Array(0)
  #next = new Int32Array(0)
  #older = new Int32Array(0)
  #newer = new Int32Array(0)
  #oldest = NONE
  #newest = NONE
  #free = NONE
  #size = 0

  /** @param seed of the hash: senders cannot know which ids share a chain */
  constructor(max: number, seed: number) {
    this.#max = max
    this.#seed = seed
  }

  get isFull(): boolean {
    return this.#size >= this.#max
  }

  /**
   * @param traces words of the trace ids of rows, `ids` of their span ids
   * @returns the entry of a row's ids, or -1
   */
  find(traces: Int32Array, ids: Int32Array, row: number): number {
    if (this.#size === 0) return NONE
    const keys = this.#keys
    const t = row * 4
    const s = row * 2
    let entry = this.#heads[this.#slotOf(traces, t, ids, s)] as number
    for (; entry !== NONE; entry = this.#next[entry] as number) {
      const at = entry * KEY_WORDS
      if (keys[at + 4] !== ids[s] || keys[at + 5] !== ids[s + 1] || keys[at] !== traces[t]) continue
      if (keys[at + 1] === traces[t + 1] && keys[at + 2] === traces[t + 2] && keys[at + 3] === traces[t + 3]) break
    }
    return entry
  }

  /** Adds the value of a row whose ids are not there, as the newest; there must be room. */
  add(traces: Int32Array, ids: Int32Array, row: number, value: Value): void {
    if (this.#free === NONE) this.#grow()
    const entry = this.#free
    this.#free = this.#newer[entry] as number
    this.#keys.set(traces.subarray(row * 4, row * 4 + 4), entry * KEY_WORDS)
    this.#keys.set(ids.subarray(row * 2, row * 2 + 2), entry * KEY_WORDS + 4)
    this.#values[entry] = value
    this.#chain(entry)
    this.#older[entry] = this.#newest
    this.#newer[entry] = NONE
    if (this.#newest === NONE) this.#oldest = entry
    else this.#newer[this.#newest] = entry
    this.#newest = entry
    this.#size++
  }

  valueOf(entry: number): Value {
    return this.#values[entry] as Value
  }

  /** The entry stays as old as it is. */
  replace(entry: number, value: Value): void {
    this.#values[entry] = value
  }

  ids(entry: number): SpanIds {
    const bytes = new Uint8Array(this.#keys.buffer, entry * KEY_BYTES, KEY_BYTES)
    return { traceId: hexText(bytes, 0, 16), spanId: hexText(bytes, 16, KEY_BYTES) }
  }

  remove(entry: number): void {
    this.#unchain(entry)
    const older = this.#older[entry] as number
    const newer = this.#newer[entry] as number
    if (older === NONE) this.#oldest = newer
    else this.#newer[older] = newer
    if (newer === NONE) this.#newest = older
    else this.#older[newer] = older
    this.#values[entry] = undefined
    this.#newer[entry] = this.#free
    this.#free = entry
    this.#size--
  }

  /** Entries, oldest first; the one that was given out last may be removed. */
  *entries(): Generator<number> {
    for (let entry = this.#oldest; entry !== NONE; ) {
      const newer = this.#newer[entry] as number
      yield entry
      entry = newer
    }
  }

  #chain(entry: number): void {
    const at = entry * KEY_WORDS
    const slot = this.#slotOf(this.#keys, at, this.#keys, at + 4)
    this.#next[entry] = this.#heads[slot] as number
    this.#heads[slot] = entry
  }

  #unchain(entry: number): void {
    const at = entry * KEY_WORDS
    const slot = this.#slotOf(this.#keys, at, this.#keys, at + 4)
    let before = this.#heads[slot] as number
    if (before === entry) {
      this.#heads[slot] = this.#next[entry] as number
      return
    }
    while (this.#next[before] !== entry) before = this.#next[before] as number
    this.#next[before] = this.#next[entry] as number
  }

  #slotOf(traces: Int32Array, t: number, ids: Int32Array, s: number): number {
    let hash = mix(this.#seed, ids[s] as number)
    hash = mix(hash, ids[s + 1] as number)
    for (let i = t; i < t + 4; i++) hash = mix(hash, traces[i] as number)
    return hash & (this.#heads.length - 1)
  }

  /** Twice the room; all of it was in use. */
  #grow(): void {
    const room = this.#next.length
    const wanted = Math.max(ENTRIES_MIN, room * 2)
    this.#keys = grown(this.#keys, wanted * KEY_WORDS)
    this.#next = grown(this.#next, wanted)
    this.#older = grown(this.#older, wanted)
    this.#newer = grown(this.#newer, wanted)
    for (let entry = wanted - 1; entry >= room; entry--) {
      this.#newer[entry] = this.#free
      this.#free = entry
    }
    this.#heads = new Int32Array(wanted * 2).fill(NONE)
    for (let entry = 0; entry < room; entry++) this.#chain(entry)
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

function grown(column: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const next = new Int32Array(length)
  next.set(column)
  return next
}

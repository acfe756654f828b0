import { getUint32, ReusableBuffer } from '@vantage/bytes'
import type { MetricMetadata } from '@vantage/model'

/** Entries and bytes of one tenant's interner; beyond either it starts over with a new epoch. */
const INTERNER_ENTRIES_MAX = 65_536
const INTERNER_BYTES_MAX = 32 * 1024 * 1024

/** Epochs are never given twice in a process: alias bytes with an old one can never mean something new. */
let epochs = 0

/**
 * Gives equal bytes equal small numbers: resources, scopes and metrics of OTLP requests, by their raw bytes.
 * Owner: one tenant. All bytes are compared on a hit, so a hash that collides costs time, never a wrong series.
 */
export class OtlpInterner {
  epoch = ++epochs
  #count = 0
  /** Open addressing: hash, id + 1. */
  #slots = new Int32Array(2 * 4096)
  #starts = new Int32Array(1024)
  #ends = new Int32Array(1024)
  /** Of each id: the numbers that were interned with the bytes. */
  #parents = new Int32Array(1024)
  #kinds = new Int32Array(1024)
  readonly #arena = new ReusableBuffer()
  #arenaLength = 0
  /** Metadata of metrics that were interned, so that its texts are made once. */
  readonly metadata = new Map<number, MetricMetadata>()
  readonly #seed: number
  readonly #entriesMax: number

  /** @param seed random, so that nobody outside can choose bytes that collide */
  constructor(seed: number, entriesMax = INTERNER_ENTRIES_MAX) {
    this.#seed = seed
    this.#entriesMax = entriesMax
  }

  /**
   * @param parent id of the thing around it, −1 for none
   * @param kind tells things of one parent apart beside their bytes
   * @returns the number, or −1 when the interner is full: call `startOver` and intern everything again
   */
  intern(bytes: Uint8Array, from: number, to: number, parent: number, kind: number): number {
    const hash = hashOf(bytes, from, to, parent ^ this.#seed, kind)
    const mask = this.#slots.length / 2 - 1
    let slot = hash & mask
    for (;;) {
      const id = (this.#slots[slot * 2 + 1] as number) - 1
      if (id < 0) break
      if (this.#slots[slot * 2] === hash && this.#isEqual(id, bytes, from, to, parent, kind)) return id
      slot = (slot + 1) & mask
    }
    return this.#add(hash, slot, bytes, from, to, parent, kind)
  }

  startOver(): void {
    this.epoch = ++epochs
    this.#count = 0
    this.#arenaLength = 0
    this.#slots.fill(0)
    this.metadata.clear()
  }

  #isEqual(id: number, bytes: Uint8Array, from: number, to: number, parent: number, kind: number): boolean {
    const start = this.#starts[id] as number
    if (this.#parents[id] !== parent || this.#kinds[id] !== kind) return false
    if ((this.#ends[id] as number) - start !== to - from) return false
    const arena = this.#arena.bytes
    for (let i = from, k = start; i < to; i++, k++) if (bytes[i] !== arena[k]) return false
    return true
  }

  #add(hash: number, slot: number, bytes: Uint8Array, from: number, to: number, parent: number, kind: number): number {
    const length = to - from
    const isFull = this.#count >= this.#entriesMax || this.#arenaLength + length > INTERNER_BYTES_MAX
    // Something larger than the whole budget is taken alone, once nothing else is there.
    if (isFull && this.#count > 0) return -1
    const id = this.#count++
    if (id === this.#starts.length) this.#growColumns()
    this.#arena.reserve(this.#arenaLength + length, this.#arenaLength)
    this.#arena.bytes.set(bytes.subarray(from, to), this.#arenaLength)
    this.#starts[id] = this.#arenaLength
    this.#arenaLength += length
    this.#ends[id] = this.#arenaLength
    this.#parents[id] = parent
    this.#kinds[id] = kind
    this.#slots[slot * 2] = hash
    this.#slots[slot * 2 + 1] = id + 1
    if (this.#count * 4 > this.#slots.length) this.#growSlots()
    return id
  }

  #growColumns(): void {
    const size = this.#starts.length * 2
    this.#starts = grown(this.#starts, size)
    this.#ends = grown(this.#ends, size)
    this.#parents = grown(this.#parents, size)
    this.#kinds = grown(this.#kinds, size)
  }

  #growSlots(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    const mask = old.length - 1
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue
      let slot = (old[i] as number) & mask
      while (this.#slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask
      this.#slots[slot * 2] = old[i] as number
      this.#slots[slot * 2 + 1] = old[i + 1] as number
    }
  }
}

function grown(from: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(size)
  to.set(from)
  return to
}

function hashOf(bytes: Uint8Array, from: number, to: number, parent: number, kind: number): number {
  let hash = Math.imul(parent ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(kind + 1, 0xc2b2ae35)
  let at = from
  for (; at + 4 <= to; at += 4) {
    hash = Math.imul(hash ^ getUint32(bytes, at), 0x5bd1e995)
    hash ^= hash >>> 15
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x5bd1e995)
  hash ^= hash >>> 13
  return Math.imul(hash, 0x85ebca6b) | 0
}

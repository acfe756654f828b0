import { nativeMemory } from '@vantage/bytes'
import { equalRanges, hashLanes } from '../hash.ts'
import { grownInts } from '../int-list.ts'
import {
  ALIAS_BYTES_MAX,
  ALIAS_PROBES_MAX,
  ALIASES_PER_SERIES_MAX,
  HINT_ENTRIES_MAX,
  HINT_ENTRIES_MIN,
} from '../limits.ts'
import { AliasPacker } from './alias-packer.ts'

/**
 * Words of one alias: hash, byte length, block, offset in the block, series, alias space; address of the anchor (0: the
 * bytes lie there as they are), bytes in the block.
 */
const ALIAS_WORD_BITS = 3
const ALIAS = { hash: 0, length: 1, block: 2, offset: 3, series: 4, space: 5, anchor: 6, stored: 7 } as const
/** After a batch that was predicted badly this many go without; then the order is tried again. */
const HINT_REST_BATCHES = 15
const BLOCK_BYTES = 256 * 1024
/** Bytes behind what a block holds that comparing may read. */
const OVERREAD_BYTES = 16
/** Of the processor's cache, on all that we run on. */
const LINE_BYTES = 64
let candidates = new Int32Array(1024)
/** Keeps loads ahead of use from being optimised away. */
const sink = new Int32Array(1)

/**
 * What one connection sent last, so that the next series is found by one comparison: a direct-mapped memory of
 * "after this alias came that one". It belongs to one connection; a wrong entry costs time only, because every
 * prediction is checked byte by byte.
 */
export class SeriesHint {
  /** Alias of the row before, or -1. */
  last = -1
  /** Batches that are still taken without prediction. */
  #rest = 0
  epoch = 0
  table = new Int32Array(HINT_ENTRIES_MIN * 2).fill(-1)
  #overwrites = 0

  /** False while this connection's order says nothing about what comes next: a wrong prediction costs a look-up. */
  isUseful(): boolean {
    if (this.#rest === 0) return true
    this.#rest--
    return false
  }

  /** @param misses predictions of a batch that were wrong: series that nothing followed yet are none */
  judge(misses: number, rows: number): void {
    if (misses * 2 < rows) return
    this.#rest = HINT_REST_BATCHES
    this.last = -1
  }

  /** The alias that followed `alias` last time, or -1. */
  predict(alias: number): number {
    const at = (alias & ((this.table.length >>> 1) - 1)) * 2
    return this.table[at] === alias ? (this.table[at + 1] as number) : -1
  }

  learn(alias: number, next: number): void {
    let at = (alias & ((this.table.length >>> 1) - 1)) * 2
    const before = this.table[at] as number
    if (before !== alias && before >= 0 && ++this.#overwrites > this.table.length >>> 3) {
      this.#grow()
      at = (alias & ((this.table.length >>> 1) - 1)) * 2
    }
    this.table[at] = alias
    this.table[at + 1] = next
  }

  forget(epoch: number): void {
    this.epoch = epoch
    this.last = -1
    this.table.fill(-1)
  }

  #grow(): void {
    this.#overwrites = 0
    if (this.table.length >= HINT_ENTRIES_MAX * 2) return
    this.table = new Int32Array(this.table.length * 2).fill(-1)
  }
}

/**
 * Raw bytes a sender uses for a series → the series. Several aliases may name one series; an alias is never
 * believed without comparing all its bytes. Belongs to one tenant and one writer; nothing of it is shared.
 */
export class AliasTable {
  readonly #seed: number
  #slots = new Int32Array(4096)
  #aliases = new Int32Array(1024 << ALIAS_WORD_BITS)
  #perSeries = new Uint8Array(1024)
  readonly #native = nativeMemory()
  readonly #packer = this.#native === undefined ? undefined : new AliasPacker(this.#native)
  readonly #equalNative = this.#native?.kernels.equal ?? (() => 0)
  readonly #equalPackedNative = this.#native?.kernels.equalPacked ?? (() => 0)
  readonly #hashNative = this.#native?.kernels.hash ?? (() => 0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  /** Of the view in native memory, or -1. */
  #viewAddress = -1
  #blocks: DataView[] = []
  #blockBytes: Uint8Array[] = []
  /** Of each block in native memory, or -1. */
  #blockAddress: number[] = []
  #blockUsed = BLOCK_BYTES
  #bytesKept = 0
  count = 0
  /** Grows when the table starts anew; hints of older epochs are void. */
  epoch = 1

  constructor(seed: number) {
    this.#seed = seed
  }

  get byteLength(): number {
    return this.#bytesKept + this.#slots.byteLength + this.#aliases.byteLength + this.#perSeries.byteLength
  }

  seriesOf(alias: number): number {
    return this.#aliases[(alias << ALIAS_WORD_BITS) + ALIAS.series] as number
  }

  /** Says which memory the places that follow are of. */
  readFrom(bytes: Uint8Array): void {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#viewAddress = this.#native?.addressOf(bytes) ?? -1
  }

  /** True where the alias has exactly the bytes [at, end). */
  equals(alias: number, at: number, end: number, space: number): boolean {
    const record = alias << ALIAS_WORD_BITS
    const aliases = this.#aliases
    if (aliases[record + ALIAS.length] !== end - at || aliases[record + ALIAS.space] !== space) return false
    const block = aliases[record + ALIAS.block] as number
    const offset = aliases[record + ALIAS.offset] as number
    const here = this.#viewAddress
    const there = this.#blockAddress[block] as number
    const anchor = aliases[record + ALIAS.anchor] as number
    if (anchor > 0) {
      if (here >= 0) return this.#equalPackedNative(there + offset, anchor, here + at, end - at) !== 0
      return (this.#packer as AliasPacker).equals(there + offset, anchor, this.#view, at, end - at)
    }
    if (here >= 0 && there >= 0) return this.#equalNative(there + offset, here + at, end - at) !== 0
    return equalRanges(this.#blocks[block] as DataView, offset, this.#view, at, end - at)
  }

  hash(at: number, end: number, space: number): number {
    const seed = this.#seed ^ Math.imul(space + 1, 0x9e3779b1)
    const here = this.#viewAddress
    return here >= 0 ? this.#hashNative(here + at, here + end, seed) : hashLanes(this.#view, at, end, seed)
  }

  /** As `fetchTails`, of what `find` will need for these hashes. */
  fetch(hashes: Int32Array, count: number): void {
    if (candidates.length < count) candidates = new Int32Array(hashes.length)
    const mask = this.#slots.length - 1
    for (let i = 0; i < count; i++) candidates[i] = (this.#slots[(hashes[i] as number) & mask] as number) - 1
    let sum = 0
    for (let i = 0; i < count; i++) {
      const record = (candidates[i] as number) << ALIAS_WORD_BITS
      if (record >= 0) sum ^= this.#aliases[record + ALIAS.offset] as number
    }
    for (let i = 0; i < count; i++) {
      const record = (candidates[i] as number) << ALIAS_WORD_BITS
      if (record < 0) continue
      const block = this.#blockBytes[this.#aliases[record + ALIAS.block] as number] as Uint8Array
      const at = this.#aliases[record + ALIAS.offset] as number
      const end = at + (this.#aliases[record + ALIAS.stored] as number)
      for (let line = at; line < end; line += LINE_BYTES) sum ^= block[line] as number
    }
    sink[0] = sum
  }

  /** @returns the alias of bytes [at, end), or -1 */
  find(at: number, end: number, space: number, hash: number): number {
    const mask = this.#slots.length - 1
    for (let probe = 0; probe < ALIAS_PROBES_MAX; probe++) {
      const alias = (this.#slots[(hash + probe) & mask] as number) - 1
      if (alias < 0) return -1
      if (this.#aliases[alias << ALIAS_WORD_BITS] !== hash) continue
      if (this.equals(alias, at, end, space)) return alias
    }
    return -1
  }

  /** Remembers bytes of a series. @returns the alias, or -1 where a bound says that they stay unknown */
  insert(bytes: Uint8Array, at: number, end: number, space: number, hash: number, series: number): number {
    const length = end - at
    if (length + OVERREAD_BYTES > BLOCK_BYTES) return -1
    if (this.#bytesKept + length > ALIAS_BYTES_MAX) this.clear()
    if (series >= this.#perSeries.length) this.#growPerSeries(series + 1)
    if ((this.#perSeries[series] as number) >= ALIASES_PER_SERIES_MAX) return -1
    if ((this.count + 1) * 2 > this.#slots.length) this.#growSlots()
    if (!this.#place(hash, this.count)) return -1
    const record = this.count << ALIAS_WORD_BITS
    if (record + 8 > this.#aliases.length) this.#aliases = grownInts(this.#aliases, record + 8)
    this.#aliases[record + ALIAS.hash] = hash
    this.#aliases[record + ALIAS.length] = length
    this.#aliases[record + ALIAS.series] = series
    this.#aliases[record + ALIAS.space] = space
    this.#keep(record, bytes, at, end)
    this.#perSeries[series] = (this.#perSeries[series] as number) + 1
    return this.count++
  }

  /** Puts the bytes into a block: what differs from an anchor, or all. */
  #keep(record: number, bytes: Uint8Array, at: number, end: number): void {
    if (this.#blockUsed + end - at + OVERREAD_BYTES > BLOCK_BYTES) this.#addBlock()
    const block = this.#blockBytes.length - 1
    const address = this.#blockAddress[block] as number
    const packed = address < 0 ? undefined : this.#packer?.pack(bytes, at, end)
    const stored = packed?.steps ?? bytes.subarray(at, end)
    ;(this.#blockBytes[block] as Uint8Array).set(stored, this.#blockUsed)
    if (packed === undefined && address >= 0) this.#packer?.addAnchor(address + this.#blockUsed, end - at)
    this.#aliases[record + ALIAS.block] = block
    this.#aliases[record + ALIAS.offset] = this.#blockUsed
    this.#aliases[record + ALIAS.anchor] = packed?.anchor ?? 0
    this.#aliases[record + ALIAS.stored] = stored.length
    this.#blockUsed += stored.length
  }

  /** A new epoch: limits or relabelling changed, the index was rebuilt, or the bytes grew too many. */
  clear(): void {
    this.epoch++
    this.#slots = new Int32Array(4096)
    this.#aliases = new Int32Array(1024 << ALIAS_WORD_BITS)
    this.#perSeries = new Uint8Array(1024)
    this.#packer?.clear()
    for (const address of this.#blockAddress) if (address >= 0) this.#native?.free(address, BLOCK_BYTES)
    this.#blocks = []
    this.#blockBytes = []
    this.#blockAddress = []
    this.#blockUsed = BLOCK_BYTES
    this.#bytesKept = 0
    this.count = 0
  }

  /** In native memory while there is some, so that comparing is one call. */
  #addBlock(): void {
    const native = this.#native
    const address = native?.allocate(BLOCK_BYTES) ?? -1
    const bytes =
      native !== undefined && address >= 0
        ? native.bytes.subarray(address, address + BLOCK_BYTES)
        : new Uint8Array(BLOCK_BYTES)
    this.#blockBytes.push(bytes)
    this.#blocks.push(new DataView(bytes.buffer, bytes.byteOffset, BLOCK_BYTES))
    this.#blockAddress.push(address)
    this.#blockUsed = 0
    this.#bytesKept += BLOCK_BYTES
  }

  #place(hash: number, alias: number): boolean {
    const mask = this.#slots.length - 1
    for (let probe = 0; probe < ALIAS_PROBES_MAX; probe++) {
      const slot = (hash + probe) & mask
      if (this.#slots[slot] !== 0) continue
      this.#slots[slot] = alias + 1
      return true
    }
    return false
  }

  /** An alias that finds no slot within the probes is dropped: its series takes the slow path once more. */
  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let alias = 0; alias < this.count; alias++) {
      this.#place(this.#aliases[alias << ALIAS_WORD_BITS] as number, alias)
    }
  }

  #growPerSeries(size: number): void {
    const next = new Uint8Array(Math.max(size, this.#perSeries.length * 2))
    next.set(this.#perSeries)
    this.#perSeries = next
  }
}

import { nativeMemory } from '@vantage/bytes'
import type { MetricBatch } from '@vantage/model'
import { equalRanges, hashLanes } from '../hash.ts'
import { ALIAS_BYTES_MAX, ALIAS_PROBES_MAX, ALIASES_PER_SERIES_MAX } from '../limits.ts'
import { AliasPacker } from './alias-packer.ts'
import { type AliasWords, nativeRows, ROWS_PER_CALL } from './native-rows.ts'
import { SEGMENT_BITS, SEGMENT_MASK, WordSegments } from './word-segments.ts'

/**
 * Words of one alias: hash, byte length, address of its bytes in native memory or −1 − block, their offset in a block that
 * lies elsewhere, series, alias space, address of the anchor (0: the bytes lie there as they are), bytes that are kept.
 */
const ALIAS_WORD_BITS = 3
const ALIAS = { hash: 0, length: 1, place: 2, offset: 3, series: 4, space: 5, anchor: 6, stored: 7 } as const
const FIRST_SLOTS = 1 << SEGMENT_BITS
const BLOCK_BYTES = 256 * 1024
/** Bytes behind what a block holds that comparing may read. */
const OVERREAD_BYTES = 16
/** Of the processor's cache, on all that we run on. */
const LINE_BYTES = 64
/** Of the rows of a batch. */
let rowHashes = new Int32Array(1024)
/** Keeps loads ahead of use from being optimised away. */
const sink = new Int32Array(1)

/**
 * Raw bytes a sender uses for a series → the series. Several aliases may name one series; an alias is never
 * believed without comparing all its bytes. Belongs to one tenant and one writer; nothing of it is shared.
 */
export class AliasTable implements AliasWords {
  readonly #seed: number
  readonly #native = nativeMemory()
  readonly slots = new WordSegments(this.#native)
  slotMask = 0
  readonly records = new WordSegments(this.#native)
  #perSeries = new Uint8Array(1024)
  readonly #packer = this.#native === undefined ? undefined : new AliasPacker(this.#native)
  readonly #nativeView = this.#native === undefined ? undefined : new DataView(this.#native.bytes.buffer)
  readonly #equalNative = this.#native?.kernels.equal ?? (() => 0)
  readonly #equalPackedNative = this.#native?.kernels.equalPacked ?? (() => 0)
  readonly #hashNative = this.#native?.kernels.hash ?? (() => 0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  /** Of the view in native memory, or -1. */
  #viewAddress = -1
  #nativeBlocks: number[] = []
  #plainBlocks: DataView<ArrayBuffer>[] = []
  /** Address of the block that is filled, or -1 where it is the last of the plain ones. */
  #block = -1
  #blockUsed = BLOCK_BYTES
  #bytesKept = 0
  count = 0
  /** Grows when the table starts anew; hints of older epochs are void. */
  epoch = 1

  constructor(seed: number) {
    this.#seed = seed
  }

  get byteLength(): number {
    return this.#bytesKept + this.slots.byteLength + this.records.byteLength + this.#perSeries.byteLength
  }

  seriesOf(alias: number): number {
    return this.#word(alias, ALIAS.series)
  }

  #word(alias: number, word: number): number {
    const at = (alias << ALIAS_WORD_BITS) + word
    return (this.records.words[at >>> SEGMENT_BITS] as Int32Array)[at & SEGMENT_MASK] as number
  }

  /** @returns the alias of a slot, or -1 */
  #inSlot(slot: number): number {
    return ((this.slots.words[slot >>> SEGMENT_BITS] as Int32Array)[slot & SEGMENT_MASK] as number) - 1
  }

  /** Says which memory the places that follow are of. */
  readFrom(bytes: Uint8Array): void {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#viewAddress = this.#native?.addressOf(bytes) ?? -1
  }

  /** True where the alias has exactly the bytes [at, end). */
  equals(alias: number, at: number, end: number, space: number): boolean {
    const words = this.records.words[alias >>> (SEGMENT_BITS - ALIAS_WORD_BITS)] as Int32Array
    const record = (alias << ALIAS_WORD_BITS) & SEGMENT_MASK
    if (words[record + ALIAS.length] !== end - at || words[record + ALIAS.space] !== space) return false
    const place = words[record + ALIAS.place] as number
    const here = this.#viewAddress
    const anchor = words[record + ALIAS.anchor] as number
    if (anchor > 0) {
      if (here >= 0) return this.#equalPackedNative(place, anchor, here + at, end - at) !== 0
      return (this.#packer as AliasPacker).equals(place, anchor, this.#view, at, end - at)
    }
    if (place < 0) {
      const block = this.#plainBlocks[-1 - place] as DataView
      return equalRanges(block, words[record + ALIAS.offset] as number, this.#view, at, end - at)
    }
    if (here >= 0) return this.#equalNative(place, here + at, end - at) !== 0
    return equalRanges(this.#nativeView as DataView, place, this.#view, at, end - at)
  }

  hash(at: number, end: number, space: number): number {
    const seed = this.#seedOf(space)
    const here = this.#viewAddress
    return here >= 0 ? this.#hashNative(here + at, here + end, seed) : hashLanes(this.#view, at, end, seed)
  }

  #seedOf(space: number): number {
    return this.#seed ^ Math.imul(space + 1, 0x9e3779b1)
  }

  /**
   * Looks for the aliases of the rows of a batch from `first` on, which are in no order that is known.
   * @param series out: of each row, or -1 where `find` is to be asked
   */
  findRows(batch: MetricBatch, first: number, series: Int32Array): void {
    const rows = this.#rowsInReach()
    if (rows === undefined) {
      this.#findPlainRows(batch, first, series)
      return
    }
    const seed = this.#seedOf(batch.aliasSpace)
    for (let from = first; from < batch.rowCount; from += ROWS_PER_CALL) {
      const to = Math.min(batch.rowCount, from + ROWS_PER_CALL)
      rows.find(this, batch, this.#viewAddress, from, to, seed, series)
    }
  }

  #rowsInReach(): ReturnType<typeof nativeRows> {
    if (this.#viewAddress < 0 || this.count === 0) return undefined
    const rows = nativeRows()
    return rows?.canRead(this) === true ? rows : undefined
  }

  #findPlainRows(batch: MetricBatch, first: number, series: Int32Array): void {
    const { aliasStart, aliasEnd, aliasSpace, rowCount } = batch
    if (rowHashes.length < rowCount) rowHashes = new Int32Array(aliasStart.length)
    for (let row = first; row < rowCount; row++) {
      rowHashes[row] = this.hash(aliasStart[row] as number, aliasEnd[row] as number, aliasSpace)
    }
    if (this.count > 0) this.#fetch(first, rowCount, series)
    for (let row = first; row < rowCount; row++) {
      const hash = rowHashes[row] as number
      const alias = this.find(aliasStart[row] as number, aliasEnd[row] as number, aliasSpace, hash)
      series[row] = alias < 0 ? -1 : this.seriesOf(alias)
    }
  }

  /** As `fetchTails`, of what `find` will need for the hashes of these rows. `candidates` is overwritten. */
  #fetch(first: number, end: number, candidates: Int32Array): void {
    for (let row = first; row < end; row++) candidates[row] = this.#inSlot((rowHashes[row] as number) & this.slotMask)
    let sum = 0
    for (let row = first; row < end; row++) {
      const alias = candidates[row] as number
      if (alias >= 0) sum ^= this.#word(alias, ALIAS.place)
    }
    for (let row = first; row < end; row++) {
      const alias = candidates[row] as number
      if (alias < 0) continue
      const place = this.#word(alias, ALIAS.place)
      const view = (place < 0 ? this.#plainBlocks[-1 - place] : this.#nativeView) as DataView
      const at = place < 0 ? this.#word(alias, ALIAS.offset) : place
      const last = at + this.#word(alias, ALIAS.stored)
      for (let line = at; line < last; line += LINE_BYTES) sum ^= view.getUint8(line)
    }
    sink[0] = sum
  }

  /** @returns the alias of bytes [at, end), or -1 */
  find(at: number, end: number, space: number, hash: number): number {
    if (this.count === 0) return -1
    for (let probe = 0; probe < ALIAS_PROBES_MAX; probe++) {
      const alias = this.#inSlot((hash + probe) & this.slotMask)
      if (alias < 0) return -1
      if (this.#word(alias, ALIAS.hash) === hash && this.equals(alias, at, end, space)) return alias
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
    if (this.slots.words.length === 0 || (this.count + 1) * 2 > this.slotMask + 1) this.#growSlots()
    if (!this.#place(hash, this.count)) return -1
    this.records.cover((this.count + 1) << ALIAS_WORD_BITS)
    const at0 = this.count << ALIAS_WORD_BITS
    const record = (this.records.words[at0 >>> SEGMENT_BITS] as Int32Array).subarray(at0 & SEGMENT_MASK)
    record[ALIAS.hash] = hash
    record[ALIAS.length] = length
    record[ALIAS.series] = series
    record[ALIAS.space] = space
    this.#keep(record, bytes, at, end)
    this.#perSeries[series] = (this.#perSeries[series] as number) + 1
    return this.count++
  }

  /** Puts the bytes into a block: what differs from an anchor, or all. */
  #keep(record: Int32Array, bytes: Uint8Array, at: number, end: number): void {
    if (this.#blockUsed + end - at + OVERREAD_BYTES > BLOCK_BYTES) this.#addBlock()
    const offset = this.#blockUsed
    const address = this.#block
    const packed = address < 0 ? undefined : this.#packer?.pack(bytes, at, end)
    const stored = packed?.steps ?? bytes.subarray(at, end)
    if (address >= 0) this.#native?.bytes.set(stored, address + offset)
    else new Uint8Array((this.#plainBlocks.at(-1) as DataView<ArrayBuffer>).buffer).set(stored, offset)
    if (packed === undefined && address >= 0) this.#packer?.addAnchor(address + offset, end - at)
    record[ALIAS.place] = address < 0 ? -this.#plainBlocks.length : address + offset
    record[ALIAS.offset] = offset
    record[ALIAS.anchor] = packed?.anchor ?? 0
    record[ALIAS.stored] = stored.length
    this.#blockUsed += stored.length
  }

  /** A new epoch: limits or relabelling changed, the index was rebuilt, or the bytes grew too many. */
  clear(): void {
    this.epoch++
    this.slots.release()
    this.slotMask = 0
    this.records.release()
    this.#perSeries = new Uint8Array(1024)
    this.#packer?.clear()
    for (const address of this.#nativeBlocks) this.#native?.free(address, BLOCK_BYTES)
    this.#nativeBlocks = []
    this.#plainBlocks = []
    this.#blockUsed = BLOCK_BYTES
    this.#bytesKept = 0
    this.count = 0
  }

  /** In native memory while there is some, so that comparing is one call. */
  #addBlock(): void {
    this.#block = this.#native?.allocate(BLOCK_BYTES) ?? -1
    if (this.#block >= 0) this.#nativeBlocks.push(this.#block)
    else this.#plainBlocks.push(new DataView(new ArrayBuffer(BLOCK_BYTES)))
    this.#blockUsed = 0
    this.#bytesKept += BLOCK_BYTES
  }

  #place(hash: number, alias: number): boolean {
    for (let probe = 0; probe < ALIAS_PROBES_MAX; probe++) {
      const slot = (hash + probe) & this.slotMask
      const words = this.slots.words[slot >>> SEGMENT_BITS] as Int32Array
      if (words[slot & SEGMENT_MASK] !== 0) continue
      words[slot & SEGMENT_MASK] = alias + 1
      return true
    }
    return false
  }

  /** An alias that finds no slot within the probes is dropped: its series takes the slow path once more. */
  #growSlots(): void {
    const slots = this.slots.words.length === 0 ? FIRST_SLOTS : (this.slotMask + 1) * 2
    for (const words of this.slots.words) words.fill(0)
    this.slots.cover(slots)
    this.slotMask = slots - 1
    for (let alias = 0; alias < this.count; alias++) this.#place(this.#word(alias, ALIAS.hash), alias)
  }

  #growPerSeries(size: number): void {
    const next = new Uint8Array(Math.max(size, this.#perSeries.length * 2))
    next.set(this.#perSeries)
    this.#perSeries = next
  }
}

import type { Labels } from '@vantage/model'
import { IntList } from '../int-list.ts'
import { SEGMENT_WORD_BITS, SEGMENT_WORD_MASK, SYMBOL_STRINGS_MAX } from '../limits.ts'
import type { SeriesIndex } from '../series-index.ts'
import { attachDelta, loadWord, type SegmentsDelta, segmentsSince, wordAt } from '../shared-segments.ts'
import {
  findPairId,
  findSymbol,
  type HeadIndex,
  IndexSlabs,
  NAME_WORD_BITS,
  PAIR,
  PAIR_WORD_BITS,
  SERIES_WORD_BITS,
  SYMBOL_WORD_BITS,
} from './head-index.ts'

/** What a reader lacks of an index, and the counts that bound what it may look at. Serialisable. */
export interface IndexDelta {
  readonly seed: number
  readonly symbolCount: number
  readonly nameCount: number
  readonly pairCount: number
  readonly seriesCount: number
  readonly segments: readonly SegmentsDelta[]
  readonly symbolTable: SharedArrayBuffer
  readonly pairTable: SharedArrayBuffer
}

/** @param known segments of each slab (in the order of `IndexSlabs.all`) that the reader has */
export function indexDelta(index: HeadIndex, known: readonly number[]): IndexDelta {
  return {
    seed: index.seed,
    symbolCount: index.symbolCount,
    nameCount: index.nameCount,
    pairCount: index.pairCount,
    seriesCount: index.seriesCount,
    segments: index.slabs.all().map((one, i) => segmentsSince(one, known[i] ?? 0)),
    symbolTable: index.symbolTable.buffer,
    pairTable: index.pairTable.buffer,
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const copy = new Uint8Array(65_536)

/** Reads a tenant's index in place, up to the counts of the last delta. One per thread that reads. */
export class HeadIndexReader implements SeriesIndex {
  readonly slabs: IndexSlabs
  seriesCount = 0
  pairCount = 0
  nameCount = 0
  #seed = 0
  #symbolTable = new Int32Array(1)
  #pairTable = new Int32Array(1)
  readonly #nameIds = new Map<string, number>()
  readonly #nameTexts: string[] = []
  #strings: (string | undefined)[] = []
  #stringCount = 0
  readonly #pairsByName: IntList[] = []
  #pairsListed = 0

  /** On the writer's own thread `source` lends its segments; elsewhere deltas bring them. */
  constructor(source?: HeadIndex) {
    this.slabs = source?.slabs ?? new IndexSlabs()
  }

  update(delta: IndexDelta): void {
    const all = this.slabs.all()
    for (let i = 0; i < all.length; i++) {
      attachDelta(all[i] as IndexSlabs['symbols'], delta.segments[i] as SegmentsDelta)
    }
    this.#seed = delta.seed
    if (this.#symbolTable.buffer !== (delta.symbolTable as ArrayBufferLike)) {
      this.#symbolTable = new Int32Array(delta.symbolTable as unknown as ArrayBuffer)
    }
    if (this.#pairTable.buffer !== (delta.pairTable as ArrayBufferLike)) {
      this.#pairTable = new Int32Array(delta.pairTable as unknown as ArrayBuffer)
    }
    for (let id = this.nameCount; id < delta.nameCount; id++) {
      const text = this.#symbolText(wordAt(this.slabs.names, id << NAME_WORD_BITS))
      this.#nameIds.set(text, id)
      this.#nameTexts.push(text)
    }
    this.nameCount = delta.nameCount
    this.pairCount = delta.pairCount
    this.seriesCount = delta.seriesCount
  }

  findName(name: string): number {
    return this.#nameIds.get(name) ?? -1
  }

  findPair(name: string, value: string): number {
    const nameId = this.#nameIds.get(name)
    if (nameId === undefined) return -1
    const symbol = findSymbol(this.slabs, this.#symbolTable, this.#seed, value)
    if (symbol < 0) return -1
    const pair = findPairId(this.slabs, this.#pairTable, nameId, symbol)
    return pair < this.pairCount ? pair : -1
  }

  nameText(name: number): string {
    return this.#nameTexts[name] as string
  }

  pairName(pair: number): number {
    return wordAt(this.slabs.pairs, (pair << PAIR_WORD_BITS) + PAIR.name)
  }

  pairValue(pair: number): string {
    return this.#symbolText(wordAt(this.slabs.pairs, (pair << PAIR_WORD_BITS) + PAIR.value))
  }

  pairsOfName(name: number, from: number, out: IntList): void {
    this.#listPairs()
    const list = this.#pairsByName[name]
    if (list === undefined) return
    for (let i = list.count - 1; i >= 0 && (list.items[i] as number) >= from; i--) out.push(list.items[i] as number)
  }

  /** Extends the private lists by the pairs that came since the last call. */
  #listPairs(): void {
    for (; this.#pairsListed < this.pairCount; this.#pairsListed++) {
      const name = this.pairName(this.#pairsListed)
      let list = this.#pairsByName[name]
      if (list === undefined) {
        list = new IntList()
        this.#pairsByName[name] = list
      }
      list.push(this.#pairsListed)
    }
  }

  postingCount(pair: number): number {
    return loadWord(this.slabs.pairs, (pair << PAIR_WORD_BITS) + PAIR.count)
  }

  postings(pair: number, out: IntList): void {
    const record = pair << PAIR_WORD_BITS
    let left = this.postingCount(pair)
    if (left === 0) return
    const first = wordAt(this.slabs.pairs, record + PAIR.first)
    if (first >= this.seriesCount) return
    out.reserve(out.count + left)
    out.push(first)
    left--
    let block = left > 0 ? loadWord(this.slabs.pairs, record + PAIR.block) : 0
    while (left > 0) {
      const words = this.slabs.postings.words[block >>> SEGMENT_WORD_BITS]
      // Blocks beyond the attached segments hold only series newer than this view.
      if (words === undefined) return
      const at = block & SEGMENT_WORD_MASK
      const here = Math.min(words[at] as number, left)
      for (let i = 0; i < here; i++) {
        const series = words[at + 2 + i] as number
        if (series >= this.seriesCount) return
        out.push(series)
      }
      left -= here
      block = Atomics.load(words, at + 1)
    }
  }

  hasPair(series: number, pair: number): boolean {
    const at = wordAt(this.slabs.series, series << SERIES_WORD_BITS)
    const words = this.slabs.seriesPairs.words[at >>> SEGMENT_WORD_BITS] as Int32Array
    const base = at & SEGMENT_WORD_MASK
    const end = base + (words[base] as number)
    for (let i = base + 1; i <= end; i++) if (words[i] === pair) return true
    return false
  }

  pairOfSeries(series: number, name: number): number {
    const at = wordAt(this.slabs.series, series << SERIES_WORD_BITS)
    const words = this.slabs.seriesPairs.words[at >>> SEGMENT_WORD_BITS] as Int32Array
    const base = at & SEGMENT_WORD_MASK
    const end = base + (words[base] as number)
    for (let i = base + 1; i <= end; i++) {
      const pair = words[i] as number
      if (wordAt(this.slabs.pairs, pair << PAIR_WORD_BITS) === name) return pair
    }
    return -1
  }

  labels(series: number): Labels {
    const at = wordAt(this.slabs.series, series << SERIES_WORD_BITS)
    const count = wordAt(this.slabs.seriesPairs, at)
    const out: string[] = new Array(count * 2)
    for (let i = 0; i < count; i++) {
      const pair = wordAt(this.slabs.seriesPairs, at + 1 + i)
      out[i * 2] = this.nameText(this.pairName(pair))
      out[i * 2 + 1] = this.pairValue(pair)
    }
    return out
  }

  compare(a: number, b: number): number {
    const aAt = wordAt(this.slabs.series, a << SERIES_WORD_BITS)
    const bAt = wordAt(this.slabs.series, b << SERIES_WORD_BITS)
    const aCount = wordAt(this.slabs.seriesPairs, aAt)
    const bCount = wordAt(this.slabs.seriesPairs, bAt)
    const shared = Math.min(aCount, bCount)
    for (let i = 1; i <= shared; i++) {
      const aPair = wordAt(this.slabs.seriesPairs, aAt + i)
      const bPair = wordAt(this.slabs.seriesPairs, bAt + i)
      if (aPair === bPair) continue
      const aName = this.nameText(this.pairName(aPair))
      const bName = this.nameText(this.pairName(bPair))
      if (aName !== bName) return aName < bName ? -1 : 1
      return this.pairValue(aPair) < this.pairValue(bPair) ? -1 : 1
    }
    return aCount - bCount
  }

  hashLow(series: number): number {
    return wordAt(this.slabs.series, (series << SERIES_WORD_BITS) + 1)
  }

  hashHigh(series: number): number {
    return wordAt(this.slabs.series, (series << SERIES_WORD_BITS) + 2)
  }

  #symbolText(symbol: number): string {
    const known = this.#strings[symbol]
    if (known !== undefined) return known
    if (this.#stringCount === SYMBOL_STRINGS_MAX) {
      this.#strings = []
      this.#stringCount = 0
    }
    const record = symbol << SYMBOL_WORD_BITS
    const at = wordAt(this.slabs.symbols, record)
    const length = wordAt(this.slabs.symbols, record + 1)
    const segment = this.slabs.symbolBytes.bytes[at >>> SEGMENT_WORD_BITS] as Uint8Array
    const from = (at & SEGMENT_WORD_MASK) * 4
    // TextDecoder refuses shared memory, hence the copy.
    copy.set(segment.subarray(from, from + length))
    const text = decoder.decode(copy.subarray(0, length))
    this.#strings[symbol] = text
    this.#stringCount++
    return text
  }
}

import { assert, type Labels } from '@vantage/model'
import { finishHash, hashBytes, mixWord } from '../hash.ts'
import { grownInts } from '../int-list.ts'
import { SEGMENT_WORD_BITS, SEGMENT_WORD_MASK, SYMBOL_BYTES_MAX } from '../limits.ts'
import { SharedSegments, setWord, storeWord, wordAt } from '../shared-segments.ts'

/**
 * The label index of one tenant: symbols, pairs, series and postings in shared segments. One thread writes
 * (this file), many read in place (`head-index-reader.ts`). Records never move and never change after their
 * count was published, except the words marked *live*.
 *
 *   symbol  4 words   address of the bytes | byte length | content hash low | high
 *   name    2 words   symbol | 0
 *   pair    8 words   name | value symbol | 0 | series count (live)
 *                     | first series | first postings block (live) | content hash low | high
 *   series  4 words   address of its pairs | hash low | high | 0
 *   pairs of a series: count, then pair ids in the order of label names
 *   postings block: capacity | next block (live) | series ids
 */
export const SYMBOL_WORD_BITS = 2
export const NAME_WORD_BITS = 1
export const PAIR_WORD_BITS = 3
export const SERIES_WORD_BITS = 2
export const PAIR = { name: 0, value: 1, count: 3, first: 4, block: 5, hashLow: 6, hashHigh: 7 } as const

const BLOCK_IDS_MIN = 6
const BLOCK_IDS_MAX = 254

export class IndexSlabs {
  readonly symbolBytes = new SharedSegments()
  readonly symbols = new SharedSegments()
  readonly names = new SharedSegments()
  readonly pairs = new SharedSegments()
  readonly series = new SharedSegments()
  readonly seriesPairs = new SharedSegments()
  readonly postings = new SharedSegments()

  all(): readonly SharedSegments[] {
    return [this.symbolBytes, this.symbols, this.names, this.pairs, this.series, this.seriesPairs, this.postings]
  }

  get byteLength(): number {
    let sum = 0
    for (const one of this.all()) sum += one.byteLength
    return sum
  }
}

/** Open addressing over shared memory, `id + 1` per slot; replaced by one of twice the size when half full. */
function newTable(slots: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(slots * 4))
}

const encoder = new TextEncoder()
const scratch = new Uint8Array(SYMBOL_BYTES_MAX)

export class HeadIndex {
  readonly slabs = new IndexSlabs()
  /** Seeds of the two content hashes; the same for all indexes of a process. */
  readonly seed: number
  /** Tells the indexes of a tenant apart; grows when one is replaced. */
  readonly epoch: number
  symbolCount = 0
  nameCount = 0
  pairCount = 0
  seriesCount = 0
  symbolTable = newTable(1024)
  pairTable = newTable(1024)
  /** Private to the writer: label set → series. */
  #seriesTable = new Int32Array(1024)
  readonly #nameIds = new Map<string, number>()
  #blockOf = new Int32Array(1024)
  #blockUsed = new Int32Array(1024)
  #pairScratch = new Int32Array(64)

  constructor(seed: number, epoch: number) {
    this.seed = seed
    this.epoch = epoch
  }

  get byteLength(): number {
    const tables = this.symbolTable.byteLength + this.pairTable.byteLength + this.#seriesTable.byteLength
    return this.slabs.byteLength + tables + this.#blockOf.byteLength * 2
  }

  /** @returns the series of exactly these labels, or -1; interns nothing */
  findSeries(labels: Labels): number {
    const count = labels.length >>> 1
    if (count > this.#pairScratch.length) this.#pairScratch = new Int32Array(count * 2)
    for (let i = 0; i < count; i++) {
      const pair = this.findPair(labels[i * 2] as string, labels[i * 2 + 1] as string)
      if (pair < 0) return -1
      this.#pairScratch[i] = pair
    }
    return this.#lookUpSeries(count)
  }

  /** @returns the pair's id, or -1; interns nothing */
  findPair(name: string, value: string): number {
    const nameId = this.#nameIds.get(name)
    if (nameId === undefined) return -1
    const symbol = findSymbol(this.slabs, this.symbolTable, this.seed, value)
    if (symbol < 0) return -1
    return findPairId(this.slabs, this.pairTable, nameId, symbol)
  }

  /** How many series have the pair. */
  postingCount(pair: number): number {
    return wordAt(this.slabs.pairs, (pair << PAIR_WORD_BITS) + PAIR.count)
  }

  /** Adds a series that `findSeries` did not find. @returns its id */
  addSeries(labels: Labels): number {
    const count = labels.length >>> 1
    if (count > this.#pairScratch.length) this.#pairScratch = new Int32Array(count * 2)
    for (let i = 0; i < count; i++) {
      this.#pairScratch[i] = this.#internPair(labels[i * 2] as string, labels[i * 2 + 1] as string)
    }
    const { series, seriesPairs, pairs } = this.slabs
    const id = this.seriesCount
    const at = seriesPairs.allocate(count + 1)
    setWord(seriesPairs, at, count)
    for (let i = 0; i < count; i++) setWord(seriesPairs, at + 1 + i, this.#pairScratch[i] as number)
    const record = id << SERIES_WORD_BITS
    series.cover(record + 4)
    setWord(series, record, at)
    setWord(series, record + 1, hashOfPairs(pairs, this.#pairScratch, count, PAIR.hashLow))
    setWord(series, record + 2, hashOfPairs(pairs, this.#pairScratch, count, PAIR.hashHigh))
    for (let i = 0; i < count; i++) this.#addPosting(this.#pairScratch[i] as number, id)
    this.seriesCount++
    this.#insertSeries(id)
    return id
  }

  #lookUpSeries(count: number): number {
    const low = hashOfPairs(this.slabs.pairs, this.#pairScratch, count, PAIR.hashLow)
    const mask = this.#seriesTable.length - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#seriesTable[slot] as number
      if (entry === 0) return -1
      if (this.#hasExactly(entry - 1, low, count)) return entry - 1
    }
  }

  #hasExactly(id: number, low: number, count: number): boolean {
    const record = id << SERIES_WORD_BITS
    if (wordAt(this.slabs.series, record + 1) !== low) return false
    const at = wordAt(this.slabs.series, record)
    if (wordAt(this.slabs.seriesPairs, at) !== count) return false
    for (let i = 0; i < count; i++) {
      if (wordAt(this.slabs.seriesPairs, at + 1 + i) !== this.#pairScratch[i]) return false
    }
    return true
  }

  #insertSeries(id: number): void {
    if (this.seriesCount * 2 > this.#seriesTable.length) {
      this.#seriesTable = new Int32Array(this.#seriesTable.length * 2)
      for (let i = 0; i < id; i++) this.#placeSeries(i)
    }
    this.#placeSeries(id)
  }

  #placeSeries(id: number): void {
    const mask = this.#seriesTable.length - 1
    let slot = wordAt(this.slabs.series, (id << SERIES_WORD_BITS) + 1) & mask
    while (this.#seriesTable[slot] !== 0) slot = (slot + 1) & mask
    this.#seriesTable[slot] = id + 1
  }

  #internName(name: string): number {
    const known = this.#nameIds.get(name)
    if (known !== undefined) return known
    const symbol = this.#internSymbol(name)
    const id = this.nameCount++
    const record = id << NAME_WORD_BITS
    this.slabs.names.cover(record + 2)
    setWord(this.slabs.names, record, symbol)
    this.#nameIds.set(name, id)
    return id
  }

  #internPair(name: string, value: string): number {
    const nameId = this.#internName(name)
    const symbol = this.#internSymbol(value)
    const known = findPairId(this.slabs, this.pairTable, nameId, symbol)
    if (known >= 0) return known
    const { pairs, names, symbols } = this.slabs
    const id = this.pairCount++
    const record = id << PAIR_WORD_BITS
    const nameSymbol = wordAt(names, nameId << NAME_WORD_BITS)
    pairs.cover(record + 8)
    setWord(pairs, record + PAIR.name, nameId)
    setWord(pairs, record + PAIR.value, symbol)
    setWord(pairs, record + PAIR.hashLow, pairHash(symbols, nameSymbol, symbol, 2))
    setWord(pairs, record + PAIR.hashHigh, pairHash(symbols, nameSymbol, symbol, 3))
    if (id === this.#blockOf.length) {
      this.#blockOf = grownInts(this.#blockOf, id + 1)
      this.#blockUsed = grownInts(this.#blockUsed, id + 1)
    }
    if (this.pairCount * 2 > this.pairTable.length) this.#growPairTable()
    else placePair(this.slabs, this.pairTable, id)
    return id
  }

  #growPairTable(): void {
    this.pairTable = newTable(this.pairTable.length * 2)
    for (let i = 0; i < this.pairCount; i++) placePair(this.slabs, this.pairTable, i)
  }

  #internSymbol(text: string): number {
    const known = findSymbol(this.slabs, this.symbolTable, this.seed, text)
    if (known >= 0) return known
    const { written, read } = encoder.encodeInto(text, scratch)
    assert(read === text.length, `symbol longer than ${SYMBOL_BYTES_MAX} bytes passed the limits`)
    const { symbolBytes, symbols } = this.slabs
    const at = symbolBytes.allocate(Math.max(1, (written + 3) >>> 2))
    const segment = symbolBytes.bytes[at >>> SEGMENT_WORD_BITS] as Uint8Array
    segment.set(scratch.subarray(0, written), (at & SEGMENT_WORD_MASK) * 4)
    const id = this.symbolCount++
    const record = id << SYMBOL_WORD_BITS
    symbols.cover(record + 4)
    setWord(symbols, record, at)
    setWord(symbols, record + 1, written)
    setWord(symbols, record + 2, hashBytes(scratch, 0, written, this.seed))
    setWord(symbols, record + 3, hashBytes(scratch, 0, written, ~this.seed))
    if (this.symbolCount * 2 > this.symbolTable.length) {
      this.symbolTable = newTable(this.symbolTable.length * 2)
      for (let i = 0; i < id; i++) placeSymbol(this.slabs, this.symbolTable, i)
    }
    placeSymbol(this.slabs, this.symbolTable, id)
    return id
  }

  #addPosting(pair: number, series: number): void {
    const { pairs, postings } = this.slabs
    const record = pair << PAIR_WORD_BITS
    const count = wordAt(pairs, record + PAIR.count)
    if (count === 0) {
      setWord(pairs, record + PAIR.first, series)
    } else {
      const block = this.#blockOf[pair] as number
      const used = this.#blockUsed[pair] as number
      if (block === 0 || used === wordAt(postings, block)) this.#addBlock(pair, block, series)
      else {
        setWord(postings, block + 2 + used, series)
        this.#blockUsed[pair] = used + 1
      }
    }
    storeWord(pairs, record + PAIR.count, count + 1)
  }

  #addBlock(pair: number, last: number, series: number): void {
    const { pairs, postings } = this.slabs
    const capacity = last === 0 ? BLOCK_IDS_MIN : Math.min(BLOCK_IDS_MAX, wordAt(postings, last) * 2 + 2)
    const block = postings.allocate(capacity + 2)
    setWord(postings, block, capacity)
    setWord(postings, block + 2, series)
    if (last === 0) storeWord(pairs, (pair << PAIR_WORD_BITS) + PAIR.block, block)
    else storeWord(postings, last + 1, block)
    this.#blockOf[pair] = block
    this.#blockUsed[pair] = 1
  }
}

/** @returns the symbol of the text, or -1 */
export function findSymbol(slabs: IndexSlabs, table: Int32Array, seed: number, text: string): number {
  const { written, read } = encoder.encodeInto(text, scratch)
  if (read !== text.length) return -1
  const mask = table.length - 1
  for (let slot = hashBytes(scratch, 0, written, seed) & mask; ; slot = (slot + 1) & mask) {
    const entry = Atomics.load(table, slot)
    if (entry === 0) return -1
    if (symbolEquals(slabs, entry - 1, written)) return entry - 1
  }
}

function symbolEquals(slabs: IndexSlabs, symbol: number, length: number): boolean {
  const record = symbol << SYMBOL_WORD_BITS
  // A reader's table may name symbols newer than its segments; they are none of its business.
  if (record >>> SEGMENT_WORD_BITS >= slabs.symbols.words.length) return false
  if (wordAt(slabs.symbols, record + 1) !== length) return false
  const at = wordAt(slabs.symbols, record)
  const segment = slabs.symbolBytes.bytes[at >>> SEGMENT_WORD_BITS]
  if (segment === undefined) return false
  const from = (at & SEGMENT_WORD_MASK) * 4
  for (let i = 0; i < length; i++) if (segment[from + i] !== scratch[i]) return false
  return true
}

/** @returns the pair of a name and a value symbol, or -1 */
export function findPairId(slabs: IndexSlabs, table: Int32Array, name: number, symbol: number): number {
  const mask = table.length - 1
  for (let slot = pairSlot(name, symbol) & mask; ; slot = (slot + 1) & mask) {
    const entry = Atomics.load(table, slot)
    if (entry === 0) return -1
    const record = (entry - 1) << PAIR_WORD_BITS
    if (record >>> SEGMENT_WORD_BITS >= slabs.pairs.words.length) continue
    if (wordAt(slabs.pairs, record) === name && wordAt(slabs.pairs, record + 1) === symbol) return entry - 1
  }
}

function pairSlot(name: number, symbol: number): number {
  return finishHash(mixWord(name, symbol))
}

function placePair(slabs: IndexSlabs, table: Int32Array, pair: number): void {
  const mask = table.length - 1
  const record = pair << PAIR_WORD_BITS
  let slot = pairSlot(wordAt(slabs.pairs, record), wordAt(slabs.pairs, record + 1)) & mask
  while (table[slot] !== 0) slot = (slot + 1) & mask
  Atomics.store(table, slot, pair + 1)
}

function placeSymbol(slabs: IndexSlabs, table: Int32Array, symbol: number): void {
  const mask = table.length - 1
  let slot = wordAt(slabs.symbols, (symbol << SYMBOL_WORD_BITS) + 2) & mask
  while (table[slot] !== 0) slot = (slot + 1) & mask
  Atomics.store(table, slot, symbol + 1)
}

function pairHash(symbols: SharedSegments, name: number, value: number, word: number): number {
  const nameHash = wordAt(symbols, (name << SYMBOL_WORD_BITS) + word)
  return combineHashes(nameHash, wordAt(symbols, (value << SYMBOL_WORD_BITS) + word))
}

/** The hash of a pair from the hashes of its name and value; a part computes the same. */
export function combineHashes(name: number, value: number): number {
  return finishHash(mixWord(name, value))
}

function hashOfPairs(pairs: SharedSegments, ids: Int32Array, count: number, word: number): number {
  let hash = count
  for (let i = 0; i < count; i++) hash = mixWord(hash, wordAt(pairs, ((ids[i] as number) << PAIR_WORD_BITS) + word))
  return finishHash(hash)
}

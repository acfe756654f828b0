import type { Labels } from '@vantage/model'
import { finishHash, hashBytes, mixWord } from '../hash.ts'
import { combineHashes } from '../head/head-index.ts'
import type { IntList } from '../int-list.ts'
import type { SeriesIndex } from '../series-index.ts'

/** The columns that a part's index consists of once its sections are read. */
export interface PartIndexColumns {
  readonly symbolBytes: Uint8Array
  /** Length symbols + 1. */
  readonly symbolFrom: Int32Array
  readonly nameSymbols: Int32Array
  /** Length names + 1: the pairs of a name are a range, ascending by value. */
  readonly namePairFrom: Int32Array
  readonly pairSymbols: Int32Array
  /** Length series + 1. */
  readonly seriesPairFrom: Int32Array
  readonly seriesPairs: Int32Array
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The label index of one part: read-only columns; postings and hashes are derived when first needed. */
export class PartIndex implements SeriesIndex {
  readonly seriesCount: number
  readonly pairCount: number
  readonly nameCount: number
  readonly #columns: PartIndexColumns
  readonly #pairNames: Int32Array
  readonly #nameIds = new Map<string, number>()
  readonly #strings: (string | undefined)[]
  #postingFrom: Int32Array | undefined
  #postingIds = new Int32Array(0)
  #hashes: Int32Array | undefined
  readonly #seed: number

  constructor(columns: PartIndexColumns, seed: number) {
    this.#columns = columns
    this.#seed = seed
    this.nameCount = columns.nameSymbols.length
    this.pairCount = columns.pairSymbols.length
    this.seriesCount = columns.seriesPairFrom.length - 1
    this.#strings = new Array(columns.symbolFrom.length - 1)
    this.#pairNames = new Int32Array(this.pairCount)
    for (let name = 0; name < this.nameCount; name++) {
      this.#nameIds.set(this.nameText(name), name)
      this.#pairNames.fill(name, columns.namePairFrom[name], columns.namePairFrom[name + 1])
    }
  }

  findName(name: string): number {
    return this.#nameIds.get(name) ?? -1
  }

  findPair(name: string, value: string): number {
    const id = this.findName(name)
    if (id < 0) return -1
    let low = this.#columns.namePairFrom[id] as number
    let high = this.#columns.namePairFrom[id + 1] as number
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.pairValue(middle) < value) low = middle + 1
      else high = middle
    }
    return low < (this.#columns.namePairFrom[id + 1] as number) && this.pairValue(low) === value ? low : -1
  }

  nameText(name: number): string {
    return this.#text(this.#columns.nameSymbols[name] as number)
  }

  pairName(pair: number): number {
    return this.#pairNames[pair] as number
  }

  pairValue(pair: number): string {
    return this.#text(this.#columns.pairSymbols[pair] as number)
  }

  pairsOfName(name: number, from: number, out: IntList): void {
    const first = Math.max(from, this.#columns.namePairFrom[name] as number)
    for (let pair = first; pair < (this.#columns.namePairFrom[name + 1] as number); pair++) out.push(pair)
  }

  postingCount(pair: number): number {
    const from = this.#postings()
    return (from[pair + 1] as number) - (from[pair] as number)
  }

  postings(pair: number, out: IntList): void {
    const from = this.#postings()
    const start = from[pair] as number
    const end = from[pair + 1] as number
    out.reserve(out.count + end - start)
    out.items.set(this.#postingIds.subarray(start, end), out.count)
    out.count += end - start
  }

  hasPair(series: number, pair: number): boolean {
    const { seriesPairFrom, seriesPairs } = this.#columns
    const end = seriesPairFrom[series + 1] as number
    for (let i = seriesPairFrom[series] as number; i < end; i++) if (seriesPairs[i] === pair) return true
    return false
  }

  pairOfSeries(series: number, name: number): number {
    const { seriesPairFrom, seriesPairs, namePairFrom } = this.#columns
    const low = namePairFrom[name] as number
    const high = namePairFrom[name + 1] as number
    const end = seriesPairFrom[series + 1] as number
    for (let i = seriesPairFrom[series] as number; i < end; i++) {
      const pair = seriesPairs[i] as number
      if (pair >= low && pair < high) return pair
    }
    return -1
  }

  labels(series: number): Labels {
    const { seriesPairFrom, seriesPairs } = this.#columns
    const from = seriesPairFrom[series] as number
    const count = (seriesPairFrom[series + 1] as number) - from
    const out: string[] = new Array(count * 2)
    for (let i = 0; i < count; i++) {
      const pair = seriesPairs[from + i] as number
      out[i * 2] = this.nameText(this.pairName(pair))
      out[i * 2 + 1] = this.pairValue(pair)
    }
    return out
  }

  /** Series are written in the order of their label sets. */
  compare(a: number, b: number): number {
    return a - b
  }

  hashLow(series: number): number {
    return this.#hash()[series * 2] as number
  }

  hashHigh(series: number): number {
    return this.#hash()[series * 2 + 1] as number
  }

  /** Series per pair as one array and its bounds: a counting sort, quicker than reading them from disk. */
  #postings(): Int32Array {
    if (this.#postingFrom !== undefined) return this.#postingFrom
    const { seriesPairFrom, seriesPairs } = this.#columns
    const from = new Int32Array(this.pairCount + 1)
    for (let i = 0; i < seriesPairs.length; i++) {
      const pair = seriesPairs[i] as number
      from[pair + 1] = (from[pair + 1] as number) + 1
    }
    for (let pair = 0; pair < this.pairCount; pair++)
      from[pair + 1] = (from[pair + 1] as number) + (from[pair] as number)
    const next = from.slice()
    this.#postingIds = new Int32Array(seriesPairs.length)
    for (let series = 0; series < this.seriesCount; series++) {
      for (let i = seriesPairFrom[series] as number; i < (seriesPairFrom[series + 1] as number); i++) {
        const pair = seriesPairs[i] as number
        const at = next[pair] as number
        this.#postingIds[at] = series
        next[pair] = at + 1
      }
    }
    this.#postingFrom = from
    return from
  }

  #hash(): Int32Array {
    if (this.#hashes !== undefined) return this.#hashes
    const { symbolBytes, symbolFrom, seriesPairFrom, seriesPairs, pairSymbols, nameSymbols } = this.#columns
    const hashes = new Int32Array(this.seriesCount * 2)
    for (let lane = 0; lane < 2; lane++) {
      const seed = lane === 0 ? this.#seed : ~this.#seed
      const symbols = new Int32Array(symbolFrom.length - 1)
      for (let i = 0; i < symbols.length; i++) {
        const from = symbolFrom[i] as number
        symbols[i] = hashBytes(symbolBytes, from, (symbolFrom[i + 1] as number) - from, seed)
      }
      const pairs = new Int32Array(this.pairCount)
      for (let i = 0; i < pairs.length; i++) {
        const name = symbols[nameSymbols[this.#pairNames[i] as number] as number] as number
        pairs[i] = combineHashes(name, symbols[pairSymbols[i] as number] as number)
      }
      for (let series = 0; series < this.seriesCount; series++) {
        const from = seriesPairFrom[series] as number
        const end = seriesPairFrom[series + 1] as number
        let hash = end - from
        for (let i = from; i < end; i++) hash = mixWord(hash, pairs[seriesPairs[i] as number] as number)
        hashes[series * 2 + lane] = finishHash(hash)
      }
    }
    this.#hashes = hashes
    return hashes
  }

  #text(symbol: number): string {
    const known = this.#strings[symbol]
    if (known !== undefined) return known
    const { symbolBytes, symbolFrom } = this.#columns
    const text = decoder.decode(symbolBytes.subarray(symbolFrom[symbol], symbolFrom[symbol + 1]))
    this.#strings[symbol] = text
    return text
  }
}

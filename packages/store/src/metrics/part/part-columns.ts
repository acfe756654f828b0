import { zstdDecompressSync } from 'node:zlib'
import { crc32c } from '@vantage/bytes'
import { type Moments, type OpenFile, readAllNow } from '@vantage/model'
import { decodeValues } from '../codec/value-decoder.ts'
import { CHUNK_SAMPLES_MAX, PAGE_BYTES } from '../limits.ts'
import { type ColumnPicks, picksOf } from './column-picks.ts'
import type { PageSource } from './histogram-chunk.ts'
import { HEADER_BYTES, SECTION } from './layout.ts'
import type { PageCache, PageSlot } from './page-cache.ts'
import { PartIndex } from './part-index.ts'
import { corrupt, type PartSections, readColumn } from './part-sections.ts'

/** Time columns a file keeps decoded; beyond it all are dropped at once. */
const DECODED_COLUMNS_MAX = 1_024

/** Pages and time columns of one open file, each checked before a byte of it is used. */
export class PartColumns implements PageSource {
  readonly #file: OpenFile
  readonly #path: string
  readonly #id: number
  readonly #cache: PageCache
  /** First and last time of each time column. */
  readonly first: Float64Array
  readonly last: Float64Array
  readonly #counts: Int32Array
  readonly #pages: Int32Array
  readonly #offsets: Int32Array
  readonly #pageOffsets: Float64Array
  readonly #pageStored: Int32Array
  readonly #pageRaw: Int32Array
  readonly #pageCrcs: Int32Array
  readonly #decoded = new Map<number, Float64Array>()
  /** By column, for the moments that were last asked about. */
  readonly #picked = new Map<number, ColumnPicks | undefined>()
  #pickedAt: Moments | undefined
  readonly #slot: PageSlot = { bytes: new Uint8Array(0), at: 0 }
  readonly #stored = new Uint8Array(PAGE_BYTES + 4096)

  /**
   * @param id of the file among all whose pages are in the cache
   * @throws FaultError where a section is not whole
   */
  constructor(file: OpenFile, path: string, sections: PartSections, id: number, cache: PageCache) {
    this.#file = file
    this.#path = path
    this.#id = id
    this.#cache = cache
    const columns = sections.read(SECTION.timeColumns)
    const columnCount = columns.varint()
    this.#counts = new Int32Array(columnCount)
    this.#pages = new Int32Array(columnCount)
    this.#offsets = new Int32Array(columnCount)
    this.first = new Float64Array(columnCount)
    this.last = new Float64Array(columnCount)
    for (let i = 0; i < columnCount; i++) {
      this.#counts[i] = columns.varint()
      this.#pages[i] = columns.varint()
      this.#offsets[i] = columns.varint()
      this.first[i] = columns.f64()
      this.last[i] = columns.f64()
    }
    const pages = sections.read(SECTION.pages)
    const pageCount = pages.varint()
    this.#pageStored = readColumn(pages, pageCount)
    this.#pageRaw = readColumn(pages, pageCount)
    this.#pageCrcs = new Int32Array(pageCount)
    for (let i = 0; i < pageCount; i++) this.#pageCrcs[i] = pages.u32() | 0
    this.#pageOffsets = new Float64Array(pageCount + 1)
    this.#pageOffsets[0] = HEADER_BYTES
    for (let i = 0; i < pageCount; i++) {
      this.#pageOffsets[i + 1] = (this.#pageOffsets[i] as number) + (this.#pageStored[i] as number)
    }
    if (columns.isPast || pages.isPast) throw corrupt(path, 'a section ends early')
  }

  rawBytes(page: number): number {
    return this.#pageRaw[page] ?? 0
  }

  /** Samples of a time column. */
  count(column: number): number {
    return this.#counts[column] as number
  }

  times(column: number): Float64Array {
    const known = this.#decoded.get(column)
    if (known !== undefined) return known
    const count = this.#counts[column] as number
    if (count === 0 || count > CHUNK_SAMPLES_MAX) throw corrupt(this.#path, `time column ${column} cannot be decoded`)
    const times = new Float64Array(count)
    const slot = this.page(this.#pages[column] as number)
    const at = slot.at + (this.#offsets[column] as number)
    if (decodeValues(slot.bytes, at, count, times, new Uint32Array(times.buffer), 0) < 0) {
      throw corrupt(this.#path, `time column ${column} cannot be decoded`)
    }
    if (this.#decoded.size === DECODED_COLUMNS_MAX) this.#decoded.clear()
    this.#decoded.set(column, times)
    return times
  }

  /** Which samples of a time column are looked at for one of the moments; undefined where that is many of them. */
  picks(column: number, moments: Moments): ColumnPicks | undefined {
    const { startMs, stepMs, steps, windowMs } = moments
    const known = this.#pickedAt
    const isSame = known?.startMs === startMs && known.stepMs === stepMs && known.steps === steps
    if (!isSame || known?.windowMs !== windowMs) {
      this.#pickedAt = moments
      this.#picked.clear()
    }
    if (!this.#picked.has(column)) {
      if (this.#picked.size === DECODED_COLUMNS_MAX) this.#picked.clear()
      this.#picked.set(column, picksOf(this.times(column), moments))
    }
    return this.#picked.get(column)
  }

  /** A decompressed page; valid until the next call. */
  page(page: number): PageSlot {
    if (page >= this.#pageRaw.length) throw corrupt(this.#path, `page ${page} is missing`)
    const key = this.#id * 2 ** 22 + page
    if (this.#cache.find(key, this.#slot)) return this.#slot
    const storedBytes = this.#pageStored[page] as number
    const stored = this.#stored.subarray(0, storedBytes)
    const count = readAllNow(this.#file, stored, 0, storedBytes, this.#pageOffsets[page] as number)
    if (count !== storedBytes || (crc32c(stored) | 0) !== this.#pageCrcs[page]) {
      throw corrupt(this.#path, `page ${page}: checksum differs`)
    }
    const raw = zstdDecompressSync(stored, { chunkSize: PAGE_BYTES })
    if (raw.length !== this.#pageRaw[page]) throw corrupt(this.#path, `page ${page}: length differs`)
    this.#cache.claim(key, this.#slot)
    this.#slot.bytes.set(raw, this.#slot.at)
    return this.#slot
  }

  /** Reads every page once. @throws FaultError at the first that fails its checksum */
  verify(): void {
    for (let page = 0; page < this.#pageStored.length; page++) this.page(page)
  }
}

/** Where the chunks of each series lie. */
export interface ChunkTable {
  /** Length series + 1: the chunks of a series are a range. */
  readonly from: Int32Array
  readonly kinds: Uint8Array
  /** Time columns. */
  readonly columns: Int32Array
  /** Time column of the starts + 1; 0 = none is known. */
  readonly starts: Int32Array
  readonly pages: Int32Array
  readonly offsets: Int32Array
}

export function readChunkTable(sections: PartSections, path: string): ChunkTable {
  const { seriesCount } = sections.totals
  const chunks = sections.read(SECTION.chunks)
  const count = chunks.varint()
  const from = new Int32Array(seriesCount + 1)
  for (let i = 0; i < seriesCount; i++) from[i + 1] = (from[i] as number) + chunks.varint()
  if (from[seriesCount] !== count) throw corrupt(path, 'chunk count differs')
  const kinds = chunks.raw(count)
  const columns = readColumn(chunks, count)
  const starts = readColumn(chunks, count)
  const pages = readColumn(chunks, count)
  const offsets = readColumn(chunks, count)
  if (chunks.isPast) throw corrupt(path, 'a section ends early')
  return { from, kinds, columns, starts, pages, offsets }
}

/** @param seed of the content hashes, the same in all indexes of the process */
export function readPartIndex(source: PartSections, path: string, seed: number): PartIndex {
  const symbols = source.read(SECTION.symbols)
  const symbolCount = symbols.varint()
  const symbolFrom = new Int32Array(symbolCount + 1)
  for (let i = 0; i < symbolCount; i++) symbolFrom[i + 1] = (symbolFrom[i] as number) + symbols.varint()
  const symbolBytes = symbols.raw(symbolFrom[symbolCount] as number)
  const pairs = source.read(SECTION.pairs)
  const nameCount = pairs.varint()
  const nameSymbols = readColumn(pairs, nameCount)
  const namePairFrom = new Int32Array(nameCount + 1)
  for (let i = 0; i < nameCount; i++) namePairFrom[i + 1] = (namePairFrom[i] as number) + pairs.varint()
  const pairSymbols = readColumn(pairs, namePairFrom[nameCount] as number)
  const series = source.read(SECTION.series)
  const seriesCount = series.varint()
  const seriesPairFrom = new Int32Array(seriesCount + 1)
  for (let i = 0; i < seriesCount; i++) seriesPairFrom[i + 1] = (seriesPairFrom[i] as number) + series.varint()
  const seriesPairs = readColumn(series, seriesPairFrom[seriesCount] as number)
  if (symbols.isPast || pairs.isPast || series.isPast) throw corrupt(path, 'an index section ends early')
  const columns = { symbolBytes, symbolFrom, nameSymbols, namePairFrom, pairSymbols, seriesPairFrom, seriesPairs }
  return new PartIndex(columns, seed)
}

import { zstdDecompressSync } from 'node:zlib'
import { crc32c } from '@vantage/bytes'
import {
  type Exemplar,
  type FileSystem,
  type HistogramColumns,
  type Labels,
  type MetricMetadata,
  type OpenFile,
  readAllNow,
  type SampleColumns,
} from '@vantage/model'
import { decoded, decodeValues, mayHoldMarker } from '../codec/value-decoder.ts'
import type { DeltaState } from '../head/delta-sums.ts'
import type { ReadScratch } from '../head/generation-reader.ts'
import { CHUNK_SAMPLES_MAX, PAGE_BYTES } from '../limits.ts'
import { MatchCache } from '../select.ts'
import { type IndexGroup, KnownTwins, type SampleSource } from '../series-index.ts'
import type { StartColumn } from '../start-column.ts'
import type { TimeList } from '../time-list.ts'
import { type PageSource, readHistogramChunk } from './histogram-chunk.ts'
import { CHUNK_KIND, HEADER_BYTES, HISTOGRAMS_VERSION, SECTION, START_TIMES_VERSION } from './layout.ts'
import type { PageCache, PageSlot } from './page-cache.ts'
import { PartIndex } from './part-index.ts'
import { corrupt, PartSections, type PartTotals, readColumn } from './part-sections.ts'

/** Time columns a part keeps decoded; beyond it all are dropped at once. */
const DECODED_COLUMNS_MAX = 1_024

/**
 * One part file, read in place. Every section and page is checked against its CRC-32C before a byte of it is used.
 * Fails with a FaultError (`internal`, reason `corrupt_part`) where a check fails or the version is unknown.
 */
export class PartReader implements SampleSource {
  readonly id: number
  readonly totals: PartTotals
  readonly index: PartIndex
  readonly group: IndexGroup
  readonly hasHistograms: boolean
  readonly hasStartTimes: boolean
  readonly #path: string
  readonly #file: OpenFile
  readonly #cache: PageCache
  readonly #sections: PartSections
  /** Length series + 1. */
  readonly #chunkFrom: Int32Array
  readonly #chunkKinds: Uint8Array
  readonly #chunkColumns: Int32Array
  /** Time column of the starts + 1; 0 = none is known. */
  readonly #chunkStarts: Int32Array
  readonly #chunkPages: Int32Array
  readonly #chunkOffsets: Int32Array
  readonly #columnCounts: Int32Array
  readonly #columnPages: Int32Array
  readonly #columnOffsets: Int32Array
  readonly #columnFirst: Float64Array
  readonly #columnLast: Float64Array
  readonly #pageOffsets: Float64Array
  readonly #pageStored: Int32Array
  readonly #pageRaw: Int32Array
  readonly #pageCrcs: Int32Array
  readonly #decoded = new Map<number, Float64Array>()
  readonly #slot: PageSlot = { bytes: new Uint8Array(0), at: 0 }
  readonly #stored = new Uint8Array(PAGE_BYTES + 4096)
  #exemplars: Map<number, Exemplar[]> | undefined
  readonly #pages: PageSource = {
    page: (page) => {
      if (page >= this.#pageRaw.length) throw corrupt(this.#path, `page ${page} is missing`)
      return this.#page(page)
    },
    rawBytes: (page) => this.#pageRaw[page] ?? 0,
  }

  /** @param seed of the content hashes, the same in all indexes of the process */
  static open(files: FileSystem, path: string, id: number, seed: number, cache: PageCache): PartReader {
    const file = files.open(path, 'read')
    try {
      return new PartReader(file, path, id, seed, cache)
    } catch (error) {
      file.close()
      throw error
    }
  }

  private constructor(file: OpenFile, path: string, id: number, seed: number, cache: PageCache) {
    this.id = id
    this.#file = file
    this.#path = path
    this.#cache = cache
    this.#sections = new PartSections(file, path)
    this.totals = this.#sections.totals
    const { seriesCount } = this.totals
    this.index = this.#readIndex(seed)
    if (this.index.seriesCount !== seriesCount) throw corrupt(path, 'series count differs')
    const columns = this.#sections.read(SECTION.timeColumns)
    const columnCount = columns.varint()
    this.#columnCounts = new Int32Array(columnCount)
    this.#columnPages = new Int32Array(columnCount)
    this.#columnOffsets = new Int32Array(columnCount)
    this.#columnFirst = new Float64Array(columnCount)
    this.#columnLast = new Float64Array(columnCount)
    for (let i = 0; i < columnCount; i++) {
      this.#columnCounts[i] = columns.varint()
      this.#columnPages[i] = columns.varint()
      this.#columnOffsets[i] = columns.varint()
      this.#columnFirst[i] = columns.f64()
      this.#columnLast[i] = columns.f64()
    }
    const chunks = this.#sections.read(SECTION.chunks)
    const chunkCount = chunks.varint()
    this.#chunkFrom = new Int32Array(seriesCount + 1)
    for (let i = 0; i < seriesCount; i++) this.#chunkFrom[i + 1] = (this.#chunkFrom[i] as number) + chunks.varint()
    if (this.#chunkFrom[seriesCount] !== chunkCount) throw corrupt(path, 'chunk count differs')
    this.#chunkKinds = chunks.raw(chunkCount)
    this.#chunkColumns = readColumn(chunks, chunkCount)
    this.#chunkStarts = readColumn(chunks, chunkCount)
    this.#chunkPages = readColumn(chunks, chunkCount)
    this.#chunkOffsets = readColumn(chunks, chunkCount)
    const pages = this.#sections.read(SECTION.pages)
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
    if (columns.isPast || chunks.isPast || pages.isPast) throw corrupt(path, 'a section ends early')
    this.hasHistograms = this.#chunkKinds.some((kind) => kind !== CHUNK_KIND.float)
    if (this.hasHistograms && this.#sections.version < HISTOGRAMS_VERSION) throw corrupt(path, 'unknown kind of chunk')
    this.hasStartTimes = this.#chunkStarts.some((column) => column !== 0)
    if (this.hasStartTimes && this.#sections.version < START_TIMES_VERSION) throw corrupt(path, 'unknown start times')
    if (this.#chunkKinds.some((kind) => kind > CHUNK_KIND.customBucketHistogram)) {
      throw corrupt(path, 'unknown kind of chunk')
    }
    this.group = {
      id: `part ${id}`,
      index: this.index,
      matches: new MatchCache(),
      sources: [this],
      known: new KnownTwins(),
    }
  }

  get minTimeMs(): number {
    return this.totals.minTimeMs
  }

  get maxTimeMs(): number {
    return this.totals.maxTimeMs
  }

  #readIndex(seed: number): PartIndex {
    const symbols = this.#sections.read(SECTION.symbols)
    const symbolCount = symbols.varint()
    const symbolFrom = new Int32Array(symbolCount + 1)
    for (let i = 0; i < symbolCount; i++) symbolFrom[i + 1] = (symbolFrom[i] as number) + symbols.varint()
    const symbolBytes = symbols.raw(symbolFrom[symbolCount] as number)
    const pairs = this.#sections.read(SECTION.pairs)
    const nameCount = pairs.varint()
    const nameSymbols = readColumn(pairs, nameCount)
    const namePairFrom = new Int32Array(nameCount + 1)
    for (let i = 0; i < nameCount; i++) namePairFrom[i + 1] = (namePairFrom[i] as number) + pairs.varint()
    const pairSymbols = readColumn(pairs, namePairFrom[nameCount] as number)
    const series = this.#sections.read(SECTION.series)
    const seriesCount = series.varint()
    const seriesPairFrom = new Int32Array(seriesCount + 1)
    for (let i = 0; i < seriesCount; i++) seriesPairFrom[i + 1] = (seriesPairFrom[i] as number) + series.varint()
    const seriesPairs = readColumn(series, seriesPairFrom[seriesCount] as number)
    if (symbols.isPast || pairs.isPast || series.isPast) throw corrupt(this.#path, 'an index section ends early')
    const columns = { symbolBytes, symbolFrom, nameSymbols, namePairFrom, pairSymbols, seriesPairFrom, seriesPairs }
    return new PartIndex(columns, seed)
  }

  mayHold(series: number, startMs: number, endMs: number): boolean {
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      const column = this.#chunkColumns[chunk] as number
      if ((this.#columnFirst[column] as number) > endMs) return false
      if ((this.#columnLast[column] as number) >= startMs) return true
    }
    return false
  }

  read(series: number, startMs: number, endMs: number, out: SampleColumns, scratch: ReadScratch): void {
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      const column = this.#chunkColumns[chunk] as number
      if ((this.#columnFirst[column] as number) > endMs) return
      if (this.#chunkKinds[chunk] !== CHUNK_KIND.float) continue
      if ((this.#columnLast[column] as number) >= startMs) this.#readChunk(chunk, column, startMs, endMs, out, scratch)
    }
  }

  mayHoldHistograms(series: number, startMs: number, endMs: number): boolean {
    if (!this.hasHistograms) return false
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      if (this.#holdsHistograms(chunk, startMs, endMs)) return true
    }
    return false
  }

  #holdsHistograms(chunk: number, startMs: number, endMs: number): boolean {
    if (this.#chunkKinds[chunk] === CHUNK_KIND.float) return false
    const column = this.#chunkColumns[chunk] as number
    return (this.#columnFirst[column] as number) <= endMs && (this.#columnLast[column] as number) >= startMs
  }

  histogramTimes(series: number, startMs: number, endMs: number, out: TimeList): void {
    if (!this.hasHistograms) return
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      if (!this.#holdsHistograms(chunk, startMs, endMs)) continue
      for (const time of this.#times(this.#chunkColumns[chunk] as number)) {
        if (time >= startMs && time <= endMs) out.push(time)
      }
    }
  }

  readHistograms(series: number, startMs: number, endMs: number, out: HistogramColumns, scratch: ReadScratch): void {
    if (!this.hasHistograms) return
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      if (!this.#holdsHistograms(chunk, startMs, endMs)) continue
      const times = this.#times(this.#chunkColumns[chunk] as number)
      let from = 0
      while (from < times.length && (times[from] as number) < startMs) from++
      let to = times.length
      while (to > from && (times[to - 1] as number) > endMs) to--
      if (from === to) continue
      const place = { page: this.#chunkPages[chunk] as number, at: this.#chunkOffsets[chunk] as number }
      if (!readHistogramChunk(this.#pages, place, times, from, to, out, scratch)) {
        throw corrupt(this.#path, `chunk ${chunk} cannot be decoded`)
      }
    }
  }

  mayHoldStartTimes(series: number): boolean {
    if (!this.hasStartTimes) return false
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      if (this.#chunkStarts[chunk] !== 0) return true
    }
    return false
  }

  readStartTimes(series: number, startMs: number, endMs: number, out: StartColumn): void {
    if (out.count === 0 || (!this.hasStartTimes && !out.isKnown)) return
    const fromMs = Math.max(startMs, out.times[0] as number)
    const toMs = Math.min(endMs, out.times[out.count - 1] as number)
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      const column = this.#chunkColumns[chunk] as number
      if ((this.#columnFirst[column] as number) > toMs) return
      if ((this.#columnLast[column] as number) < fromMs) continue
      const startColumn = (this.#chunkStarts[chunk] as number) - 1
      if (startColumn < 0 && !out.isKnown) continue
      const times = this.#times(column)
      const starts = startColumn < 0 ? undefined : this.#times(startColumn)
      if (starts !== undefined && starts.length !== times.length) {
        throw corrupt(this.#path, `chunk ${chunk}: start times differ in number`)
      }
      applyStarts(times, starts, fromMs, toMs, out)
    }
  }

  #readChunk(
    chunk: number,
    column: number,
    startMs: number,
    endMs: number,
    out: SampleColumns,
    scratch: ReadScratch,
  ): void {
    const times = this.#times(column)
    const count = times.length
    let from = 0
    while (from < count && (times[from] as number) < startMs) from++
    let to = count
    while (to > from && (times[to - 1] as number) > endMs) to--
    if (from === to) return
    scratch.trail.push(this.id, column, from, to)
    const slot = this.#page(this.#chunkPages[chunk] as number)
    const at = slot.at + (this.#chunkOffsets[chunk] as number)
    if (out.count === 0) out.isFreeOfMarkers = true
    if (out.isFreeOfMarkers && mayHoldMarker(slot.bytes, at)) out.isFreeOfMarkers = false
    out.reserve(out.count + count)
    // Fast path: the whole chunk, decoded in place.
    if (to - from === count) {
      const next = decodeValues(slot.bytes, at, count, out.values, out.halves, out.count)
      if (next < 0) throw corrupt(this.#path, `chunk ${chunk} cannot be decoded`)
      noteOrder(out)
      out.times.set(times, out.count)
      out.count += count
      return
    }
    const next = decodeValues(slot.bytes, at, count, scratch.chunkValues, scratch.chunkHalves, 0)
    if (next < 0) throw corrupt(this.#path, `chunk ${chunk} cannot be decoded`)
    out.times.set(times.subarray(from, to), out.count)
    out.halves.set(scratch.chunkHalves.subarray(from * 2, to * 2), out.count * 2)
    noteOrder(out)
    out.count += to - from
  }

  #times(column: number): Float64Array {
    const known = this.#decoded.get(column)
    if (known !== undefined) return known
    const count = this.#columnCounts[column] as number
    if (count === 0 || count > CHUNK_SAMPLES_MAX) throw corrupt(this.#path, `time column ${column} cannot be decoded`)
    const times = new Float64Array(count)
    const slot = this.#page(this.#columnPages[column] as number)
    const at = slot.at + (this.#columnOffsets[column] as number)
    if (decodeValues(slot.bytes, at, count, times, new Uint32Array(times.buffer), 0) < 0) {
      throw corrupt(this.#path, `time column ${column} cannot be decoded`)
    }
    if (this.#decoded.size === DECODED_COLUMNS_MAX) this.#decoded.clear()
    this.#decoded.set(column, times)
    return times
  }

  /** A decompressed page; valid until the next call. */
  #page(page: number): PageSlot {
    const key = this.id * 2 ** 22 + page
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

  exemplars(series: number, startMs: number, endMs: number): Exemplar[] {
    this.#exemplars ??= this.#readExemplars()
    const all = this.#exemplars.get(series) ?? []
    return all.filter((one) => one.timeMs >= startMs && one.timeMs <= endMs)
  }

  #readExemplars(): Map<number, Exemplar[]> {
    const rows = this.#sections.json(SECTION.exemplars) as [number, number, string, Labels][]
    const bySeries = new Map<number, Exemplar[]>()
    for (const [series, timeMs, value, labels] of rows) {
      const list = bySeries.get(series) ?? []
      list.push({ labels, value: Number(value), timeMs })
      bySeries.set(series, list)
    }
    return bySeries
  }

  metadata(): MetricMetadata[] {
    return this.#sections.metadata()
  }

  /** Running sums of delta series, by the part's series ids. */
  deltaSums(): DeltaState[] {
    return this.#sections.deltaSums()
  }

  /** Reads every page and section once. @throws FaultError at the first that fails its checksum */
  verify(): void {
    this.#sections.verify()
    for (let page = 0; page < this.#pageStored.length; page++) this.#page(page)
  }

  close(): void {
    this.#file.close()
  }
}

/** Keeps what is known of the order of `out` when the block that was just decoded stands at its end, not yet counted. */
function noteOrder(out: SampleColumns): void {
  const { count, values } = out
  if (count === 0) out.isAscending = decoded.isAscending
  else out.isAscending &&= decoded.isAscending && (values[count - 1] as number) <= (values[count] as number)
}

/** @param starts of the samples at `times`; undefined = none is known */
function applyStarts(
  times: Float64Array,
  starts: Float64Array | undefined,
  fromMs: number,
  toMs: number,
  out: StartColumn,
): void {
  let at = out.find(Math.max(fromMs, times[0] as number))
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number
    if (time < fromMs) continue
    if (time > toMs) return
    at = out.seek(at, time)
    if (at === out.count) return
    if (out.times[at] === time) out.set(at, starts === undefined ? 0 : (starts[i] as number))
  }
}

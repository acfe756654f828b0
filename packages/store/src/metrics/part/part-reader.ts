import type {
  Exemplar,
  FileSystem,
  HistogramColumns,
  Labels,
  MetricMetadata,
  Moments,
  OpenFile,
  SampleColumns,
} from '@vantage/model'
import { decoded, decodeValues, mayHoldMarker } from '../codec/value-decoder.ts'
import { pickValues } from '../codec/value-picker.ts'
import type { DeltaState } from '../head/delta-sums.ts'
import type { ReadScratch } from '../head/generation-reader.ts'
import { MatchCache } from '../select.ts'
import { type IndexGroup, KnownTwins, type SampleSource } from '../series-index.ts'
import type { StartColumn } from '../start-column.ts'
import type { TimeList } from '../time-list.ts'
import { readHistogramChunk } from './histogram-chunk.ts'
import { CHUNK_KIND, HISTOGRAMS_VERSION, SECTION, START_TIMES_VERSION } from './layout.ts'
import type { PageCache } from './page-cache.ts'
import { PartColumns, readChunkTable, readPartIndex } from './part-columns.ts'
import type { PartIndex } from './part-index.ts'
import { corrupt, PartSections, type PartTotals } from './part-sections.ts'

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
  readonly #sections: PartSections
  /** Length series + 1. */
  readonly #chunkFrom: Int32Array
  readonly #chunkKinds: Uint8Array
  readonly #chunkColumns: Int32Array
  /** Time column of the starts + 1; 0 = none is known. */
  readonly #chunkStarts: Int32Array
  readonly #chunkPages: Int32Array
  readonly #chunkOffsets: Int32Array
  readonly #columnFirst: Float64Array
  readonly #columnLast: Float64Array
  readonly #columns: PartColumns
  #exemplars: Map<number, Exemplar[]> | undefined

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
    this.#sections = new PartSections(file, path)
    this.totals = this.#sections.totals
    const { seriesCount } = this.totals
    this.index = readPartIndex(this.#sections, path, seed)
    if (this.index.seriesCount !== seriesCount) throw corrupt(path, 'series count differs')
    this.#columns = new PartColumns(file, path, this.#sections, id, cache)
    this.#columnFirst = this.#columns.first
    this.#columnLast = this.#columns.last
    const chunks = readChunkTable(this.#sections, path)
    this.#chunkFrom = chunks.from
    this.#chunkKinds = chunks.kinds
    this.#chunkColumns = chunks.columns
    this.#chunkStarts = chunks.starts
    this.#chunkPages = chunks.pages
    this.#chunkOffsets = chunks.offsets
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

  mayHold(series: number, startMs: number, endMs: number): boolean {
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      const column = this.#chunkColumns[chunk] as number
      if ((this.#columnFirst[column] as number) > endMs) return false
      if ((this.#columnLast[column] as number) >= startMs) return true
    }
    return false
  }

  read(
    series: number,
    startMs: number,
    endMs: number,
    out: SampleColumns,
    scratch: ReadScratch,
    moments?: Moments,
  ): void {
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      const column = this.#chunkColumns[chunk] as number
      if ((this.#columnFirst[column] as number) > endMs) return
      if (this.#chunkKinds[chunk] !== CHUNK_KIND.float) continue
      if ((this.#columnLast[column] as number) < startMs) continue
      if (moments !== undefined && this.#pickFrom(chunk, column, startMs, endMs, out, scratch, moments)) continue
      this.#readChunk(chunk, column, startMs, endMs, out, scratch)
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
      for (const time of this.#columns.times(this.#chunkColumns[chunk] as number)) {
        if (time >= startMs && time <= endMs) out.push(time)
      }
    }
  }

  readHistograms(series: number, startMs: number, endMs: number, out: HistogramColumns, scratch: ReadScratch): void {
    if (!this.hasHistograms) return
    const end = this.#chunkFrom[series + 1] as number
    for (let chunk = this.#chunkFrom[series] as number; chunk < end; chunk++) {
      if (!this.#holdsHistograms(chunk, startMs, endMs)) continue
      const times = this.#columns.times(this.#chunkColumns[chunk] as number)
      let from = 0
      while (from < times.length && (times[from] as number) < startMs) from++
      let to = times.length
      while (to > from && (times[to - 1] as number) > endMs) to--
      if (from === to) continue
      const place = { page: this.#chunkPages[chunk] as number, at: this.#chunkOffsets[chunk] as number }
      if (!readHistogramChunk(this.#columns, place, times, from, to, out, scratch)) {
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
      const times = this.#columns.times(column)
      const starts = startColumn < 0 ? undefined : this.#columns.times(startColumn)
      if (starts !== undefined && starts.length !== times.length) {
        throw corrupt(this.#path, `chunk ${chunk}: start times differ in number`)
      }
      applyStarts(times, starts, fromMs, toMs, out)
    }
  }

  /** Fast path: few samples of the chunk are looked at. @returns false where it has to be read as all are */
  #pickFrom(
    chunk: number,
    column: number,
    startMs: number,
    endMs: number,
    out: SampleColumns,
    { trail }: ReadScratch,
    moments: Moments,
  ): boolean {
    const picks = this.#columns.picks(column, moments)
    if (picks === undefined) return false
    let from = 0
    let to = picks.times.length
    while (from < to && (picks.times[from] as number) < startMs) from++
    while (to > from && (picks.times[to - 1] as number) > endMs) to--
    if (from === to) return true
    const isWhole = to - from === picks.times.length
    const places = isWhole ? picks.places : picks.places.subarray(from, to)
    const slot = this.#columns.page(this.#chunkPages[chunk] as number)
    out.reserve(out.count + places.length)
    const at = slot.at + (this.#chunkOffsets[chunk] as number)
    if (!pickValues(slot.bytes, at, this.#columns.count(column), places, out.values, out.count)) return false
    const isOfWindows = moments.windowMs !== undefined
    if (isOfWindows && !decoded.isAscending) return false
    trail.push(this.id, column, from, to)
    if (out.count === 0) out.isFreeOfMarkers = true
    noteOrder(out)
    out.times.set(isWhole ? picks.times : picks.times.subarray(from, to), out.count)
    if (isOfWindows) out.rankRest()
    out.count += places.length
    if (isOfWindows) out.rankThinned(places, 0)
    return true
  }

  #readChunk(
    chunk: number,
    column: number,
    startMs: number,
    endMs: number,
    out: SampleColumns,
    scratch: ReadScratch,
  ): void {
    const times = this.#columns.times(column)
    const count = times.length
    let from = 0
    while (from < count && (times[from] as number) < startMs) from++
    let to = count
    while (to > from && (times[to - 1] as number) > endMs) to--
    if (from === to) return
    scratch.trail.push(this.id, column, from, to)
    const slot = this.#columns.page(this.#chunkPages[chunk] as number)
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
    this.#columns.verify()
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

import {
  assert,
  type Exemplar,
  encodeHistogram,
  type FileSystem,
  type Histogram,
  HistogramColumns,
  type Labels,
  labelValue,
  METRIC_NAME,
  type MetricMetadata,
  SampleColumns,
} from '@vantage/model'
import { encodeValues, ValueScratch, valuesBytesMax } from '../codec/value-codec.ts'
import type { DeltaState } from '../head/delta-sums.ts'
import { CHUNK_HISTOGRAMS_MAX, CHUNK_SAMPLES_MAX, TILE_SERIES, TILE_WINDOW_MS } from '../limits.ts'
import { appendColumns } from '../merge-columns.ts'
import { StartColumn } from '../start-column.ts'
import { TimeList } from '../time-list.ts'
import { ByteSink } from './byte-sink.ts'
import { chunkKindOf, hasSameLayout, writeHistogramBlocks } from './histogram-chunk.ts'
import { writeLabels } from './label-dictionary.ts'
import { CHUNK_KIND, FLOATS_VERSION, HISTOGRAMS_VERSION, PART_FORMAT, SECTION, START_TIMES_VERSION } from './layout.ts'
import { type BlockPlace, PartFile } from './part-file.ts'
import type { PartTotals } from './part-sections.ts'
import { TimeColumns } from './time-columns.ts'

/** What a part is written from: series in the order of their label sets, each read once. */
export interface PartInput {
  readonly seriesCount: number
  /** Oldest time that is not late: tile windows are counted from here. */
  readonly originMs: number
  /** Largest time of all samples. */
  readonly newestMs: number
  readonly fromOffset: number
  readonly toOffset: number
  /** False: there are no native histograms, and releases that do not know them may read the part. */
  readonly hasHistograms: boolean
  /** False: no sample says since when it counts, and releases that do not know start times may read the part. */
  readonly hasStartTimes: boolean
  labels(series: number): Labels
  /** All floats of the series into `out` (reset first), ascending, one per time. */
  read(series: number, out: SampleColumns): void
  /** The times of all histograms of the series into `out` (reset first), ascending; none is the time of a float. */
  histogramTimes(series: number, out: TimeList): void
  /** The histograms of [startMs, endMs] into `out` (reset first), ascending. */
  readHistograms(series: number, startMs: number, endMs: number, out: HistogramColumns): void
  /** Sets the starts of samples that `read` or `histogramTimes` gave. */
  readStartTimes(series: number, out: StartColumn): void
  exemplars(series: number): readonly Exemplar[]
  readonly metadata: readonly MetricMetadata[]
  readonly deltaSums: readonly DeltaState[]
}

interface ChunkPlace extends BlockPlace {
  readonly series: number
  readonly kind: number
  readonly column: number
  /** Time column that holds the starts, or -1. */
  readonly startColumn: number
  readonly firstMs: number
}

/** Writes tiles: up to 40 series of one metric name, window by window, so that a query of one metric reads few pages. */
class TileWriter {
  readonly #input: PartInput
  readonly #file: PartFile
  readonly #scratch = new ValueScratch()
  readonly #columns = new TimeColumns(this.#scratch)
  readonly #bytes = new Uint8Array(valuesBytesMax(CHUNK_SAMPLES_MAX))
  readonly #tile = Array.from({ length: TILE_SERIES }, () => new SampleColumns(512))
  readonly #positions = new Int32Array(TILE_SERIES)
  readonly #chunk = new SampleColumns(CHUNK_SAMPLES_MAX)
  readonly #histogramTimes = new TimeList()
  readonly #histograms = new HistogramColumns()
  /** One per series of a tile; empty where the part has no start times. */
  readonly #starts: StartColumn[]
  readonly #histogramStarts = new StartColumn()
  readonly chunks: ChunkPlace[] = []
  sampleCount = 0
  minTimeMs = Number.POSITIVE_INFINITY
  maxTimeMs = Number.NEGATIVE_INFINITY

  constructor(input: PartInput, file: PartFile) {
    this.#input = input
    this.#file = file
    this.#starts = input.hasStartTimes ? this.#tile.map(() => new StartColumn()) : []
  }

  writeAll(): void {
    const { seriesCount } = this.#input
    let from = 0
    while (from < seriesCount) {
      const metric = labelValue(this.#input.labels(from), METRIC_NAME)
      let to = from + 1
      while (
        to < seriesCount &&
        to - from < TILE_SERIES &&
        labelValue(this.#input.labels(to), METRIC_NAME) === metric
      ) {
        to++
      }
      this.#writeTile(from, to)
      from = to
    }
    this.#file.flushPage()
    this.#columns.write(this.#file)
  }

  #writeTile(from: number, to: number): void {
    let left = 0
    for (let series = from; series < to; series++) {
      const samples = this.#tile[series - from] as SampleColumns
      this.#input.read(series, samples)
      this.#readStarts(series, this.#starts[series - from], samples.times, samples.count)
      this.#positions[series - from] = 0
      left += samples.count
      this.sampleCount += samples.count
      if (samples.count > 0) this.#noteTimes(samples.times, samples.count)
    }
    while (left > 0) {
      const endMs = this.#nextWindowEnd(to - from)
      for (let series = from; series < to; series++) left -= this.#writeWindow(series, series - from, endMs)
    }
    if (!this.#input.hasHistograms) return
    for (let series = from; series < to; series++) this.#writeHistograms(series)
  }

  /** @param times ascending, at least one */
  #noteTimes(times: Float64Array, count: number): void {
    this.minTimeMs = Math.min(this.minTimeMs, times[0] as number)
    this.maxTimeMs = Math.max(this.maxTimeMs, times[count - 1] as number)
  }

  /** End (exclusive) of the earliest window that still has samples. */
  #nextWindowEnd(count: number): number {
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const samples = this.#tile[i] as SampleColumns
      const position = this.#positions[i] as number
      if (position < samples.count) earliest = Math.min(earliest, samples.times[position] as number)
    }
    return this.#windowEnd(earliest)
  }

  /** End (exclusive) of the window that holds the time. */
  #windowEnd(earliest: number): number {
    const { originMs, newestMs } = this.#input
    const window = Math.floor((earliest - originMs) / TILE_WINDOW_MS)
    const endMs = originMs + (window + 1) * TILE_WINDOW_MS
    // A seal is never punctual: what little follows the last window belongs to it.
    if (newestMs < endMs + TILE_WINDOW_MS / 4) return Number.POSITIVE_INFINITY
    return Math.max(endMs, earliest + 1)
  }

  #writeWindow(series: number, slot: number, endMs: number): number {
    const samples = this.#tile[slot] as SampleColumns
    const start = this.#positions[slot] as number
    let at = start
    while (at < samples.count && (samples.times[at] as number) < endMs) {
      const from = at
      while (at < samples.count && at - from < CHUNK_SAMPLES_MAX && (samples.times[at] as number) < endMs) at++
      this.#writeChunk(series, slot, from, at)
    }
    this.#positions[slot] = at
    return at - start
  }

  #writeChunk(series: number, slot: number, from: number, to: number): void {
    const samples = this.#tile[slot] as SampleColumns
    const chunk = this.#chunk
    chunk.reset()
    appendColumns(chunk, samples, from, to)
    const column = this.#columns.intern(chunk.times.subarray(0, chunk.count), this.#file)
    const end = encodeValues(chunk.values, chunk.halves, chunk.count, this.#bytes, 0, this.#scratch)
    const firstMs = chunk.times[0] as number
    const place = this.#file.addBlock(this.#bytes, end)
    const startColumn = this.#writeStarts(this.#starts[slot], from, to)
    this.chunks.push({ series, kind: CHUNK_KIND.float, column, startColumn, firstMs, ...place })
  }

  #readStarts(series: number, starts: StartColumn | undefined, times: Float64Array, count: number): void {
    if (starts === undefined) return
    starts.reset(times, count)
    if (count > 0) this.#input.readStartTimes(series, starts)
  }

  /** @returns the column of the starts of samples [from, to), or -1 where none is known */
  #writeStarts(starts: StartColumn | undefined, from: number, to: number): number {
    if (starts?.isKnown !== true) return -1
    const column = starts.starts.subarray(from, to)
    return column.some((startMs) => startMs !== 0) ? this.#columns.intern(column, this.#file) : -1
  }

  /** The histograms of one series, piece by piece, so that few are held decoded at once. */
  #writeHistograms(series: number): void {
    const times = this.#histogramTimes
    const histograms = this.#histograms
    this.#input.histogramTimes(series, times)
    if (times.count === 0) return
    this.#noteTimes(times.items, times.count)
    this.sampleCount += times.count
    if (this.#input.hasStartTimes) this.#readStarts(series, this.#histogramStarts, times.items, times.count)
    let to = 0
    for (let from = 0; from < times.count; from = to) {
      const endMs = this.#windowEnd(times.items[from] as number)
      while (to < times.count && to - from < CHUNK_HISTOGRAMS_MAX && (times.items[to] as number) < endMs) to++
      this.#input.readHistograms(series, times.items[from] as number, times.items[to - 1] as number, histograms)
      assert(histograms.count === to - from, 'histograms are where their times are')
      this.#writeLayoutRuns(series, from, to, histograms.histograms)
    }
  }

  /** One chunk for each run of histograms with equal layout; they are those at times [timesFrom, timesTo). */
  #writeLayoutRuns(series: number, timesFrom: number, timesTo: number, histograms: readonly Histogram[]): void {
    const times = this.#histogramTimes.items.subarray(timesFrom, timesTo)
    const starts = this.#input.hasStartTimes ? this.#histogramStarts : undefined
    let to = 0
    for (let from = 0; from < histograms.length; from = to) {
      const first = histograms[from] as Histogram
      to = from + 1
      while (to < histograms.length && hasSameLayout(first, histograms[to] as Histogram)) to++
      // Before the blocks: these must lie one behind the other.
      const column = this.#columns.intern(times.subarray(from, to), this.#file)
      const place = writeHistogramBlocks(this.#file, histograms, from, to, this.#bytes, this.#scratch)
      const startColumn = this.#writeStarts(starts, timesFrom + from, timesFrom + to)
      const firstMs = times[from] as number
      this.chunks.push({ series, kind: chunkKindOf(first), column, startColumn, firstMs, ...place })
    }
  }

  /** Chunks by series, ascending in their first times within one. */
  writeDirectory(): void {
    const counts = new Int32Array(this.#input.seriesCount)
    for (const { series } of this.chunks) counts[series] = (counts[series] as number) + 1
    const sorted = [...this.chunks].sort((a, b) => a.series - b.series || a.firstMs - b.firstMs)
    const out = new ByteSink()
    out.varint(sorted.length)
    for (const count of counts) out.varint(count)
    for (const { kind } of sorted) out.varint(kind)
    for (const { column } of sorted) out.varint(column)
    for (const { startColumn } of sorted) out.varint(startColumn + 1)
    for (const { page } of sorted) out.varint(page)
    for (const { at } of sorted) out.varint(at)
    this.#file.addSection(SECTION.chunks, out.view())
  }
}

/**
 * Writes a part to `path` and syncs it; the caller renames it into place and syncs the directory.
 * Throws what the file system throws; a half-written file stays behind for the caller or the next start to remove.
 */
export function writePart(files: FileSystem, path: string, input: PartInput): PartTotals {
  const handle = files.open(path, 'create')
  try {
    const file = new PartFile(handle, PART_FORMAT, versionOf(input))
    const tiles = new TileWriter(input, file)
    tiles.writeAll()
    tiles.writeDirectory()
    writeLabels(file, input)
    file.addPages()
    writeExtras(file, input)
    const totals = {
      seriesCount: input.seriesCount,
      sampleCount: tiles.sampleCount,
      minTimeMs: tiles.minTimeMs,
      maxTimeMs: tiles.maxTimeMs,
      fromOffset: input.fromOffset,
      toOffset: input.toOffset,
    }
    const checksum = file.finish(totals)
    handle.syncNow()
    return { ...totals, bytes: file.offset, checksum }
  } finally {
    handle.close()
  }
}

function versionOf(input: PartInput): number {
  if (input.hasStartTimes) return START_TIMES_VERSION
  const hasHistograms = input.hasHistograms || input.deltaSums.some(({ sum }) => typeof sum !== 'number')
  return hasHistograms ? HISTOGRAMS_VERSION : FLOATS_VERSION
}

function writeExtras(file: PartFile, input: PartInput): void {
  const exemplars: [number, number, string, Labels][] = []
  for (let series = 0; series < input.seriesCount; series++) {
    for (const one of input.exemplars(series)) exemplars.push([series, one.timeMs, String(one.value), one.labels])
  }
  const sums = input.deltaSums.map(({ series, sum, ranges }) => [
    series,
    typeof sum === 'number' ? String(sum) : { histogram: Buffer.from(encodeHistogram(sum)).toString('base64') },
    ranges,
  ])
  file.addSection(SECTION.exemplars, Buffer.from(JSON.stringify(exemplars)))
  file.addSection(SECTION.metadata, Buffer.from(JSON.stringify(input.metadata)))
  file.addSection(SECTION.deltaSums, Buffer.from(JSON.stringify(sums)))
}

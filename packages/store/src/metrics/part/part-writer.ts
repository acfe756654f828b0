import { constants, zstdCompressSync } from 'node:zlib'
import { crc32c } from '@vantage/bytes'
import {
  assert,
  type Exemplar,
  type FileSystem,
  type Labels,
  labelValue,
  METRIC_NAME,
  type MetricMetadata,
  type OpenFile,
  SampleColumns,
  writeAllNow,
} from '@vantage/model'
import { encodeValues, ValueScratch, valuesBytesMax } from '../codec/value-codec.ts'
import { finishHash, mixWord } from '../hash.ts'
import { CHUNK_SAMPLES_MAX, PAGE_BYTES, TILE_SERIES, TILE_WINDOW_MS } from '../limits.ts'
import { appendColumns } from '../merge-columns.ts'
import { ByteSink } from './byte-sink.ts'
import { CHUNK_KIND, HEADER_BYTES, PART_MAGIC, PART_VERSION, SECTION } from './layout.ts'
import type { PartTotals } from './part-sections.ts'

/** What a part is written from: series in the order of their label sets, each read once. */
export interface PartInput {
  readonly seriesCount: number
  /** Oldest time that is not late: tile windows are counted from here. */
  readonly originMs: number
  /** Largest time of all samples. */
  readonly newestMs: number
  readonly fromOffset: number
  readonly toOffset: number
  labels(series: number): Labels
  /** All samples of the series into `out` (reset first), ascending, one per time. */
  read(series: number, out: SampleColumns): void
  exemplars(series: number): readonly Exemplar[]
  readonly metadata: readonly MetricMetadata[]
  readonly deltaSums: readonly { readonly series: number; readonly sum: number; readonly ranges: readonly number[] }[]
}

function compress(raw: Uint8Array): Uint8Array {
  // The default chunk size joins pieces and is up to twice as slow.
  return zstdCompressSync(raw, {
    chunkSize: Math.max(64, raw.length + 1024),
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  })
}

/** Pages and sections in the order they are written. */
class PartFile {
  readonly #file: OpenFile
  readonly pages = { stored: [] as number[], raw: [] as number[], crcs: [] as number[] }
  readonly #sections: { kind: number; stored: number; raw: number; crc: number; offset: number }[] = []
  readonly #page = new Uint8Array(PAGE_BYTES)
  #pageUsed = 0
  offset = 0

  constructor(file: OpenFile) {
    this.#file = file
    const header = new ByteSink()
    header.u32(PART_MAGIC)
    header.u32(PART_VERSION)
    header.u32(0)
    header.u32(0)
    this.#append(header.view())
    assert(this.offset === HEADER_BYTES, 'part header')
  }

  /** Puts a block into the open page, or into a new one where it does not fit. @returns its place */
  addBlock(bytes: Uint8Array, length: number): { page: number; at: number } {
    assert(length <= PAGE_BYTES, `block of ${length} bytes does not fit a page`)
    if (this.#pageUsed + length > PAGE_BYTES) this.flushPage()
    const at = this.#pageUsed
    this.#page.set(bytes.subarray(0, length), at)
    this.#pageUsed += length
    return { page: this.pages.stored.length, at }
  }

  flushPage(): void {
    if (this.#pageUsed === 0) return
    const stored = compress(this.#page.subarray(0, this.#pageUsed))
    this.pages.stored.push(stored.length)
    this.pages.raw.push(this.#pageUsed)
    this.pages.crcs.push(crc32c(stored))
    this.#append(stored)
    this.#pageUsed = 0
  }

  addSection(kind: number, raw: Uint8Array): void {
    const stored = compress(raw)
    this.#sections.push({ kind, stored: stored.length, raw: raw.length, crc: crc32c(stored), offset: this.offset })
    this.#append(stored)
  }

  /** @returns the footer's checksum */
  finish(totals: Omit<PartTotals, 'bytes' | 'checksum'>): number {
    const footer = new ByteSink()
    footer.u32(totals.seriesCount)
    footer.u32(this.pages.stored.length)
    for (const key of ['sampleCount', 'minTimeMs', 'maxTimeMs', 'fromOffset', 'toOffset'] as const)
      footer.f64(totals[key])
    footer.u32(this.#sections.length)
    footer.u32(0)
    for (const one of this.#sections) {
      footer.u32(one.kind)
      footer.u32(one.stored)
      footer.u32(one.raw)
      footer.u32(one.crc)
      footer.f64(one.offset)
    }
    const footerOffset = this.offset
    const bytes = footer.view()
    this.#append(bytes)
    const trailer = new ByteSink()
    trailer.f64(footerOffset)
    trailer.u32(bytes.length)
    const checksum = crc32c(bytes)
    trailer.u32(checksum)
    trailer.u32(PART_VERSION)
    trailer.u32(PART_MAGIC)
    this.#append(trailer.view())
    return checksum
  }

  #append(bytes: Uint8Array): void {
    writeAllNow(this.#file, bytes, this.offset)
    this.offset += bytes.length
  }
}

/** Labels of all series as dictionaries; pairs are ordered by name, then value. */
class LabelDictionary {
  readonly #values = new Map<string, Map<string, number>>()
  readonly seriesPairs: { readonly name: string; readonly value: string }[][] = []

  add(labels: Labels): void {
    for (let i = 0; i < labels.length; i += 2) {
      const name = labels[i] as string
      let values = this.#values.get(name)
      if (values === undefined) {
        values = new Map()
        this.#values.set(name, values)
      }
      values.set(labels[i + 1] as string, 0)
    }
  }

  /** Numbers names and values, and writes the sections of symbols and pairs. */
  write(file: PartFile): void {
    const symbols = new Map<string, number>()
    const symbolOf = (text: string): number => {
      const known = symbols.get(text)
      if (known !== undefined) return known
      symbols.set(text, symbols.size)
      return symbols.size - 1
    }
    const names = [...this.#values.keys()].sort()
    const nameSymbols = new ByteSink()
    const counts = new ByteSink()
    const pairSymbols = new ByteSink()
    let pair = 0
    for (const name of names) {
      const values = this.#values.get(name) as Map<string, number>
      nameSymbols.varint(symbolOf(name))
      counts.varint(values.size)
      for (const value of [...values.keys()].sort()) {
        pairSymbols.varint(symbolOf(value))
        values.set(value, pair++)
      }
    }
    const lengths = new ByteSink()
    const texts = new ByteSink()
    for (const text of symbols.keys()) {
      const bytes = Buffer.from(text)
      lengths.varint(bytes.length)
      texts.raw(bytes)
    }
    file.addSection(SECTION.symbols, joined(symbols.size, [lengths, texts]))
    file.addSection(SECTION.pairs, joined(names.length, [nameSymbols, counts, pairSymbols]))
  }

  writeSeries(file: PartFile, input: PartInput): void {
    const counts = new ByteSink()
    const pairs = new ByteSink()
    for (let series = 0; series < input.seriesCount; series++) {
      const labels = input.labels(series)
      counts.varint(labels.length / 2)
      for (let i = 0; i < labels.length; i += 2) {
        pairs.varint(this.#values.get(labels[i] as string)?.get(labels[i + 1] as string) as number)
      }
    }
    file.addSection(SECTION.series, joined(input.seriesCount, [counts, pairs]))
  }
}

function joined(count: number, columns: readonly ByteSink[]): Uint8Array {
  const out = new ByteSink()
  out.varint(count)
  for (const column of columns) out.raw(column.view())
  return out.view()
}

/** Time columns, each content once. */
class TimeColumns {
  readonly #byHash = new Map<number, number[]>()
  readonly #columns: { times: Float64Array; page: number; at: number }[] = []
  readonly #bytes = new Uint8Array(valuesBytesMax(CHUNK_SAMPLES_MAX))
  readonly #scratch: ValueScratch

  constructor(scratch: ValueScratch) {
    this.#scratch = scratch
  }

  /** @returns the column of exactly these times */
  intern(times: Float64Array, file: PartFile): number {
    let hash = times.length
    for (let i = 0; i < times.length; i++) hash = mixWord(hash, (times[i] as number) | 0)
    hash = finishHash(hash)
    const same = this.#byHash.get(hash) ?? []
    for (const id of same) if (isEqual((this.#columns[id] as { times: Float64Array }).times, times)) return id
    const copy = times.slice()
    const end = encodeValues(copy, new Uint32Array(copy.buffer), copy.length, this.#bytes, 0, this.#scratch)
    const place = file.addBlock(this.#bytes, end)
    this.#columns.push({ times: copy, ...place })
    same.push(this.#columns.length - 1)
    this.#byHash.set(hash, same)
    return this.#columns.length - 1
  }

  write(file: PartFile): void {
    const out = new ByteSink()
    out.varint(this.#columns.length)
    for (const { times, page, at } of this.#columns) {
      out.varint(times.length)
      out.varint(page)
      out.varint(at)
      out.f64(times[0] as number)
      out.f64(times[times.length - 1] as number)
    }
    file.addSection(SECTION.timeColumns, out.view())
  }
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

interface ChunkPlace {
  readonly series: number
  readonly column: number
  readonly page: number
  readonly at: number
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
  readonly chunks: ChunkPlace[] = []
  sampleCount = 0
  minTimeMs = Number.POSITIVE_INFINITY
  maxTimeMs = Number.NEGATIVE_INFINITY

  constructor(input: PartInput, file: PartFile) {
    this.#input = input
    this.#file = file
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
      this.#positions[series - from] = 0
      left += samples.count
      this.sampleCount += samples.count
      if (samples.count === 0) continue
      this.minTimeMs = Math.min(this.minTimeMs, samples.times[0] as number)
      this.maxTimeMs = Math.max(this.maxTimeMs, samples.times[samples.count - 1] as number)
    }
    while (left > 0) {
      const endMs = this.#nextWindowEnd(to - from)
      for (let series = from; series < to; series++) left -= this.#writeWindow(series, series - from, endMs)
    }
  }

  /** End (exclusive) of the earliest window that still has samples. */
  #nextWindowEnd(count: number): number {
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const samples = this.#tile[i] as SampleColumns
      const position = this.#positions[i] as number
      if (position < samples.count) earliest = Math.min(earliest, samples.times[position] as number)
    }
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
      this.#writeChunk(series, samples, from, at)
    }
    this.#positions[slot] = at
    return at - start
  }

  #writeChunk(series: number, samples: SampleColumns, from: number, to: number): void {
    const chunk = this.#chunk
    chunk.reset()
    appendColumns(chunk, samples, from, to)
    const column = this.#columns.intern(chunk.times.subarray(0, chunk.count), this.#file)
    const end = encodeValues(chunk.values, chunk.halves, chunk.count, this.#bytes, 0, this.#scratch)
    this.chunks.push({ series, column, ...this.#file.addBlock(this.#bytes, end) })
  }

  /** Chunks by series, ascending in time within one. */
  writeDirectory(): void {
    const counts = new Int32Array(this.#input.seriesCount)
    for (const { series } of this.chunks) counts[series] = (counts[series] as number) + 1
    const sorted = [...this.chunks].sort((a, b) => a.series - b.series)
    const out = new ByteSink()
    out.varint(sorted.length)
    for (const count of counts) out.varint(count)
    for (let i = 0; i < sorted.length; i++) out.varint(CHUNK_KIND.float)
    for (const { column } of sorted) out.varint(column)
    for (let i = 0; i < sorted.length; i++) out.varint(0)
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
    const file = new PartFile(handle)
    const tiles = new TileWriter(input, file)
    tiles.writeAll()
    tiles.writeDirectory()
    const labels = new LabelDictionary()
    for (let series = 0; series < input.seriesCount; series++) labels.add(input.labels(series))
    labels.write(file)
    labels.writeSeries(file, input)
    writePages(file)
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

function writePages(file: PartFile): void {
  const { stored, raw, crcs } = file.pages
  const out = new ByteSink()
  out.varint(stored.length)
  for (const bytes of stored) out.varint(bytes)
  for (const bytes of raw) out.varint(bytes)
  for (const crc of crcs) out.u32(crc)
  file.addSection(SECTION.pages, out.view())
}

function writeExtras(file: PartFile, input: PartInput): void {
  const exemplars: [number, number, string, Labels][] = []
  for (let series = 0; series < input.seriesCount; series++) {
    for (const one of input.exemplars(series)) exemplars.push([series, one.timeMs, String(one.value), one.labels])
  }
  const sums = input.deltaSums.map((one) => [one.series, String(one.sum), one.ranges])
  file.addSection(SECTION.exemplars, Buffer.from(JSON.stringify(exemplars)))
  file.addSection(SECTION.metadata, Buffer.from(JSON.stringify(input.metadata)))
  file.addSection(SECTION.deltaSums, Buffer.from(JSON.stringify(sums)))
}

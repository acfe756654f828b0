import { crc32 } from 'node:zlib'
import { type ByteRanges, type FileSystem, type OpenFile, type Origin, serviceOf, writeAllNow } from '@vantage/model'
import { GROUP_BYTES_MAX, GROUP_ROWS_MAX, PAGE_ROWS } from '../limits.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import type { ColumnChunk } from '../parquet/column-chunk.ts'
import { ParquetWriter } from '../parquet/parquet-writer.ts'
import { ATTRIBUTES, type ColumnSet, type Signal } from '../rows/column-set.ts'
import { RowBuffer } from '../rows/row-buffer.ts'
import { timeAt } from '../rows/times.ts'
import { AttributeShredder, type TakenColumn } from './attribute-shredder.ts'
import {
  type ChunkIndex,
  dataFile,
  type FileIndex,
  type FilterPlace,
  filterFile,
  type StripeIndex,
  writeIndex,
} from './file-index.ts'
import { nativeShredder } from './native-shredder.ts'
import { LAYOUT_COLUMN, REST_COLUMN, SCHEMAS } from './schema.ts'
import { StripeFilters } from './stripe-filters.ts'
import { type GroupOrigins, groupOrigins, takeColumn } from './take-columns.ts'
import { knownTimes } from './time-marks.ts'

/** What the catalogue keeps of a file. */
export interface FileTotals {
  readonly rows: number
  /** Unix ns, both inclusive. */
  readonly minTimeNs: bigint
  readonly maxTimeNs: bigint
  /** Of both files. */
  readonly bytes: number
  /** Of the index. */
  readonly checksum: number
  readonly services: readonly string[]
}

/**
 * Writes rows, which come in the order of their times, into a Parquet file with its filter file. Nothing is visible
 * before `finish`. See FORMAT.md.
 */
export class FileWriter<Columns> {
  readonly #signal: Signal<Columns>
  readonly #files: FileSystem
  readonly #directory: string
  readonly #name: string
  readonly #data: OpenFile
  readonly #filters: OpenFile
  readonly #parquet: ParquetWriter
  readonly #group: RowBuffer<Columns>
  readonly #shredder = new AttributeShredder(nativeShredder())
  readonly #stripeFilters = new StripeFilters()
  readonly #filterBytes = new ByteWriter()
  readonly #stripes: StripeIndex[] = []
  readonly #groupOrigins: number[][] = []
  readonly #groupRows: number[] = []
  readonly #origins = new Map<string, number>()
  readonly #services = new Set<string>()
  /** Of the row group at hand, the place of each of its origins among the file's. */
  #placeOfCode: number[] = []
  #rows = 0
  #minTimeNs = 0n
  #maxTimeNs = 0n

  /** @param name of both files, without their endings */
  constructor(signal: Signal<Columns>, files: FileSystem, directory: string, name: string) {
    this.#signal = signal
    this.#files = files
    this.#directory = directory
    this.#name = name
    this.#group = new RowBuffer(signal, GROUP_ROWS_MAX, true)
    this.#data = this.#create(dataFile(name))
    this.#filters = this.#create(filterFile(name))
    this.#parquet = new ParquetWriter(this.#data, PAGE_ROWS)
    for (const { spec } of SCHEMAS[signal.name].columns) this.#parquet.addColumn(spec)
    this.#parquet.addColumn(LAYOUT_COLUMN)
    this.#parquet.addColumn(REST_COLUMN)
  }

  append(set: ColumnSet, origins: readonly Origin[], rows: Int32Array): void {
    let from = 0
    while (from < rows.length) {
      const to = Math.min(rows.length, from + this.#group.rowsMax - this.#group.count)
      this.#group.append(set, origins, rows, from, to)
      from = to
      if (this.#group.count === this.#group.rowsMax || this.#group.byteLength >= GROUP_BYTES_MAX) this.#writeGroup()
    }
  }

  /** Publishes the files: synced, renamed, the directory synced. */
  finish(): FileTotals {
    if (this.#group.count > 0) this.#writeGroup()
    const { bytes, chunks } = this.#parquet.finish([['vantage.signal', this.#signal.name]])
    const at = this.#filterBytes.at
    const checksum = writeIndex(this.#filterBytes, at, this.#index(chunks))
    writeAllNow(this.#filters, this.#filterBytes.view(), 0)
    this.#data.syncNow()
    this.#filters.syncNow()
    this.#close()
    for (const file of [dataFile(this.#name), filterFile(this.#name)]) {
      this.#files.rename(`${this.#directory}/tmp-${file}`, `${this.#directory}/${file}`)
    }
    this.#files.syncDirectoryNow(this.#directory)
    return {
      rows: this.#rows,
      minTimeNs: this.#minTimeNs,
      maxTimeNs: this.#maxTimeNs,
      bytes: bytes + this.#filterBytes.at,
      checksum,
      services: [...this.#services].sort(),
    }
  }

  /** Gives up. What cannot be removed now is removed at the next start. */
  abandon(): void {
    this.#close()
    for (const file of [dataFile(this.#name), filterFile(this.#name)]) {
      try {
        this.#files.removeNow(`${this.#directory}/tmp-${file}`)
      } catch (error) {
        if ((error as { code?: string }).code === undefined) throw error
      }
    }
  }

  #create(file: string): OpenFile {
    const path = `${this.#directory}/tmp-${file}`
    this.#files.removeNow(path)
    return this.#files.open(path, 'create')
  }

  #close(): void {
    this.#group.release()
    this.#data.close()
    this.#filters.close()
  }

  #writeGroup(): void {
    const { count, set } = this.#group
    const { columns } = SCHEMAS[this.#signal.name]
    const ranges = set.ranges[ATTRIBUTES] as ByteRanges
    const known = this.#shredder.columns.length
    this.#shredder.begin(ranges, count)
    for (const { spec } of this.#shredder.columns.slice(known)) this.#parquet.addColumn(spec)
    const origins = groupOrigins(this.#group)
    const values = columns.map(({ source }) => takeColumn(source, set, count, origins))
    const attributes = this.#shredder.take(ranges, count)
    const dictionaries = this.#parquet.writeRowGroup(count, [...values, ...attributes])
    const all = [...values, ...attributes].map((one, i) => ({ values: one, dictionary: dictionaries[i] }))
    const lines = columns.findIndex(({ part }) => part === 'line')
    const taken = [all[lines] as TakenColumn, ...all.slice(values.length + 2)]
    this.#noteOrigins(origins)
    this.#groupRows.push(count)
    for (let from = 0; from < count; from += PAGE_ROWS)
      this.#addStripe(origins.codes, taken, from, Math.min(count, from + PAGE_ROWS))
    if (this.#rows === 0) this.#minTimeNs = timeAt(set.longs[0] as Int32Array, 0)
    this.#maxTimeNs = timeAt(set.longs[0] as Int32Array, count - 1)
    this.#rows += count
    this.#group.reset()
    this.#group.forgetOrigins()
  }

  /**
   * @param codes of the row group's origins
   * @param taken its lines or names, and its columns of attributes
   */
  #addStripe(codes: Int32Array, taken: readonly TakenColumn[], from: number, to: number): void {
    const { set } = this.#group
    const times = set.longs[0] as Int32Array
    const attributes = set.ranges[ATTRIBUTES] as ByteRanges
    const known = knownTimes(times, from, to)
    this.#stripes.push({
      minTimeNs: String(timeAt(times, from)),
      maxTimeNs: String(timeAt(times, to - 1)),
      rows: to - from,
      origins: this.#originsOf(codes, from, to),
      ...(known === undefined ? {} : { times: known }),
      tokens: this.#addFilter(this.#stripeFilters.tokens(this.#shredder, attributes, taken, from, to)),
      traces: this.#addFilter(this.#stripeFilters.traces(set, from, to)),
    })
  }

  #addFilter(filter: Uint8Array): FilterPlace {
    const offset = this.#filterBytes.at
    this.#filterBytes.raw(filter)
    return { offset, bytes: filter.length, crc: crc32(filter) }
  }

  /** The dictionary of origins names them in the order in which they are met. */
  #noteOrigins({ codes, origins, encoded }: GroupOrigins): void {
    const places: number[] = []
    this.#placeOfCode = []
    const seen = new Set<number>()
    for (const code of codes) {
      if (seen.has(code)) continue
      seen.add(code)
      const key = Buffer.from(encoded[code] as Uint8Array).toString('base64')
      let place = this.#origins.get(key)
      if (place === undefined) {
        place = this.#origins.size
        this.#origins.set(key, place)
        this.#services.add(serviceOf(origins[code] as Origin))
      }
      places.push(place)
      this.#placeOfCode[code] = place
    }
    this.#groupOrigins.push(places)
  }

  #originsOf(codes: Int32Array, from: number, to: number): number[] {
    const seen = new Uint8Array(this.#placeOfCode.length)
    for (let row = from; row < to; row++) seen[codes[row] as number] = 1
    return this.#placeOfCode.filter((_, code) => seen[code] === 1).sort((a, b) => a - b)
  }

  #index(chunks: readonly (readonly ColumnChunk[])[]): FileIndex {
    return {
      rows: this.#rows,
      columns: this.#parquet.columns,
      attributes: this.#shredder.columns.map(({ key, tag }) => ({ key: Buffer.from(key).toString('base64'), tag })),
      groups: chunks.map((group, i) => ({
        rows: this.#groupRows[i] as number,
        origins: this.#groupOrigins[i] as number[],
        chunks: group.map(chunkIndex),
      })),
      stripes: this.#stripes,
      origins: [...this.#origins.keys()],
    }
  }
}

function chunkIndex({ dictionary, pages, isRaw }: ColumnChunk): ChunkIndex {
  return { ...(dictionary === undefined ? {} : { dictionary }), pages, ...(isRaw ? { isRaw } : {}) }
}

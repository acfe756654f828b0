import { constants, crc32, zstdCompressSync } from 'node:zlib'
import { assert, type OpenFile, writeAllNow } from '@vantage/model'
import { ByteWriter } from './byte-writer.ts'
import type { ColumnChunk, PagePlace } from './column-chunk.ts'
import { type ColumnSpec, type ColumnValues, type Dictionary, NO_VALUES, valuesTo } from './column-values.ts'
import { dictionaryOf } from './dictionary.ts'
import { writeFooter } from './footer.ts'
import { nativeDictionary } from './native-dictionary.ts'
import { ENCODING, writeLevels, writeValues } from './page-encoding.ts'
import { statisticsOf } from './statistics.ts'
import { i32, struct, type ThriftValue, writeStruct } from './thrift-writer.ts'

const MAGIC = new TextEncoder().encode('PAR1')
/** What is held back at most, beside one column of a row group. */
const FLUSH_BYTES = 1024 * 1024
const PAGE_TYPE = { data: 0, dictionary: 2 } as const

/**
 * Writes a Parquet file, row group by row group. Pages of all columns of a row group begin at the same rows, so that a
 * reader may take a stripe of them. Columns may be added as long as the file is open: earlier row groups lack them.
 * Source: apache/parquet-format README.md, parquet.thrift 2.10.
 */
export class ParquetWriter {
  readonly #file: OpenFile
  readonly #pageRows: number
  readonly columns: ColumnSpec[] = []
  /** By row group and column. */
  readonly #chunks: ColumnChunk[][] = []
  readonly #rows: number[] = []
  readonly #out = new ByteWriter()
  readonly #page = new ByteWriter()
  #offset = 0

  constructor(file: OpenFile, pageRows: number) {
    this.#file = file
    this.#pageRows = pageRows
    this.#out.raw(MAGIC)
  }

  /** @returns its place */
  addColumn(spec: ColumnSpec): number {
    this.columns.push(spec)
    return this.columns.length - 1
  }

  /**
   * @param values of each column that there is by now
   * @returns the dictionary of each column, where it has one; of the memory of the values
   */
  writeRowGroup(rows: number, values: readonly ColumnValues[]): readonly (Dictionary | undefined)[] {
    assert(values.length === this.columns.length, 'a row group has values of every column')
    nativeDictionary()?.forget()
    const dictionaries = values.map((one, column) =>
      this.columns[column]?.isPlain === true ? undefined : dictionaryOf(one),
    )
    this.#chunks.push(
      values.map((one, column) =>
        this.#writeChunk(this.columns[column] as ColumnSpec, one, dictionaries[column], rows),
      ),
    )
    this.#rows.push(rows)
    this.#flush()
    return dictionaries
  }

  /**
   * Ends the file, which is not synced yet.
   * @param metadata key and value
   */
  finish(metadata: readonly (readonly [string, string])[]): {
    readonly bytes: number
    readonly chunks: readonly (readonly ColumnChunk[])[]
  } {
    for (const [group, chunks] of this.#chunks.entries()) {
      for (const spec of this.columns.slice(chunks.length)) {
        chunks.push(this.#writeChunk(spec, NO_VALUES, undefined, this.#rows[group] as number))
      }
    }
    const at = this.#out.at
    writeFooter(this.#out, this.columns, this.#chunks, this.#rows, metadata)
    this.#out.u32(this.#out.at - at)
    this.#out.raw(MAGIC)
    this.#flush()
    return { bytes: this.#offset, chunks: this.#chunks }
  }

  #writeChunk(spec: ColumnSpec, values: ColumnValues, dictionary: Dictionary | undefined, rows: number): ColumnChunk {
    assert(spec.isOptional || values.rows === undefined, `column ${spec.name} lacks values`)
    const offset = this.#offset + this.#out.at
    const dictionaryPage = dictionary === undefined ? undefined : this.#writeDictionary(spec, dictionary)
    const dataOffset = this.#offset + this.#out.at
    const pages: PagePlace[] = []
    let from = 0
    for (let firstRow = 0; firstRow < rows; firstRow += this.#pageRows) {
      const endRow = Math.min(rows, firstRow + this.#pageRows)
      const to = valuesTo(values, from, endRow)
      pages.push(this.#writeData(spec, values, dictionary, from, to, firstRow, endRow - firstRow))
      from = to
    }
    const end = this.#offset + this.#out.at
    if (this.#out.at >= FLUSH_BYTES) this.#flush()
    const all = dictionaryPage === undefined ? pages : [dictionaryPage, ...pages]
    return {
      rows,
      nulls: rows - values.count,
      offset,
      dataOffset,
      dictionary: dictionaryPage,
      pages,
      storedBytes: end - offset,
      // Headers are not compressed.
      rawBytes: end - offset + all.reduce((sum, page) => sum + page.raw - page.stored, 0),
      statistics: statisticsOf(spec, values, dictionary),
    }
  }

  #writeDictionary(spec: ColumnSpec, { entries }: Dictionary): PagePlace {
    const page = this.#page
    page.reset()
    for (const entry of entries) {
      if (spec.type === 'bytes') page.u32(entry.length)
      page.raw(entry)
    }
    const header = struct([1, i32(entries.length)], [2, i32(ENCODING.plain)])
    return this.#writePage(PAGE_TYPE.dictionary, 7, header, ENCODING.plain, entries.length, false)
  }

  #writeData(
    spec: ColumnSpec,
    values: ColumnValues,
    dictionary: Dictionary | undefined,
    from: number,
    to: number,
    firstRow: number,
    rows: number,
  ): PagePlace {
    const page = this.#page
    page.reset()
    if (spec.isOptional) writeLevels(page, values.rows, from, to, firstRow, rows)
    const encoding = from === to ? ENCODING.plain : writeValues(page, spec, values, dictionary, from, to)
    const header = struct([1, i32(rows)], [2, i32(encoding)], [3, i32(ENCODING.rle)], [4, i32(ENCODING.rle)])
    return this.#writePage(PAGE_TYPE.data, 5, header, encoding, to - from, spec.isPlain === true)
  }

  /** @param isDense the page hardly shrinks */
  #writePage(
    type: number,
    headerField: number,
    header: ThriftValue,
    encoding: number,
    values: number,
    isDense: boolean,
  ): PagePlace {
    const raw = this.#page.view()
    const stored = zstdCompressSync(raw, {
      // Memory for what comes out: pieces are joined, which costs as much again, and so does memory that is not needed.
      chunkSize: isDense ? raw.length + 1024 : Math.max(4096, Math.ceil(raw.length / 3)),
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
    })
    const crc = crc32(stored)
    writeStruct(this.#out, [
      [1, i32(type)],
      [2, i32(raw.length)],
      [3, i32(stored.length)],
      [4, i32(crc | 0)],
      [headerField, header],
    ])
    const offset = this.#offset + this.#out.at
    this.#out.raw(stored)
    return { offset, stored: stored.length, raw: raw.length, crc, encoding, values }
  }

  #flush(): void {
    writeAllNow(this.#file, this.#out.view(), this.#offset)
    this.#offset += this.#out.at
    this.#out.reset()
  }
}

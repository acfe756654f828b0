import { assert, type OpenFile, writeAllNow } from '@vantage/model'
import { ByteWriter } from './byte-writer.ts'
import { ChunkPages, type EncodedPage } from './chunk-pages.ts'
import type { ColumnChunk } from './column-chunk.ts'
import { type ColumnSpec, type ColumnValues, type Dictionary, NO_VALUES, valuesTo } from './column-values.ts'
import { dictionaryOf } from './dictionary.ts'
import { writeFooter } from './footer.ts'
import { nativeDictionary } from './native-dictionary.ts'
import { ENCODING, writeLevels, writeValues } from './page-encoding.ts'
import { statisticsOf } from './statistics.ts'
import { i32, struct } from './thrift-writer.ts'

const MAGIC = new TextEncoder().encode('PAR1')
/** What is held back at most, beside one column of a row group. */
const FLUSH_BYTES = 1024 * 1024

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
    const chunk = new ChunkPages(this.#out, this.#offset)
    if (dictionary !== undefined) chunk.add(this.#encodeDictionary(spec, dictionary))
    let from = 0
    for (let firstRow = 0; firstRow < rows; firstRow += this.#pageRows) {
      const endRow = Math.min(rows, firstRow + this.#pageRows)
      const to = valuesTo(values, from, endRow)
      chunk.add(this.#encodeData(spec, values, dictionary, from, to, firstRow, endRow - firstRow))
      from = to
    }
    const { places, isRaw } = chunk.finish()
    const end = this.#offset + this.#out.at
    if (this.#out.at >= FLUSH_BYTES) this.#flush()
    const dictionaryPage = dictionary === undefined ? undefined : places[0]
    return {
      rows,
      nulls: rows - values.count,
      isRaw,
      offset,
      dataOffset: dictionaryPage === undefined ? offset : dictionaryPage.offset + dictionaryPage.stored,
      dictionary: dictionaryPage,
      pages: dictionaryPage === undefined ? places : places.slice(1),
      storedBytes: end - offset,
      // Headers are not compressed.
      rawBytes: end - offset + places.reduce((sum, page) => sum + page.raw - page.stored, 0),
      statistics: statisticsOf(spec, values, dictionary),
    }
  }

  #encodeDictionary(spec: ColumnSpec, { entries }: Dictionary): EncodedPage {
    const page = this.#page
    page.reset()
    for (const entry of entries) {
      if (spec.type === 'bytes') page.u32(entry.length)
      page.raw(entry)
    }
    const header = struct([1, i32(entries.length)], [2, i32(ENCODING.plain)])
    const { plain } = ENCODING
    return { type: 'dictionary', header, encoding: plain, values: entries.length, raw: page.view() }
  }

  #encodeData(
    spec: ColumnSpec,
    values: ColumnValues,
    dictionary: Dictionary | undefined,
    from: number,
    to: number,
    firstRow: number,
    rows: number,
  ): EncodedPage {
    const page = this.#page
    page.reset()
    if (spec.isOptional) writeLevels(page, values.rows, from, to, firstRow, rows)
    const encoding = from === to ? ENCODING.plain : writeValues(page, spec, values, dictionary, from, to)
    const header = struct([1, i32(rows)], [2, i32(encoding)], [3, i32(ENCODING.rle)], [4, i32(ENCODING.rle)])
    return { type: 'data', header, encoding, values: to - from, raw: page.view() }
  }

  #flush(): void {
    writeAllNow(this.#file, this.#out.view(), this.#offset)
    this.#offset += this.#out.at
    this.#out.reset()
  }
}

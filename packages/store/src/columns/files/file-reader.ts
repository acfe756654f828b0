import { type FileSystem, lokiName, type OpenFile, type Origin } from '@vantage/model'
import type { Tombstone } from '../deletions.ts'
import type { PagePlace } from '../parquet/column-chunk.ts'
import type { ColumnSpec } from '../parquet/column-values.ts'
import { type CodeMemory, decodePage, type PageValues, readEntries, readPage } from '../parquet/page-reader.ts'
import type { Signal } from '../rows/column-set.ts'
import { type ChunkIndex, type FileIndex, openPair, readIndex } from './file-index.ts'
import { FileStripe } from './file-stripe.ts'
import { SCHEMAS } from './schema.ts'
import type { StripeCache } from './stripe-cache.ts'
import type { Entries } from './stripe-columns.ts'

/** A file as views name it. Plain data. */
export interface FileRef {
  readonly id: number
  /** Of both files, without their endings. */
  readonly fileName: string
  readonly checksum: number
  /** Unix ns, both inclusive. */
  readonly minTimeNs: bigint
  readonly maxTimeNs: bigint
  /** Deletions below this offset are made final in it, or came before its rows. */
  readonly deletedTo: number
  /** Which of its rows are over; absent where none is. */
  readonly expired?: readonly Tombstone[]
}

/** A dictionary up to this size is kept for the next stripe of its row group. */
const KEPT_DICTIONARY_BYTES = 4096

/** Entries of a dictionary: of numbers as they lie, each of its width. */
function entriesOf(page: Uint8Array, spec: ColumnSpec, count: number): Entries {
  if (spec.type === 'bytes') return readEntries(page, count)
  const width = spec.type === 'int' ? 4 : 8
  const from = Int32Array.from({ length: count }, (_, i) => i * width)
  return { bytes: page, from, to: from.map((at) => at + width) }
}

/** One file of one thread: its index is read when a query first needs it, its pages when rows are. */
export class FileReader<Columns> {
  readonly #data: OpenFile
  readonly #cache: StripeCache
  readonly filters: OpenFile
  readonly name: string
  readonly index: FileIndex
  readonly origins: readonly Origin[]
  readonly stripes: readonly FileStripe<Columns>[]
  /** Of the columns of attributes, as queries name them. */
  readonly attributeNames: readonly string[]
  /** By column: the last that was read. */
  readonly #dictionaries = new Map<number, { readonly group: number; readonly entries: Entries }>()
  /** Orders its rows among those of equal times: whole numbers, later files higher. */
  sequence = 0
  /** Deletions that may hide some of its rows. */
  tombstones: readonly Tombstone[] = []

  private constructor(
    signal: Signal<Columns>,
    name: string,
    data: OpenFile,
    filters: OpenFile,
    index: FileIndex,
    cache: StripeCache,
  ) {
    this.name = name
    this.#data = data
    this.#cache = cache
    this.filters = filters
    this.index = index
    this.attributeNames = index.attributes.map(({ key }) => {
      const plain = Buffer.from(key, 'base64').toString()
      return SCHEMAS[signal.name].hasLines ? lokiName(plain) : plain
    })
    this.origins = index.origins.map((one) => cache.origin(one))
    const stripes: FileStripe<Columns>[] = []
    for (const [group, { rows, chunks }] of index.groups.entries()) {
      const pages = chunks[0]?.pages.length ?? 0
      for (let page = 0; page < pages && rows > 0; page++) {
        const fraction = stripes.length / (index.stripes.length + 1)
        stripes.push(new FileStripe(signal, this, { group, page, stripe: stripes.length }, fraction, cache))
      }
    }
    this.stripes = stripes
  }

  /**
   * @throws FaultError where the file is not what was written
   */
  static open<Columns>(
    signal: Signal<Columns>,
    files: FileSystem,
    directory: string,
    ref: FileRef,
    cache: StripeCache,
  ): FileReader<Columns> {
    const { data, filters } = openPair(files, directory, ref.fileName)
    try {
      const index = readIndex(filters, ref.fileName, ref.checksum)
      return new FileReader(signal, ref.fileName, data, filters, index, cache)
    } catch (error) {
      data.close()
      filters.close()
      throw error
    }
  }

  /** The values of one column in one stripe, and the entries of its dictionary. */
  column(
    place: number,
    group: number,
    page: number,
    rows: number,
    memory?: CodeMemory,
  ): { page: PageValues; entries: Entries | undefined } {
    const values = this.values(place, group, page, rows, memory)
    return { page: values, entries: values.codes === undefined ? undefined : this.#entries(place, group) }
  }

  /** The same without the dictionary. */
  values(place: number, group: number, page: number, rows: number, memory?: CodeMemory): PageValues {
    const spec = this.index.columns[place] as ColumnSpec
    const { bytes, where } = this.page(place, group, page)
    return decodePage(bytes, spec, where, rows, this.name, memory)
  }

  /** One page of one column as it was encoded. */
  page(place: number, group: number, page: number): { readonly bytes: Uint8Array; readonly where: PagePlace } {
    const chunk = this.index.groups[group]?.chunks[place] as ChunkIndex
    const where = chunk.pages[page] as PagePlace
    return { bytes: this.#read(chunk, where), where }
  }

  #read({ isRaw }: ChunkIndex, where: PagePlace): Uint8Array {
    return readPage(this.#data, this.name, where, isRaw === true, this.#cache.stored)
  }

  #entries(place: number, group: number): Entries | undefined {
    const known = this.#dictionaries.get(place)
    if (known?.group === group) return known.entries
    const chunk = this.index.groups[group]?.chunks[place]
    if (chunk?.dictionary === undefined) return undefined
    const spec = this.index.columns[place] as ColumnSpec
    const entries = entriesOf(this.#read(chunk, chunk.dictionary), spec, chunk.dictionary.values)
    if (entries.bytes.length <= KEPT_DICTIONARY_BYTES) this.#dictionaries.set(place, { group, entries })
    return entries
  }

  /** True where the column has a value in the stripe. */
  hasValues(place: number, group: number, page: number): boolean {
    return (this.index.groups[group]?.chunks[place]?.pages[page]?.values ?? 0) > 0
  }

  close(): void {
    this.#data.close()
    this.filters.close()
  }
}

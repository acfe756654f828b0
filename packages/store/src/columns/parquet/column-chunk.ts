import type { Statistics } from './statistics.ts'

/** Where a page lies in the file, as our reader needs it: behind its header. */
export interface PagePlace {
  readonly offset: number
  readonly stored: number
  readonly raw: number
  readonly crc: number
  readonly encoding: number
  /** Values that are not null; entries of a dictionary. */
  readonly values: number
}

/** One column of one row group as it was written. */
export interface ColumnChunk {
  readonly rows: number
  readonly nulls: number
  /** Its pages are stored as they were encoded. */
  readonly isRaw: boolean
  /** Of the first page's header. */
  readonly offset: number
  /** Of the first data page's header. */
  readonly dataOffset: number
  readonly dictionary: PagePlace | undefined
  readonly pages: readonly PagePlace[]
  /** With headers. */
  readonly storedBytes: number
  readonly rawBytes: number
  readonly statistics: Statistics | undefined
}

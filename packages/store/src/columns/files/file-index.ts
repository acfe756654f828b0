import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type FileSystem, type OpenFile, readAllNow } from '@vantage/model'
import type { ByteWriter } from '../parquet/byte-writer.ts'
import type { PagePlace } from '../parquet/column-chunk.ts'
import type { ColumnSpec } from '../parquet/column-values.ts'
import { corrupt } from '../parquet/page-reader.ts'

/** `VCIX`. */
const MAGIC = 0x58494356
const VERSION = 2
/** The oldest that is read. */
const VERSION_MIN = 1
const TRAILER_BYTES = 32
/** A larger index is damage. */
const INDEX_BYTES_MAX = 256 * 1024 * 1024

/** Bytes of the filter file. */
export interface FilterPlace {
  readonly offset: number
  readonly bytes: number
  readonly crc: number
}

/** One page of every column. */
export interface StripeIndex {
  /** Unix ns, as text. */
  readonly minTimeNs: string
  readonly maxTimeNs: string
  readonly rows: number
  /** Places of the origins that its rows have, ascending. */
  readonly origins: readonly number[]
  /** Of every `KNOWN_EVERY`th row from the second such on, ns after the one before. Absent in older files, and where too far. */
  readonly times?: readonly number[]
  readonly tokens: FilterPlace
  readonly traces: FilterPlace
}

export interface GroupIndex {
  readonly rows: number
  /** Of each entry of the dictionary of `_origin`, the place among the file's origins. */
  readonly origins: readonly number[]
  /** By column. */
  readonly chunks: readonly ChunkIndex[]
}

/** One column of a row group. */
export interface ChunkIndex {
  readonly dictionary?: PagePlace
  readonly pages: readonly PagePlace[]
  /** Its pages are not compressed. Absent where they are, and so in all files of version 1. */
  readonly isRaw?: true
}

/** What a reader knows of a file before it reads a page. Plain JSON. */
export interface FileIndex {
  readonly rows: number
  readonly columns: readonly ColumnSpec[]
  /** Columns of attributes are the last ones: key in base64, tag of the value. */
  readonly attributes: readonly { readonly key: string; readonly tag: number }[]
  readonly groups: readonly GroupIndex[]
  readonly stripes: readonly StripeIndex[]
  /** In base64, see `origin-codec.ts`. */
  readonly origins: readonly string[]
}

/** Writes the filter file's end: the index and the trailer. @returns the checksum of the index */
export function writeIndex(out: ByteWriter, offset: number, index: FileIndex): number {
  const raw = new TextEncoder().encode(JSON.stringify(index))
  const stored = zstdCompressSync(raw)
  const crc = crc32(stored)
  out.raw(stored)
  const trailer = new DataView(new ArrayBuffer(TRAILER_BYTES))
  trailer.setFloat64(0, offset, true)
  trailer.setUint32(8, stored.length, true)
  trailer.setUint32(12, raw.length, true)
  trailer.setUint32(16, crc, true)
  trailer.setUint32(20, VERSION, true)
  trailer.setUint32(28, MAGIC, true)
  out.raw(new Uint8Array(trailer.buffer))
  return crc
}

/**
 * Reads the index of a filter file.
 * @param checksum of its catalogue row
 * @throws FaultError where it is not what was written
 */
export function readIndex(file: OpenFile, name: string, checksum: number): FileIndex {
  const size = file.sizeBytes()
  const trailer = new Uint8Array(TRAILER_BYTES)
  if (size < TRAILER_BYTES || readAllNow(file, trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES) !== TRAILER_BYTES) {
    throw corrupt(name, 'the filter file is cut')
  }
  const view = new DataView(trailer.buffer)
  if (view.getUint32(28, true) !== MAGIC) throw corrupt(name, 'no filter file')
  const version = view.getUint32(20, true)
  if (version < VERSION_MIN || version > VERSION)
    throw corrupt(name, `version ${version}: want ${VERSION_MIN} to ${VERSION}`)
  const offset = view.getFloat64(0, true)
  const length = view.getUint32(8, true)
  const rawLength = view.getUint32(12, true)
  if (offset + length + TRAILER_BYTES !== size || rawLength > INDEX_BYTES_MAX) throw corrupt(name, 'lengths differ')
  const stored = new Uint8Array(length)
  readAllNow(file, stored, 0, length, offset)
  const crc = crc32(stored)
  if (crc !== checksum || crc !== view.getUint32(16, true)) throw corrupt(name, 'the index is damaged')
  const raw = zstdDecompressSync(stored, { chunkSize: Math.max(64, rawLength) })
  return JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8')) as FileIndex
}

export function readFilter(file: OpenFile, name: string, place: FilterPlace): Uint8Array {
  const bytes = new Uint8Array(place.bytes)
  readAllNow(file, bytes, 0, bytes.length, place.offset)
  if (crc32(bytes) !== place.crc) throw corrupt(name, `the filter at ${place.offset} is damaged`)
  return bytes
}

/** The two files of one name. */
export function openPair(files: FileSystem, directory: string, name: string): { data: OpenFile; filters: OpenFile } {
  const data = files.open(`${directory}/${dataFile(name)}`, 'read')
  try {
    return { data, filters: files.open(`${directory}/${filterFile(name)}`, 'read') }
  } catch (error) {
    data.close()
    throw error
  }
}

export function dataFile(name: string): string {
  return `${name}.parquet`
}

export function filterFile(name: string): string {
  return `${name}.filters`
}

import { crc32, zstdDecompressSync } from 'node:zlib'
import { FaultError, fault, type OpenFile, readAllNow } from '@vantage/model'
import type { PagePlace } from './column-chunk.ts'
import type { ColumnSpec, Ranges } from './column-values.ts'
import { DeltaSource, readDeltaInts, readDeltaLongs } from './delta.ts'
import { ENCODING } from './page-encoding.ts'
import { readRle } from './rle.ts'

/** @param name of the file, without its directory */
export function corrupt(name: string, what: string): FaultError {
  return new FaultError(fault('internal', `${name}: ${what}`, { reason: 'corrupt_file' }))
}

/** Memory for pages as they are stored, used again and again: fresh memory costs a fault for every 4 KiB. */
export class StoredPage {
  #bytes = new Uint8Array(0)

  /** @returns so many bytes, valid until the next call */
  take(length: number): Uint8Array {
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(length + (length >> 1))
    return this.#bytes.subarray(0, length)
  }
}

/** Memory for codes that are looked up at once. */
export class CodeMemory {
  #codes = new Int32Array(0)

  /** @returns so many, valid until the next call */
  take(count: number): Int32Array {
    if (count > this.#codes.length) this.#codes = new Int32Array(count)
    return this.#codes.subarray(0, count)
  }
}

/**
 * Reads and checks one page.
 * @param isRaw it is not compressed
 * @returns memory of its own: values may point into it
 * @throws FaultError where it is not what was written
 */
export function readPage(
  file: OpenFile,
  name: string,
  place: PagePlace,
  isRaw: boolean,
  memory: StoredPage,
): Uint8Array {
  // Not filled with zeros first.
  const stored = isRaw ? new Uint8Array(Buffer.allocUnsafeSlow(place.stored).buffer) : memory.take(place.stored)
  const count = readAllNow(file, stored, 0, stored.length, place.offset)
  if (count !== stored.length || crc32(stored) !== place.crc) throw corrupt(name, `page at ${place.offset} is damaged`)
  if (isRaw) return stored
  const raw = zstdDecompressSync(stored, { chunkSize: Math.max(64, place.raw + 1) })
  if (raw.length !== place.raw) throw corrupt(name, `page at ${place.offset} has another length`)
  // Not a Buffer, whose slices are views.
  return new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength)
}

/** Entries of a dictionary of texts or bytes. */
export function readEntries(page: Uint8Array, count: number): Ranges {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  const from = new Int32Array(count)
  const to = new Int32Array(count)
  let at = 0
  for (let i = 0; i < count; i++) {
    from[i] = at + 4
    at += 4 + view.getUint32(at, true)
    to[i] = at
  }
  return { bytes: page, from, to }
}

/** The values of one page of one column. */
export interface PageValues {
  readonly count: number
  /** 1 for each row that has a value; undefined: all have. */
  readonly present: Int32Array | undefined
  /** Places in the dictionary, where there is one. */
  readonly codes?: Int32Array
  readonly ints?: Int32Array
  /** 64-bit values as halves. */
  readonly halves?: Int32Array
  readonly flags?: Uint8Array
  readonly ranges?: Ranges
}

/**
 * Decodes a page of `rows` rows.
 * @param memory for codes of dictionaries, where they need not last; undefined: they get their own
 * @throws FaultError where it does not hold them
 */
export function decodePage(
  page: Uint8Array,
  spec: ColumnSpec,
  place: PagePlace,
  rows: number,
  name: string,
  memory?: CodeMemory,
): PageValues {
  const values = decodeValues(page, spec, place, rows, memory)
  if (values === undefined) throw corrupt(name, `page at ${place.offset} of column ${spec.name} cannot be decoded`)
  return values
}

function decodeValues(
  page: Uint8Array,
  spec: ColumnSpec,
  place: PagePlace,
  rows: number,
  memory: CodeMemory | undefined,
): PageValues | undefined {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  const count = place.values
  let at = 0
  let present: Int32Array | undefined
  if (spec.isOptional) {
    const end = 4 + view.getUint32(0, true)
    if (count < rows) {
      present = new Int32Array(rows)
      if (!readRle(page, 4, end, 1, rows, present)) return undefined
    }
    at = end
  }
  const base = { count, present }
  if (count === 0) return base
  switch (place.encoding) {
    case ENCODING.dictionary: {
      const codes = memory?.take(count) ?? new Int32Array(count)
      return readRle(page, at + 1, page.length, page[at] as number, count, codes) ? { ...base, codes } : undefined
    }
    case ENCODING.deltaBinary: {
      const source = new DeltaSource(page, at, page.length)
      if (spec.type === 'int') {
        const ints = new Int32Array(count)
        return readDeltaInts(source, count, ints) ? { ...base, ints } : undefined
      }
      const halves = new Int32Array(count * 2)
      return readDeltaLongs(source, count, halves) ? { ...base, halves } : undefined
    }
    case ENCODING.plain:
      if (spec.type === 'bool') return { ...base, flags: readBits(page, at, count) }
      return { ...base, halves: new Int32Array(page.slice(at, at + count * 8).buffer) }
    case ENCODING.byteStreamSplit:
      return { ...base, halves: readPlanes(page, at, count) }
    case ENCODING.deltaLength:
      return readRanges(page, at, base)
    default:
      return undefined
  }
}

function readBits(page: Uint8Array, at: number, count: number): Uint8Array {
  const flags = new Uint8Array(count)
  for (let i = 0; i < count; i++) flags[i] = ((page[at + (i >> 3)] as number) >> (i & 7)) & 1
  return flags
}

function readPlanes(page: Uint8Array, at: number, count: number): Int32Array {
  const bytes = new Uint8Array(count * 8)
  for (let plane = 0; plane < 8; plane++) {
    for (let i = 0; i < count; i++) bytes[i * 8 + plane] = page[at + plane * count + i] as number
  }
  return new Int32Array(bytes.buffer)
}

function readRanges(page: Uint8Array, at: number, base: PageValues): PageValues | undefined {
  const { count } = base
  const lengths = new Int32Array(count)
  const source = new DeltaSource(page, at, page.length)
  if (!readDeltaInts(source, count, lengths)) return undefined
  const from = new Int32Array(count)
  const to = lengths
  let end = source.at
  for (let i = 0; i < count; i++) {
    from[i] = end
    end += lengths[i] as number
    to[i] = end
  }
  return end <= page.length ? { ...base, ranges: { bytes: page, from, to } } : undefined
}

import { constants, zstdCompressSync } from 'node:zlib'
import { crc32c } from '@vantage/bytes'
import { assert, type OpenFile, writeAllNow } from '@vantage/model'
import { PAGE_BYTES } from '../limits.ts'
import { ByteSink } from './byte-sink.ts'
import { type FileFormat, HEADER_BYTES, SECTION } from './layout.ts'
import type { PartTotals } from './part-sections.ts'

/** Where a block lies: its page and the offset in the raw page. */
export interface BlockPlace {
  readonly page: number
  readonly at: number
}

function compress(raw: Uint8Array): Uint8Array {
  // The default chunk size joins pieces and is up to twice as slow.
  return zstdCompressSync(raw, {
    chunkSize: Math.max(64, raw.length + 1024),
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  })
}

/** Pages and sections in the order they are written. */
export class PartFile {
  readonly #file: OpenFile
  readonly #magic: number
  readonly #version: number
  readonly pages = { stored: [] as number[], raw: [] as number[], crcs: [] as number[] }
  readonly #sections: { kind: number; stored: number; raw: number; crc: number; offset: number }[] = []
  readonly #page = new Uint8Array(PAGE_BYTES)
  #pageUsed = 0
  offset = 0

  constructor(file: OpenFile, format: FileFormat, version: number) {
    this.#file = file
    this.#magic = format.magic
    this.#version = version
    const header = new ByteSink()
    header.u32(this.#magic)
    header.u32(version)
    header.u32(0)
    header.u32(0)
    this.#append(header.view())
    assert(this.offset === HEADER_BYTES, 'part header')
  }

  /** Puts a block into the open page, or into a new one where it does not fit. @returns its place */
  addBlock(bytes: Uint8Array, length: number): BlockPlace {
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

  /** Writes the section of pages, once all are written. */
  addPages(): void {
    const { stored, raw, crcs } = this.pages
    const out = new ByteSink()
    out.varint(stored.length)
    for (const bytes of stored) out.varint(bytes)
    for (const bytes of raw) out.varint(bytes)
    for (const crc of crcs) out.u32(crc)
    this.addSection(SECTION.pages, out.view())
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
    trailer.u32(this.#version)
    trailer.u32(this.#magic)
    this.#append(trailer.view())
    return checksum
  }

  #append(bytes: Uint8Array): void {
    writeAllNow(this.#file, bytes, this.offset)
    this.offset += bytes.length
  }
}

import { constants, crc32, zstdCompressSync } from 'node:zlib'
import type { ByteWriter } from './byte-writer.ts'
import type { PagePlace } from './column-chunk.ts'
import { i32, type ThriftValue, writeStruct } from './thrift-writer.ts'

/** Pages that are smaller together stay as they are: to set zstd up costs more than they can save. */
const TINY_BYTES = 1024
/** Of pages that shrink by less, taking them apart costs more than reading the rest. */
const STORED_SHARE_MAX = 7 / 8
const PAGE_TYPE = { data: 0, dictionary: 2 } as const
/** Field of the page header that describes a page of the type. */
const HEADER_FIELD = { data: 5, dictionary: 7 } as const

export interface EncodedPage {
  readonly type: keyof typeof PAGE_TYPE
  /** That of its type. */
  readonly header: ThriftValue
  readonly encoding: number
  /** Values that are not null; entries of a dictionary. */
  readonly values: number
  /** Valid until the next page is encoded. */
  readonly raw: Uint8Array
}

/**
 * Takes the pages of one column chunk into the file. All of them are compressed or none: the first ones that are not tiny,
 * the dictionary among them, tell.
 */
export class ChunkPages {
  readonly #out: ByteWriter
  readonly #base: number
  /** Pages that came before it was known. */
  readonly #held: EncodedPage[] = []
  readonly #places: PagePlace[] = []
  #heldBytes = 0
  #isRaw: boolean | undefined

  /** @param base where `out` begins in the file */
  constructor(out: ByteWriter, base: number) {
    this.#out = out
    this.#base = base
  }

  add(page: EncodedPage): void {
    if (this.#isRaw !== undefined) {
      this.#write(page, this.#isRaw ? page.raw : compressed(page))
      return
    }
    this.#heldBytes += page.raw.length
    if (page.type === 'dictionary' || this.#heldBytes <= TINY_BYTES) this.#held.push({ ...page, raw: page.raw.slice() })
    else this.#choose([...this.#held, page])
  }

  /** @returns where they lie, the dictionary first, and whether they are not compressed */
  finish(): { readonly places: readonly PagePlace[]; readonly isRaw: boolean } {
    if (this.#isRaw === undefined) for (const page of this.#held) this.#write(page, page.raw)
    return { places: this.#places, isRaw: this.#isRaw ?? true }
  }

  #choose(pages: readonly EncodedPage[]): void {
    const stored = pages.map(compressed)
    const storedBytes = stored.reduce((sum, { length }) => sum + length, 0)
    this.#isRaw = storedBytes > this.#heldBytes * STORED_SHARE_MAX
    for (const [i, page] of pages.entries()) this.#write(page, this.#isRaw ? page.raw : (stored[i] as Uint8Array))
  }

  #write({ type, header, encoding, values, raw }: EncodedPage, stored: Uint8Array): void {
    const crc = crc32(stored)
    writeStruct(this.#out, [
      [1, i32(PAGE_TYPE[type])],
      [2, i32(raw.length)],
      [3, i32(stored.length)],
      [4, i32(crc | 0)],
      [HEADER_FIELD[type], header],
    ])
    const offset = this.#base + this.#out.at
    this.#out.raw(stored)
    this.#places.push({ offset, stored: stored.length, raw: raw.length, crc, encoding, values })
  }
}

function compressed({ raw }: EncodedPage): Uint8Array {
  return zstdCompressSync(raw, {
    // Memory for what comes out: pieces are joined, which costs as much again, and so does memory that is not needed.
    chunkSize: Math.max(4096, Math.ceil(raw.length / 3)),
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  })
}

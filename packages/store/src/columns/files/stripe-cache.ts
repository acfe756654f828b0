import type { Origin } from '@vantage/model'
import { CodeMemory, StoredPage } from '../parquet/page-reader.ts'
import { decodeOrigin } from './origin-codec.ts'

/** Origins that one thread remembers by their bytes. */
const ORIGINS_MAX = 10_000

/** Something that was read and may be read again. */
export interface Cached {
  readonly byteLength: number
  drop(): void
}

/** Decoded pages of one thread, bounded by their bytes: what was not asked for longest goes first. */
export class StripeCache {
  /** What pages of the thread are read into. */
  readonly stored = new StoredPage()
  readonly codes = new CodeMemory()
  readonly #origins = new Map<string, Origin>()
  readonly #bytesMax: number
  readonly #entries = new Map<Cached, number>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Notes that `entry` was used and how large it is now. */
  use(entry: Cached): void {
    this.forget(entry)
    this.#entries.set(entry, entry.byteLength)
    this.#bytes += entry.byteLength
    for (const [oldest] of this.#entries) {
      if (this.#bytes <= this.#bytesMax || oldest === entry) break
      this.forget(oldest)
      oldest.drop()
    }
  }

  /**
   * The same object for the same bytes: what is known of an origin then holds in all files that have it.
   * @param encoded in base64, see `origin-codec.ts`
   */
  origin(encoded: string): Origin {
    const known = this.#origins.get(encoded)
    if (known !== undefined) return known
    if (this.#origins.size >= ORIGINS_MAX) this.#origins.clear()
    const origin = decodeOrigin(Buffer.from(encoded, 'base64'))
    this.#origins.set(encoded, origin)
    return origin
  }

  forget(entry: Cached): void {
    this.#bytes -= this.#entries.get(entry) ?? 0
    this.#entries.delete(entry)
  }
}

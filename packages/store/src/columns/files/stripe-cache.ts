import { StoredPage } from '../parquet/page-reader.ts'

/** Something that was read and may be read again. */
export interface Cached {
  readonly byteLength: number
  drop(): void
}

/** Decoded pages of one thread, bounded by their bytes: what was not asked for longest goes first. */
export class StripeCache {
  /** What pages of the thread are read into. */
  readonly stored = new StoredPage()
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

  forget(entry: Cached): void {
    this.#bytes -= this.#entries.get(entry) ?? 0
    this.#entries.delete(entry)
  }
}

import { BUCKET, type BucketColumns, type FileSystem, type OpenFile } from '@vantage/model'
import { TIER_CHUNK_BUCKETS_MAX } from '../limits.ts'
import { SECTION, TIER_FORMAT } from '../part/layout.ts'
import type { PageCache } from '../part/page-cache.ts'
import { type ChunkTable, PartColumns, readChunkTable, readPartIndex } from '../part/part-columns.ts'
import type { PartIndex } from '../part/part-index.ts'
import { corrupt, PartSections } from '../part/part-sections.ts'
import { decodeTierChunk } from './tier-chunk.ts'
import { TIER_CHUNK } from './tier-writer.ts'

/** Pages of tiers and of parts are cached side by side; their ids count separately. */
const CACHE_ID_FROM = 2 ** 30

const LAST_MS = 1 << BUCKET.lastMs
const RESETS = 1 << BUCKET.resets
const SUMS = (1 << BUCKET.sum) | (1 << BUCKET.compensation) | RESETS

/**
 * One tier file, read in place. Every section and page is checked against its CRC-32C before a byte of it is used.
 * Fails with a FaultError (`internal`, reason `corrupt_part`) where a check fails or the version is unknown.
 */
export class TierReader {
  readonly bucketMs: number
  /** CRC-32C of the footer of the part that it was built from. */
  readonly sourceChecksum: number
  readonly seriesCount: number
  readonly #path: string
  readonly #file: OpenFile
  readonly #sections: PartSections
  readonly #columns: PartColumns
  readonly #chunks: ChunkTable
  readonly #seed: number
  #index: PartIndex | undefined

  /** @param seed of the content hashes, the same in all indexes of the process */
  static open(files: FileSystem, path: string, id: number, seed: number, cache: PageCache): TierReader {
    const file = files.open(path, 'read')
    try {
      return new TierReader(file, path, id, seed, cache)
    } catch (error) {
      file.close()
      throw error
    }
  }

  private constructor(file: OpenFile, path: string, id: number, seed: number, cache: PageCache) {
    this.#file = file
    this.#path = path
    this.#seed = seed
    this.#sections = new PartSections(file, path, TIER_FORMAT)
    this.seriesCount = this.#sections.totals.seriesCount
    this.#columns = new PartColumns(file, path, this.#sections, CACHE_ID_FROM + id, cache)
    this.#chunks = readChunkTable(this.#sections, path)
    const about = this.#sections.read(SECTION.buckets)
    this.bucketMs = about.varint()
    this.sourceChecksum = about.u32()
    if (about.isPast || this.bucketMs === 0) throw corrupt(path, 'a section ends early')
    const known = TIER_CHUNK.isWild | TIER_CHUNK.isFalling
    if (this.#chunks.kinds.some((kind) => kind > known)) throw corrupt(path, 'unknown kind of chunk')
  }

  /** Labels of the series; read when first needed, for beside their part nobody asks. */
  get index(): PartIndex {
    this.#index ??= readPartIndex(this.#sections, this.#path, this.#seed)
    return this.#index
  }

  /** End of the first bucket of the series, or Infinity. */
  firstEndMs(series: number): number {
    const chunk = this.#chunks.from[series] as number
    if (chunk === this.#chunks.from[series + 1]) return Number.POSITIVE_INFINITY
    return this.#columns.first[this.#chunks.columns[chunk] as number] as number
  }

  /** End of the last bucket of the series, or -Infinity. */
  lastEndMs(series: number): number {
    const chunk = (this.#chunks.from[series + 1] as number) - 1
    if (chunk < (this.#chunks.from[series] as number)) return Number.NEGATIVE_INFINITY
    return this.#columns.last[this.#chunks.columns[chunk] as number] as number
  }

  /** What chunks of the series lack, bits of `TIER_CHUNK`. */
  kind(series: number): number {
    const end = this.#chunks.from[series + 1] as number
    let kind = 0
    for (let chunk = this.#chunks.from[series] as number; chunk < end; chunk++) {
      kind |= this.#chunks.kinds[chunk] as number
    }
    return kind
  }

  /** True where the wanted columns of the series say what its samples say, up to rounding. */
  isExact(series: number, wanted: number): boolean {
    const kind = this.kind(series)
    if ((kind & TIER_CHUNK.isWild) !== 0 && (wanted & SUMS) !== 0) return false
    return (kind & TIER_CHUNK.isFalling) === 0 || (wanted & RESETS) === 0
  }

  /** Appends the buckets that end in (afterMs, toMs], ascending; `lastMs` is always among the columns. */
  read(series: number, afterMs: number, toMs: number, wanted: number, out: BucketColumns): void {
    const end = this.#chunks.from[series + 1] as number
    for (let chunk = this.#chunks.from[series] as number; chunk < end; chunk++) {
      const column = this.#chunks.columns[chunk] as number
      if ((this.#columns.first[column] as number) > toMs) return
      if ((this.#columns.last[column] as number) <= afterMs) continue
      const ends = this.#columns.times(column)
      let from = 0
      while (from < ends.length && (ends[from] as number) <= afterMs) from++
      let to = ends.length
      while (to > from && (ends[to - 1] as number) > toMs) to--
      if (from === to) continue
      const slot = this.#columns.page(this.#chunks.pages[chunk] as number)
      const at = slot.at + (this.#chunks.offsets[chunk] as number)
      out.work += to - from
      const isRead =
        ends.length <= TIER_CHUNK_BUCKETS_MAX && decodeTierChunk(slot.bytes, at, ends, from, to, wanted | LAST_MS, out)
      if (!isRead) throw corrupt(this.#path, `chunk ${chunk} cannot be decoded`)
    }
  }

  /** Reads every page and section once. @throws FaultError at the first that fails its checksum */
  verify(): void {
    this.#sections.verify()
    this.#columns.verify()
  }

  close(): void {
    this.#file.close()
  }
}

import { BUCKET, type BucketColumns, type FileSystem, type Labels, type OpenFile } from '@vantage/model'
import { ValueScratch } from '../codec/value-codec.ts'
import { TIER_CHUNK_BUCKETS_MAX } from '../limits.ts'
import { ByteSink } from '../part/byte-sink.ts'
import { writeLabels } from '../part/label-dictionary.ts'
import { SECTION, TIER_FORMAT } from '../part/layout.ts'
import { type BlockPlace, PartFile } from '../part/part-file.ts'
import { TimeColumns } from '../part/time-columns.ts'
import { bucketEndMs } from './bucket-fold.ts'
import { encodeTierChunk, TIER_CHUNK_BYTES_MAX } from './tier-chunk.ts'

/** What a chunk lacks, as bits of its kind. */
export const TIER_CHUNK = {
  /** Sums of buckets may differ from sums of samples. */
  isWild: 1,
  /** No resets are kept: the values fall so often that they count nothing. */
  isFalling: 2,
} as const

/** What a tier is written from. */
export interface TierInput {
  readonly bucketMs: number
  /** CRC-32C of the footer of the part whose series these are, all of them and in its order. */
  readonly sourceChecksum: number
  readonly seriesCount: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly fromOffset: number
  readonly toOffset: number
  labels(series: number): Labels
}

export interface TierTotals {
  readonly seriesCount: number
  readonly bucketCount: number
  readonly bytes: number
  /** CRC-32C of the footer, which holds the checksums of all else. */
  readonly checksum: number
}

interface ChunkPlace extends BlockPlace {
  readonly kind: number
  readonly column: number
}

/** Writes one tier file: `add` the buckets of each series in turn, then `finish`; `close` in any case. */
export class TierWriter {
  readonly #handle: OpenFile
  readonly #file: PartFile
  readonly #input: TierInput
  readonly #scratch = new ValueScratch()
  readonly #columns = new TimeColumns(this.#scratch)
  readonly #bytes = new Uint8Array(TIER_CHUNK_BYTES_MAX)
  readonly #ends = new Float64Array(TIER_CHUNK_BUCKETS_MAX)
  readonly #chunks: ChunkPlace[] = []
  readonly #chunkCounts: number[] = []
  #bucketCount = 0

  /** Throws what the file system throws; a half-written file stays behind for the caller to remove. */
  constructor(files: FileSystem, path: string, input: TierInput) {
    this.#input = input
    this.#handle = files.open(path, 'create')
    this.#file = new PartFile(this.#handle, TIER_FORMAT, 1)
  }

  /**
   * @param buckets its resets are lost where `kind` says so
   * @param kind what they lack, bits of `TIER_CHUNK`
   */
  add(buckets: BucketColumns, kind: number): void {
    const before = this.#chunks.length
    if ((kind & TIER_CHUNK.isFalling) !== 0) (buckets.columns[BUCKET.resets] as Float64Array).fill(0, 0, buckets.count)
    for (let from = 0; from < buckets.count; from += TIER_CHUNK_BUCKETS_MAX) {
      this.#addChunk(buckets, from, Math.min(buckets.count, from + TIER_CHUNK_BUCKETS_MAX), kind)
    }
    this.#chunkCounts.push(this.#chunks.length - before)
    this.#bucketCount += buckets.count
  }

  #addChunk(buckets: BucketColumns, from: number, to: number, kind: number): void {
    const { bucketMs } = this.#input
    const times = buckets.columns[BUCKET.lastMs] as Float64Array
    for (let i = from; i < to; i++) this.#ends[i - from] = bucketEndMs(times[i] as number, bucketMs)
    const column = this.#columns.intern(this.#ends.subarray(0, to - from), this.#file)
    const length = encodeTierChunk(buckets, from, to, bucketMs, this.#bytes, this.#scratch)
    this.#chunks.push({ kind, column, ...this.#file.addBlock(this.#bytes, length) })
  }

  /** Writes what is left and syncs. */
  finish(): TierTotals {
    const file = this.#file
    const { seriesCount, minTimeMs, maxTimeMs, fromOffset, toOffset } = this.#input
    file.flushPage()
    this.#columns.write(file)
    this.#writeDirectory()
    writeLabels(file, this.#input)
    file.addPages()
    const about = new ByteSink()
    about.varint(this.#input.bucketMs)
    about.u32(this.#input.sourceChecksum)
    file.addSection(SECTION.buckets, about.view())
    const sampleCount = this.#bucketCount
    const checksum = file.finish({ seriesCount, sampleCount, minTimeMs, maxTimeMs, fromOffset, toOffset })
    this.#handle.syncNow()
    return { seriesCount, bucketCount: sampleCount, bytes: file.offset, checksum }
  }

  /** Chunks by series; the columns of a part's chunks, so that one reader serves both. */
  #writeDirectory(): void {
    const out = new ByteSink()
    out.varint(this.#chunks.length)
    for (const count of this.#chunkCounts) out.varint(count)
    for (const { kind } of this.#chunks) out.varint(kind)
    for (const { column } of this.#chunks) out.varint(column)
    for (let i = 0; i < this.#chunks.length; i++) out.varint(0)
    for (const { page } of this.#chunks) out.varint(page)
    for (const { at } of this.#chunks) out.varint(at)
    this.#file.addSection(SECTION.chunks, out.view())
  }

  close(): void {
    this.#handle.close()
  }
}

/** Numbers of the part file format. Source: FORMAT.md beside this file. */
/** Floats only: read by every release. A part has a later version only if it holds what that brought. */
export const FLOATS_VERSION = 1
/** Native histograms. */
export const HISTOGRAMS_VERSION = 2
/** Start times, with or without native histograms. */
export const START_TIMES_VERSION = 3

/** What tells files of pages and sections apart. */
export interface FileFormat {
  readonly magic: number
  readonly versionMax: number
}

export const PART_FORMAT: FileFormat = { magic: 0x5450_4d56, versionMax: START_TIMES_VERSION } // "VMPT"
/** Buckets of a part. */
export const TIER_FORMAT: FileFormat = { magic: 0x5254_4d56, versionMax: 1 } // "VMTR"

export const HEADER_BYTES = 16
/** footer offset f64, footer bytes u32, footer crc u32, version u32, magic u32 */
export const TRAILER_BYTES = 24
/** seriesCount, pageCount u32; sampleCount, minTime, maxTime, fromOffset, toOffset f64; section count u32; crc-free pad u32 */
export const FOOTER_FIXED_BYTES = 56
/** kind u32, stored bytes u32, raw bytes u32, crc u32, offset f64 */
export const SECTION_ENTRY_BYTES = 24

export const SECTION = {
  symbols: 1,
  pairs: 2,
  series: 3,
  timeColumns: 4,
  chunks: 5,
  pages: 6,
  exemplars: 7,
  metadata: 8,
  deltaSums: 9,
  /** Of tiers only. */
  buckets: 10,
} as const

export const SECTIONS_MAX = 64
/** A section larger than this is not ours. */
export const SECTION_BYTES_MAX = 0x7fff_ffff

/** Kinds of chunks; the histograms in parts of version 2 only. */
export const CHUNK_KIND = { float: 0, exponentialHistogram: 1, customBucketHistogram: 2 } as const

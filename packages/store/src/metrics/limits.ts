/** Every bound of the metrics store, with its unit and its reason. Keys in brackets are configuration keys. */

/** Words (4 bytes) of one shared segment: 256 KiB, small enough for thousands of tenants, large enough to be few. */
export const SEGMENT_WORD_BITS = 16
export const SEGMENT_WORDS = 1 << SEGMENT_WORD_BITS
export const SEGMENT_WORD_MASK = SEGMENT_WORDS - 1
export const SEGMENT_BYTES = SEGMENT_WORDS * 4

/** Longest symbol (label name or value) the index can hold: it lies within one segment. Bounds replay too. */
export const SYMBOL_BYTES_MAX = 64 * 1024

/** Raw samples a series holds before they are packed; with its header the region is 512 bytes. */
export const TAIL_SAMPLES_MAX = 31
/**
 * Raw samples of the first region of a series, 128 bytes: enough for a process that lives two minutes, and what is left
 * for a larger one holds a chunk later (a first region of 3 samples was left by nearly all series, and fitted nothing).
 */
export const TAIL_SAMPLES_MIN = 7

/** Bytes of one encoded native histogram: its layout must fit a page of a part. Bounds replay too. */
export const HISTOGRAM_BYTES_MAX = 24 * 1024

/** Alias probes before the slow path, and aliases of one series before new ones are not remembered. */
export const ALIAS_PROBES_MAX = 16
export const ALIASES_PER_SERIES_MAX = 4
/** Alias bytes the table keeps per tenant before a new epoch starts with an empty table. */
export const ALIAS_BYTES_MAX = 1024 * 1024 * 1024
/** Entries of one connection's prediction chain (8 bytes each). */
export const HINT_ENTRIES_MIN = 1024
export const HINT_ENTRIES_MAX = 1 << 20

/** [limits.maxLabels], [limits.maxLabelNameBytes], [limits.maxLabelValueBytes], [limits.maxFuture] */
export const LABELS_MAX = 40
export const LABEL_NAME_BYTES_MAX = 1024
export const LABEL_VALUE_BYTES_MAX = 2048
export const FUTURE_MAX_MS = 10 * 60_000

/** Times outside ±(2^50 - 1) ms have no calendar date that a query could name. */
export const TIME_MAX_MS = 2 ** 50 - 1

/** Exemplars of one series in one generation: this many at once, later ones at most one a minute, up to the cap. */
export const EXEMPLARS_AT_ONCE = 16
export const EXEMPLAR_GAP_MS = 60_000
export const EXEMPLARS_PER_SERIES_MAX = 128
/** Bytes of one exemplar's labels (OpenMetrics allows 128 characters; senders exceed it). */
export const EXEMPLAR_LABEL_BYTES_MAX = 1024

/** Metrics of one tenant with metadata, and bytes of a help text (longer is cut). */
export const METADATA_PER_TENANT_MAX = 100_000
export const HELP_CHARS_MAX = 1024

/** Covered ranges a delta series remembers; beyond it the two oldest become one. */
export const DELTA_RANGES_MAX = 16

/** Part: samples of a chunk (its raw form must fit a page), series of a tile, raw bytes of a page, tile window. */
export const CHUNK_SAMPLES_MAX = 3072
export const TILE_SERIES = 40
/** Native histograms of a chunk: a read decodes whole chunks, and holds this many decoded while a part is written. */
export const CHUNK_HISTOGRAMS_MAX = 512
export const PAGE_BYTES = 32 * 1024
export const TILE_WINDOW_MS = 2 * 3_600_000

/** Decompressed pages one reader keeps. */
export const PAGE_CACHE_BYTES = 64 * 1024 * 1024
/** Symbols one reader keeps as strings before it starts anew. */
export const SYMBOL_STRINGS_MAX = 400_000
/** Regular expressions of one index whose matching pairs are remembered. */
export const MATCH_CACHE_MAX = 128
/** Time columns one reader compares against to hand out `timesKey`. */
export const TIME_COLUMNS_MAX = 512

/** Deletions of one tenant that wait to be made final in its parts: each costs every read a look, and two bits a series. */
export const TOMBSTONES_MAX = 256

/** Rounds of upkeep that one call of `cleanTombstones` waits for: each rewrites, merges or builds one file. */
export const CLEAN_ROUNDS_MAX = 10_000

/** A generation is sealed when one of these is reached. */
export const SEAL_AFTER_MS = 2 * 3_600_000
export const SEAL_LOG_BYTES = 1024 * 1024 * 1024
/** Short memory seals at most this often: smaller parts would cost more than they free. */
export const SEAL_GAP_MS = 60_000
/** After failed upkeep (full disk, dead worker) the next attempt waits this long. */
export const UPKEEP_RETRY_MS = 30_000
/** Parts of one tenant merged at once, and bytes of the result. */
export const MERGE_PARTS_MAX = 16
export const MERGE_BYTES_MAX = 2 * 1024 * 1024 * 1024
/** Span of a merged part. */
export const MERGE_SPAN_MS = 24 * 3_600_000
/** [storage.retention] of raw samples. */
export const RETENTION_MS = 15 * 24 * 3_600_000
/** [storage.retention5m], [storage.retention1h] of the tiers, finest first. */
export const TIER_RETENTION_MS = [90 * 24 * 3_600_000, 400 * 24 * 3_600_000] as const
/** Buckets of a chunk of a tier: all columns of it in their raw form fit a page. */
export const TIER_CHUNK_BUCKETS_MAX = 384

/** Every bound of the store of logs and spans, with its unit and its reason. Keys in brackets are configuration keys. */

/** Memory of hot rows of all tenants [storage.hotBytes]: when it is used up, intake waits for a seal. */
export const HOT_BYTES_MAX = 256 * 1024 * 1024
/** Sizes of a chunk of hot rows: small ones for tenants of few rows, large ones so that readers meet few. */
export const CHUNK_BYTES_MIN = 16 * 1024
export const CHUNK_BYTES_MAX = 16 * 1024 * 1024
/** Rows of a chunk, by its memory: about what a row of either signal takes with its bytes. */
export const CHUNK_ROW_BYTES = 448

/** Origins of one list before a seal begins a new one. */
export const ORIGINS_PER_LIST_MAX = 10_000

/** Rows of a block that a reader gives out. */
export const BLOCK_ROWS_MAX = 4096

/** Rows of a page: all columns of a file have their pages at the same rows, and filters are of one page each. */
export const PAGE_ROWS = 16_384
/** Rows of a row group, and bytes of its texts and attributes in memory: whichever is reached first ends it. */
export const GROUP_ROWS_MAX = 65_536
export const GROUP_BYTES_MAX = 64 * 1024 * 1024

/** Decoded pages that one reading thread keeps. */
export const STRIPE_CACHE_BYTES = 64 * 1024 * 1024

/** Rows are sealed after this time, or when a tenant has so much of one signal in memory. */
export const SEAL_AFTER_MS = 3_600_000
export const SEAL_TENANT_BYTES = 96 * 1024 * 1024
/** Log that may wait for a seal: a restart replays it. */
export const SEAL_LOG_BYTES = 1024 * 1024 * 1024
/** Share of the hot memory from which on rows are sealed at once, so that intake need not wait. */
export const SEAL_POOL_SHARE = 0.5
/** Share of the hot memory from which on intake is slowed by degrees, so that it hardly ever has to stop. */
export const SLOW_POOL_SHARE = 0.85
/** Short memory seals at most this often: smaller files would cost more than they free. */
export const SEAL_GAP_MS = 60_000
/** After failed upkeep (full disk, dead worker) the next attempt waits this long. */
export const UPKEEP_RETRY_MS = 30_000

/** Files merged at once, rows and bytes of the result. */
export const MERGE_FILES_MIN = 4
export const MERGE_FILES_MAX = 16
export const MERGE_ROWS_MAX = 1024 * 1024
/** A file of so many rows is merged no more: what is sealed under load costs no second write. */
export const MERGE_ROWS_ENOUGH = 128 * 1024
/** Share of the hot memory from which on seals have the worker for themselves. */
export const MERGE_POOL_SHARE = 0.25
export const MERGE_BYTES_MAX = 512 * 1024 * 1024

/** How long logs and spans are kept unless configured otherwise. */
export const RETENTION_MS = 7 * 24 * 3_600_000

/** Deletions of one tenant and signal that wait to be made final in files: each costs every read a look. */
export const DELETIONS_MAX = 256

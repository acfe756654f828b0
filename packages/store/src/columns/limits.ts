/** Every bound of the store of logs and spans, with its unit and its reason. Keys in brackets are configuration keys. */

/** Memory of hot rows of all tenants [storage.hotBytes]: when it is used up, intake waits for a seal. */
export const HOT_BYTES_MAX = 256 * 1024 * 1024
/** Sizes of a chunk of hot rows: small ones for tenants of few rows, large ones so that readers meet few. */
export const CHUNK_BYTES_MIN = 256 * 1024
export const CHUNK_BYTES_MAX = 16 * 1024 * 1024
/** Rows of a chunk, by its memory: about what a row of either signal takes with its bytes. */
export const CHUNK_ROW_BYTES = 448

/** Origins of one list before a seal begins a new one. */
export const ORIGINS_PER_LIST_MAX = 10_000

/** Rows of a block that a reader gives out. */
export const BLOCK_ROWS_MAX = 4096

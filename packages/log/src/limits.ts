/** Defaults; each has a configuration key (`wal.*`, `ingest.queueBytes`). */
export const SEGMENT_BYTES = 64 * 1024 * 1024
export const GROUP_MAX_BYTES = 4 * 1024 * 1024
export const SYNC_INTERVAL_MS = 1_000
/** Records that wait for their write, all topics together. */
export const QUEUE_BYTES = 64 * 1024 * 1024

/** One record. A body is at most 64 MiB on the wire; canonical columns may be somewhat larger. */
export const RECORD_BYTES_MAX = 160 * 1024 * 1024

/** Payloads of at least so many bytes are packed if they came unpacked. */
export const PACK_BYTES_MIN = 512

/** What a reader asks the file for at once. */
export const READ_BYTES = 1024 * 1024

/** One index entry a topic's reader can start from, each so many bytes. */
export const INDEX_STEP_BYTES = 1024 * 1024

/** How often the free space is looked at, and how far above the minimum intake resumes. */
export const DISK_SAMPLE_MS = 1_000
export const DISK_RESUME_FACTOR = 1.5

/** How long a changed offset of a consumer may stay unwritten. */
export const CONSUMERS_WRITE_MS = 1_000

/** Warnings kept as text for `/-/ready` and the UI. */
export const WARNINGS_MAX = 100

export const BUS_KEEP_MS = 7 * 86_400_000
export const BUS_KEEP_BYTES = 1024 * 1024 * 1024

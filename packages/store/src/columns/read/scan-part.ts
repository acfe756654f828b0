/**
 * Columns that a source reads only when asked: times, ids, what is searched, what is counted (severity numbers; durations,
 * which are asked for behind times, kinds and statuses), severity texts, other small fields. Origins always are.
 */
export type ScanPart = 'time' | 'ids' | 'line' | 'state' | 'level' | 'small'

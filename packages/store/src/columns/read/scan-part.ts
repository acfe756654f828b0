/**
 * Columns that a source reads only when asked: ids, what is searched, what is counted (severity numbers; durations, kinds
 * and statuses), severity texts, other small fields. Times and origins always are.
 */
export type ScanPart = 'ids' | 'line' | 'state' | 'level' | 'small'

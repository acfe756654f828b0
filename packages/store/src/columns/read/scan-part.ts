/**
 * Columns that a source reads only when asked: ids, what is searched, what is counted (severities; durations, kinds and
 * statuses), other small fields. Times and origins always are.
 */
export type ScanPart = 'ids' | 'line' | 'state' | 'small'

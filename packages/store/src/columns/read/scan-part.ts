/** Columns that a source reads only when asked: ids, what is searched, small fields. Times and origins always are. */
export type ScanPart = 'ids' | 'line' | 'small'

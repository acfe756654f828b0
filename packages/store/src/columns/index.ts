import { ColumnStore } from './store.ts'
import type { ColumnStoreOptions } from './store-options.ts'

export type { FileRow, SignalName } from './catalogue/protocol.ts'
export { type RowDeletion, readRowDeletion, rowDeletionRecord } from './deletions.ts'
export { ColumnLogReader } from './read/log-reader.ts'
export { ColumnSpanReader } from './read/span-reader.ts'
export { ROW_RETENTION, type RowRetention, type RowRetentionFilter } from './row-expiry.ts'
export { ColumnStore, type ColumnStoreStats, type StoredRows } from './store.ts'
export type { ColumnStoreOptions, ColumnsWorkerHost } from './store-options.ts'
export { ColumnView, type ColumnViewMessage, type ColumnViewOptions } from './view.ts'
export type { ColumnsWorkerData } from './worker/protocol.ts'
export { runColumnsWorker } from './worker/run-columns-worker.ts'

/** Opens or creates the store of logs and spans of this process. */
export function openColumnStore(options: ColumnStoreOptions): Promise<ColumnStore> {
  return ColumnStore.open(options)
}

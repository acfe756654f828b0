import { ColumnStore } from './store.ts'
import type { ColumnStoreOptions } from './store-options.ts'

export { ColumnLogReader } from './read/log-reader.ts'
export { ColumnSpanReader } from './read/span-reader.ts'
export { ColumnStore, type StoredRows } from './store.ts'
export type { ColumnStoreOptions } from './store-options.ts'
export { ColumnView, type ColumnViewMessage, type ColumnViewOptions } from './view.ts'

/** Opens or creates the store of logs and spans of this process. */
export function openColumnStore(options: ColumnStoreOptions): Promise<ColumnStore> {
  return ColumnStore.open(options)
}

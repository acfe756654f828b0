import type { FileSystem } from '@vantage/model'
import { PAGE_CACHE_BYTES } from './limits.ts'
import { MetricStore } from './store.ts'
import type { MetricStoreOptions } from './store-options.ts'
import { StoreView, type ViewOptions } from './view.ts'

export type { BackgroundData } from './background/protocol.ts'
export { runBackground } from './background/run-background.ts'
export type { PartRow } from './catalogue/protocol.ts'
export { type CatalogueData, runCatalogue } from './catalogue/run-catalogue.ts'
export type { ApplyOptions } from './head/apply.ts'
export type { Arrivals } from './head/arrivals.ts'
export type { HeadLimits } from './head/head-limits.ts'
export { SeriesHint } from './head/series-hint.ts'
export type { SeriesTap } from './head/tap.ts'
export type { Pin } from './pins.ts'
export { MetricViewReader } from './reader.ts'
export { DEFAULT_RETENTION, type Keep, type Retention, type RetentionFilter, TenantRetention } from './retention.ts'
export { MetricStore } from './store.ts'
export type { MetricStoreOptions } from './store-options.ts'
export type { MetricStoreStats } from './store-stats.ts'
export { deletionRecord, readDeletion, type SeriesDeletion } from './tombstones.ts'
export type { TickInput } from './upkeep.ts'
export type { PartRef, StoreView, TenantViewMessage, ViewOptions } from './view.ts'
export type { WorkerHost, WorkerPort } from './worker-port.ts'

/** Opens or creates the metrics store of this process. */
export function openMetricStore(options: MetricStoreOptions): Promise<MetricStore> {
  return MetricStore.open(options)
}

/**
 * The view of a reading thread: feed it the messages of `MetricStore.viewFor` in order, read through
 * `MetricViewReader`.
 * @param options what `MetricStore.viewOptions` returned, posted to the thread
 */
export function openView(files: FileSystem, options: ViewOptions, cacheBytes: number = PAGE_CACHE_BYTES): StoreView {
  return new StoreView(files, options, cacheBytes)
}

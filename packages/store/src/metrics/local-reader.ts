import type {
  Cardinality,
  MetricMetadata,
  MetricReader,
  QueryBudget,
  ScanRange,
  SeriesScan,
  SeriesSelection,
  TenantId,
} from '@vantage/model'
import { MetricViewReader } from './reader.ts'
import type { StoreView, TenantViewMessage } from './view.ts'

/** The reader of the writer's own thread: looks at its view anew before each question. */
export class LocalReader implements MetricReader {
  readonly #view: StoreView
  readonly #reader: MetricViewReader
  readonly #message: (tenant: TenantId) => TenantViewMessage | undefined

  constructor(view: StoreView, message: (tenant: TenantId) => TenantViewMessage | undefined) {
    this.#view = view
    this.#reader = new MetricViewReader(view)
    this.#message = message
  }

  #fresh(tenant: TenantId): MetricViewReader {
    const message = this.#message(tenant)
    if (message !== undefined) this.#view.update(message)
    return this.#reader
  }

  select(tenant: TenantId, scan: SeriesScan, budget: QueryBudget): SeriesSelection {
    return this.#fresh(tenant).select(tenant, scan, budget)
  }

  labelNames(tenant: TenantId, scans: readonly SeriesScan[], range: ScanRange, budget: QueryBudget): string[] {
    return this.#fresh(tenant).labelNames(tenant, scans, range, budget)
  }

  labelValues(
    tenant: TenantId,
    name: string,
    scans: readonly SeriesScan[],
    range: ScanRange,
    budget: QueryBudget,
  ): string[] {
    return this.#fresh(tenant).labelValues(tenant, name, scans, range, budget)
  }

  exemplars(tenant: TenantId, scan: SeriesScan, budget: QueryBudget): ReturnType<MetricReader['exemplars']> {
    return this.#fresh(tenant).exemplars(tenant, scan, budget)
  }

  metadata(tenant: TenantId, metric: string | undefined): MetricMetadata[] {
    return this.#fresh(tenant).metadata(tenant, metric)
  }

  cardinality(tenant: TenantId, limit: number): Cardinality {
    return this.#fresh(tenant).cardinality(tenant, limit)
  }
}

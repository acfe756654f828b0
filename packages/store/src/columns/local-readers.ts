import type { LogReader, SpanReader, TenantId } from '@vantage/model'
import { ColumnLogReader } from './read/log-reader.ts'
import { ColumnSpanReader } from './read/span-reader.ts'
import type { ColumnView, ColumnViewMessage } from './view.ts'

/** Readers on the writer's own thread: each call first takes in what is new. */
export class LocalReaders {
  readonly #view: ColumnView
  readonly #viewFor: (tenant: TenantId) => ColumnViewMessage | undefined
  readonly logs: LogReader
  readonly spans: SpanReader

  constructor(view: ColumnView, viewFor: (tenant: TenantId) => ColumnViewMessage | undefined) {
    this.#view = view
    this.#viewFor = viewFor
    const logs = new ColumnLogReader(view)
    const spans = new ColumnSpanReader(view)
    this.logs = {
      scan: (tenant, ...rest) => this.#fresh(tenant, () => logs.scan(tenant, ...rest)),
      streams: (tenant, ...rest) => this.#fresh(tenant, () => logs.streams(tenant, ...rest)),
      cuts: (tenant, ...rest) => this.#fresh(tenant, () => logs.cuts(tenant, ...rest)),
      count: (tenant, ...rest) => this.#fresh(tenant, () => logs.count(tenant, ...rest)),
    }
    this.spans = {
      scan: (tenant, ...rest) => this.#fresh(tenant, () => spans.scan(tenant, ...rest)),
      trace: (tenant, ...rest) => this.#fresh(tenant, () => spans.trace(tenant, ...rest)),
      attributeNames: (tenant, ...rest) => this.#fresh(tenant, () => spans.attributeNames(tenant, ...rest)),
      values: (tenant, ...rest) => this.#fresh(tenant, () => spans.values(tenant, ...rest)),
    }
  }

  #fresh<T>(tenant: TenantId, read: () => T): T {
    const message = this.#viewFor(tenant)
    if (message !== undefined) this.#view.update(message)
    return read()
  }
}

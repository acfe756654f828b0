import { assert, type TenantId } from '@vantage/model'
import type { ChunkPool } from './hot/chunk-pool.ts'
import type { BatchOrigins } from './hot/origin-list.ts'
import { TenantRows } from './hot/tenant-rows.ts'
import type { Signal } from './rows/column-set.ts'
import { halvesOfTime } from './rows/times.ts'
import type { SignalMessage } from './view.ts'
import { ViewBook } from './view-book.ts'

/** All rows of one signal: its topic's consumer. */
export class SignalStore<Columns> {
  readonly signal: Signal<Columns>
  readonly #pool: ChunkPool
  readonly #nextId: () => number
  readonly #tenants = new Map<TenantId, TenantRows<Columns>>()
  readonly #views = new ViewBook()
  /** The next offset to be applied. */
  appliedTo = 0
  /** Everything below has left the chunks that are written. */
  frozenTo = 0
  rows = 0

  constructor(signal: Signal<Columns>, pool: ChunkPool, nextId: () => number) {
    this.signal = signal
    this.#pool = pool
    this.#nextId = nextId
  }

  apply(
    tenant: TenantId,
    batch: BatchOrigins & { readonly columns: Columns },
    offset: number,
    receivedAtMs: number,
  ): number {
    assert(offset >= this.frozenTo, `record ${offset} is sealed already, below ${this.frozenTo}`)
    const { signal } = this
    const count = signal.countOf(batch.columns)
    if (count > 0) {
      const defaultTime = halvesOfTime(BigInt(Math.round(receivedAtMs)) * 1_000_000n)
      this.#rowsOf(tenant).append(signal.setOf(batch.columns), count, batch, defaultTime)
    }
    this.appliedTo = Math.max(this.appliedTo, offset + 1)
    this.rows += count
    return count
  }

  hasTenant(tenant: TenantId): boolean {
    return this.#tenants.has(tenant)
  }

  viewFor(reader: string, tenant: TenantId): SignalMessage {
    return this.#views.message(reader, tenant, this.#tenants.get(tenant))
  }

  forgetReader(reader: string): void {
    this.#views.forget(reader)
  }

  #rowsOf(tenant: TenantId): TenantRows<Columns> {
    let rows = this.#tenants.get(tenant)
    if (rows === undefined) {
      rows = new TenantRows(this.signal, this.#pool, this.#nextId)
      this.#tenants.set(tenant, rows)
    }
    return rows
  }
}

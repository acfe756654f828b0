import type { TenantId } from '@vantage/model'
import type { OriginList } from './hot/origin-list.ts'
import type { TenantRows } from './hot/tenant-rows.ts'
import type { SignalMessage } from './view.ts'

/** What one reader has of one tenant and signal. */
interface Known {
  chunks: ReadonlySet<number>
  origins: ReadonlyMap<number, number>
}

/** Remembers what each reader was sent of one signal, so that a message carries only what is new for it. */
export class ViewBook {
  readonly #readers = new Map<string, Map<TenantId, Known>>()

  message<Columns>(reader: string, tenant: TenantId, rows: TenantRows<Columns> | undefined): SignalMessage {
    const known = this.#known(reader, tenant)
    const groups = rows === undefined ? [] : [...rows.frozen, { chunks: rows.chunks, origins: rows.origins }]
    const lists = new Set<OriginList>(groups.map((group) => group.origins))
    const chunks = groups.flatMap((group) => group.chunks)
    const message: SignalMessage = {
      chunks: chunks.map((chunk) =>
        known.chunks.has(chunk.id) ? chunk.state : { ...chunk.state, buffer: chunk.buffer },
      ),
      origins: [...lists].map(({ epoch, origins }) => {
        const from = known.origins.get(epoch) ?? 0
        return { epoch, from, origins: origins.slice(from) }
      }),
    }
    known.chunks = new Set(chunks.map((chunk) => chunk.id))
    known.origins = new Map([...lists].map(({ epoch, origins }) => [epoch, origins.length]))
    return message
  }

  /** The reader is gone or starts anew. */
  forget(reader: string): void {
    this.#readers.delete(reader)
  }

  #known(reader: string, tenant: TenantId): Known {
    let tenants = this.#readers.get(reader)
    if (tenants === undefined) {
      tenants = new Map()
      this.#readers.set(reader, tenants)
    }
    let known = tenants.get(tenant)
    if (known === undefined) {
      known = { chunks: new Set(), origins: new Map() }
      tenants.set(tenant, known)
    }
    return known
  }
}

import type { TenantId } from '@vantage/model'
import type { Tombstone } from './deletions.ts'
import type { HotChunk } from './hot/chunk.ts'
import type { OriginList } from './hot/origin-list.ts'
import type { TenantRows } from './hot/tenant-rows.ts'
import type { StoredFiles } from './stored-files.ts'
import type { SignalMessage } from './view.ts'

/** What one reader has of one tenant and signal. */
interface Known {
  chunks: ReadonlySet<number>
  origins: ReadonlyMap<number, number>
  storedVersion: number
  tombstones: readonly Tombstone[]
}

/** Chunks with the list that their origins are in. */
interface ChunkGroup<Columns> {
  readonly chunks: readonly HotChunk<Columns>[]
  readonly origins: OriginList
}

const NOTHING: Known = { chunks: new Set(), origins: new Map(), storedVersion: -1, tombstones: [] }

/** All rows of some chunks, for a reader that knows nothing yet. */
export function chunksMessage<Columns>(groups: readonly ChunkGroup<Columns>[], known = NOTHING): SignalMessage {
  const lists = new Set<OriginList>(groups.map((group) => group.origins))
  return {
    chunks: groups
      .flatMap((group) => group.chunks)
      .map((chunk) => (known.chunks.has(chunk.id) ? chunk.state : { ...chunk.state, buffer: chunk.buffer })),
    origins: [...lists].map(({ epoch, origins }) => {
      const from = known.origins.get(epoch) ?? 0
      return { epoch, from, origins: origins.slice(from) }
    }),
  }
}

/** Remembers what each reader was sent of one signal, so that a message carries only what is new for it. */
export class ViewBook {
  readonly #readers = new Map<string, Map<TenantId, Known>>()

  message<Columns>(
    reader: string,
    tenant: TenantId,
    rows: TenantRows<Columns> | undefined,
    stored: StoredFiles,
  ): SignalMessage {
    const known = this.#known(reader, tenant)
    const groups = rows === undefined ? [] : [...rows.frozen, { chunks: rows.chunks, origins: rows.origins }]
    const message = chunksMessage(groups, known)
    const isStoredNew = known.storedVersion !== stored.version
    known.chunks = new Set(message.chunks.map((chunk) => chunk.id))
    known.origins = new Map(message.origins.map(({ epoch, from, origins }) => [epoch, from + origins.length]))
    known.storedVersion = stored.version
    const tombstones = rows?.tombstones ?? []
    const areTombstonesNew = known.tombstones !== tombstones && known.tombstones.length + tombstones.length > 0
    known.tombstones = tombstones
    return {
      ...message,
      ...(isStoredNew ? { stored: stored.viewOf(tenant) } : {}),
      ...(areTombstonesNew ? { tombstones } : {}),
    }
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
      known = { ...NOTHING }
      tenants.set(tenant, known)
    }
    return known
  }
}

import type { TenantId } from '@vantage/model'
import { generationDelta } from './head/generation-reader.ts'
import type { HeadIndex } from './head/head-index.ts'
import { indexDelta } from './head/head-index-reader.ts'
import type { TenantHead } from './head/tenant-head.ts'
import type { Tombstone } from './tombstones.ts'
import type { StoredView, TenantViewMessage } from './view.ts'

/** What one reader has of one tenant. */
interface Known {
  readonly indexes: Map<number, number[]>
  readonly generations: Map<number, { records: number; data: number }>
  storedVersion: number
  metadata: number
  metadataEpoch: number
  tombstones: readonly Tombstone[] | undefined
}

/** Remembers what each reader was sent, so that a message carries only what is new for it. */
export class ViewBook {
  readonly #readers = new Map<string, Map<TenantId, Known>>()

  /** @param nowMs the time that retention goes by, unix ms */
  message(reader: string, tenant: TenantId, head: TenantHead, stored: StoredView, nowMs: number): TenantViewMessage {
    const known = this.#known(reader, tenant)
    if (known.metadataEpoch !== head.metadataEpoch) {
      known.metadataEpoch = head.metadataEpoch
      known.metadata = 0
    }
    const generations = [
      ...head.frozen.map((one) => ({ ...one, isLive: false })),
      { generation: head.current, index: head.index, toOffset: Number.POSITIVE_INFINITY, isLive: true },
    ]
    const indexes = new Set<HeadIndex>(generations.map((one) => one.index))
    forgetOthers(known.indexes, new Set([...indexes].map((one) => one.epoch)))
    forgetOthers(known.generations, new Set(generations.map((one) => one.generation.id)))
    const message: TenantViewMessage = {
      tenant,
      nowMs,
      indexes: [...indexes].map((index) => ({
        epoch: index.epoch,
        delta: indexDelta(index, known.indexes.get(index.epoch) ?? []),
      })),
      generations: generations.map(({ generation, index, toOffset, isLive }) => {
        const had = known.generations.get(generation.id)
        const delta = generationDelta(generation, had?.records ?? 0, had?.data ?? 0, isLive)
        return { indexEpoch: index.epoch, toOffset, delta }
      }),
      ...(known.storedVersion === stored.version ? {} : { stored }),
      ...(known.tombstones === head.tombstones ? {} : { tombstones: head.tombstones }),
      metadata: head.metadata.slice(known.metadata),
      head: {
        chunkCount: generations.reduce((sum, one) => sum + one.generation.chunkCount, 0),
        minTimeMs: finite(Math.min(...generations.map((one) => one.generation.minTimeMs))),
        maxTimeMs: finite(Math.max(...generations.map((one) => one.generation.maxTimeMs))),
      },
    }
    for (const index of indexes)
      known.indexes.set(
        index.epoch,
        index.slabs.all().map((one) => one.buffers.length),
      )
    for (const { generation } of generations) {
      const sent = { records: generation.records.buffers.length, data: generation.data.buffers.length }
      known.generations.set(generation.id, sent)
    }
    known.storedVersion = stored.version
    known.tombstones = head.tombstones
    known.metadata = head.metadata.length
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
      known = {
        indexes: new Map(),
        generations: new Map(),
        storedVersion: -1,
        metadata: 0,
        metadataEpoch: 0,
        tombstones: undefined,
      }
      tenants.set(tenant, known)
    }
    return known
  }
}

function forgetOthers<T>(known: Map<number, T>, live: ReadonlySet<number>): void {
  for (const id of known.keys()) if (!live.has(id)) known.delete(id)
}

function finite(timeMs: number): number {
  return Number.isFinite(timeMs) ? timeMs : 0
}

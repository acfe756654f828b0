import { assert, type LogColumns, type Origin, type SpanColumns, type TenantId } from '@vantage/model'
import type { ChunkState } from './hot/chunk.ts'
import { HotSource } from './read/hot-source.ts'
import type { RowSource } from './read/source.ts'
import { LOGS, type Signal, SPANS } from './rows/column-set.ts'

/** A chunk as a message names it; its memory comes with the first one. */
interface SentChunk extends ChunkState {
  readonly buffer?: SharedArrayBuffer
}

/** What is new of one signal since the last message. */
export interface SignalMessage {
  /** All that are to be read, in the order of arrival. */
  readonly chunks: readonly SentChunk[]
  /** Lists of origins that they use, each from the place on that this reader lacks. */
  readonly origins: readonly { readonly epoch: number; readonly from: number; readonly origins: readonly Origin[] }[]
}

/**
 * What a reading thread needs to see one tenant as of now: post it, in order, and call `ColumnView.update` there.
 * Plain data and shared memory.
 */
export interface ColumnViewMessage {
  readonly tenant: TenantId
  readonly logs: SignalMessage
  readonly spans: SignalMessage
}

/** One signal of one tenant as one thread sees it. */
class SignalView<Columns> {
  readonly #signal: Signal<Columns>
  readonly #origins = new Map<number, Origin[]>()
  #hot = new Map<number, HotSource<Columns>>()

  constructor(signal: Signal<Columns>) {
    this.#signal = signal
  }

  /** All rows, as of the last message. */
  sources(): RowSource<Columns>[] {
    return [...this.#hot.values()]
  }

  update(message: SignalMessage): void {
    this.#updateOrigins(message)
    const before = this.#hot
    this.#hot = new Map()
    for (const chunk of message.chunks) {
      const origins = this.#origins.get(chunk.originEpoch) ?? []
      let source = before.get(chunk.id)
      if (source === undefined) {
        assert(chunk.buffer !== undefined, 'a view message was lost: a chunk has no memory')
        source = new HotSource(this.#signal, chunk.buffer, chunk, origins)
      } else {
        source.update(chunk, origins)
      }
      this.#hot.set(chunk.id, source)
    }
  }

  #updateOrigins(message: SignalMessage): void {
    const live = new Set(message.origins.map((one) => one.epoch))
    for (const epoch of this.#origins.keys()) if (!live.has(epoch)) this.#origins.delete(epoch)
    for (const { epoch, from, origins } of message.origins) {
      let list = this.#origins.get(epoch)
      if (list === undefined) {
        list = []
        this.#origins.set(epoch, list)
      }
      assert(from <= list.length, 'a view message was lost: origins are missing')
      for (const origin of origins.slice(list.length - from)) list.push(origin)
    }
  }
}

class TenantView {
  readonly logs = new SignalView<LogColumns>(LOGS)
  readonly spans = new SignalView<SpanColumns>(SPANS)
}

/** All tenants as one thread sees them. */
export class ColumnView {
  readonly #tenants = new Map<TenantId, TenantView>()

  update(message: ColumnViewMessage): void {
    let view = this.#tenants.get(message.tenant)
    if (view === undefined) {
      view = new TenantView()
      this.#tenants.set(message.tenant, view)
    }
    view.logs.update(message.logs)
    view.spans.update(message.spans)
  }

  tenant(tenant: TenantId): TenantView | undefined {
    return this.#tenants.get(tenant)
  }

  close(): void {
    this.#tenants.clear()
  }
}

import {
  assert,
  type FileSystem,
  type LogColumns,
  type NsRange,
  type Origin,
  type SpanColumns,
  type TenantId,
} from '@vantage/model'
import { type Tombstone, tombstonesOver } from './deletions.ts'
import { FileReader, type FileRef } from './files/file-reader.ts'
import { StripeCache } from './files/stripe-cache.ts'
import type { ChunkState } from './hot/chunk.ts'
import { STRIPE_CACHE_BYTES } from './limits.ts'
import { HotSource } from './read/hot-source.ts'
import type { RowSource } from './read/source.ts'
import { LOGS, type Signal, SPANS } from './rows/column-set.ts'

/** A chunk as a message names it; its memory comes with the first one. */
interface SentChunk extends ChunkState {
  readonly buffer?: SharedArrayBuffer
}

/** The files of one tenant and signal, in the order of the log, as of one version of the catalogue. */
export interface StoredView {
  readonly version: number
  readonly files: readonly FileRef[]
}

/** What is new of one signal since the last message. */
export interface SignalMessage {
  /** All that are to be read, in the order of arrival. */
  readonly chunks: readonly SentChunk[]
  /** Lists of origins that they use, each from the place on that this reader lacks. */
  readonly origins: readonly { readonly epoch: number; readonly from: number; readonly origins: readonly Origin[] }[]
  /** Absent where unchanged since the last message. */
  readonly stored?: StoredView
  /** All deletions in force, oldest first; absent where unchanged. */
  readonly tombstones?: readonly Tombstone[]
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

/** What every view of one store has in common. Plain data. */
export interface ColumnViewOptions {
  /** Of the files. */
  readonly directory: string
}

/** What views of one thread share. */
interface ViewScope {
  readonly files: FileSystem
  readonly directory: string
  readonly cache: StripeCache
}

/** A file that is opened by the first scan over its time. */
interface LazyFile<Columns> {
  readonly ref: FileRef
  sequence: number
  reader: FileReader<Columns> | undefined
}

/** One signal of one tenant as one thread sees it. */
export class SignalView<Columns> {
  readonly #signal: Signal<Columns>
  readonly #scope: ViewScope
  readonly #origins = new Map<number, Origin[]>()
  #hot = new Map<number, HotSource<Columns>>()
  #files = new Map<number, LazyFile<Columns>>()
  #retired: LazyFile<Columns>[] = []
  #tombstones: readonly Tombstone[] = []

  constructor(signal: Signal<Columns>, scope: ViewScope) {
    this.#signal = signal
    this.#scope = scope
  }

  /**
   * Rows of the range, as of the last message.
   * @throws FaultError where a file of that time cannot be read: no answer is better than one without it
   */
  sources(range: NsRange): RowSource<Columns>[] {
    const found: RowSource<Columns>[] = []
    const overlaps = (one: { readonly minTimeNs: bigint; readonly maxTimeNs: bigint }): boolean =>
      one.maxTimeNs >= range.startNs && one.minTimeNs < range.endNs
    for (const file of this.#files.values()) {
      if (!overlaps(file.ref)) continue
      for (const stripe of this.#open(file).stripes) if (overlaps(stripe)) found.push(stripe)
    }
    for (const source of this.#hot.values()) {
      if (!overlaps(source)) continue
      source.tombstones = tombstonesOver(this.#tombstones, source)
      found.push(source)
    }
    return found
  }

  /** Times of the newest stripes of files, newest first. Opens as few files as it takes. */
  newestStripes(count: number): NsRange[] {
    const found: NsRange[] = []
    const newestFirst = [...this.#files.values()].sort((a, b) => (a.ref.maxTimeNs > b.ref.maxTimeNs ? -1 : 1))
    for (const file of newestFirst) {
      const { stripes } = this.#open(file)
      for (const { minTimeNs, maxTimeNs } of stripes.toReversed()) {
        if (found.length === count) return found
        found.push({ startNs: minTimeNs, endNs: maxTimeNs + 1n })
      }
    }
    return found
  }

  update(message: SignalMessage): void {
    this.#updateOrigins(message)
    this.#updateChunks(message)
    if (message.tombstones !== undefined) this.#tombstones = message.tombstones
    if (message.stored !== undefined) this.#updateFiles(message.stored.files)
  }

  close(): void {
    for (const file of [...this.#files.values(), ...this.#retired]) file.reader?.close()
    this.#files.clear()
    this.#retired = []
    this.#hot.clear()
  }

  #open(file: LazyFile<Columns>): FileReader<Columns> {
    const { files, directory, cache } = this.#scope
    file.reader ??= FileReader.open(this.#signal, files, directory, file.ref, cache)
    file.reader.sequence = file.sequence
    file.reader.tombstones = [...tombstonesOver(this.#tombstones, file.ref), ...(file.ref.expired ?? [])]
    return file.reader
  }

  #updateChunks(message: SignalMessage): void {
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

  #updateFiles(refs: readonly FileRef[]): void {
    const before = this.#files
    this.#files = new Map()
    for (const [i, ref] of refs.entries()) {
      const known = before.get(ref.id)
      before.delete(ref.id)
      // Files come before hot rows, whose places are above 0.
      this.#files.set(ref.id, { ref, sequence: i - refs.length, reader: known?.reader })
    }
    // One version of grace: a scan that began before this message may still read.
    for (const file of this.#retired) file.reader?.close()
    this.#retired = [...before.values()]
  }
}

/** One tenant as one thread sees it. */
class TenantView {
  readonly logs: SignalView<LogColumns>
  readonly spans: SignalView<SpanColumns>

  constructor(scope: ViewScope) {
    this.logs = new SignalView(LOGS, scope)
    this.spans = new SignalView(SPANS, scope)
  }
}

/** All tenants as one thread sees them; files and their pages are opened and cached here. */
export class ColumnView {
  readonly #tenants = new Map<TenantId, TenantView>()
  readonly #scope: ViewScope

  /** @param options what `ColumnStore.viewOptions` returned, posted to the thread */
  constructor(files: FileSystem, options: ColumnViewOptions, cacheBytes: number = STRIPE_CACHE_BYTES) {
    this.#scope = { files, directory: options.directory, cache: new StripeCache(cacheBytes) }
  }

  update(message: ColumnViewMessage): void {
    let view = this.#tenants.get(message.tenant)
    if (view === undefined) {
      view = new TenantView(this.#scope)
      this.#tenants.set(message.tenant, view)
    }
    view.logs.update(message.logs)
    view.spans.update(message.spans)
  }

  tenant(tenant: TenantId): TenantView | undefined {
    return this.#tenants.get(tenant)
  }

  close(): void {
    for (const { logs, spans } of this.#tenants.values()) {
      logs.close()
      spans.close()
    }
    this.#tenants.clear()
  }
}

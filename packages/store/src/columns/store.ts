import type {
  LogBatch,
  LogColumns,
  LogReader,
  SpanBatch,
  SpanColumns,
  SpanReader,
  TenantId,
  Topic,
} from '@vantage/model'
import { type Pin, PinBook } from '../metrics/pins.ts'
import { ChunkPool } from './hot/chunk-pool.ts'
import { HOT_BYTES_MAX } from './limits.ts'
import { LocalReaders } from './local-readers.ts'
import { LOGS, SPANS } from './rows/column-set.ts'
import { SignalStore } from './signal-store.ts'
import type { ColumnStoreOptions } from './store-options.ts'
import { ColumnView, type ColumnViewMessage, type ColumnViewOptions } from './view.ts'

const FILES_DIRECTORY = 'files'
const MAIN_READER = 'main'

export interface StoredRows {
  readonly rows: number
}

/**
 * The store of logs and spans of one process, all tenants: hot rows in shared memory. One thread (the one that opened
 * it) writes; any thread reads through views.
 */
export class ColumnStore {
  readonly #pins = new PinBook()
  readonly #pool: ChunkPool
  readonly #logs: SignalStore<LogColumns>
  readonly #spans: SignalStore<SpanColumns>
  readonly #directory: string
  readonly #localView: ColumnView
  readonly #local: LocalReaders
  #ids = 0

  private constructor(options: ColumnStoreOptions) {
    this.#directory = `${options.directory}/${FILES_DIRECTORY}`
    this.#localView = new ColumnView(options.files, this.viewOptions())
    this.#pool = new ChunkPool(options.hotBytesMax ?? HOT_BYTES_MAX, this.#pins)
    const nextId = (): number => ++this.#ids
    this.#logs = new SignalStore(LOGS, this.#pool, nextId)
    this.#spans = new SignalStore(SPANS, this.#pool, nextId)
    this.#local = new LocalReaders(this.#localView, (tenant) => this.viewFor(MAIN_READER, tenant))
  }

  static async open(options: ColumnStoreOptions): Promise<ColumnStore> {
    return new ColumnStore(options)
  }

  /**
   * Stores one log record: the only way in, for intake and replay alike. Offsets ascend; rows are visible at once.
   * Rows without a time get their observed time, else `receivedAtMs`.
   * @param offset of the record in the topic `raw-logs`
   */
  applyLogs(tenant: TenantId, batch: LogBatch, offset: number, receivedAtMs: number): StoredRows {
    return { rows: this.#logs.apply(tenant, batch, offset, receivedAtMs) }
  }

  /** As `applyLogs`, of the topic `spans-raw`. */
  applySpans(tenant: TenantId, batch: SpanBatch, offset: number, receivedAtMs: number): StoredRows {
    return { rows: this.#spans.apply(tenant, batch, offset, receivedAtMs) }
  }

  /** False while the memory of hot rows is used up: who has more rows waits. */
  hasRoom(): boolean {
    return this.#pool.usedBytes < this.#pool.bytesMax
  }

  /** Replay starts here: everything below is in files. */
  replayFrom(topic: Topic): number {
    return topic === 'raw-logs' ? this.#logs.frozenTo : topic === 'spans-raw' ? this.#spans.frozenTo : 0
  }

  /** For queries on the writer's own thread; always up to date. */
  logReader(): LogReader {
    return this.#local.logs
  }

  spanReader(): SpanReader {
    return this.#local.spans
  }

  /** Protects what a view shows; take it before `viewFor`, release it when the query ended. */
  pin(): Pin {
    return this.#pins.pin()
  }

  release(pin: Pin): void {
    this.#pins.release(pin)
  }

  /**
   * What a reading thread needs to see the tenant as of now: post it to the thread, in order, and there call
   * `ColumnView.update`. Carries only what is new for this reader. `undefined` = the tenant has no data.
   */
  viewFor(reader: string, tenant: TenantId): ColumnViewMessage | undefined {
    if (!this.#logs.hasTenant(tenant) && !this.#spans.hasTenant(tenant)) return undefined
    return { tenant, logs: this.#logs.viewFor(reader, tenant), spans: this.#spans.viewFor(reader, tenant) }
  }

  /** What a reading thread opens its view with. */
  viewOptions(): ColumnViewOptions {
    return { directory: this.#directory }
  }

  /** The reading thread is gone or starts anew. */
  forgetReader(reader: string): void {
    this.#logs.forgetReader(reader)
    this.#spans.forgetReader(reader)
  }

  /** To be called about once a second. */
  async tick(): Promise<void> {}

  async close(): Promise<void> {
    this.#localView.close()
  }
}

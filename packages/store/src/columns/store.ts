import {
  assert,
  type Fault,
  type LogBatch,
  type LogColumns,
  type LogReader,
  type Result,
  type SpanBatch,
  type SpanColumns,
  type SpanReader,
  type TenantId,
  type Topic,
} from '@vantage/model'
import { messageOf } from '../message-of.ts'
import { CondemnedFiles } from '../metrics/condemned-files.ts'
import { type Pin, PinBook } from '../metrics/pins.ts'
import { copyStore, snapshotFault } from '../metrics/snapshot.ts'
import type { TickInput } from '../metrics/upkeep.ts'
import { WorkerClient } from '../metrics/worker-port.ts'
import { ArchivedTraces } from './archived-traces.ts'
import type { ArchivedTrace, CatalogueAnswer, CatalogueRequest, FileRow, SignalName } from './catalogue/protocol.ts'
import { checkDeletion, type RowDeletion } from './deletions.ts'
import { FileUpkeep } from './file-upkeep.ts'
import { dataFile, filterFile } from './files/file-index.ts'
import type { FileTotals } from './files/file-writer.ts'
import { ChunkPool } from './hot/chunk-pool.ts'
import {
  HOT_BYTES_MAX,
  MERGE_POOL_SHARE,
  SEAL_AFTER_MS,
  SEAL_GAP_MS,
  SEAL_LOG_BYTES,
  SEAL_POOL_SHARE,
  SEAL_TENANT_BYTES,
  SLOW_POOL_SHARE,
  UPKEEP_RETRY_MS,
} from './limits.ts'
import { LocalReaders } from './local-readers.ts'
import { CATALOGUE_FILE, FILES_DIRECTORY } from './paths.ts'
import { ROW_RETENTION, RowExpiry } from './row-expiry.ts'
import { LOGS, SPANS } from './rows/column-set.ts'
import { type SignalScope, SignalStore } from './signal-store.ts'
import type { ColumnStoreOptions } from './store-options.ts'
import { ColumnView, type ColumnViewMessage, type ColumnViewOptions } from './view.ts'
import type { ColumnsWorkerData, WorkerAnswer, WorkerRequest, WriteRequest } from './worker/protocol.ts'

const MAIN_READER = 'main'

export interface StoredRows {
  readonly rows: number
}

export interface ColumnStoreStats {
  /** Rows that are not in files. */
  readonly hotLogs: number
  readonly hotSpans: number
  /** Memory of rows that are not in files, bytes. */
  readonly hotBytes: number
  readonly hotBytesMax: number
  readonly files: number
  readonly fileBytes: number
  readonly fileRows: number
  readonly pins: number
  readonly seals: number
  readonly merges: number
  readonly failures: number
}

/**
 * The store of logs and spans of one process, all tenants: hot rows in shared memory, sealed rows in Parquet files, a
 * catalogue that says which. One thread (the one that opened it) writes; any thread reads through views. See FORMAT.md
 * for the files.
 */
export class ColumnStore {
  readonly #options: ColumnStoreOptions
  readonly #directory: string
  readonly #pins = new PinBook()
  readonly #pool: ChunkPool
  readonly #condemned: CondemnedFiles
  readonly #archive = new ArchivedTraces()
  readonly #expiry: RowExpiry
  readonly #upkeep: FileUpkeep
  readonly #logs: SignalStore<LogColumns>
  readonly #spans: SignalStore<SpanColumns>
  readonly #localView: ColumnView
  readonly #local: LocalReaders
  readonly #worker: WorkerClient<WorkerRequest, WorkerAnswer>
  #ids = 0
  #work: Promise<void> | undefined
  #frozenAtMs: number
  #retryAtMs = Number.NEGATIVE_INFINITY
  #isClosed = false
  #archiving: Promise<void> = Promise.resolve()
  #failures = 0
  #whenRoom: (() => void)[] = []

  private constructor(options: ColumnStoreOptions) {
    this.#options = options
    this.#directory = `${options.directory}/${FILES_DIRECTORY}`
    this.#frozenAtMs = options.clock.monotonicMs()
    this.#expiry = new RowExpiry(options.retention ?? ROW_RETENTION, this.#archive)
    this.#pool = new ChunkPool(options.hotBytesMax ?? HOT_BYTES_MAX, this.#pins)
    this.#condemned = new CondemnedFiles(options.files, this.#directory, this.#pins, options.onProblem)
    const data: ColumnsWorkerData = { directory: options.directory }
    this.#worker = new WorkerClient(() => options.workers.spawn('columns', data), { kind: 'close' })
    const scope: SignalScope = {
      pool: this.#pool,
      expiry: this.#expiry,
      nextId: () => ++this.#ids,
      nowMs: () => options.clock.nowMs(),
      catalogue: (request) => this.#catalogue(request),
      write: (request) => this.#write(request),
      whenDurable: async (topic, toOffset) => options.whenDurable?.(topic, toOffset),
    }
    this.#logs = new SignalStore(LOGS, scope)
    this.#spans = new SignalStore(SPANS, scope)
    this.#upkeep = new FileUpkeep({
      options,
      signals: [this.#logs, this.#spans],
      condemned: this.#condemned,
      expiry: this.#expiry,
      nextId: scope.nextId,
      catalogue: scope.catalogue,
      write: scope.write,
    })
    this.#localView = new ColumnView(options.files, this.viewOptions())
    this.#local = new LocalReaders(this.#localView, (tenant) => this.viewFor(MAIN_READER, tenant))
  }

  /** Opens or creates the store; what the files hold is readable at once, the log is the caller's to replay. */
  static async open(options: ColumnStoreOptions): Promise<ColumnStore> {
    const store = new ColumnStore(options)
    await store.#load()
    return store
  }

  async #load(): Promise<void> {
    const { files, directory } = this.#options
    files.makeDirectory(this.#directory)
    await files.syncDirectory(directory)
    const answer = await this.#catalogue({ kind: 'load' })
    assert(answer.kind === 'state', 'the catalogue answers with its state')
    const { state } = answer
    this.#archive.load(state.archived)
    this.#expiry.learnTime(this.#options.clock.nowMs())
    this.#logs.load(state, state.offsets[LOGS.topic] ?? 0)
    this.#spans.load(state, state.offsets[SPANS.topic] ?? 0)
    const wanted = new Set(state.files.flatMap(({ fileName }) => [dataFile(fileName), filterFile(fileName)]))
    for (const name of files.list(this.#directory)) {
      if (!wanted.has(name)) await files.remove(`${this.#directory}/${name}`)
    }
  }

  /**
   * Stores one log record: the only way in, for intake and replay alike. Offsets ascend; rows are visible at once.
   * Rows without a time get their observed time, else `receivedAtMs`.
   * @param offset of the record in the topic `raw-logs`; everything below `replayFrom` is already in files
   */
  applyLogs(tenant: TenantId, batch: LogBatch, offset: number, receivedAtMs: number): StoredRows {
    const rows = this.#logs.apply(tenant, batch, offset, receivedAtMs)
    this.#sealWhenFull()
    return { rows }
  }

  /** As `applyLogs`, of the topic `spans-raw`. */
  applySpans(tenant: TenantId, batch: SpanBatch, offset: number, receivedAtMs: number): StoredRows {
    const rows = this.#spans.apply(tenant, batch, offset, receivedAtMs)
    this.#sealWhenFull()
    return { rows }
  }

  /** @returns the deletion as it may be logged and applied, or why it may not: not valid, or too many wait */
  checkDeletion(tenant: TenantId, signal: SignalName, deletion: RowDeletion): Result<RowDeletion, Fault> {
    return checkDeletion(deletion, this.#store(signal).tombstones(tenant).length)
  }

  /**
   * Deletes rows whose records lie before `offset` of the signal's topic, for all readers at once; files follow behind.
   * For intake and replay alike, in the order of the log: reserve, this, commit `rowDeletionRecord`, answer.
   * @param deletion as `checkDeletion` or `readRowDeletion` returned it
   * @param offset of the deletion's own record
   */
  deleteRows(tenant: TenantId, signal: SignalName, deletion: RowDeletion, offset: number): void {
    this.#store(signal).deleteRows(tenant, deletion, offset)
  }

  /**
   * Keeps a trace whatever its age, durable when this resolves; what is deleted goes all the same.
   * @returns why it is not kept
   */
  async archiveTrace(trace: ArchivedTrace): Promise<Fault | undefined> {
    return this.#changeArchive(async () => {
      const problem = this.#archive.check(trace)
      if (problem !== undefined) return problem
      await this.#catalogue({ kind: 'archive', trace })
      this.#archive.add(trace)
      return undefined
    })
  }

  /** A trace that was kept ages as others do. @returns false where it was not kept */
  async unarchiveTrace(tenant: TenantId, traceId: string): Promise<boolean> {
    return this.#changeArchive(async () => {
      await this.#catalogue({ kind: 'unarchive', tenant, traceId })
      return this.#archive.remove(tenant, traceId)
    })
  }

  /** One after the other. */
  #changeArchive<Outcome>(change: () => Promise<Outcome>): Promise<Outcome> {
    const changed = this.#archiving.then(change)
    this.#archiving = changed.then(
      () => this.#spans.stored.touch(),
      () => {},
    )
    return changed
  }

  /** Offsets of deletions that are in force but not final in files yet. */
  pendingDeletions(tenant: TenantId, signal: SignalName): number[] {
    return this.#store(signal)
      .tombstones(tenant)
      .map(({ offset }) => offset)
  }

  /** False while the memory of hot rows is used up: who has more rows waits for `whenRoom`, or refuses them. */
  hasRoom(): boolean {
    return this.#pool.usedBytes < this.#pool.bytesMax
  }

  /** How near the memory of hot rows is to being used up: 0 while there is plenty, 1 where there is no room. */
  crowding(): number {
    const { usedBytes, bytesMax } = this.#pool
    return Math.min(1, Math.max(0, (usedBytes / bytesMax - SLOW_POOL_SHARE) / (1 - SLOW_POOL_SHARE)))
  }

  /** Resolves once there is room; a seal is under way, or is tried again by `tick`. */
  async whenRoom(): Promise<void> {
    while (!this.hasRoom() && !this.#isClosed) {
      this.#sealWhenFull()
      await new Promise<void>((resolve) => this.#whenRoom.push(resolve))
    }
  }

  /** Replay starts here: everything below is in files. */
  replayFrom(topic: Topic): number {
    if (topic === LOGS.topic) return this.#logs.sealedTo
    return topic === SPANS.topic ? this.#spans.sealedTo : 0
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
    void this.#condemned.removeFree()
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

  /** Writes what is in memory into files. Resolves when they are visible; a failure is tried again by `tick`. */
  async seal(): Promise<void> {
    await this.#exclusive(() => this.#sealAll())
  }

  /**
   * Copies what is sealed to `directory`, which must not exist yet: a store that is opened there, beside an empty log,
   * answers as this one does now. Intake goes on; seals and merges wait.
   * @param skipsHead false seals what is in memory first
   * @returns why there is no snapshot; what was begun is the caller's to remove
   */
  async snapshot(directory: string, skipsHead: boolean): Promise<Fault | undefined> {
    let problem: Fault | undefined = snapshotFault(new Error('the store is closed'))
    await this.#exclusive(async () => {
      try {
        if (!skipsHead) await this.#sealAll()
        const names = this.files().flatMap(({ fileName }) => [dataFile(fileName), filterFile(fileName)])
        const layout = { files: FILES_DIRECTORY, catalogue: CATALOGUE_FILE }
        await copyStore(this.#options.files, this.#directory, directory, layout, names, (path) =>
          this.#catalogue({ kind: 'copy', path }),
        )
        problem = undefined
      } catch (error) {
        this.#options.onProblem(`the snapshot of logs and spans was not written: ${messageOf(error)}`)
        problem = snapshotFault(error)
      }
    })
    return problem
  }

  /** To be called about once a second: seals, merges and drops as is due. Never two at once. */
  async tick(input: TickInput): Promise<void> {
    if (this.#work !== undefined || this.#isClosed) return
    if (this.#options.clock.monotonicMs() < this.#retryAtMs) return
    await this.#exclusive(async () => {
      if (this.#isSealDue(input)) await this.#sealAll()
      else await this.#sealPending()
      await this.#upkeep.run(this.#pool.usedBytes < this.#pool.bytesMax * MERGE_POOL_SHARE)
      await this.#condemned.removeFree()
      await this.#worker.rest(this.#options.clock.monotonicMs())
    })
  }

  stats(): ColumnStoreStats {
    const files = this.files()
    return {
      hotLogs: this.#logs.hotRows,
      hotSpans: this.#spans.hotRows,
      hotBytes: this.#pool.usedBytes,
      hotBytesMax: this.#pool.bytesMax,
      files: files.length,
      fileBytes: files.reduce((sum, file) => sum + file.bytes, 0),
      fileRows: files.reduce((sum, file) => sum + file.rows, 0),
      pins: this.#pins.count,
      seals: this.#logs.seals + this.#spans.seals,
      merges: this.#upkeep.merges,
      failures: this.#failures,
    }
  }

  /** Files as the catalogue has them. */
  files(): readonly FileRow[] {
    return [...this.#logs.stored.files, ...this.#spans.stored.files]
  }

  /** Waits for running work, then ends the worker. What is not sealed is in the log. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#work
    this.#wake()
    this.#localView.close()
    await this.#worker.end()
  }

  #store(signal: SignalName): SignalStore<LogColumns> | SignalStore<SpanColumns> {
    return signal === 'logs' ? this.#logs : this.#spans
  }

  async #catalogue(request: CatalogueRequest): Promise<CatalogueAnswer> {
    const answer = await this.#worker.ask({ kind: 'catalogue', request })
    assert(answer.kind === 'catalogue', 'the worker answers for the catalogue')
    return answer.answer
  }

  async #write(request: Omit<WriteRequest, 'kind'>): Promise<FileTotals | undefined> {
    const answer = await this.#worker.ask({ kind: 'write', ...request })
    assert(answer.kind === 'written', 'the worker answers with what it wrote')
    return answer.totals
  }

  /** Half of the memory is written into files while the other half takes rows. */
  #sealWhenFull(): void {
    if (!this.#isPoolFull()) return
    if (this.#work !== undefined || this.#isClosed || this.#options.clock.monotonicMs() < this.#retryAtMs) return
    void this.seal()
  }

  #isPoolFull(): boolean {
    return this.#pool.usedBytes >= this.#pool.bytesMax * SEAL_POOL_SHARE
  }

  async #sealAll(): Promise<void> {
    this.#logs.freeze()
    this.#spans.freeze()
    this.#frozenAtMs = this.#options.clock.monotonicMs()
    await this.#sealPending()
  }

  async #sealPending(): Promise<void> {
    await this.#logs.sealPending()
    this.#wake()
    await this.#spans.sealPending()
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#whenRoom.splice(0)) resolve()
  }

  #isSealDue(input: TickInput): boolean {
    if (!this.#logs.hasUnsealed && !this.#spans.hasUnsealed) return false
    const ageMs = this.#options.clock.monotonicMs() - this.#frozenAtMs
    if (this.#isPoolFull() || ageMs >= (this.#options.sealAfterMs ?? SEAL_AFTER_MS)) return true
    if (Math.max(this.#logs.largestTenantBytes, this.#spans.largestTenantBytes) >= SEAL_TENANT_BYTES) return true
    return ageMs >= SEAL_GAP_MS && (input.isMemoryShort || input.unsealedLogBytes >= SEAL_LOG_BYTES)
  }

  /** Runs one piece of upkeep after the work that runs; its failure is reported, counted and tried again later. */
  async #exclusive(work: () => Promise<void>): Promise<void> {
    while (this.#work !== undefined) await this.#work
    if (this.#isClosed) return
    this.#work = work()
      .catch((error: unknown) => {
        this.#failures++
        this.#retryAtMs = this.#options.clock.monotonicMs() + UPKEEP_RETRY_MS
        this.#options.onProblem(`upkeep of logs and spans failed and will be tried again: ${messageOf(error)}`)
      })
      .then(() => {
        this.#work = undefined
        this.#wake()
      })
    await this.#work
  }
}

import { randomInt } from 'node:crypto'
import {
  type ApplyOutcome,
  assert,
  type Fault,
  fault,
  type Labels,
  type MetricBatch,
  type MetricReader,
  type Result,
  type TenantId,
  type Topic,
} from '@vantage/model'
import { messageOf } from '../message-of.ts'
import type { BackgroundAnswer, BackgroundRequest } from './background/protocol.ts'
import type { CatalogueAnswer, CatalogueRequest, DeleteRow, NewPart, PartRow, TierRow } from './catalogue/protocol.ts'
import type { CatalogueData } from './catalogue/run-catalogue.ts'
import { CondemnedFiles } from './condemned-files.ts'
import { FileUpkeep } from './file-upkeep.ts'
import { type ApplyOptions, applyBatch } from './head/apply.ts'
import type { Arrivals } from './head/arrivals.ts'
import { DEFAULT_LIMITS, type HeadLimits } from './head/head-limits.ts'
import { TailPacker } from './head/tail-packer.ts'
import type { SeriesTap } from './head/tap.ts'
import { type FrozenGeneration, type SealBatch, TenantHead } from './head/tenant-head.ts'
import {
  CLEAN_ROUNDS_MAX,
  PAGE_CACHE_BYTES,
  SEAL_AFTER_MS,
  SEAL_GAP_MS,
  SEAL_LOG_BYTES,
  UPKEEP_RETRY_MS,
} from './limits.ts'
import { LocalReader } from './local-reader.ts'
import { partFileName } from './part/part-file-name.ts'
import { type Pin, PinBook } from './pins.ts'
import { restoreHeads } from './restore.ts'
import { ageFromMs, DEFAULT_RETENTION } from './retention.ts'
import { CATALOGUE_FILE, copyStore, PARTS_DIRECTORY, snapshotFault } from './snapshot.ts'
import type { MetricStoreOptions } from './store-options.ts'
import { headStats, type MetricStoreStats, partStats, tierStats } from './store-stats.ts'
import { StoredFiles } from './stored-files.ts'
import { checkDeletion, deletedToOf, type SeriesDeletion, type Tombstone } from './tombstones.ts'
import type { TickInput } from './upkeep.ts'
import { type StoredView, StoreView, type TenantViewMessage, type ViewOptions } from './view.ts'
import { ViewBook } from './view-book.ts'
import { WorkerClient } from './worker-port.ts'

const MAIN_READER = 'main'
const BACKGROUND_READER = 'background'
/** The background worker reads generations through its view, and opens files itself. */
const NO_FILES: StoredView = { parts: [], tiers: [], version: 0 }

/**
 * The metrics store of one process: heads in shared memory, parts in files, a catalogue that says which.
 * One thread (the one that opened it) writes; any thread reads through views. See FORMAT.md for the files.
 */
export class MetricStore {
  readonly #options: MetricStoreOptions
  readonly #topic: Topic
  readonly #limits: HeadLimits
  readonly #seed: number
  readonly #partsDirectory: string
  readonly #catalogue: WorkerClient<CatalogueRequest, CatalogueAnswer>
  readonly #background: WorkerClient<BackgroundRequest, BackgroundAnswer>
  readonly #pins = new PinBook()
  readonly #packer = new TailPacker()
  readonly #heads = new Map<TenantId, TenantHead>()
  readonly #stored = new StoredFiles()
  readonly #views = new ViewBook()
  readonly #localView: StoreView
  readonly #localReader: LocalReader
  readonly #condemned: CondemnedFiles
  readonly #upkeep: FileUpkeep
  readonly #pending: SealBatch[] = []
  #generation = 1
  #appliedTo = 0
  #frozenTo = 0
  #sealedTo = 0
  #openedAtMs: number
  #work: Promise<void> | undefined
  #lastTick: TickInput = { unsealedLogBytes: 0, isMemoryShort: false }
  #isClosed = false
  #retryAtMs = Number.NEGATIVE_INFINITY
  readonly #counts = { seals: 0, failures: 0 }

  private constructor(options: MetricStoreOptions) {
    this.#options = options
    this.#topic = options.topic ?? 'metrics-raw'
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#seed = options.seed ?? randomInt(2 ** 31)
    this.#partsDirectory = `${options.directory}/${PARTS_DIRECTORY}`
    this.#openedAtMs = options.clock.monotonicMs()
    this.#condemned = new CondemnedFiles(options.files, this.#partsDirectory, this.#pins, options.onProblem)
    const data: CatalogueData = { path: `${options.directory}/${CATALOGUE_FILE}` }
    this.#catalogue = new WorkerClient(() => options.workers.spawn('catalogue', data), { kind: 'close' })
    this.#background = new WorkerClient(() => options.workers.spawn('background', this.viewOptions()))
    this.#upkeep = new FileUpkeep({
      options,
      heads: this.#heads,
      stored: this.#stored,
      condemned: this.#condemned,
      catalogue: (request) => this.#catalogue.ask(request),
      background: (request) => {
        this.#backgroundReader()
        return this.#background.ask(request)
      },
      sealedTo: () => this.#sealedTo,
    })
    this.#localView = new StoreView(options.files, this.viewOptions(), PAGE_CACHE_BYTES, {
      index: (tenant, epoch) => this.#findIndex(tenant, epoch),
      generation: (tenant, id) => this.#findGeneration(tenant, id),
    })
    this.#localReader = new LocalReader(this.#localView, (tenant) => this.viewFor(MAIN_READER, tenant))
  }

  /** Opens or creates the store; what parts and catalogue hold is readable at once, the log is the caller's to replay. */
  static async open(options: MetricStoreOptions): Promise<MetricStore> {
    const store = new MetricStore(options)
    await store.#load()
    return store
  }

  async #load(): Promise<void> {
    const { files } = this.#options
    files.makeDirectory(this.#partsDirectory)
    await files.syncDirectory(this.#options.directory)
    const answer = await this.#catalogue.ask({ kind: 'load' })
    assert(answer.kind === 'state', 'catalogue answers with its state')
    this.#stored.set(answer.state.parts, answer.state.tiers)
    this.#sealedTo = answer.state.offsets[this.#topic] ?? 0
    this.#appliedTo = this.#sealedTo
    this.#frozenTo = this.#sealedTo
    for (const { tenant, tombstone } of answer.state.deletes) {
      const head = this.#head(tenant)
      head.tombstones = [...head.tombstones, tombstone]
    }
    // Of a tenant that only tiers are left of, too, there is something to read and to delete.
    for (const { tenant } of this.#stored.tiers) this.#head(tenant)
    const wanted = new Set([...this.#stored.parts, ...this.#stored.tiers].map((one) => one.fileName))
    for (const name of files.list(this.#partsDirectory)) {
      if (!wanted.has(name)) await files.remove(`${this.#partsDirectory}/${name}`)
    }
    restoreHeads(
      files,
      this.#partsDirectory,
      this.#stored.parts,
      (tenant) => this.#head(tenant),
      this.#options.onProblem,
    )
  }

  /**
   * Stores one log record: the only way in, for intake and replay alike. Offsets ascend.
   * @param offset of the record in the store's topic; everything below `sealedTo` is already in parts
   */
  apply(tenant: TenantId, batch: MetricBatch, offset: number, options: ApplyOptions): ApplyOutcome {
    assert(offset >= this.#frozenTo, `record ${offset} is sealed already, below ${this.#frozenTo}`)
    const outcome = applyBatch(this.#head(tenant), batch, this.#limits, options)
    this.#appliedTo = Math.max(this.#appliedTo, offset + 1)
    return outcome
  }

  /** @returns the deletion as it may be logged and applied, or why it may not: not valid, or too many wait */
  checkDeletion(tenant: TenantId, deletion: SeriesDeletion): Result<SeriesDeletion, Fault> {
    return checkDeletion(deletion, this.#heads.get(tenant)?.tombstones.length ?? 0)
  }

  /**
   * Deletes samples, histograms and exemplars whose records lie before `offset`, for all readers at once; files follow
   * behind. For intake and replay alike, in the order of the log: reserve, this, commit `deletionRecord`, answer.
   * @param deletion as `checkDeletion` returned it
   * @param offset of the deletion's own record
   */
  deleteSeries(tenant: TenantId, deletion: SeriesDeletion, offset: number): void {
    assert(offset >= this.#frozenTo, `record ${offset} is sealed already, below ${this.#frozenTo}`)
    this.#appliedTo = Math.max(this.#appliedTo, offset)
    const head = this.#heads.get(tenant)
    if (head !== undefined) {
      // What is covered and what comes after must not share a generation.
      if (head.current.mayHold(deletion.startMs, deletion.endMs)) this.#freeze(false)
      head.tombstones = [...head.tombstones, { ...deletion, offset }]
      head.arrivals.note(deletion.startMs)
    }
    this.#appliedTo = offset + 1
  }

  /** How far back a tenant's data has changed. */
  arrivals(tenant: TenantId): Arrivals {
    return this.#head(tenant).arrivals
  }

  /** For queries of few series on the writer's own thread; always up to date. */
  reader(): MetricReader {
    return this.#localReader
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
   * `StoreView.update`. Carries only what is new for this reader. `undefined` = the tenant has no data.
   */
  viewFor(reader: string, tenant: TenantId): TenantViewMessage | undefined {
    const head = this.#heads.get(tenant)
    if (head === undefined) return undefined
    return this.#views.message(reader, tenant, head, this.#stored.viewOf(tenant), this.#upkeep.nowMs)
  }

  /** The reading thread is gone or starts anew. */
  forgetReader(reader: string): void {
    this.#views.forget(reader)
  }

  /** What a reading thread opens its view with. */
  viewOptions(): ViewOptions {
    return {
      directory: this.#partsDirectory,
      seed: this.#seed,
      retention: this.#options.retention ?? DEFAULT_RETENTION,
    }
  }

  /** Where live views listen. */
  tap(tenant: TenantId): SeriesTap {
    return this.#head(tenant).tap
  }

  /** The id by which the tap names a series; undefined where the head does not know it. */
  seriesRef(tenant: TenantId, labels: Labels): number | undefined {
    const series = this.#head(tenant).index.findSeries(labels)
    return series < 0 ? undefined : series
  }

  /** Replay starts here: everything below is in parts. */
  sealedTo(topic: Topic): number {
    return topic === this.#topic ? this.#sealedTo : 0
  }

  /** Limits or relabelling changed: aliases of refused or renamed series must not be believed. */
  startAliasEpoch(): void {
    for (const head of this.#heads.values()) head.aliases.clear()
  }

  /** Freezes what is in memory and writes it into parts. Resolves when they are visible; a failure is tried again. */
  async seal(): Promise<void> {
    await this.#exclusive(async () => {
      this.#freeze(true)
      await this.#sealPending()
      await this.#upkeep.forgetFinalDeletes()
    })
  }

  /**
   * Copies what is sealed to `directory`, which must not exist yet: a store that is opened there, beside an empty log,
   * answers as this one does now. Intake goes on; seals and merges wait.
   * @param skipsHead false seals what is in memory first
   * @returns why there is no snapshot; what was begun is the caller's to remove
   */
  snapshot(directory: string, skipsHead: boolean): Promise<Fault | undefined> {
    return this.#alone(async () => {
      try {
        if (!skipsHead) {
          this.#freeze(true)
          await this.#sealPending()
        }
        const names = [...this.#stored.parts, ...this.#stored.tiers].map((one) => one.fileName)
        const layout = { files: PARTS_DIRECTORY, catalogue: CATALOGUE_FILE }
        await copyStore(this.#options.files, this.#partsDirectory, directory, layout, names, (path) =>
          this.#catalogue.ask({ kind: 'copy', path }),
        )
        return undefined
      } catch (error) {
        this.#options.onProblem(`the snapshot was not written: ${messageOf(error)}`)
        return snapshotFault(error)
      }
    })
  }

  /**
   * Makes the tenant's deletions final: resolves once no file holds what they cover. Upkeep does the same by and by.
   * @returns why some are not
   */
  async cleanTombstones(tenant: TenantId): Promise<Fault | undefined> {
    const head = this.#heads.get(tenant)
    const wanted = head?.tombstones ?? []
    if (head === undefined || wanted.length === 0) return undefined
    const { failures } = this.#counts
    await this.seal()
    for (let round = 0; round < CLEAN_ROUNDS_MAX; round++) {
      if (!head.tombstones.some((one) => wanted.includes(one))) {
        await this.#condemned.removeFree()
        return undefined
      }
      if (this.#counts.failures > failures || this.#isClosed) break
      await this.#work
      await this.tick(this.#lastTick)
    }
    return fault('unavailable', 'clean_tombstones: not every file could be rewritten, see the warnings of /-/ready', {
      retryAfterSeconds: 60,
    })
  }

  /** To be called about once a second: seals, merges and retains as is due. Never two at once. */
  async tick(input: TickInput): Promise<void> {
    this.#lastTick = input
    if (this.#work !== undefined || this.#isClosed) return
    if (this.#options.clock.monotonicMs() < this.#retryAtMs) return
    await this.#exclusive(async () => {
      if (this.#isSealDue(input)) this.#freeze(true)
      await this.#sealPending()
      await this.#upkeep.run()
      await this.#condemned.removeFree()
      for (const problem of this.#localView.problems.splice(0)) this.#options.onProblem(problem)
      const monotonicMs = this.#options.clock.monotonicMs()
      await this.#catalogue.rest(monotonicMs)
      await this.#background.rest(monotonicMs)
    })
  }

  stats(): MetricStoreStats {
    return {
      ...headStats([...this.#heads.values()]),
      ...partStats(this.#stored.parts),
      ...tierStats(this.#stored.tiers),
      appliedTo: this.#appliedTo,
      sealedTo: this.#sealedTo,
      pins: this.#pins.count,
      ...this.#counts,
      merges: this.#upkeep.merges,
    }
  }

  /** Parts as the catalogue has them, lowest offset first. */
  parts(): readonly PartRow[] {
    return this.#stored.parts
  }

  /** Tiers as the catalogue has them, lowest offset first. */
  tiers(): readonly TierRow[] {
    return this.#stored.tiers
  }

  /** Waits for running work, then ends the workers. What is not sealed is in the log. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#work
    this.#localView.close()
    await this.#catalogue.end()
    await this.#background.end()
  }

  #head(tenant: TenantId): TenantHead {
    let head = this.#heads.get(tenant)
    if (head === undefined) {
      head = new TenantHead(this.#seed, this.#generation, this.#packer, this.#pins)
      this.#heads.set(tenant, head)
    }
    return head
  }

  #findIndex(tenant: TenantId, epoch: number): TenantHead['index'] | undefined {
    const head = this.#heads.get(tenant)
    if (head?.index.epoch === epoch) return head.index
    return head?.frozen.find((one) => one.index.epoch === epoch)?.index
  }

  #findGeneration(tenant: TenantId, id: number): TenantHead['current'] | undefined {
    const head = this.#heads.get(tenant)
    if (head?.current.id === id) return head.current
    return head?.frozen.find((one) => one.generation.id === id)?.generation
  }

  /** Runs one piece of upkeep after the work that runs; its failure is reported, counted and tried again later. */
  #exclusive(work: () => Promise<void>): Promise<void> {
    return this.#alone(() =>
      work().catch((error: unknown) => {
        this.#counts.failures++
        this.#retryAtMs = this.#options.clock.monotonicMs() + UPKEEP_RETRY_MS
        this.#options.onProblem(`metrics upkeep failed and will be tried again: ${messageOf(error)}`)
      }),
    )
  }

  /** Work on files, one at a time. @param work never rejects */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#work !== undefined) await this.#work
    const running = work()
    this.#work = running.then(() => {
      this.#work = undefined
    })
    await this.#work
    return running
  }

  #isSealDue(input: TickInput): boolean {
    if (this.#appliedTo === this.#frozenTo) return false
    const ageMs = this.#options.clock.monotonicMs() - this.#openedAtMs
    if (ageMs >= (this.#options.sealAfterMs ?? SEAL_AFTER_MS)) return true
    if (ageMs < SEAL_GAP_MS) return false
    return input.isMemoryShort || input.unsealedLogBytes >= (this.#options.sealLogBytes ?? SEAL_LOG_BYTES)
  }

  /**
   * Ends the generations of all tenants at one offset; intake goes on in new ones at once.
   * @param mayRebuild false where the generation may be too young to tell which series are dead
   */
  #freeze(mayRebuild: boolean): void {
    if (this.#appliedTo === this.#frozenTo) return
    this.#generation++
    const items: { tenant: TenantId; frozen: FrozenGeneration }[] = []
    for (const [tenant, head] of this.#heads) {
      const liveSeries = head.current.seriesCount
      const frozen = head.freeze(this.#generation, this.#appliedTo)
      if (frozen !== undefined) items.push({ tenant, frozen })
      if (mayRebuild && head.isMostlyDead(liveSeries)) head.rebuildIndex()
    }
    this.#pending.push({ fromOffset: this.#frozenTo, toOffset: this.#appliedTo, items })
    this.#frozenTo = this.#appliedTo
    this.#openedAtMs = this.#options.clock.monotonicMs()
  }

  async #sealPending(): Promise<void> {
    for (let batch = this.#pending[0]; batch !== undefined; batch = this.#pending[0]) {
      const written: NewPart[] = []
      for (const item of batch.items) written.push(await this.#writePart(batch, item.tenant, item.frozen))
      const parts = written.filter((part) => part.seriesCount > 0)
      const { fromOffset, toOffset } = batch
      await this.#options.whenDurable?.(parts.reduce((most, part) => Math.max(most, part.deletedTo), toOffset))
      const deletes = this.#deletes((one) => one.offset >= fromOffset && one.offset < toOffset)
      const answer = await this.#catalogue.ask({ kind: 'seal', parts, deletes, topic: this.#topic, toOffset })
      assert(answer.kind === 'ids', 'catalogue answers with ids')
      // One turn: whoever looks sees the data in generations before and in parts after, never in both.
      this.#pending.shift()
      this.#stored.set([...this.#stored.parts, ...parts.map((part, i) => ({ ...part, id: answer.ids[i] as number }))])
      this.#condemned.add(written.filter((part) => part.seriesCount === 0))
      for (const { tenant, frozen } of batch.items) {
        const head = this.#heads.get(tenant) as TenantHead
        head.frozen.splice(head.frozen.indexOf(frozen), 1)
      }
      this.#sealedTo = toOffset
      this.#counts.seals++
    }
  }

  async #writePart(batch: SealBatch, tenant: TenantId, frozen: FrozenGeneration): Promise<NewPart> {
    const fileName = partFileName(tenant, batch, 0, this.#stored.nextNumber())
    const head = this.#heads.get(tenant) as TenantHead
    const deletedTo = deletedToOf(head.tombstones, batch.toOffset)
    const view = this.#views.message(this.#backgroundReader(), tenant, head, NO_FILES, this.#upkeep.nowMs)
    const answer = await this.#background.ask({
      kind: 'seal',
      tenant,
      view,
      generation: frozen.generation.id,
      indexEpoch: frozen.index.epoch,
      metadata: head.newestMetadata(),
      deltas: frozen.deltas,
      fileName,
      fromOffset: batch.fromOffset,
      toOffset: batch.toOffset,
    })
    assert(answer.kind === 'part' && answer.totals !== undefined, 'a seal writes a part')
    const { totals } = answer
    const arrivedMs = this.#options.clock.nowMs()
    const age = ageFromMs(totals.maxTimeMs, arrivedMs)
    return { tenant, fileName, level: 0, arrivedMs, ageFromMs: age, deletedTo, ...totals }
  }

  /** A background worker that starts anew has no memory of views. */
  #backgroundReader(): string {
    if (!this.#background.isRunning) this.#views.forget(BACKGROUND_READER)
    return BACKGROUND_READER
  }

  /** Deletions of all tenants. */
  #deletes(wanted: (tombstone: Tombstone) => boolean): DeleteRow[] {
    return [...this.#heads].flatMap(([tenant, head]) =>
      head.tombstones.filter(wanted).map((tombstone) => ({ tenant, tombstone })),
    )
  }
}

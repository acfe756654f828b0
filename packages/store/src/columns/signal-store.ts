import { assert, type TenantId } from '@vantage/model'
import type { CatalogueAnswer, CatalogueRequest, CatalogueState, DeleteRow, NewFile } from './catalogue/protocol.ts'
import { type RowDeletion, type Tombstone, tombstonesOver } from './deletions.ts'
import type { FileTotals } from './files/file-writer.ts'
import type { ChunkPool } from './hot/chunk-pool.ts'
import type { BatchOrigins } from './hot/origin-list.ts'
import { type FrozenRows, TenantRows } from './hot/tenant-rows.ts'
import { columnFileName } from './paths.ts'
import type { RowExpiry } from './row-expiry.ts'
import type { Signal } from './rows/column-set.ts'
import { halvesOfTime } from './rows/times.ts'
import { StoredFiles } from './stored-files.ts'
import type { SignalMessage } from './view.ts'
import { chunksMessage, ViewBook } from './view-book.ts'
import type { WriteRequest } from './worker/protocol.ts'

/** What the store of one signal needs from the whole. */
export interface SignalScope {
  readonly pool: ChunkPool
  readonly expiry: RowExpiry
  /** A number that nothing else of this process has. */
  readonly nextId: () => number
  readonly nowMs: () => number
  readonly catalogue: (request: CatalogueRequest) => Promise<CatalogueAnswer>
  readonly write: (request: Omit<WriteRequest, 'kind'>) => Promise<FileTotals | undefined>
  readonly whenDurable: (topic: 'raw-logs' | 'spans-raw', toOffset: number) => Promise<void>
}

/** Rows that left the chunks that are written, of all tenants, up to one offset. */
interface SealBatch<Columns> {
  readonly fromOffset: number
  readonly toOffset: number
  readonly items: readonly { readonly tenant: TenantId; readonly frozen: FrozenRows<Columns> }[]
}

/** All rows of one signal, hot and in files: its topic's consumer. */
export class SignalStore<Columns> {
  readonly signal: Signal<Columns>
  readonly stored: StoredFiles
  readonly #scope: SignalScope
  readonly #tenants = new Map<TenantId, TenantRows<Columns>>()
  readonly #views = new ViewBook()
  readonly #pending: SealBatch<Columns>[] = []
  #appliedTo = 0
  #frozenTo = 0
  #sealedTo = 0
  seals = 0

  constructor(signal: Signal<Columns>, scope: SignalScope) {
    this.signal = signal
    this.#scope = scope
    this.stored = new StoredFiles((file) => scope.expiry.of(file))
  }

  /** What the catalogue holds. Before anything is applied. */
  load({ files, deletes }: CatalogueState, sealedTo: number): void {
    this.stored.set(files.filter((file) => file.signal === this.signal.name))
    for (const { signal, tenant, tombstone } of deletes) {
      if (signal !== this.signal.name) continue
      const rows = this.#rowsOf(tenant)
      rows.tombstones = [...rows.tombstones, tombstone]
    }
    this.#sealedTo = sealedTo
    this.#frozenTo = sealedTo
    this.#appliedTo = sealedTo
  }

  /** Everything below is in files. */
  get sealedTo(): number {
    return this.#sealedTo
  }

  get appliedTo(): number {
    return this.#appliedTo
  }

  get hasUnsealed(): boolean {
    return this.#appliedTo > this.#sealedTo
  }

  /** Rows that are not in files. */
  get hotRows(): number {
    let rows = 0
    for (const one of this.#tenants.values()) {
      for (const chunk of [...one.frozen.flatMap((frozen) => frozen.chunks), ...one.chunks]) rows += chunk.count
    }
    return rows
  }

  /** Memory of the tenant that has most of it in chunks that are written. */
  get largestTenantBytes(): number {
    let most = 0
    for (const rows of this.#tenants.values()) most = Math.max(most, rows.liveBytes)
    return most
  }

  apply(
    tenant: TenantId,
    batch: BatchOrigins & { readonly columns: Columns },
    offset: number,
    receivedAtMs: number,
  ): number {
    assert(offset >= this.#frozenTo, `record ${offset} is sealed already, below ${this.#frozenTo}`)
    const { signal } = this
    const count = signal.countOf(batch.columns)
    if (count > 0) {
      const defaultTime = halvesOfTime(BigInt(Math.round(receivedAtMs)) * 1_000_000n)
      this.#rowsOf(tenant).append(signal.setOf(batch.columns), count, batch, defaultTime, offset)
    }
    this.#appliedTo = Math.max(this.#appliedTo, offset + 1)
    return count
  }

  /**
   * Hides rows whose records lie before `offset`, for all readers at once; files follow behind.
   * @param deletion as `checkDeletion` returned it
   */
  deleteRows(tenant: TenantId, deletion: RowDeletion, offset: number): void {
    assert(offset >= this.#frozenTo, `record ${offset} is sealed already, below ${this.#frozenTo}`)
    this.#appliedTo = Math.max(this.#appliedTo, offset)
    if (this.hasTenant(tenant)) {
      // What is covered and what comes after must not share a chunk.
      this.freeze()
      const rows = this.#rowsOf(tenant)
      rows.tombstones = [...rows.tombstones, { ...deletion, offset }]
    }
    this.#appliedTo = offset + 1
  }

  tombstones(tenant: TenantId): readonly Tombstone[] {
    return this.#tenants.get(tenant)?.tombstones ?? []
  }

  /** Deletions that hide nothing any more, in no file and in no chunk, are over. */
  async forgetFinalDeletes(): Promise<void> {
    const over: DeleteRow[] = []
    for (const [tenant, rows] of this.#tenants) {
      if (rows.tombstones.length === 0) continue
      const chunks = [...rows.frozen.flatMap((frozen) => frozen.chunks), ...rows.chunks]
      const isOpen = (one: Tombstone): boolean =>
        // One that is not in the catalogue yet would come back with its record.
        one.offset >= this.#sealedTo ||
        chunks.some((chunk) => chunk.deletedTo <= one.offset) ||
        this.stored.of(tenant).some((file) => tombstonesOver([one], file).length > 0)
      const open = rows.tombstones.filter(isOpen)
      if (open.length === rows.tombstones.length) continue
      const gone = rows.tombstones.filter((one) => !open.includes(one))
      over.push(...gone.map((tombstone) => ({ signal: this.signal.name, tenant, tombstone })))
      rows.tombstones = open
    }
    if (over.length > 0) await this.#scope.catalogue({ kind: 'forget', deletes: over })
  }

  hasTenant(tenant: TenantId): boolean {
    return this.#tenants.has(tenant) || this.stored.of(tenant).length > 0
  }

  viewFor(reader: string, tenant: TenantId): SignalMessage {
    return this.#views.message(reader, tenant, this.#tenants.get(tenant), this.stored)
  }

  forgetReader(reader: string): void {
    this.#views.forget(reader)
  }

  /** Ends the chunks of all tenants at one offset; intake goes on in new ones at once. */
  freeze(): void {
    if (this.#appliedTo === this.#frozenTo) return
    const items: { tenant: TenantId; frozen: FrozenRows<Columns> }[] = []
    for (const [tenant, rows] of this.#tenants) {
      const frozen = rows.freeze()
      if (frozen !== undefined) items.push({ tenant, frozen })
    }
    this.#pending.push({ fromOffset: this.#frozenTo, toOffset: this.#appliedTo, items })
    this.#frozenTo = this.#appliedTo
  }

  /** Writes what was frozen into files. What fails stays as it is, and is tried again by the next call. */
  async sealPending(): Promise<void> {
    for (let batch = this.#pending[0]; batch !== undefined; batch = this.#pending[0]) {
      const files: NewFile[] = []
      for (const { tenant, frozen } of batch.items) files.push(await this.#write(batch, tenant, frozen))
      const { fromOffset, toOffset } = batch
      const { topic } = this.signal
      await this.#scope.whenDurable(topic, toOffset)
      const deletes = this.#deletes((one) => one.offset >= fromOffset && one.offset < toOffset)
      const answer = await this.#scope.catalogue({ kind: 'seal', files, deletes, topic, toOffset })
      assert(answer.kind === 'ids', 'the catalogue answers with ids')
      // One turn: whoever looks sees the rows in chunks before and in files after, never in both.
      this.#pending.shift()
      this.stored.add(files.map((file, i) => ({ ...file, id: answer.ids[i] as number })))
      for (const { tenant, frozen } of batch.items) this.#tenants.get(tenant)?.release(frozen)
      this.#sealedTo = toOffset
      this.seals++
    }
  }

  async #write(batch: SealBatch<Columns>, tenant: TenantId, frozen: FrozenRows<Columns>): Promise<NewFile> {
    const { nextId, nowMs, write } = this.#scope
    const signal = this.signal.name
    const fileName = columnFileName(signal, tenant, batch, 0, nextId())
    const totals = await write({ signal, fileName, rows: chunksMessage([frozen]), isRewrite: false })
    assert(totals !== undefined, 'a seal writes a file')
    const { fromOffset, toOffset } = batch
    const arrivedMs = nowMs()
    return { signal, tenant, fileName, level: 0, fromOffset, toOffset, deletedTo: toOffset, arrivedMs, ...totals }
  }

  #deletes(wanted: (tombstone: Tombstone) => boolean): DeleteRow[] {
    const signal = this.signal.name
    return [...this.#tenants].flatMap(([tenant, rows]) =>
      rows.tombstones.filter(wanted).map((tombstone) => ({ signal, tenant, tombstone })),
    )
  }

  #rowsOf(tenant: TenantId): TenantRows<Columns> {
    let rows = this.#tenants.get(tenant)
    if (rows === undefined) {
      rows = new TenantRows(this.signal, this.#scope.pool, this.#scope.nextId)
      this.#tenants.set(tenant, rows)
    }
    return rows
  }
}

import { assert, type TenantId } from '@vantage/model'
import type { CondemnedFiles } from '../metrics/condemned-files.ts'
import { RetentionClock } from '../metrics/upkeep.ts'
import type { CatalogueAnswer, CatalogueRequest, FileRow, SignalName } from './catalogue/protocol.ts'
import { deletedToOf, type Tombstone, tombstonesOver } from './deletions.ts'
import { dataFile, filterFile } from './files/file-index.ts'
import type { FileTotals } from './files/file-writer.ts'
import { nextMerge } from './merge-plan.ts'
import { columnFileName } from './paths.ts'
import type { RowExpiry } from './row-expiry.ts'
import type { ColumnStoreOptions } from './store-options.ts'
import type { StoredFiles } from './stored-files.ts'
import type { SignalMessage } from './view.ts'
import type { WriteRequest } from './worker/protocol.ts'

/** One signal's store, as far as upkeep needs it. */
interface UpkeepSignal {
  readonly signal: { readonly name: SignalName; readonly topic: 'raw-logs' | 'spans-raw' }
  readonly stored: StoredFiles
  readonly sealedTo: number
  tombstones(tenant: TenantId): readonly Tombstone[]
  forgetFinalDeletes(): Promise<void>
}

/** What upkeep works on; all of it belongs to the store. */
interface UpkeepScope {
  readonly options: ColumnStoreOptions
  readonly signals: readonly UpkeepSignal[]
  readonly condemned: CondemnedFiles
  readonly expiry: RowExpiry
  readonly nextId: () => number
  readonly catalogue: (request: CatalogueRequest) => Promise<CatalogueAnswer>
  readonly write: (request: Omit<WriteRequest, 'kind'>) => Promise<FileTotals | undefined>
}

/** What happens to files once they are written: small ones are merged, old ones go. */
export class FileUpkeep {
  readonly #scope: UpkeepScope
  readonly #clock: RetentionClock
  /** By id: so many periods were over when nothing was left to take out of the file. */
  readonly #settled = new Map<number, number>()
  merges = 0

  constructor(scope: UpkeepScope) {
    this.#scope = scope
    this.#clock = new RetentionClock(scope.options.clock)
  }

  /**
   * One round: drops what is over, then does the rewrite or merge that is due, if any.
   * @param mayMerge false while the worker is needed for seals
   */
  async run(mayMerge: boolean): Promise<void> {
    await this.#retain()
    if (mayMerge) await this.#mergeOnce()
    for (const one of this.#scope.signals) await one.forgetFinalDeletes()
  }

  async #mergeOnce(): Promise<void> {
    for (const one of this.#scope.signals) {
      for (const tenant of one.stored.tenants()) {
        const files = one.stored.of(tenant)
        const tombstones = one.tombstones(tenant)
        const touched = files.find((file) => tombstonesOver(tombstones, file).length > 0 || this.#isDue(file))
        const due = touched === undefined ? nextMerge(files) : [touched]
        if (due === undefined) continue
        await this.#merge(one, tenant, due, tombstones)
        return
      }
    }
  }

  /** True where rows of a file that stays are over. */
  #isDue(file: FileRow): boolean {
    return this.#scope.expiry.passed(file) > (this.#settled.get(file.id) ?? 0)
  }

  /** Of all files together. */
  #passed(): number {
    const { signals, expiry } = this.#scope
    return signals.reduce((sum, { stored }) => stored.files.reduce((all, file) => all + expiry.passed(file), sum), 0)
  }

  async #retain(): Promise<void> {
    const nowMs = this.#clock.believedMs()
    const { catalogue, expiry } = this.#scope
    if (nowMs === undefined) return
    const before = this.#passed()
    expiry.learnTime(nowMs)
    const isMoreOver = this.#passed() !== before
    for (const { stored } of this.#scope.signals) {
      if (isMoreOver) stored.touch()
      const over = stored.files.filter((file) => expiry.isOver(file))
      if (over.length === 0) continue
      await catalogue({ kind: 'drop', removed: over.map((file) => file.id) })
      stored.replace(over, undefined)
      this.#condemn(over)
    }
  }

  /** @param files neighbours in log order, or one file that deletions touch */
  async #merge(
    { signal: { name: signal, topic }, stored, sealedTo }: UpkeepSignal,
    tenant: TenantId,
    files: readonly FileRow[],
    tombstones: readonly Tombstone[],
  ): Promise<void> {
    const { nextId, write, catalogue, options } = this.#scope
    const [first] = files as readonly [FileRow]
    const range = { fromOffset: first.fromOffset, toOffset: (files.at(-1) as FileRow).toOffset }
    // One up even for a rewrite: a name is never used twice.
    const level = Math.max(...files.map((file) => file.level)) + 1
    const fileName = columnFileName(signal, tenant, range, level, nextId())
    const rows: SignalMessage = {
      chunks: [],
      origins: [],
      stored: { version: 0, files: stored.refsOf(files) },
      tombstones,
    }
    const passed = this.#scope.expiry.passed(first)
    const totals = await write({ signal, fileName, rows, isRewrite: files.length === 1 })
    const deletedTo = deletedToOf(tombstones, Math.max(...files.map((file) => file.deletedTo)))
    // A deletion whose record may yet be lost must not be final.
    if (deletedTo > sealedTo) await options.whenDurable?.(topic, deletedTo)
    if (totals === undefined) {
      await catalogue({ kind: 'settle', file: first.id, deletedTo })
      stored.replace(files, { ...first, deletedTo })
      this.#settled.set(first.id, passed)
      return
    }
    const arrivedMs = Math.max(...files.map((file) => file.arrivedMs))
    const file = { signal, tenant, fileName, level, ...range, arrivedMs, deletedTo, ...totals }
    const isEmpty = totals.rows === 0
    const removed = files.map((one) => one.id)
    const answer = await catalogue({ kind: 'replace', removed, file: isEmpty ? undefined : file })
    assert(answer.kind === 'ids', 'the catalogue answers with ids')
    stored.replace(files, isEmpty ? undefined : { ...file, id: answer.ids[0] as number })
    this.#condemn(isEmpty ? [...files, file] : files)
    this.merges++
  }

  #condemn(files: readonly { readonly fileName: string }[]): void {
    this.#scope.condemned.add(
      files.flatMap(({ fileName }) => [{ fileName: dataFile(fileName) }, { fileName: filterFile(fileName) }]),
    )
  }
}

import { assert, type TenantId } from '@vantage/model'
import type { CondemnedFiles } from '../metrics/condemned-files.ts'
import { RetentionClock } from '../metrics/upkeep.ts'
import type { CatalogueAnswer, CatalogueRequest, FileRow, SignalName } from './catalogue/protocol.ts'
import { dataFile, filterFile } from './files/file-index.ts'
import type { FileTotals } from './files/file-writer.ts'
import { RETENTION_MS } from './limits.ts'
import { nextMerge } from './merge-plan.ts'
import { columnFileName } from './paths.ts'
import type { ColumnStoreOptions } from './store-options.ts'
import type { StoredFiles } from './stored-files.ts'
import type { SignalMessage } from './view.ts'

/** What upkeep works on; all of it belongs to the store. */
interface UpkeepScope {
  readonly options: ColumnStoreOptions
  readonly signals: readonly { readonly name: SignalName; readonly stored: StoredFiles }[]
  readonly condemned: CondemnedFiles
  readonly nextId: () => number
  readonly catalogue: (request: CatalogueRequest) => Promise<CatalogueAnswer>
  readonly write: (signal: SignalName, fileName: string, rows: SignalMessage) => Promise<FileTotals>
}

/** What happens to files once they are written: small ones are merged, old ones go. */
export class FileUpkeep {
  readonly #scope: UpkeepScope
  readonly #clock: RetentionClock
  merges = 0

  constructor(scope: UpkeepScope) {
    this.#scope = scope
    this.#clock = new RetentionClock(scope.options.clock)
  }

  /** One round: drops what is over, then does the merge that is due, if any. */
  async run(): Promise<void> {
    await this.#retain()
    for (const { name, stored } of this.#scope.signals) {
      for (const tenant of stored.tenants()) {
        const due = nextMerge(stored.of(tenant))
        if (due === undefined) continue
        await this.#merge(name, stored, tenant, due)
        return
      }
    }
  }

  async #retain(): Promise<void> {
    const nowMs = this.#clock.believedMs()
    if (nowMs === undefined) return
    const { options, catalogue } = this.#scope
    for (const { name, stored } of this.#scope.signals) {
      const over = stored.files.filter((file) => {
        const keptMs = options.retentionMs?.(file.tenant, name) ?? RETENTION_MS
        // Rows that were sent late count from their arrival.
        return Math.max(Number(file.maxTimeNs / 1_000_000n), file.arrivedMs) < nowMs - keptMs
      })
      if (over.length === 0) continue
      await catalogue({ kind: 'drop', removed: over.map((file) => file.id) })
      stored.replace(over, undefined)
      this.#condemn(over)
    }
  }

  async #merge(signal: SignalName, stored: StoredFiles, tenant: TenantId, files: readonly FileRow[]): Promise<void> {
    const { nextId, write, catalogue } = this.#scope
    const [first] = files as readonly [FileRow]
    const last = files.at(-1) as FileRow
    const range = { fromOffset: first.fromOffset, toOffset: last.toOffset }
    const level = Math.max(...files.map((file) => file.level)) + 1
    const fileName = columnFileName(signal, tenant, range, level, nextId())
    const totals = await write(signal, fileName, { chunks: [], origins: [], stored: { version: 0, files } })
    const arrivedMs = Math.max(...files.map((file) => file.arrivedMs))
    const file = { signal, tenant, fileName, level, ...range, arrivedMs, ...totals }
    const answer = await catalogue({ kind: 'replace', removed: files.map((one) => one.id), file })
    assert(answer.kind === 'ids', 'the catalogue answers with ids')
    stored.replace(files, { ...file, id: answer.ids[0] as number })
    this.#condemn(files)
    this.merges++
  }

  #condemn(files: readonly FileRow[]): void {
    this.#scope.condemned.add(
      files.flatMap(({ fileName }) => [{ fileName: dataFile(fileName) }, { fileName: filterFile(fileName) }]),
    )
  }
}

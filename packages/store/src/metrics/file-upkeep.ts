import { assert, type TenantId } from '@vantage/model'
import type { BackgroundAnswer, BackgroundRequest } from './background/protocol.ts'
import type { CatalogueAnswer, CatalogueRequest, DeleteRow, PartRow } from './catalogue/protocol.ts'
import type { CondemnedFiles } from './condemned-files.ts'
import type { TenantHead } from './head/tenant-head.ts'
import { partFileName } from './part/part-file-name.ts'
import { DEFAULT_RETENTION, TenantRetention } from './retention.ts'
import type { MetricStoreOptions } from './store-options.ts'
import type { StoredFiles } from './stored-files.ts'
import { deletedToOf, type Tombstone, tombstonesOver } from './tombstones.ts'
import { expiredParts, MergePlan, RetentionClock } from './upkeep.ts'

/** What upkeep works on; all of it belongs to the store. */
export interface UpkeepScope {
  readonly options: MetricStoreOptions
  readonly heads: ReadonlyMap<TenantId, TenantHead>
  readonly stored: StoredFiles
  readonly condemned: CondemnedFiles
  readonly catalogue: (request: CatalogueRequest) => Promise<CatalogueAnswer>
  readonly background: (request: BackgroundRequest) => Promise<BackgroundAnswer>
  /** Everything below this log offset is in parts. */
  readonly sealedTo: () => number
}

/** What happens to files once they are written: merge, rewrite, drop. Main decides, the background worker does. */
export class FileUpkeep {
  readonly #scope: UpkeepScope
  readonly #plan: MergePlan
  readonly #clock: RetentionClock
  readonly #retentions = new Map<TenantId, TenantRetention>()
  /** The time that retention goes by; stands still while a jump of the wall clock is not confirmed. */
  #nowMs: number
  merges = 0

  constructor(scope: UpkeepScope) {
    this.#scope = scope
    this.#plan = new MergePlan((tenant) => this.#retentionOf(tenant))
    this.#clock = new RetentionClock(scope.options.clock)
    this.#nowMs = scope.options.clock.nowMs()
  }

  /** The wall clock as retention believes it, unix ms: readers and upkeep judge by the same. */
  get nowMs(): number {
    return this.#nowMs
  }

  #retentionOf(tenant: TenantId): TenantRetention {
    let known = this.#retentions.get(tenant)
    if (known === undefined) {
      known = new TenantRetention(this.#scope.options.retention ?? DEFAULT_RETENTION, tenant)
      this.#retentions.set(tenant, known)
    }
    return known
  }

  /** One round: drops what is over, then does the merge or rewrite that is due, if any. */
  async run(): Promise<void> {
    await this.#retain()
    await this.#mergeOnce()
    await this.forgetFinalDeletes()
  }

  async #retain(): Promise<void> {
    const nowMs = this.#clock.believedMs()
    if (nowMs === undefined) return
    this.#nowMs = nowMs
    const { stored, catalogue, condemned } = this.#scope
    const tenants = new Set(stored.parts.map((part) => part.tenant))
    const expired = [...tenants].flatMap((tenant) =>
      expiredParts(stored.partsOf(tenant), nowMs, this.#retentionOf(tenant).longestRawMs()),
    )
    if (expired.length === 0) return
    await catalogue({ kind: 'drop', removed: expired.map((part) => part.id) })
    stored.setParts(stored.parts.filter((part) => !expired.includes(part)))
    condemned.add(expired)
  }

  async #mergeOnce(): Promise<void> {
    const { heads, stored, options } = this.#scope
    const monotonicMs = options.clock.monotonicMs()
    const due = this.#plan.next(heads, (tenant) => stored.partsOf(tenant), monotonicMs, this.#nowMs)
    if (due === undefined) return
    try {
      await this.#merge(due.tenant, heads.get(due.tenant) as TenantHead, due.parts)
    } catch (error) {
      this.#plan.rest(due.parts, error instanceof Error ? error.message : String(error), monotonicMs)
      throw error
    }
  }

  /** @param chosen neighbours in log order, or one part that deletions or retention touch */
  async #merge(tenant: TenantId, head: TenantHead, chosen: readonly PartRow[]): Promise<void> {
    const { stored, catalogue, background, condemned, options } = this.#scope
    // One up even for a rewrite: a name is never used twice.
    const level = Math.max(...chosen.map((part) => part.level)) + 1
    const first = chosen[0] as PartRow
    const last = chosen[chosen.length - 1] as PartRow
    const fileName = partFileName(tenant, first.fromOffset, last.toOffset, level, stored.nextNumber())
    const { tombstones } = head
    const deletedTo = deletedToOf(tombstones, Math.max(...chosen.map((part) => part.deletedTo)))
    const nowMs = this.#nowMs
    const { totals } = await background({ kind: 'merge', tenant, parts: chosen, fileName, tombstones, nowMs })
    // A deletion whose record may yet be lost must not be final.
    if (deletedTo > this.#scope.sealedTo()) await options.whenDurable?.(deletedTo)
    if (totals === undefined) {
      await catalogue({ kind: 'settle', part: first.id, deletedTo })
      stored.setParts(stored.parts.map((one) => (one === first ? { ...one, deletedTo } : one)))
      this.#plan.noteJudged(tenant, first, nowMs)
      return
    }
    const arrivedMs = Math.max(...chosen.map((part) => part.arrivedMs))
    const { ageFromMs } = first
    const part = { tenant, fileName, level, arrivedMs, ageFromMs, deletedTo, ...totals }
    const isEmpty = totals.seriesCount === 0
    const removed = chosen.map((one) => one.id)
    const answer = await catalogue({ kind: 'merge', removed, part: isEmpty ? undefined : part, keepsTiers: false })
    assert(answer.kind === 'ids', 'catalogue answers with ids')
    const merged = isEmpty ? [] : [{ ...part, id: answer.ids[0] as number }]
    stored.setParts(stored.parts.flatMap((one) => (one === first ? merged : chosen.includes(one) ? [] : [one])))
    for (const one of merged) this.#plan.noteJudged(tenant, one, nowMs)
    condemned.add(isEmpty ? [...chosen, { fileName }] : chosen)
    this.merges++
  }

  /** Deletions that hide nothing any more, in no part and in no generation that waits, are over. */
  async forgetFinalDeletes(): Promise<void> {
    const { heads, stored, catalogue } = this.#scope
    const over: DeleteRow[] = []
    for (const [tenant, head] of heads) {
      if (head.tombstones.length === 0) continue
      const parts = stored.partsOf(tenant)
      const isOpen = (one: Tombstone): boolean =>
        head.frozen.some((frozen) => frozen.toOffset <= one.offset) ||
        parts.some((part) => tombstonesOver([one], part).length > 0)
      const open = head.tombstones.filter(isOpen)
      if (open.length === head.tombstones.length) continue
      over.push(...head.tombstones.filter((one) => !open.includes(one)).map((tombstone) => ({ tenant, tombstone })))
      head.tombstones = open
    }
    const saved = over.filter(({ tombstone }) => tombstone.offset < this.#scope.sealedTo())
    if (saved.length > 0) await catalogue({ kind: 'forget', deletes: saved })
  }
}

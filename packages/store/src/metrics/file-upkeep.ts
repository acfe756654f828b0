import { assert, type TenantId } from '@vantage/model'
import type { BackgroundAnswer, BackgroundRequest } from './background/protocol.ts'
import type { CatalogueAnswer, CatalogueRequest, DeleteRow, PartRow } from './catalogue/protocol.ts'
import type { CondemnedFiles } from './condemned-files.ts'
import type { TenantHead } from './head/tenant-head.ts'
import { partFileName } from './part/part-file-name.ts'
import { DEFAULT_RETENTION, expiredToMs, TenantRetention } from './retention.ts'
import type { MetricStoreOptions } from './store-options.ts'
import type { StoredFiles } from './stored-files.ts'
import { TierUpkeep } from './tier-upkeep.ts'
import { deletedToOf, type Tombstone, tombstonesOver } from './tombstones.ts'
import { expiredParts, MergePlan, RetentionClock } from './upkeep.ts'

const MINUTE_MS = 60_000

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
  readonly #tiers: TierUpkeep
  readonly #clock: RetentionClock
  readonly #retentions = new Map<TenantId, TenantRetention>()
  /** The time that retention goes by; stands still while a jump of the wall clock is not confirmed. */
  #nowMs: number
  merges = 0

  constructor(scope: UpkeepScope) {
    this.#scope = scope
    const retentionOf = (tenant: TenantId) => this.#retentionOf(tenant)
    this.#tiers = new TierUpkeep(scope, retentionOf)
    this.#plan = new MergePlan(retentionOf, this.#tiers)
    this.#clock = new RetentionClock(scope.options.clock)
    this.#nowMs = scope.options.clock.nowMs()
  }

  /** The wall clock as retention believes it, unix ms, by the minute: readers may keep what they derive from it. */
  get nowMs(): number {
    return Math.floor(this.#nowMs / MINUTE_MS) * MINUTE_MS
  }

  #retentionOf(tenant: TenantId): TenantRetention {
    let known = this.#retentions.get(tenant)
    if (known === undefined) {
      known = new TenantRetention(this.#scope.options.retention ?? DEFAULT_RETENTION, tenant)
      this.#retentions.set(tenant, known)
    }
    return known
  }

  /** One round: drops what is over, then does the merge or rewrite that is due, if any, or else builds a tier. */
  async run(): Promise<void> {
    const nowMs = this.#clock.believedMs()
    if (nowMs !== undefined) {
      this.#nowMs = nowMs
      await this.#tiers.dropOver(nowMs)
      await this.#retain(nowMs)
    }
    if (!(await this.#mergeOnce())) await this.#tiers.run(this.#nowMs)
    await this.forgetFinalDeletes()
  }

  async #retain(nowMs: number): Promise<void> {
    const { stored, catalogue, condemned } = this.#scope
    const tenants = new Set(stored.parts.map((part) => part.tenant))
    const expired = [...tenants]
      .flatMap((tenant) => expiredParts(stored.partsOf(tenant), nowMs, this.#retentionOf(tenant).longestRawMs()))
      .filter((part) => this.#tiers.mayGo(part, nowMs))
    if (expired.length === 0) return
    await catalogue({ kind: 'drop', removed: expired.map((part) => part.id) })
    const ids = new Set(expired.map((part) => part.id))
    stored.set(
      stored.parts.filter((part) => !ids.has(part.id)),
      stored.tiers.map((tier) => (ids.has(tier.partId) ? { ...tier, partId: 0 } : tier)),
    )
    condemned.add(expired)
  }

  /** @returns false where nothing is due */
  async #mergeOnce(): Promise<boolean> {
    const { heads, stored, options } = this.#scope
    const monotonicMs = options.clock.monotonicMs()
    const due = this.#plan.next(heads, (tenant) => stored.partsOf(tenant), monotonicMs, this.#nowMs)
    if (due === undefined) return false
    try {
      await this.#merge(due.tenant, heads.get(due.tenant) as TenantHead, due.parts)
      return true
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
    const fileName = partFileName(
      tenant,
      { fromOffset: first.fromOffset, toOffset: last.toOffset },
      level,
      stored.nextNumber(),
    )
    const { tombstones } = head
    const deletedTo = deletedToOf(tombstones, Math.max(...chosen.map((part) => part.deletedTo)))
    // What is over stays as long as tiers do not hold what is to be kept of it.
    const mayDrop = chosen.every((part) => this.#tiers.mayGo(part, this.#nowMs))
    const nowMs = mayDrop ? this.#nowMs : Number.NEGATIVE_INFINITY
    const made = await background({ kind: 'merge', tenant, parts: chosen, fileName, tombstones, nowMs })
    assert(made.kind === 'part', 'a merge makes a part')
    const { totals } = made
    // A deletion whose record may yet be lost must not be final.
    if (deletedTo > this.#scope.sealedTo()) await options.whenDurable?.(deletedTo)
    if (totals === undefined) {
      await catalogue({ kind: 'settle', part: first.id, deletedTo })
      stored.set(stored.parts.map((one) => (one === first ? { ...one, deletedTo } : one)))
      this.#plan.noteJudged(tenant, first, nowMs)
      return
    }
    const arrivedMs = Math.max(...chosen.map((part) => part.arrivedMs))
    const { ageFromMs } = first
    const part = { tenant, fileName, level, arrivedMs, ageFromMs, deletedTo, ...totals }
    const isEmpty = totals.seriesCount === 0
    const removed = chosen.map((one) => one.id)
    // Buckets of what is over are all that is left of it; otherwise they are built anew from the new part.
    const keepsTiers = expiredToMs(nowMs, this.#retentionOf(tenant).shortestRawMs(), ageFromMs) >= first.minTimeMs
    const answer = await catalogue({ kind: 'merge', removed, part: isEmpty ? undefined : part, keepsTiers })
    assert(answer.kind === 'ids', 'catalogue answers with ids')
    const merged = isEmpty ? [] : [{ ...part, id: answer.ids[0] as number }]
    const tiers = stored.tiers.filter((tier) => removed.includes(tier.partId))
    stored.set(
      stored.parts.flatMap((one) => (one === first ? merged : chosen.includes(one) ? [] : [one])),
      stored.tiers.flatMap((tier) => {
        if (!tiers.includes(tier)) return [tier]
        return keepsTiers ? [{ ...tier, partId: answer.ids[0] ?? 0 }] : []
      }),
    )
    if (!keepsTiers) condemned.add(tiers)
    for (const one of merged) this.#plan.noteJudged(tenant, one, nowMs)
    condemned.add(isEmpty ? [...chosen, { fileName }] : chosen)
    this.merges++
  }

  /** Deletions that hide nothing any more, in no file and in no generation that waits, are over. */
  async forgetFinalDeletes(): Promise<void> {
    const { heads, stored, catalogue } = this.#scope
    const over: DeleteRow[] = []
    for (const [tenant, head] of heads) {
      if (head.tombstones.length === 0) continue
      const files = [...stored.partsOf(tenant), ...stored.tiersOf(tenant)]
      const isOpen = (one: Tombstone): boolean =>
        head.frozen.some((frozen) => frozen.toOffset <= one.offset) ||
        files.some((file) => tombstonesOver([one], file).length > 0)
      const open = head.tombstones.filter(isOpen)
      if (open.length === head.tombstones.length) continue
      over.push(...head.tombstones.filter((one) => !open.includes(one)).map((tombstone) => ({ tenant, tombstone })))
      head.tombstones = open
    }
    const saved = over.filter(({ tombstone }) => tombstone.offset < this.#scope.sealedTo())
    if (saved.length > 0) await catalogue({ kind: 'forget', deletes: saved })
  }
}

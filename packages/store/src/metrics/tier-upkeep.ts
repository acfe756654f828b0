import { assert, type TenantId } from '@vantage/model'
import type { PartRow, TierRow } from './catalogue/protocol.ts'
import type { UpkeepScope } from './file-upkeep.ts'
import type { TenantHead } from './head/tenant-head.ts'
import { MERGE_SPAN_MS } from './limits.ts'
import { tierFileName } from './part/part-file-name.ts'
import { expiredToMs, type TenantRetention, TIER_BUCKETS_MS } from './retention.ts'
import { deletedToOf, tombstonesOver } from './tombstones.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** After a failure a tier is left alone this long. */
const REST_MS = 10 * MINUTE_MS
/**
 * A part that is over waits this long for tiers that cannot be built, from the first failure on: a full disk must not
 * stay full because nothing can be dropped.
 */
const PATIENCE_MS = 7 * 24 * HOUR_MS
/** Tiers remembered as looked through; beyond it all are looked through once more. */
const JUDGED_MAX = 100_000

/** Builds, rewrites and drops tiers. A part has at most one of each kind; they outlive it. */
export class TierUpkeep {
  readonly #scope: UpkeepScope
  readonly #retentionOf: (tenant: TenantId) => TenantRetention
  /** By part and tier, or by tier row. */
  readonly #restUntilMs = new Map<string, number>()
  /** Part whose tiers cannot be built → when that was first tried. */
  readonly #failedAtMs = new Map<number, number>()
  /** Tier row → periods that were over when it was last looked through; a restart looks again. */
  readonly #judged = new Map<number, number>()
  /** State in which nothing was found to do; looking through everything each second would cost the main thread. */
  #idleState = ''
  #droppedHour = Number.NaN

  constructor(scope: UpkeepScope, retentionOf: (tenant: TenantId) => TenantRetention) {
    this.#scope = scope
    this.#retentionOf = retentionOf
  }

  /** True where merging the part with others would part it from its tiers. */
  hasTiers(part: PartRow): boolean {
    return this.#scope.stored.tiersBeside(part.id).length > 0
  }

  /** True where tiers hold what is to be kept of the part, or where that has been waited for in vain. */
  mayGo(part: PartRow, nowMs: number): boolean {
    const retention = this.#retentionOf(part.tenant)
    if (TIER_BUCKETS_MS.every((_, tier) => !this.#isMissing(part, tier, retention, nowMs))) return true
    const failedAtMs = this.#failedAtMs.get(part.id)
    return failedAtMs !== undefined && this.#scope.options.clock.monotonicMs() - failedAtMs >= PATIENCE_MS
  }

  #isMissing(part: PartRow, tier: number, retention: TenantRetention, nowMs: number): boolean {
    if (expiredToMs(nowMs, retention.longestTierMs(tier), part.ageFromMs) >= part.maxTimeMs) return false
    return !this.#scope.stored.tiersBeside(part.id).some((one) => one.tier === tier)
  }

  /** Drops tiers of which nothing is left to read. */
  async dropOver(nowMs: number): Promise<void> {
    // Once an hour: what is over has been hidden by then.
    const hour = Math.floor(nowMs / HOUR_MS)
    if (hour === this.#droppedHour) return
    await this.#dropOver(nowMs)
    this.#droppedHour = hour
  }

  async #dropOver(nowMs: number): Promise<void> {
    const { stored, catalogue, condemned } = this.#scope
    const isOver = (one: TierRow): boolean =>
      expiredToMs(nowMs, this.#retentionOf(one.tenant).longestTierMs(one.tier), one.ageFromMs) >= one.maxTimeMs
    const over = stored.tiers.filter(isOver)
    if (over.length === 0) return
    await catalogue({ kind: 'tiers', removed: over.map((one) => one.id), tiers: [] })
    stored.set(
      stored.parts,
      stored.tiers.filter((one) => !over.includes(one)),
    )
    condemned.add(over)
  }

  /** Builds or rewrites the one tier that is due, if any; to be called when no merge is. */
  async run(nowMs: number): Promise<void> {
    const state = this.#stateAt(nowMs)
    if (state === this.#idleState) return
    const monotonicMs = this.#scope.options.clock.monotonicMs()
    for (const [key, untilMs] of this.#restUntilMs) if (untilMs <= monotonicMs) this.#restUntilMs.delete(key)
    for (const [tenant, head] of this.#scope.heads) {
      const missing = this.#nextMissing(tenant, head, nowMs)
      if (missing !== undefined) {
        const { part, tier } = missing
        return this.#guarded(buildKey(part, tier), part.id, () => this.#build(part, tier))
      }
      const touched = this.#nextTouched(tenant, head, nowMs)
      if (touched !== undefined) {
        return this.#guarded(rewriteKey(touched), touched.partId, () => this.#rewrite(head, touched, nowMs))
      }
    }
    this.#idleState = state
  }

  /** Equal where nothing has changed that could make a tier due: files, deletions, the minute. */
  #stateAt(nowMs: number): string {
    const { heads, stored } = this.#scope
    let newestDeletion = -1
    for (const { tombstones } of heads.values()) {
      newestDeletion = Math.max(newestDeletion, tombstones.at(-1)?.offset ?? -1)
    }
    return `${stored.version} ${newestDeletion} ${Math.floor(nowMs / MINUTE_MS)}`
  }

  async #guarded(key: string, partId: number, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#failedAtMs.delete(partId)
    } catch (error) {
      const monotonicMs = this.#scope.options.clock.monotonicMs()
      this.#restUntilMs.set(key, monotonicMs + REST_MS)
      if (!this.#failedAtMs.has(partId)) this.#failedAtMs.set(partId, monotonicMs)
      throw error
    }
  }

  /** The oldest part that will not be merged any more and lacks a tier. */
  #nextMissing(
    tenant: TenantId,
    head: TenantHead,
    nowMs: number,
  ): { readonly part: PartRow; readonly tier: number } | undefined {
    const retention = this.#retentionOf(tenant)
    const parts = this.#scope.stored.partsOf(tenant)
    for (const [i, part] of parts.entries()) {
      if (!isSettled(part, parts[i + 1], nowMs) || tombstonesOver(head.tombstones, part).length > 0) continue
      const tier = TIER_BUCKETS_MS.findIndex(
        (_, one) => this.#isMissing(part, one, retention, nowMs) && !this.#restUntilMs.has(buildKey(part, one)),
      )
      if (tier >= 0) return { part, tier }
    }
    return undefined
  }

  async #build(part: PartRow, tier: number): Promise<void> {
    const { stored, catalogue, background } = this.#scope
    const { tenant, minTimeMs, maxTimeMs, fromOffset, toOffset, deletedTo, ageFromMs } = part
    const fileName = tierFileName(tenant, part, tier, `p${part.id}`, stored.nextNumber())
    const answer = await background({ kind: 'buildTier', part, tier, fileName })
    assert(answer.kind === 'tier', 'a tier is built')
    const times = { minTimeMs, maxTimeMs, fromOffset, toOffset, deletedTo, ageFromMs }
    const row = { tenant, fileName, tier, partId: part.id, isWhole: true, ...times, ...answer.totals }
    const ids = await catalogue({ kind: 'tiers', removed: [], tiers: [row] })
    assert(ids.kind === 'ids', 'catalogue answers with ids')
    stored.set(stored.parts, inLogOrder([...stored.tiers, { ...row, id: ids.ids[0] as number }]))
  }

  /** The oldest tier with buckets that a deletion touches, or with series that are newly over. */
  #nextTouched(tenant: TenantId, head: TenantHead, nowMs: number): TierRow | undefined {
    // Fast path: nothing to take out of any tier.
    if (head.tombstones.length === 0 && this.#retentionOf(tenant).filters.length === 0) return undefined
    return this.#scope.stored.tiersOf(tenant).find((one) => {
      if (this.#restUntilMs.has(rewriteKey(one))) return false
      if (tombstonesOver(head.tombstones, one).length > 0) return true
      return this.#periodsOver(one, nowMs) > (this.#judged.get(one.id) ?? 0)
    })
  }

  /** How many of the periods that series may have are over for the whole tier. */
  #periodsOver(tier: TierRow, nowMs: number): number {
    const periods = this.#retentionOf(tier.tenant).tierPeriodsMs(tier.tier)
    return periods.filter((keepMs) => expiredToMs(nowMs, keepMs, tier.ageFromMs) >= tier.maxTimeMs).length
  }

  async #rewrite(head: TenantHead, tier: TierRow, nowMs: number): Promise<void> {
    const { stored, catalogue, background, condemned, options } = this.#scope
    const { tombstones } = head
    const fileName = tierFileName(tier.tenant, tier, tier.tier, `t${tier.id}`, stored.nextNumber())
    const deletedTo = deletedToOf(tombstones, tier.deletedTo)
    const answer = await background({ kind: 'rewriteTier', tenant: tier.tenant, tier, fileName, tombstones, nowMs })
    assert(answer.kind === 'rewritten', 'a tier is rewritten')
    // A deletion whose record may yet be lost must not be final.
    if (deletedTo > this.#scope.sealedTo()) await options.whenDurable?.(deletedTo)
    let row: TierRow = { ...tier, deletedTo }
    if (answer.totals === undefined) {
      await catalogue({ kind: 'settleTier', tier: tier.id, deletedTo })
    } else {
      const { id, ...rest } = { ...row, fileName, isWhole: answer.isWhole, ...answer.totals }
      const isEmpty = rest.bucketCount === 0 && rest.partId === 0
      const ids = await catalogue({ kind: 'tiers', removed: [id], tiers: isEmpty ? [] : [rest] })
      assert(ids.kind === 'ids', 'catalogue answers with ids')
      row = { ...rest, id: ids.ids[0] ?? id }
      condemned.add(isEmpty ? [tier, { fileName }] : [tier])
      if (isEmpty) {
        stored.set(
          stored.parts,
          stored.tiers.filter((one) => one !== tier),
        )
        return
      }
    }
    stored.set(
      stored.parts,
      stored.tiers.map((one) => (one === tier ? row : one)),
    )
    if (this.#judged.size >= JUDGED_MAX) this.#judged.clear()
    this.#judged.set(row.id, this.#periodsOver(row, nowMs))
  }
}

/** True where a part gets no neighbours to be merged with any more. */
function isSettled(part: PartRow, next: PartRow | undefined, nowMs: number): boolean {
  if (next !== undefined && dayOf(next) !== dayOf(part)) return true
  return part.arrivedMs < nowMs - MERGE_SPAN_MS
}

function dayOf(part: PartRow): number {
  return Math.floor(part.maxTimeMs / MERGE_SPAN_MS)
}

function inLogOrder(tiers: TierRow[]): TierRow[] {
  return tiers.sort((a, b) => a.fromOffset - b.fromOffset || a.toOffset - b.toOffset || a.id - b.id)
}

function buildKey(part: PartRow, tier: number): string {
  return `part ${part.id} ${tier}`
}

function rewriteKey(tier: TierRow): string {
  return `tier ${tier.id}`
}

import type { Clock, TenantId } from '@vantage/model'
import type { PartRow } from './catalogue/protocol.ts'
import type { TenantHead } from './head/tenant-head.ts'
import { MERGE_BYTES_MAX, MERGE_PARTS_MAX, MERGE_SPAN_MS } from './limits.ts'
import { expiredToMs, type TenantRetention } from './retention.ts'
import { type Tombstone, tombstonesOver } from './tombstones.ts'

/** What the store cannot see itself and needs to decide when to seal. */
export interface TickInput {
  readonly unsealedLogBytes: number
  /** The head's share of memory is used up. */
  readonly isMemoryShort: boolean
}

/** Parts of one unfinished day that are merged before the day ends. */
const EARLY_MERGE_PARTS = 8

/**
 * The next parts of one tenant to merge: neighbours in log order whose newest sample lies in one day, once the day is
 * over or enough of them are there. Neighbours only, so that "the later offset wins" stays one order; of one age only,
 * so that merging does not change when samples are over.
 * @param parts of one tenant, lowest offset first
 * @param isBarred parts that are not to be merged now, nor jumped over
 * @param nowMs what arrived a day ago gets no neighbours any more
 */
export function chooseMerge(
  parts: readonly PartRow[],
  isBarred: (part: PartRow) => boolean = () => false,
  nowMs = Number.NEGATIVE_INFINITY,
): readonly PartRow[] {
  let from = 0
  while (from < parts.length) {
    if (isBarred(parts[from] as PartRow)) {
      from++
      continue
    }
    const day = dayOf(parts[from] as PartRow)
    const { ageFromMs } = parts[from] as PartRow
    let to = from + 1
    let bytes = (parts[from] as PartRow).bytes
    while (to < parts.length && to - from < MERGE_PARTS_MAX && dayOf(parts[to] as PartRow) === day) {
      if (isBarred(parts[to] as PartRow) || (parts[to] as PartRow).ageFromMs !== ageFromMs) break
      bytes += (parts[to] as PartRow).bytes
      if (bytes > MERGE_BYTES_MAX) break
      to++
    }
    const isQuiet = (parts[to - 1] as PartRow).arrivedMs < nowMs - MERGE_SPAN_MS
    const isOver = isQuiet || (to < parts.length && dayOf(parts[to] as PartRow) > day)
    if (to - from >= 2 && (isOver || to - from >= EARLY_MERGE_PARTS)) return parts.slice(from, to)
    from = to
  }
  return []
}

function dayOf(part: PartRow): number {
  return Math.floor(part.maxTimeMs / MERGE_SPAN_MS)
}

/** The oldest part of one tenant in which a deletion hides samples that are still in the file. */
function chooseRewrite(
  parts: readonly PartRow[],
  tombstones: readonly Tombstone[],
  isBarred: (part: PartRow) => boolean,
): PartRow | undefined {
  if (tombstones.length === 0) return undefined
  return parts.find((part) => !isBarred(part) && tombstonesOver(tombstones, part).length > 0)
}

/** The oldest part of one tenant in which all samples of some series are newly over, and not those of all series. */
function chooseExpired(
  parts: readonly PartRow[],
  retention: TenantRetention,
  nowMs: number,
  isBarred: (part: PartRow) => boolean,
  judged: ReadonlyMap<number, number>,
): PartRow | undefined {
  if (retention.filters.length === 0) return undefined
  return parts.find((part) => !isBarred(part) && periodsOver(part, retention, nowMs) > (judged.get(part.id) ?? 0))
}

/** How many of the periods that series may have are over for the whole part. */
function periodsOver(part: PartRow, retention: TenantRetention, nowMs: number): number {
  return retention.rawPeriodsMs().filter((keepMs) => expiredToMs(nowMs, keepMs, part.ageFromMs) >= part.maxTimeMs)
    .length
}

/** After a failed merge its parts are left alone this long. */
const MERGE_REST_MS = 10 * 60_000

/** Parts remembered as looked through; beyond it all are looked through once more. */
const JUDGED_MAX = 100_000

/** What a merge plan needs to know of tiers. */
export interface TierFacts {
  /** A part with buckets of its own stays as it is, but for what goes. */
  hasTiers(part: PartRow): boolean
  /** Tiers hold what is to be kept of samples that are over. */
  mayGo(part: PartRow, nowMs: number): boolean
}

/** Which merge is due. A merge that fails does not keep others waiting: its parts rest. */
export class MergePlan {
  readonly #retentionOf: (tenant: TenantId) => TenantRetention
  readonly #tiers: TierFacts
  readonly #restUntilMs = new Map<number, number>()
  /** Part → periods that were over when it was last looked through for series to drop; a restart looks again. */
  readonly #judged = new Map<number, number>()

  constructor(retentionOf: (tenant: TenantId) => TenantRetention, tiers: TierFacts) {
    this.#retentionOf = retentionOf
    this.#tiers = tiers
  }

  /**
   * @param monotonicMs for parts that rest
   * @param nowMs for retention, unix ms
   * @returns neighbours in log order, or one part that no merge is due to touch but a deletion or retention does
   */
  next(
    heads: ReadonlyMap<TenantId, TenantHead>,
    partsOf: (tenant: TenantId) => readonly PartRow[],
    monotonicMs: number,
    nowMs: number,
  ): { readonly tenant: TenantId; readonly parts: readonly PartRow[] } | undefined {
    for (const [id, untilMs] of this.#restUntilMs) if (untilMs <= monotonicMs) this.#restUntilMs.delete(id)
    const isBarred = (part: PartRow): boolean => this.#restUntilMs.has(part.id)
    for (const tenant of heads.keys()) {
      const parts = chooseMerge(partsOf(tenant), (part) => isBarred(part) || this.#tiers.hasTiers(part), nowMs)
      if (parts.length > 0) return { tenant, parts }
    }
    for (const [tenant, head] of heads) {
      const part = chooseRewrite(partsOf(tenant), head.tombstones, isBarred)
      if (part !== undefined) return { tenant, parts: [part] }
    }
    for (const tenant of heads.keys()) {
      const isKept = (part: PartRow): boolean => isBarred(part) || !this.#tiers.mayGo(part, nowMs)
      const part = chooseExpired(partsOf(tenant), this.#retentionOf(tenant), nowMs, isKept, this.#judged)
      if (part !== undefined) return { tenant, parts: [part] }
    }
    return undefined
  }

  /** The part holds no series that is over as a whole, as of `nowMs`. */
  noteJudged(tenant: TenantId, part: PartRow, nowMs: number): void {
    if (this.#judged.size >= JUDGED_MAX) this.#judged.clear()
    this.#judged.set(part.id, periodsOver(part, this.#retentionOf(tenant), nowMs))
  }

  /** @param message of the failure: where it names a file that is refused, the others may go on without it */
  rest(parts: readonly PartRow[], message: string, monotonicMs: number): void {
    const named = parts.filter((part) => message.includes(part.fileName))
    for (const { id } of named.length > 0 ? named : parts) this.#restUntilMs.set(id, monotonicMs + MERGE_REST_MS)
  }
}

/** Parts in which nothing is left to read, and whose arrival is older than the period. */
export function expiredParts(parts: readonly PartRow[], nowMs: number, retentionMs: number): PartRow[] {
  const isOver = (part: PartRow): boolean => expiredToMs(nowMs, retentionMs, part.ageFromMs) >= part.maxTimeMs
  return parts.filter((part) => part.arrivedMs < nowMs - retentionMs && isOver(part))
}

const JUMP_MS = 3_600_000
const AGREE_AFTER_MS = 600_000

/**
 * The wall clock as retention believes it: a jump of more than an hour counts only after a second reading, ten
 * minutes later, agrees. A machine that wakes up in the wrong year must not drop its data.
 */
export class RetentionClock {
  readonly #clock: Clock
  #wallMs: number
  #monotonicMs: number
  #jumpedAtMs: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#wallMs = clock.nowMs()
    this.#monotonicMs = clock.monotonicMs()
  }

  /** @returns the time to judge by, or undefined while a jump is not confirmed */
  believedMs(): number | undefined {
    const wallMs = this.#clock.nowMs()
    const monotonicMs = this.#clock.monotonicMs()
    const expectedMs = this.#wallMs + (monotonicMs - this.#monotonicMs)
    if (Math.abs(wallMs - expectedMs) <= JUMP_MS) {
      this.#jumpedAtMs = undefined
      return this.#accept(wallMs, monotonicMs)
    }
    this.#jumpedAtMs ??= monotonicMs
    if (monotonicMs - this.#jumpedAtMs < AGREE_AFTER_MS) return undefined
    this.#jumpedAtMs = undefined
    return this.#accept(wallMs, monotonicMs)
  }

  #accept(wallMs: number, monotonicMs: number): number {
    this.#wallMs = wallMs
    this.#monotonicMs = monotonicMs
    return wallMs
  }
}

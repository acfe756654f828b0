import type { Fault } from '@vantage/model'
import { DeletedSeries } from '../masked-source.ts'
import { emptyIndex } from '../part/empty-index.ts'
import { expiredToMs, SeriesKeeps, type TenantRetention, TIER_BUCKETS_MS } from '../retention.ts'
import { MatchCache } from '../select.ts'
import { type IndexGroup, KnownTwins, type SeriesIndex } from '../series-index.ts'
import { type Tombstone, tombstonesOver } from '../tombstones.ts'
import type { TierReader } from './tier-reader.ts'
import { type TierScope, TierSource } from './tier-source.ts'
import { PartTier, type TierRef, ViewedTier } from './tier-view.ts'

/** Buckets of fewer samples take longer to read than these. */
const SAMPLES_PER_BUCKET_MIN = 4

/** Opens a tier, or says why it is refused. */
export type OpenTier = (ref: TierRef) => TierReader | Fault

/** What one thread has learned about a tier, kept as long as the file. */
interface KnownTier {
  readonly tier: ViewedTier
  readonly matches: MatchCache
  readonly known: KnownTwins
  keeps: SeriesKeeps | undefined
  deleted: DeletedSeries | undefined
  /** By the part that it lies beside. */
  beside: { readonly partId: number; readonly tier: PartTier } | undefined
}

/** The tiers of one tenant as one thread sees them. */
export class TenantTiers {
  readonly #retention: TenantRetention
  #tiers: KnownTier[] = []
  #retired: KnownTier[] = []
  /** The same by the part that each lies beside. */
  #byPart = new Map<number, KnownTier[]>()
  #groups:
    | { readonly nowMs: number; readonly tombstones: readonly Tombstone[]; readonly groups: readonly IndexGroup[] }
    | undefined
  /** Which tiers there are of the same samples. */
  readonly #siblings = new Map<string, number[]>()

  constructor(retention: TenantRetention) {
    this.#retention = retention
  }

  update(refs: readonly TierRef[], open: OpenTier): void {
    const before = new Map(this.#tiers.map((one) => [one.tier.ref.id, one]))
    this.#tiers = refs.map((ref) => {
      const known = before.get(ref.id)
      if (known === undefined) return newTier(ref, open)
      before.delete(ref.id)
      known.tier.ref = ref
      return known
    })
    this.#byPart = Map.groupBy(this.#tiers, ({ tier }) => tier.ref.partId)
    this.#groups = undefined
    this.#siblings.clear()
    for (const ref of refs) {
      const key = samplesKey(ref)
      this.#siblings.set(key, [...(this.#siblings.get(key) ?? []), ref.tier])
    }
    // One version of grace, as for parts.
    for (const { tier } of this.#retired) tier.close()
    this.#retired = [...before.values()]
  }

  /** Those that tell exactly what one part holds; undefined where there are none. */
  beside(
    part: { readonly id: number; readonly checksum: number; readonly sampleCount: number },
    index: SeriesIndex,
    tombstones: readonly Tombstone[],
  ): readonly PartTier[] | undefined {
    const found: PartTier[] = []
    for (const one of this.#byPart.get(part.id) ?? []) {
      const { ref } = one.tier
      if (!ref.isWhole || tombstonesOver(tombstones, ref).length > 0) continue
      if (part.sampleCount < ref.bucketCount * SAMPLES_PER_BUCKET_MIN) continue
      if (one.beside?.partId !== part.id) {
        const tier = new PartTier(TIER_BUCKETS_MS[ref.tier] as number, one.tier, index, part.checksum)
        one.beside = { partId: part.id, tier }
      }
      found.push(one.beside.tier)
    }
    return found.length === 0 ? undefined : found
  }

  /** A group for each tier that stands for samples that are over, newest first. */
  groups(nowMs: number, tombstones: readonly Tombstone[]): readonly IndexGroup[] {
    const known = this.#groups
    if (known?.nowMs === nowMs && known.tombstones === tombstones) return known.groups
    const groups = this.#newGroups(nowMs, tombstones)
    this.#groups = { nowMs, tombstones, groups }
    return groups
  }

  #newGroups(nowMs: number, tombstones: readonly Tombstone[]): IndexGroup[] {
    const groups: IndexGroup[] = []
    for (const one of [...this.#tiers].reverse()) {
      const { ref } = one.tier
      const overMs = expiredToMs(nowMs, this.#retention.shortestRawMs(), ref.ageFromMs)
      const goneMs = expiredToMs(nowMs, this.#retention.longestTierMs(ref.tier), ref.ageFromMs)
      if (overMs < ref.minTimeMs || goneMs >= ref.maxTimeMs) continue
      groups.push(new TierGroup(one, this.#scope(one, nowMs, overMs, tombstones)))
    }
    return groups
  }

  #scope(one: KnownTier, nowMs: number, maxTimeMs: number, tombstones: readonly Tombstone[]): TierScope {
    const { ref } = one.tier
    return {
      tier: one.tier,
      nowMs,
      finer: (this.#siblings.get(samplesKey(ref)) ?? []).filter((tier) => tier < ref.tier),
      keeps: () => {
        one.keeps ??= new SeriesKeeps(one.tier.require().index, this.#retention)
        return one.keeps
      },
      tombstones: tombstonesOver(tombstones, ref),
      deleted: () => {
        one.deleted ??= new DeletedSeries(one.tier.require().index)
        one.deleted.keep(tombstones)
        return one.deleted
      },
      maxTimeMs,
    }
  }

  close(): void {
    for (const { tier } of [...this.#tiers, ...this.#retired]) tier.close()
    this.#tiers = []
    this.#retired = []
  }
}

function newTier(ref: TierRef, open: OpenTier): KnownTier {
  return {
    tier: new ViewedTier(ref, () => open(ref)),
    matches: new MatchCache(),
    known: new KnownTwins(),
    keeps: undefined,
    deleted: undefined,
    beside: undefined,
  }
}

/** Equal for tiers of the same samples. */
function samplesKey({ fromOffset, toOffset }: TierRef): string {
  return `${fromOffset}-${toOffset}`
}

/** A tier that stands for samples that are over; its file is opened by the first query of its time. */
class TierGroup implements IndexGroup {
  readonly id: string
  readonly sources: readonly TierSource[]
  readonly matches: MatchCache
  readonly known: KnownTwins
  readonly #tier: ViewedTier

  constructor(one: KnownTier, scope: TierScope) {
    this.#tier = one.tier
    this.id = `tier ${one.tier.ref.id}`
    this.sources = [new TierSource(scope)]
    this.matches = one.matches
    this.known = one.known
  }

  // Getters: most queries ask for the sources' times only.
  get refusal(): Fault | undefined {
    return this.#tier.refusal
  }

  get index(): SeriesIndex {
    return this.#tier.reader?.index ?? emptyIndex()
  }
}

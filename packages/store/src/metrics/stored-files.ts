import type { TenantId } from '@vantage/model'
import type { PartRow, TierRow } from './catalogue/protocol.ts'
import type { StoredView } from './view.ts'

/** The files that the catalogue has rows of, as this process sees them: changed right after each transaction. */
export class StoredFiles {
  #parts: readonly PartRow[] = []
  #tiers: readonly TierRow[] = []
  /** The same by tenant, and tiers by their part. */
  #partsByTenant = new Map<TenantId, PartRow[]>()
  #tiersByTenant = new Map<TenantId, TierRow[]>()
  #tiersByPart = new Map<number, TierRow[]>()
  #version = 0
  #counter = 0

  /** Lowest log offset first. */
  get parts(): readonly PartRow[] {
    return this.#parts
  }

  /** Lowest log offset first. */
  get tiers(): readonly TierRow[] {
    return this.#tiers
  }

  /** Another one wherever anything else is. */
  get version(): number {
    return this.#version
  }

  partsOf(tenant: TenantId): readonly PartRow[] {
    return this.#partsByTenant.get(tenant) ?? []
  }

  tiersOf(tenant: TenantId): readonly TierRow[] {
    return this.#tiersByTenant.get(tenant) ?? []
  }

  /** @param partId not 0: what lies beside no part is not listed */
  tiersBeside(partId: number): readonly TierRow[] {
    return this.#tiersByPart.get(partId) ?? []
  }

  /** As readers of the tenant are told. */
  viewOf(tenant: TenantId): StoredView {
    return { parts: this.partsOf(tenant), tiers: this.tiersOf(tenant), version: this.#version }
  }

  /** Both at once, so that no reader sees a part beside buckets of another. */
  set(parts: readonly PartRow[], tiers: readonly TierRow[] = this.#tiers): void {
    this.#parts = parts
    this.#tiers = tiers
    this.#partsByTenant = Map.groupBy(parts, (part) => part.tenant)
    this.#tiersByTenant = Map.groupBy(tiers, (tier) => tier.tenant)
    this.#tiersByPart = Map.groupBy(
      tiers.filter((tier) => tier.partId !== 0),
      (tier) => tier.partId,
    )
    this.#version++
  }

  /** A number that no other file of this process has in its name. */
  nextNumber(): number {
    return ++this.#counter
  }
}

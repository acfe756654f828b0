import type { TenantId } from '@vantage/model'
import type { PartRow, TierRow } from './catalogue/protocol.ts'
import type { StoredView } from './view.ts'

/** The files that the catalogue has rows of, as this process sees them: changed right after each transaction. */
export class StoredFiles {
  #parts: readonly PartRow[] = []
  #tiers: readonly TierRow[] = []
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

  partsOf(tenant: TenantId): PartRow[] {
    return this.#parts.filter((part) => part.tenant === tenant)
  }

  tiersOf(tenant: TenantId): TierRow[] {
    return this.#tiers.filter((tier) => tier.tenant === tenant)
  }

  /** As readers of the tenant are told. */
  viewOf(tenant: TenantId): StoredView {
    return { parts: this.partsOf(tenant), tiers: this.tiersOf(tenant), version: this.#version }
  }

  /** Both at once, so that no reader sees a part beside buckets of another. */
  set(parts: readonly PartRow[], tiers: readonly TierRow[] = this.#tiers): void {
    this.#parts = parts
    this.#tiers = tiers
    this.#version++
  }

  /** A number that no other file of this process has in its name. */
  nextNumber(): number {
    return ++this.#counter
  }
}

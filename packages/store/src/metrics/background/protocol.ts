import type { MetricMetadata, TenantId } from '@vantage/model'
import type { DeltaState } from '../head/delta-sums.ts'
import type { PartTotals } from '../part/part-sections.ts'
import type { TierRef } from '../tier/tier-view.ts'
import type { TierTotals } from '../tier/tier-writer.ts'
import type { Tombstone } from '../tombstones.ts'
import type { PartRef, TenantViewMessage, ViewOptions } from '../view.ts'
import type { RewrittenTier } from './build-tiers.ts'

export interface SealRequest {
  readonly kind: 'seal'
  readonly tenant: TenantId
  readonly view: TenantViewMessage
  readonly generation: number
  readonly indexEpoch: number
  readonly metadata: readonly MetricMetadata[]
  readonly deltas: readonly DeltaState[]
  readonly fileName: string
  readonly fromOffset: number
  readonly toOffset: number
}

export interface MergeRequest {
  readonly kind: 'merge'
  readonly tenant: TenantId
  /** Neighbours in log order, lowest offset first. */
  readonly parts: readonly PartRef[]
  readonly fileName: string
  /** Deletions in force: those a part does not have yet are made final in the result. */
  readonly tombstones: readonly Tombstone[]
  /** What is over as of now (unix ms) is left out. */
  readonly nowMs: number
}

export interface BuildTierRequest {
  readonly kind: 'buildTier'
  readonly part: PartRef
  /** Place in `TIER_BUCKETS_MS`. */
  readonly tier: number
  readonly fileName: string
}

export interface RewriteTierRequest {
  readonly kind: 'rewriteTier'
  readonly tenant: TenantId
  readonly tier: TierRef
  readonly fileName: string
  /** Deletions in force: buckets that one touches, and that the tier does not lack already, go. */
  readonly tombstones: readonly Tombstone[]
  /** Buckets that are over as of now (unix ms) go. */
  readonly nowMs: number
}

export type BackgroundRequest = SealRequest | MergeRequest | BuildTierRequest | RewriteTierRequest

export type BackgroundAnswer =
  /** Undefined = one part was to be rewritten, and all of it stays: no file was written. */
  | { readonly kind: 'part'; readonly totals: PartTotals | undefined }
  | { readonly kind: 'tier'; readonly totals: TierTotals }
  | ({ readonly kind: 'rewritten' } & RewrittenTier)

export type BackgroundData = ViewOptions

import type { MetricMetadata, TenantId } from '@vantage/model'
import type { DeltaState } from '../head/delta-sums.ts'
import type { PartTotals } from '../part/part-sections.ts'
import type { Tombstone } from '../tombstones.ts'
import type { PartRef, TenantViewMessage, ViewOptions } from '../view.ts'

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

export type BackgroundRequest = SealRequest | MergeRequest

export interface BackgroundAnswer {
  /** Undefined = one part was to be rewritten, and all of it stays: no file was written. */
  readonly totals: PartTotals | undefined
}

export type BackgroundData = ViewOptions

import type { MetricMetadata, TenantId } from '@vantage/model'
import type { DeltaState } from '../head/delta-sums.ts'
import type { PartTotals } from '../part/part-sections.ts'
import type { Tombstone } from '../tombstones.ts'
import type { PartRef, TenantViewMessage } from '../view.ts'

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
  /** Neighbours in log order, lowest offset first. */
  readonly parts: readonly PartRef[]
  readonly fileName: string
  /** Deletions in force: those a part does not have yet are made final in the result. */
  readonly tombstones: readonly Tombstone[]
}

export type BackgroundRequest = SealRequest | MergeRequest

export interface BackgroundAnswer {
  /** Undefined = one part was to be rewritten, and no deletion names anything in it: no file was written. */
  readonly totals: PartTotals | undefined
}

export interface BackgroundData {
  readonly directory: string
  readonly seed: number
}

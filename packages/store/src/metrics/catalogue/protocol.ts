import type { TenantId } from '@vantage/model'
import type { Tombstone } from '../tombstones.ts'

/** One part as the catalogue knows it. A file without a row does not exist. */
export interface PartRow {
  readonly id: number
  readonly tenant: TenantId
  readonly fileName: string
  /** 0 = written by a seal, then one more per merge. */
  readonly level: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly fromOffset: number
  readonly toOffset: number
  readonly bytes: number
  readonly seriesCount: number
  readonly sampleCount: number
  /** CRC-32C of the part's footer. */
  readonly checksum: number
  /** Deletions below this log offset are made final in it, or came before its data. */
  readonly deletedTo: number
  /** When its newest data arrived, unix ms. */
  readonly arrivedMs: number
  /** The age of what it holds does not count from before this, unix ms. */
  readonly ageFromMs: number
}

export type NewPart = Omit<PartRow, 'id'>

/** The buckets of one part as the catalogue knows them; they may outlive the part. */
export interface TierRow {
  readonly id: number
  readonly tenant: TenantId
  readonly fileName: string
  /** Place in `TIER_BUCKETS_MS`. */
  readonly tier: number
  /** The part whose samples these are; 0 once it is gone. */
  readonly partId: number
  /** Times and offsets of the part that it was built from. */
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly fromOffset: number
  readonly toOffset: number
  readonly bytes: number
  readonly seriesCount: number
  readonly bucketCount: number
  /** CRC-32C of the file's footer. */
  readonly checksum: number
  /** As of the part. */
  readonly deletedTo: number
  readonly ageFromMs: number
  /** False once deletions took buckets out: those that are left do not tell that there is nothing beside them. */
  readonly isWhole: boolean
}

export type NewTier = Omit<TierRow, 'id'>

/** A deletion whose log record may be gone before every part was rewritten. */
export interface DeleteRow {
  readonly tenant: TenantId
  readonly tombstone: Tombstone
}

export interface CatalogueState {
  readonly parts: readonly PartRow[]
  readonly tiers: readonly TierRow[]
  /** Topic → offset below which everything is sealed. */
  readonly offsets: Readonly<Record<string, number>>
  /** Lowest log offset first. */
  readonly deletes: readonly DeleteRow[]
}

/** Every request is one transaction. */
export type CatalogueRequest =
  | { readonly kind: 'load' }
  | {
      readonly kind: 'seal'
      readonly parts: readonly NewPart[]
      readonly deletes: readonly DeleteRow[]
      readonly topic: string
      readonly toOffset: number
    }
  /**
   * Without a part nothing is left of those that are removed. Their tiers go with them, or pass to what is left.
   */
  | {
      readonly kind: 'merge'
      readonly removed: readonly number[]
      readonly part: NewPart | undefined
      readonly keepsTiers: boolean
    }
  /** Deletions below `deletedTo` name nothing in the part. */
  | { readonly kind: 'settle'; readonly part: number; readonly deletedTo: number }
  /** Deletions that are final everywhere, by tenant and log offset. */
  | { readonly kind: 'forget'; readonly deletes: readonly DeleteRow[] }
  /** Parts that are over; their tiers stay. */
  | { readonly kind: 'drop'; readonly removed: readonly number[] }
  /** Tiers that are over or are replaced, and those that replace them or are new. */
  | { readonly kind: 'tiers'; readonly removed: readonly number[]; readonly tiers: readonly NewTier[] }
  /** Deletions below `deletedTo` name nothing in the tier. */
  | { readonly kind: 'settleTier'; readonly tier: number; readonly deletedTo: number }
  /** Writes a copy of the catalogue to a file that does not exist yet. */
  | { readonly kind: 'copy'; readonly path: string }
  | { readonly kind: 'close' }

export type CatalogueAnswer =
  | { readonly kind: 'state'; readonly state: CatalogueState }
  | { readonly kind: 'ids'; readonly ids: readonly number[] }
  | { readonly kind: 'done' }

/** Messages between main and a worker: a number pairs request and answer. */
export interface Ask<Request> {
  readonly call: number
  readonly request: Request
}

export type Reply<Answer> =
  | { readonly call: number; readonly ok: true; readonly answer: Answer }
  | { readonly call: number; readonly ok: false; readonly message: string }

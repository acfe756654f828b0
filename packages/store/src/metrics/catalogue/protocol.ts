import type { TenantId } from '@vantage/model'

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
  /** When its newest data arrived, unix ms. */
  readonly arrivedMs: number
}

export type NewPart = Omit<PartRow, 'id'>

export interface CatalogueState {
  readonly parts: readonly PartRow[]
  /** Topic → offset below which everything is sealed. */
  readonly offsets: Readonly<Record<string, number>>
}

/** Every request is one transaction. */
export type CatalogueRequest =
  | { readonly kind: 'load' }
  | { readonly kind: 'seal'; readonly parts: readonly NewPart[]; readonly topic: string; readonly toOffset: number }
  | { readonly kind: 'merge'; readonly removed: readonly number[]; readonly part: NewPart }
  | { readonly kind: 'drop'; readonly removed: readonly number[] }
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

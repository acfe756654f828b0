import type { TenantId } from '@vantage/model'

export type SignalName = 'logs' | 'spans'

/** One file, with its filter file, as the catalogue knows it. A file without a row does not exist. */
export interface FileRow {
  readonly id: number
  readonly signal: SignalName
  readonly tenant: TenantId
  /** Of both files, without their endings. */
  readonly fileName: string
  /** 0 = written by a seal, then one more per merge. */
  readonly level: number
  readonly rows: number
  /** Of both files. */
  readonly bytes: number
  /** Unix ns, both inclusive. */
  readonly minTimeNs: bigint
  readonly maxTimeNs: bigint
  readonly fromOffset: number
  readonly toOffset: number
  /** CRC-32 of the index. */
  readonly checksum: number
  /** Names of the services that rows are of, sorted. */
  readonly services: readonly string[]
  /** When its newest rows arrived, unix ms. */
  readonly arrivedMs: number
}

export type NewFile = Omit<FileRow, 'id'>

export interface CatalogueState {
  readonly files: readonly FileRow[]
  /** Topic → offset below which everything is sealed. */
  readonly offsets: Readonly<Record<string, number>>
}

/** Every request is one transaction. */
export type CatalogueRequest =
  | { readonly kind: 'load' }
  | { readonly kind: 'seal'; readonly files: readonly NewFile[]; readonly topic: string; readonly toOffset: number }
  /** One file in place of others. */
  | { readonly kind: 'replace'; readonly removed: readonly number[]; readonly file: NewFile }
  | { readonly kind: 'drop'; readonly removed: readonly number[] }

export type CatalogueAnswer =
  | { readonly kind: 'state'; readonly state: CatalogueState }
  | { readonly kind: 'ids'; readonly ids: readonly number[] }

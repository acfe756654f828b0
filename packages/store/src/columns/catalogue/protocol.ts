import type { TenantId } from '@vantage/model'
import type { Tombstone } from '../deletions.ts'

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
  /** Deletions below this offset are made final in it, or came before its rows. */
  readonly deletedTo: number
}

export type NewFile = Omit<FileRow, 'id'>

/** A deletion whose log record may be gone before every file was rewritten. */
export interface DeleteRow {
  readonly signal: SignalName
  readonly tenant: TenantId
  readonly tombstone: Tombstone
}

/** A trace that is kept whatever its age. */
export interface ArchivedTrace {
  readonly tenant: TenantId
  /** 32 hex digits. */
  readonly traceId: string
  /** Of its spans when it was put there, unix ns, both inclusive. */
  readonly startNs: bigint
  readonly endNs: bigint
}

export interface CatalogueState {
  readonly files: readonly FileRow[]
  /** Topic → offset below which everything is sealed. */
  readonly offsets: Readonly<Record<string, number>>
  /** Lowest log offset first. */
  readonly deletes: readonly DeleteRow[]
  readonly archived: readonly ArchivedTrace[]
}

/** Every request is one transaction. */
export type CatalogueRequest =
  | { readonly kind: 'load' }
  | {
      readonly kind: 'seal'
      readonly files: readonly NewFile[]
      readonly deletes: readonly DeleteRow[]
      readonly topic: string
      readonly toOffset: number
    }
  /** One file in place of others; none where nothing is left of them. */
  | { readonly kind: 'replace'; readonly removed: readonly number[]; readonly file: NewFile | undefined }
  /** Deletions below `deletedTo` name nothing in the file. */
  | { readonly kind: 'settle'; readonly file: number; readonly deletedTo: number }
  /** Deletions that are final everywhere. */
  | { readonly kind: 'forget'; readonly deletes: readonly DeleteRow[] }
  | { readonly kind: 'archive'; readonly trace: ArchivedTrace }
  | { readonly kind: 'unarchive'; readonly tenant: TenantId; readonly traceId: string }
  | { readonly kind: 'drop'; readonly removed: readonly number[] }
  /** Writes a copy of the catalogue to a file that does not exist yet. */
  | { readonly kind: 'copy'; readonly path: string }

export type CatalogueAnswer =
  | { readonly kind: 'state'; readonly state: CatalogueState }
  | { readonly kind: 'ids'; readonly ids: readonly number[] }

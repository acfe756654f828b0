import type { CatalogueAnswer, CatalogueRequest, SignalName } from '../catalogue/protocol.ts'
import type { FileTotals } from '../files/file-writer.ts'
import type { SignalMessage } from '../view.ts'

/** Writes all rows of some chunks, or of some files, into one file. It exists once the catalogue has its row. */
export interface WriteRequest {
  readonly kind: 'write'
  readonly signal: SignalName
  readonly fileName: string
  readonly rows: SignalMessage
  /** One file is to be written anew without what is deleted: not where nothing of it is. */
  readonly isRewrite: boolean
}

export type WorkerRequest =
  | WriteRequest
  | { readonly kind: 'catalogue'; readonly request: CatalogueRequest }
  | { readonly kind: 'close' }

export type WorkerAnswer =
  /** Undefined: a file was to be written anew, and all of it stays. */
  | { readonly kind: 'written'; readonly totals: FileTotals | undefined }
  | { readonly kind: 'catalogue'; readonly answer: CatalogueAnswer }
  | { readonly kind: 'closed' }

/** What the thread starts with. Plain data. */
export interface ColumnsWorkerData {
  /** Of the store: the catalogue lies in it. */
  readonly directory: string
}

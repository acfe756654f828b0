import type { CatalogueAnswer, CatalogueRequest, SignalName } from '../catalogue/protocol.ts'
import type { FileTotals } from '../files/file-writer.ts'
import type { SignalMessage } from '../view.ts'

/** Writes all rows of some chunks, or of some files, into one file. It exists once the catalogue has its row. */
interface WriteRequest {
  readonly kind: 'write'
  readonly signal: SignalName
  readonly fileName: string
  readonly rows: SignalMessage
}

export type WorkerRequest =
  | WriteRequest
  | { readonly kind: 'catalogue'; readonly request: CatalogueRequest }
  | { readonly kind: 'close' }

export type WorkerAnswer =
  | { readonly kind: 'written'; readonly totals: FileTotals }
  | { readonly kind: 'catalogue'; readonly answer: CatalogueAnswer }
  | { readonly kind: 'closed' }

/** What the thread starts with. Plain data. */
export interface ColumnsWorkerData {
  /** Of the store: the catalogue lies in it. */
  readonly directory: string
}

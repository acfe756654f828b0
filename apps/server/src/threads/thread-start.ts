import type { ColumnsWorkerData } from '@vantage/store/columns'
import type { BackgroundData, CatalogueData } from '@vantage/store/metrics'
import type { QueryWorkerData } from '../query/messages.ts'

/** What a thread of this program does, with its data. */
export type ThreadStart =
  | { readonly role: 'catalogue'; readonly data: CatalogueData }
  | { readonly role: 'background'; readonly data: BackgroundData }
  | { readonly role: 'columns'; readonly data: ColumnsWorkerData }
  | { readonly role: 'query'; readonly data: QueryWorkerData }

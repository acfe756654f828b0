import type { LiveMessage, LiveRequest } from '@vantage/api/client'

/** Floats per sample in a batch from the worker: series reference, unix ms, value. */
export const SAMPLE_FLOATS = 3

/** From the page to the worker. */
export type ToWorker =
  | { readonly kind: 'connect'; readonly url: string; readonly subscribe: LiveRequest }
  /** A batch that has been read goes back, so that its memory is used again. */
  | { readonly kind: 'recycle'; readonly batch: Float64Array<ArrayBuffer> }
  | { readonly kind: 'close' }

/** From the worker to the page. */
export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly retryMs: number }
  | { readonly kind: 'message'; readonly message: LiveMessage }
  | { readonly kind: 'samples'; readonly batch: Float64Array<ArrayBuffer>; readonly count: number }

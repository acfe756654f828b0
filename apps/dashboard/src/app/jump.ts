import type { SearchChange } from './router.ts'

/** Somewhere else in the product, with what is carried along. */
export interface Jump {
  readonly path: string
  readonly params: SearchChange
}

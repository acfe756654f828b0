import type { Fault, Result, TenantId } from '@vantage/model'

/** What a caller says of a view: a screen of the page with everything that its URL holds. */
export interface ViewDraft {
  readonly name: string
  /** `/explore/logs` */
  readonly path: string
  /** The query string, without `?`. */
  readonly search: string
}

export interface SavedView extends ViewDraft {
  readonly id: string
  readonly createdMs: number
  readonly updatedMs: number
}

/** Views of a tenant; what changes them is on disk before it answers. */
export interface SavedViews {
  /** By name. */
  list(tenant: TenantId): readonly SavedView[]
  /** Replaces the view `id`, or makes it; undefined makes one with an id of its own. A name is there once. */
  put(tenant: TenantId, id: string | undefined, draft: ViewDraft): Result<SavedView, Fault>
  remove(tenant: TenantId, id: string): Fault | undefined
}

/** Characters, as JavaScript counts them. */
export const VIEW_NAME_MAX = 120
export const VIEW_PATH_MAX = 500
export const VIEW_SEARCH_MAX = 8_192
export const VIEW_ID = /^[A-Za-z0-9_-]{1,64}$/

import { arrayAt, isRecord, type Json, numberAt, textAt } from './json.ts'

/** What a view is saved as: a screen with everything that its URL holds. */
export interface ViewDraft {
  readonly name: string
  readonly path: string
  /** The query string, without `?`. */
  readonly search: string
}

export interface SavedView extends ViewDraft {
  readonly id: string
  readonly createdMs: number
  readonly updatedMs: number
}

export function readViews(body: Json): SavedView[] {
  const views = arrayAt(body, 'views').filter(isRecord).map(readView)
  return views.filter(({ id, path }) => id !== '' && path.startsWith('/'))
}

export function readView(one: Json): SavedView {
  return {
    id: textAt(one, 'id'),
    name: textAt(one, 'name'),
    path: textAt(one, 'path'),
    search: textAt(one, 'search'),
    createdMs: numberAt(one, 'createdMs'),
    updatedMs: numberAt(one, 'updatedMs'),
  }
}

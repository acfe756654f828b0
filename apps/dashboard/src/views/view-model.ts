import type { SavedView } from '@vantage/api/client'
import { type SearchChange, searchChangeOf } from '../app/router.ts'
import { DEFAULT_CHOICE } from '../time/time-expression.ts'

/** The parameter that names the saved view that is open. */
export const SAVED_PARAM = 'saved'

/**
 * What a URL shows, in one way to write it: sorted, without the name of the view, with the time where the screen has one.
 * @returns a query string without `?`
 */
export function plainSearch(params: URLSearchParams, hasTime: boolean): string {
  const own = new URLSearchParams(params)
  own.delete(SAVED_PARAM)
  if (hasTime) {
    for (const end of ['from', 'to'] as const) if (!own.has(end)) own.set(end, DEFAULT_CHOICE[end])
  }
  own.sort()
  return own.toString()
}

/** What leads to a view: all that it holds, and nothing of the screen before it. */
export function viewParams({ id, search }: SavedView): SearchChange {
  return { from: null, to: null, tz: null, live: null, ...searchChangeOf(search), [SAVED_PARAM]: id }
}

/** Whether the screen shows something else than the view that is open. */
export function isChanged(view: SavedView, path: string, params: URLSearchParams, hasTime: boolean): boolean {
  return view.path !== path || plainSearch(new URLSearchParams(view.search), hasTime) !== plainSearch(params, hasTime)
}

/** Screens that are the same for everyone need no name. */
export function isSavable(path: string): boolean {
  return path !== '/' && path !== '/setup'
}

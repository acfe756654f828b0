import type { Navigate } from '../app/router.ts'
import { refresh } from '../time/time-store.ts'
import { withFilter } from './log-model.ts'

/** Asks for the lines that have a value, or for those that have not. */
export function filterLines(navigate: Navigate, query: string, label: string, value: string, isWanted: boolean): void {
  navigate({ q: withFilter(query, label, value, isWanted), line: null })
  refresh()
}

/** What marks an element as that of a value, for the keys that filter by the value in focus. */
export function valueMark(
  label: string,
  value: string,
): { readonly 'data-label': string; readonly 'data-value': string } {
  return { 'data-label': label, 'data-value': value }
}

/** The same with the value that has the focus, if one has. */
export function filterFocused(navigate: Navigate, query: string, isWanted: boolean): void {
  const marked = document.activeElement?.closest<HTMLElement>('[data-label][data-value]')
  const { label, value } = marked?.dataset ?? {}
  if (label !== undefined && value !== undefined) filterLines(navigate, query, label, value, isWanted)
}

import type { Navigate } from '../app/router.ts'
import { refresh } from '../time/time-store.ts'
import { withFilter } from './log-model.ts'

/** Asks for the lines that have a value, or for those that have not. */
export function filterLines(navigate: Navigate, query: string, label: string, value: string, isWanted: boolean): void {
  navigate({ q: withFilter(query, label, value, isWanted), line: null })
  refresh()
}

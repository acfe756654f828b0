import { keepStored, readStoredList } from '../app/stored-list.ts'

const KEY = 'vantage.query-history'
/** Queries that are remembered in this browser. */
export const HISTORY_MAX = 100

export interface PastQuery {
  readonly text: string
  readonly atMs: number
}

/** With `text` in front; the same text is there once. */
export function withQuery(history: readonly PastQuery[], text: string, atMs: number): PastQuery[] {
  const trimmed = text.trim()
  if (trimmed === '') return [...history]
  return [{ text: trimmed, atMs }, ...history.filter((one) => one.text !== trimmed)].slice(0, HISTORY_MAX)
}

export function readHistory(): PastQuery[] {
  return readStoredList(KEY, isPastQuery, HISTORY_MAX)
}

function isPastQuery(value: unknown): value is PastQuery {
  const { text, atMs } = (value ?? {}) as Partial<PastQuery>
  return typeof text === 'string' && typeof atMs === 'number'
}

export function rememberQueries(texts: readonly string[]): void {
  let history = readHistory()
  for (const text of texts) history = withQuery(history, text, Date.now())
  keepStored(KEY, JSON.stringify(history))
}

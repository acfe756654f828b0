import { keepStored, readStoredList } from '../app/stored-list.ts'

const KEY = 'vantage.query-history'
/** Queries that are remembered in this browser; those with a star go last. */
export const HISTORY_MAX = 100

export const LANGUAGES = ['promql', 'logql', 'traceql'] as const
export type PastLanguage = (typeof LANGUAGES)[number]

export interface PastQuery {
  readonly text: string
  readonly atMs: number
  /** Those of metrics, where nothing is said. */
  readonly language?: PastLanguage
  readonly isStarred?: boolean
}

export function languageOf({ language }: PastQuery): PastLanguage {
  return language ?? 'promql'
}

function isSame(one: PastQuery, text: string, language: PastLanguage): boolean {
  return one.text === text && languageOf(one) === language
}

/** With `text` in front; the same query is there once, and keeps its star. */
export function withQuery(
  history: readonly PastQuery[],
  text: string,
  atMs: number,
  language: PastLanguage = 'promql',
): PastQuery[] {
  const trimmed = text.trim()
  if (trimmed === '') return [...history]
  const former = history.find((one) => isSame(one, trimmed, language))
  const others = history.filter((one) => one !== former)
  return kept([{ ...former, text: trimmed, atMs, language }, ...others])
}

/** With the star of one query put on or taken off. */
export function withStar(history: readonly PastQuery[], query: PastQuery): PastQuery[] {
  return history.map((one) =>
    isSame(one, query.text, languageOf(query)) ? { ...one, isStarred: one.isStarred !== true } : one,
  )
}

/** As many as there is room for: the oldest without a star go first. */
function kept(history: readonly PastQuery[]): PastQuery[] {
  const left = [...history]
  while (left.length > HISTORY_MAX) {
    const oldest = left.findLastIndex((one, i) => i > 0 && one.isStarred !== true)
    left.splice(oldest < 0 ? left.length - 1 : oldest, 1)
  }
  return left
}

/** What a search finds of one language, those with a star first. */
export function foundQueries(history: readonly PastQuery[], language: PastLanguage, search: string): PastQuery[] {
  const wanted = search.toLowerCase()
  const found = history.filter((one) => languageOf(one) === language && one.text.toLowerCase().includes(wanted))
  return found.toSorted((a, b) => Number(b.isStarred === true) - Number(a.isStarred === true))
}

export function readHistory(): PastQuery[] {
  return readStoredList(KEY, isPastQuery, HISTORY_MAX)
}

export function keepHistory(history: readonly PastQuery[]): void {
  keepStored(KEY, JSON.stringify(history))
}

function isPastQuery(value: unknown): value is PastQuery {
  const { text, atMs, language = 'promql', isStarred = false } = (value ?? {}) as Partial<PastQuery>
  const isKnown = LANGUAGES.includes(language) && typeof isStarred === 'boolean'
  return typeof text === 'string' && typeof atMs === 'number' && isKnown
}

export function rememberQueries(texts: readonly string[], language: PastLanguage = 'promql'): void {
  let history = readHistory()
  for (const text of texts) history = withQuery(history, text, Date.now(), language)
  keepHistory(history)
}

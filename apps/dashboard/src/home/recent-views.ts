import { useEffect, useState } from 'react'
import { pathPart, usePath, useSearch } from '../app/router.ts'
import { keepStored, readStoredList } from '../app/stored-list.ts'

const KEY = 'vantage.recent-views'
export const RECENT_VIEWS_MAX = 20
/** What is left sooner was on the way to something else. */
const LOOKED_AT_MS = 1_500
const TRACE_ID_SHOWN = 16

/** A screen with what it showed. */
export interface RecentView {
  readonly kind: string
  readonly title: string
  readonly path: string
  /** The query string, without `?`. */
  readonly search: string
  readonly atMs: number
}

/** What a URL shows, in a word and a name; undefined for screens that the rail leads to as well. */
export function viewName(path: string, params: URLSearchParams): Pick<RecentView, 'kind' | 'title'> | undefined {
  const [, screen = '', part = ''] = path.split('/')
  const named = (kind: string, title: string | null) => (title ? { kind, title } : undefined)
  switch (screen === 'explore' ? `explore/${part}` : screen) {
    case 'services':
      return named('Service', pathPart(path, 2))
    case 'hosts':
      return named('Host', pathPart(path, 2))
    case 'd':
      return named('Dashboard', pathPart(path, 2))
    case 'trace':
      return named('Trace', part.slice(0, TRACE_ID_SHOWN))
    case 'explore/metrics':
      return named('Metrics', params.get('a'))
    case 'explore/logs':
      return named('Logs', params.get('q'))
    case 'explore/traces':
      return named('Traces', params.get('q'))
    case 'map':
      return named('Service map', params.get('node'))
    default:
      return undefined
  }
}

/** With `view` in front; the same screen of the same thing is there once. */
export function withView(views: readonly RecentView[], view: RecentView): RecentView[] {
  const others = views.filter((one) => one.kind !== view.kind || one.title !== view.title)
  return [view, ...others].slice(0, RECENT_VIEWS_MAX)
}

function readRecentViews(): RecentView[] {
  return readStoredList(KEY, isRecentView, RECENT_VIEWS_MAX)
}

function isRecentView(value: unknown): value is RecentView {
  const { kind, title, path, search, atMs } = (value ?? {}) as Partial<RecentView>
  const texts = [kind, title, path, search].every((one) => typeof one === 'string')
  return texts && typeof atMs === 'number' && path?.startsWith('/') === true
}

/** Remembers what is looked at for a moment. */
export function useRecentViews(): void {
  const path = usePath()
  const search = useSearch()
  useEffect(() => {
    const name = viewName(path, search)
    if (name === undefined) return
    const timer = setTimeout(() => {
      const view = { ...name, path, search: search.toString(), atMs: Date.now() }
      keepStored(KEY, JSON.stringify(withView(readRecentViews(), view)))
    }, LOOKED_AT_MS)
    return () => clearTimeout(timer)
  }, [path, search])
}

/** Those of the moment that the page was opened. */
export function useRecentList(): readonly RecentView[] {
  return useState(readRecentViews)[0]
}

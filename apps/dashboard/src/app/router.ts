import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from 'react'

/**
 * The router: the History API and nothing else. The URL is the state of every screen, so each setter
 * below writes it and every component reads it.
 */
export type SearchChange = Readonly<Record<string, string | readonly string[] | null>>

/** Parameters that follow the user from screen to screen. */
const SHARED_PARAMS: readonly string[] = ['from', 'to', 'tz', 'live']

const listeners = new Set<() => void>()

function announce(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('popstate', announce)
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) removeEventListener('popstate', announce)
  }
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

/** A part of a path as text; what is not percent-encoded well stays as it is. */
export function pathPart(path: string, place: number): string {
  const part = path.split('/')[place] ?? ''
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return part
  }
}

/** All parameters of a query string as one change. */
export function searchChangeOf(search: string): SearchChange {
  const params = new URLSearchParams(search)
  return Object.fromEntries([...new Set(params.keys())].map((name) => [name, params.getAll(name)]))
}

/**
 * The part of the page that components stand in: '' is the whole page. A part named `left` keeps its parameters in the URL
 * as `left.…`, and its components read and write them as if they had the page to themselves; the time is everyone's.
 */
const Pane = createContext('')
export const PaneScope = Pane.Provider

export function usePane(): string {
  return useContext(Pane)
}

/** The parameters of the part of the page that asks. */
export function useSearch(): URLSearchParams {
  const search = useSyncExternalStore(subscribe, () => location.search)
  const pane = usePane()
  return useMemo(() => paneParams(new URLSearchParams(search), pane), [search, pane])
}

/** One parameter of the page; who asks for it is drawn again when it changes, not with every other. */
export function useParam(name: string): string | null {
  return useSyncExternalStore(subscribe, () => readSearch().get(name))
}

/** What follows the user from screen to screen, as text: all that the addresses of links depend on. */
export function useSharedParams(): string {
  return useSyncExternalStore(subscribe, () => hrefFor(''))
}

export function readSearch(pane = ''): URLSearchParams {
  return paneParams(new URLSearchParams(location.search), pane)
}

export type Navigate = (change: SearchChange, options?: { replace?: boolean }) => void

/** Writes parameters of the part of the page that asks; the same function as long as that is the same. */
export function useNavigate(): Navigate {
  const pane = usePane()
  return useCallback((change, options) => navigateSearch(paneChange(change, pane), options), [pane])
}

/** Writes parameters: null removes one, a list repeats it. An entry equal to the current URL is not pushed. */
export function navigateSearch(change: SearchChange, options: { replace?: boolean } = {}): void {
  const params = readSearch()
  applyChange(params, change)
  go(`${location.pathname}${searchText(params)}`, options.replace === true)
}

/** What a part of the page sees of all parameters. */
export function paneParams(params: URLSearchParams, pane: string): URLSearchParams {
  if (pane === '') return params
  const own = new URLSearchParams()
  for (const [name, value] of params) {
    if (SHARED_PARAMS.includes(name)) own.append(name, value)
    else if (name.startsWith(`${pane}.`)) own.append(name.slice(pane.length + 1), value)
  }
  return own
}

/** The inverse: the parameters of the page that hold those of a part. */
export function paneChange(change: SearchChange, pane: string): SearchChange {
  if (pane === '') return change
  const named = ([name, value]: [string, SearchChange[string]]) => [
    SHARED_PARAMS.includes(name) ? name : `${pane}.${name}`,
    value,
  ]
  return Object.fromEntries((Object.entries(change) as [string, SearchChange[string]][]).map(named))
}

/** Goes to another screen; time goes with it. */
export function navigatePath(
  path: string,
  own: SearchChange = {},
  options: { replace?: boolean; keepsWay?: boolean } = {},
): void {
  const way = options.keepsWay === true ? { href: hereHref(), path: location.pathname } : undefined
  go(hrefFor(path, own), options.replace === true, way)
}

/** Where a jump began: kept with the entry of the history, so that Back and a reload keep it too. */
export interface WayBack {
  readonly href: string
  readonly path: string
}

/** Where the jump to this screen began; undefined where there was none. */
export function useWayBack(): WayBack | undefined {
  return useSyncExternalStore(subscribe, wayBack)
}

function wayBack(): WayBack | undefined {
  return (history.state as { readonly way?: WayBack } | null)?.way
}

function hereHref(): string {
  return `${location.pathname}${location.search}`
}

/** Goes to an address of the product, exactly as it is written. */
export function navigateHref(href: string): void {
  go(href, false)
}

/** The address of a screen with the current time context, for links. */
export function hrefFor(path: string, own: SearchChange = {}): string {
  const current = readSearch()
  const params = new URLSearchParams()
  for (const name of SHARED_PARAMS) {
    const value = current.get(name)
    if (value !== null) params.set(name, value)
  }
  applyChange(params, own)
  return `${path}${searchText(params)}`
}

function applyChange(params: URLSearchParams, change: SearchChange): void {
  for (const [name, value] of Object.entries(change)) {
    params.delete(name)
    if (typeof value === 'string') params.set(name, value)
    else if (value !== null) for (const one of value) params.append(name, one)
  }
}

/** Characters that are safe in a query string stay readable: `now-1h/d`, `rate(x[5m])`. */
export function searchText(params: URLSearchParams): string {
  const text = params.toString().replace(/%(2F|3A|2C|28|29|5B|5D|40|24|21)/g, (code) => decodeURIComponent(code))
  return text === '' ? '' : `?${text}`
}

/** @param way undefined = the way back stays as long as the screen does */
function go(url: string, isReplace: boolean, way?: WayBack): void {
  if (url === hereHref()) return
  const isSameScreen = url.split('?')[0] === location.pathname
  const kept = way ?? (isSameScreen ? wayBack() : undefined)
  const state = kept === undefined ? null : { way: kept }
  if (isReplace) history.replaceState(state, '', url)
  else history.pushState(state, '', url)
  announce()
}

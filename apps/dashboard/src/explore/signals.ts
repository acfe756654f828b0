import { paneParams, type SearchChange, searchChangeOf } from '../app/router.ts'
import { SHIFT_PARAM } from '../time/pane-time.ts'

export const SIGNALS = ['metrics', 'logs', 'traces'] as const
export type Signal = (typeof SIGNALS)[number]

/** The two halves of a split screen, which are parts of the URL. */
export const PANES = ['left', 'right'] as const
export type PaneName = (typeof PANES)[number]

export const SPLIT_PATH = '/explore/split'

export function pathOf(signal: Signal): string {
  return `/explore/${signal}`
}

/** What a half shows; metrics where nothing is said. */
export function signalIn(params: URLSearchParams, pane: PaneName): Signal {
  const given = params.get(pane) as Signal
  return SIGNALS.includes(given) ? given : 'metrics'
}

/** What is shown alone stands in both halves, so that one can be changed and held against the other. */
export function splitOf(signal: Signal, params: URLSearchParams): SearchChange {
  const own = Object.entries(searchChangeOf(params.toString()))
  const both = PANES.flatMap((pane) => own.map(([name, value]) => [name, `${pane}.${name}`, value] as const))
  const shared = paneParams(params, 'none')
  return {
    left: signal,
    right: signal,
    ...Object.fromEntries(both.filter(([name]) => !shared.has(name)).map(([, name, value]) => [name, value])),
  }
}

/** What leads from a split screen to one of its halves alone. */
export function aloneOf(pane: PaneName, params: URLSearchParams): SearchChange {
  const own = paneParams(params, pane)
  for (const name of [...paneParams(params, 'none').keys(), SHIFT_PARAM]) own.delete(name)
  return searchChangeOf(own.toString())
}

/** Another signal in one half: what it showed belongs to the former one. */
export function withSignal(pane: PaneName, signal: Signal, params: URLSearchParams): SearchChange {
  const former = [...params.keys()].filter((name) => name.startsWith(`${pane}.`) && name !== `${pane}.${SHIFT_PARAM}`)
  return { ...Object.fromEntries(former.map((name) => [name, null])), [pane]: signal }
}

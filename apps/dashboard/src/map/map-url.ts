import type { SearchChange } from '../app/router.ts'
import { momentIn } from './moment.ts'

export const HOPS = ['all', '1', '2', '3'] as const
export type Hops = (typeof HOPS)[number]

export interface MapState {
  readonly selected: string | undefined
  readonly isErrorsOnly: boolean
  readonly hops: Hops
  readonly rateMin: number
  readonly find: string
  /** undefined = by the number of services. */
  readonly isGrouped: boolean | undefined
  /** Namespaces whose services stay apart while the others are grouped. */
  readonly open: readonly string[]
  /** undefined = by the width of the screen. */
  readonly view: 'map' | 'table' | undefined
  /** Of the size in which all of it is drawn; undefined = fitted to the screen. */
  readonly zoom: number | undefined
  /** Which part of the time is shown, from 1; undefined = all of it. */
  readonly moment: number | undefined
}

export const ZOOM_MIN = 0.25
export const ZOOM_MAX = 2

export function readMapState(params: URLSearchParams): MapState {
  const hops = params.get('hops') as Hops
  const rateMin = Number(params.get('min') ?? 0)
  const group = params.get('group')
  const view = params.get('view')
  const zoom = Number(params.get('zoom') ?? Number.NaN)
  return {
    selected: params.get('node') ?? undefined,
    isErrorsOnly: params.get('errors') === '1',
    hops: HOPS.includes(hops) ? hops : 'all',
    rateMin: rateMin > 0 && Number.isFinite(rateMin) ? rateMin : 0,
    find: params.get('find') ?? '',
    isGrouped: group === 'namespace' ? true : group === 'none' ? false : undefined,
    open: params.getAll('open'),
    view: view === 'map' || view === 'table' ? view : undefined,
    moment: momentIn(params.get('moment')),
    zoom: zoom >= ZOOM_MIN && zoom <= ZOOM_MAX ? zoom : undefined,
  }
}

/** What to write into the URL; what is not named stays, and defaults are left out. */
export function mapChange(state: Partial<MapState>): SearchChange {
  const change: Record<string, string | readonly string[] | null> = {}
  const given = (key: keyof MapState) => Object.hasOwn(state, key)
  if (given('selected')) change['node'] = state.selected ?? null
  if (given('isErrorsOnly')) change['errors'] = state.isErrorsOnly === true ? '1' : null
  if (given('hops')) change['hops'] = state.hops === 'all' ? null : (state.hops ?? null)
  if (given('rateMin')) change['min'] = (state.rateMin ?? 0) > 0 ? String(state.rateMin) : null
  if (given('find')) change['find'] = state.find || null
  if (given('isGrouped'))
    change['group'] = state.isGrouped === undefined ? null : state.isGrouped ? 'namespace' : 'none'
  if (given('open')) change['open'] = state.open ?? null
  if (given('view')) change['view'] = state.view ?? null
  if (given('zoom')) change['zoom'] = state.zoom === undefined ? null : String(Math.round(state.zoom * 100) / 100)
  if (given('moment')) change['moment'] = state.moment === undefined ? null : String(state.moment)
  return change
}

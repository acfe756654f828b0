import type { Zone } from '@vantage/charts'
import { useMemo } from 'react'
import { usePane, useParam, useSearch } from '../app/router.ts'
import { spanMsOf } from './time-expression.ts'
import { type TimeState, timeStateOf, zoneOf, zoomTo } from './time-store.ts'

/** The parameter of a half of a split screen that says how much earlier it looks. */
export const SHIFT_PARAM = 'shift'

/** A year: what lies further back is kept nowhere. */
const SHIFT_MAX_MS = 366 * 86_400_000

/** How much earlier a half looks, ms: `1h`, `1d`; 0 where it says nothing that can be read. */
export function shiftMsOf(params: URLSearchParams): number {
  const shiftMs = spanMsOf(params.get(SHIFT_PARAM) ?? '')
  return shiftMs === undefined || shiftMs > SHIFT_MAX_MS ? 0 : shiftMs
}

export interface PaneTime extends TimeState {
  /** The range of this part of the page lies so much before everyone's. */
  readonly shiftMs: number
}

/** The time of the part of the page that asks: everyone's, or earlier where a half says so. */
export function usePaneTime(): PaneTime {
  const search = useSearch()
  const pane = usePane()
  return useMemo(() => {
    return { ...timeStateOf(search), shiftMs: pane === '' ? 0 : shiftMsOf(search) }
  }, [search, pane])
}

/** Zooms everyone to what was dragged in this part of the page, so that both halves stay as far apart as they are. */
export function usePaneZoom(): typeof zoomTo {
  const { shiftMs } = usePaneTime()
  return useMemo(() => (startMs, endMs) => zoomTo(startMs + shiftMs, endMs + shiftMs), [shiftMs])
}

/** The clock that the page prints. */
export function useZone(): Zone {
  return zoneOf(useParam('tz'))
}

import type { Zone } from '@vantage/charts'
import { useMemo } from 'react'
import { usePaneTime } from '../time/pane-time.ts'
import { rangeOf, useTimeMemory } from '../time/time-store.ts'
import { type SteppedRange, steppedRange } from './range-steps.ts'
import { useLiveRefresh, useOverviewRefresh } from './use-live-refresh.ts'

export interface PageRange {
  /** The same object until it moves. */
  readonly range: SteppedRange
  readonly zone: Zone
  /** When the page last asked for data. */
  readonly nowMs: number
}

/**
 * The time that a page is about, as the time control says; while live it moves on by itself.
 * @param pace `overview` for pages that ask much: they are not asked again for every step; `still` where nothing moves
 */
export function usePageRange(pace: 'step' | 'overview' | 'still' = 'step'): PageRange {
  const time = usePaneTime()
  const { nowMs } = useTimeMemory()
  const { startMs, endMs } = rangeOf(time, nowMs, time.shiftMs)
  const range = useMemo(() => steppedRange({ startMs, endMs }), [startMs, endMs])
  useLiveRefresh(time.isLive && pace === 'step', range)
  useOverviewRefresh(time.isLive && pace === 'overview', range)
  return { range, zone: time.zone, nowMs }
}

import { useEffect } from 'react'
import { isAsking } from '../app/open-questions.ts'
import { refresh } from '../time/time-store.ts'
import { refreshEveryMs, type SteppedRange } from './range-steps.ts'

/** While live, asks again for every step; a hidden tab rests, and so does one whose last questions are not answered yet. */
export function useLiveRefresh(isLive: boolean, range: SteppedRange): void {
  useEffect(() => {
    if (!isLive) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible' && !isAsking()) refresh()
    }, refreshEveryMs(range.stepMs))
    return () => clearInterval(timer)
  }, [isLive, range.stepMs])
}

/** Pages that ask much are not asked more often, ms. */
const OVERVIEW_MS = 10_000

/** The same for pages that compare all services: a step of theirs says little. */
export function useOverviewRefresh(isLive: boolean, range: SteppedRange): void {
  useLiveRefresh(isLive, { ...range, stepMs: Math.max(range.stepMs, OVERVIEW_MS) })
}

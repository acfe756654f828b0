import { create } from 'zustand'

/** Clocks that differ by less are the same: servers tell whole seconds, and answers take their time. */
const TOLERANCE_MS = 2_000

interface PageClock {
  /** The server's clock is so far ahead of this machine's, ms; negative where it is behind, 0 where they agree. */
  readonly aheadMs: number
}

/** Data has the server's times: where this machine's clock is another one, the server's counts. */
export const usePageClock = create<PageClock>(() => ({ aheadMs: 0 }))

/** Unix ms by the server's clock, as far as it has told it. */
export function pageNowMs(): number {
  return Date.now() + usePageClock.getState().aheadMs
}

/**
 * The server has told its time, in whole seconds, between two moments of this machine.
 * @param toldMs unix ms; NaN where it told none
 */
export function learnServerTime(toldMs: number, askedMs: number, answeredMs: number): void {
  if (Number.isNaN(toldMs)) return
  const { aheadMs } = usePageClock.getState()
  const leastMs = toldMs - answeredMs
  const mostMs = toldMs + 999 - askedMs
  const isKnown = (ahead: number) => ahead > leastMs - TOLERANCE_MS && ahead < mostMs + TOLERANCE_MS
  if (isKnown(aheadMs)) return
  usePageClock.setState({ aheadMs: isKnown(0) ? 0 : Math.round((leastMs + mostMs) / 2) })
}

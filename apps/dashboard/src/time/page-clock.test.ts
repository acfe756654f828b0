import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { learnServerTime, pageNowMs, usePageClock } from './page-clock.ts'

const NOW_MS = Date.UTC(2026, 10, 21, 12)

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS })
  usePageClock.setState({ aheadMs: 0 })
})
afterEach(() => void vi.useRealTimers())

/** What the clock of a server, so many ms ahead, says in an answer that took so long. */
function tell(aheadMs: number, tookMs = 40): void {
  const sentMs = NOW_MS + tookMs / 2 + aheadMs
  learnServerTime(Math.floor(sentMs / 1000) * 1000, NOW_MS, NOW_MS + tookMs)
}

describe('the clock that counts', () => {
  const check = (name: string, aheads: readonly number[], want: number) =>
    test(name, () => {
      for (const ahead of aheads) tell(ahead)
      expect(Math.abs(pageNowMs() - NOW_MS - want)).toBeLessThanOrEqual(550)
    })
  check('is this machine’s where both agree to a second or two', [0, 900, -900, 1_900], 0)
  check('is the server’s, an hour ahead', [3_600_000], 3_600_000)
  check('is the server’s, an hour behind', [-3_600_000], -3_600_000)
  check('is this machine’s again once that is right', [3_600_000, 0], 0)
  test('stays the same while the server says the same', () => {
    tell(3_600_000)
    const { aheadMs } = usePageClock.getState()
    for (const more of [100, 700, -500]) tell(3_600_000 + more)
    expect(usePageClock.getState().aheadMs).toBe(aheadMs)
  })
  test('is not guessed from an answer that took minutes, nor from one that says nothing', () => {
    tell(30_000, 120_000)
    learnServerTime(Number.NaN, NOW_MS, NOW_MS)
    expect(usePageClock.getState().aheadMs).toBe(0)
  })
})

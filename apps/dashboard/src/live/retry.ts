const FIRST_MS = 500
const MOST_MS = 15_000

/**
 * How long to wait before connecting again: doubling, capped, with jitter over the upper half, so that
 * all pages do not come back in the same moment.
 * @param attempt 0 for the first
 * @param random  in [0, 1)
 */
export function retryDelayMs(attempt: number, random: number): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10))
  return Math.round(full / 2 + (full / 2) * random)
}

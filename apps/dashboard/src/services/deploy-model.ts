import type { ChangeEvent } from '@vantage/api/client'

/** Of a rollout: requests that are still on their way belong to neither side. */
export const MARGIN_MS = 15_000
/** Both sides are at most so long, and at least so that rates have samples. */
const SPAN_MAX_MS = 15 * 60_000
const SPAN_MIN_MS = 30_000

/** How long a change is compared for: until the next one, or the end of what is shown. */
export function comparedSpanMs(timeMs: number, events: readonly Pick<ChangeEvent, 'timeMs'>[], endMs: number): number {
  const next = events.reduce((first, one) => (one.timeMs > timeMs ? Math.min(first, one.timeMs) : first), endMs)
  return Math.max(SPAN_MIN_MS, Math.min(SPAN_MAX_MS, next - timeMs - MARGIN_MS))
}

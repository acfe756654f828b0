import type { TimeRange } from '@vantage/model'

const STEPS_MS: readonly number[] = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000, 604_800_000,
]
/** Steps of one chart: about one per two pixels of a wide screen. */
const STEPS_WANTED = 500

export interface SteppedRange extends TimeRange {
  readonly stepMs: number
}

/**
 * The grid of a range: a step of round size, both ends on its multiples, so that a refresh moves whole steps.
 * @param stepsMax about as many as there is room for
 */
export function steppedRange(range: TimeRange, stepsMax = STEPS_WANTED): SteppedRange {
  const span = range.endMs - range.startMs
  const stepMs = STEPS_MS.find((step) => step >= span / stepsMax) ?? (STEPS_MS.at(-1) as number)
  const startMs = Math.floor(range.startMs / stepMs) * stepMs
  return { startMs, endMs: Math.max(startMs + stepMs, Math.floor(range.endMs / stepMs) * stepMs), stepMs }
}

/** How often a live chart asks again, ms: each step, but neither hectic nor forgotten. */
export function refreshEveryMs(stepMs: number): number {
  return Math.min(60_000, Math.max(2_000, stepMs))
}

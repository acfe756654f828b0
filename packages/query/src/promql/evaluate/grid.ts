import type { TimeShift } from '../plan/plan.ts'

/** The steps of an evaluation: `startMs + i * stepMs` for i in [0, steps). An instant query has one step and `stepMs` 0. */
export interface Grid {
  readonly startMs: number
  readonly stepMs: number
  readonly steps: number
}

export function stepTimeMs(grid: Grid, step: number): number {
  return grid.startMs + step * grid.stepMs
}

/** The same steps as seen through `offset` and `@`: with `@` all steps look at one moment. */
export function shifted(grid: Grid, shift: TimeShift): Grid {
  if (shift.atMs !== undefined) return { startMs: shift.atMs - shift.offsetMs, stepMs: 0, steps: grid.steps }
  return { startMs: grid.startMs - shift.offsetMs, stepMs: grid.stepMs, steps: grid.steps }
}

export function lastTimeMs(grid: Grid): number {
  return stepTimeMs(grid, grid.steps - 1)
}

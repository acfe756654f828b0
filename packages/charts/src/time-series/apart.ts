import type { ChartPlace } from './chart.ts'

/** Targets that are hit by a finger are squares of so many CSS pixels. */
const APART_PX = 24

/** Of things at places, the first of those that would lie on each other, at most `countMax`. */
export function apart<T extends ChartPlace>(things: readonly T[], countMax: number): T[] {
  const kept: T[] = []
  for (const one of things) {
    if (kept.length === countMax) break
    if (kept.every((other) => Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y)) >= APART_PX))
      kept.push(one)
  }
  return kept
}

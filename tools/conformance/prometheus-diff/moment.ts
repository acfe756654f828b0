/**
 * Prometheus 2.42 takes a sample that lies exactly at the start of a window or of the lookback, current PromQL does
 * not (3.0, prometheus/prometheus#13904). Where no sample lies on an edge both rules give one answer. All windows,
 * steps and offsets of the questions are multiples of the scrape interval, so all edges have the phase of the moment
 * asked for; those of subqueries, whose steps are aligned to time zero, have phase 0.
 */

/** Timestamps of one target are kept on its own phase by Prometheus, give or take this much. */
const EDGE_MARGIN_MS = 50

/** Phases within the interval that samples have: [0, intervalMs). */
function phasesOf(timesMs: readonly number[], intervalMs: number): number[] {
  return [...new Set(timesMs.map((timeMs) => timeMs % intervalMs))]
}

/** The middle of the widest gap between phases, on the circle of the interval. */
export function farthestPhase(phasesMs: readonly number[], intervalMs: number): number {
  const sorted = [...phasesMs].sort((a, b) => a - b)
  let best = 0
  let widest = -1
  for (const [i, phase] of sorted.entries()) {
    const next = i + 1 < sorted.length ? (sorted[i + 1] as number) : (sorted[0] as number) + intervalMs
    if (next - phase > widest) {
      widest = next - phase
      best = Math.floor(phase + widest / 2) % intervalMs
    }
  }
  return best
}

/** The last moment up to `latestMs` that lies as far as can be from all samples and from the steps of subqueries. */
export function chooseMoment(timesMs: readonly number[], latestMs: number, intervalMs: number): number {
  const phase = farthestPhase([...phasesOf(timesMs, intervalMs), 0], intervalMs)
  return Math.floor((latestMs - phase) / intervalMs) * intervalMs + phase
}

/** @returns the first time that lies on an edge of a query at `momentMs`, undefined where all edges are free */
export function sampleOnEdge(timesMs: readonly number[], momentMs: number, intervalMs: number): number | undefined {
  const distance = (a: number, b: number) => {
    const apart = Math.abs((a % intervalMs) - (b % intervalMs))
    return Math.min(apart, intervalMs - apart)
  }
  return timesMs.find((timeMs) => Math.min(distance(timeMs, momentMs), distance(timeMs, 0)) < EDGE_MARGIN_MS)
}

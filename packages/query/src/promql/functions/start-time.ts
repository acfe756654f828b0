/**
 * True where the later sample's counter began to count behind the earlier sample, by what the samples say themselves.
 * A start at the earlier sample means a difference (delta) only if that one had a start of its own; a start at or
 * behind its own sample says nothing.
 * Source: open-telemetry/opentelemetry-specification metrics/data-model.md, "Resets and gaps".
 */
export function isStartTimeReset(startTimes: ReadonlyMap<number, number>, beforeMs: number, nowMs: number): boolean {
  const start = startOf(startTimes, nowMs)
  if (start === undefined || start >= nowMs || start < beforeMs) return false
  if (start > beforeMs) return true
  const startBefore = startOf(startTimes, beforeMs)
  return startBefore !== undefined && startBefore < beforeMs
}

/** Zero is how protocols write "unknown". */
export function startOf(startTimes: ReadonlyMap<number, number>, timeMs: number): number | undefined {
  const start = startTimes.get(timeMs)
  return start === 0 ? undefined : start
}

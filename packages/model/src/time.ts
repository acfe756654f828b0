/** The clocks a stage may use; passed in, so that tests own time. */
export interface Clock {
  /** Wall clock, unix ms. Only for sample windows and stamps, never for durations. */
  nowMs(): number
  /** Monotonic clock, ms. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

/** Both ends inclusive, unix ms. */
export interface TimeRange {
  readonly startMs: number
  readonly endMs: number
}

const DURATION_UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

const DURATION_PATTERN = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/**
 * Reads a duration as Prometheus writes it: units from large to small, each once (`1d12h`, `30s`, `0`).
 * @returns milliseconds, or undefined where the text is not a duration
 */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0
  if (text === '') return undefined
  const match = DURATION_PATTERN.exec(text)
  if (match === null) return undefined
  const units = ['y', 'w', 'd', 'h', 'm', 's', 'ms']
  let totalMs = 0
  for (let i = 0; i < units.length; i++) {
    const digits = match[i + 1]
    if (digits !== undefined) totalMs += Number(digits) * (DURATION_UNIT_MS[units[i] as string] as number)
  }
  return totalMs
}

/** Writes a duration as Prometheus does: `90000` → `1m30s`, `0` → `0s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  let rest = Math.abs(Math.round(durationMs))
  let text = durationMs < 0 ? '-' : ''
  const wholeOnly: readonly string[] = ['y', 'w']
  for (const unit of ['y', 'w', 'd', 'h', 'm', 's', 'ms']) {
    const unitMs = DURATION_UNIT_MS[unit] as number
    if (wholeOnly.includes(unit) && rest % unitMs !== 0) continue
    const count = Math.floor(rest / unitMs)
    if (count === 0) continue
    text += `${count}${unit}`
    rest -= count * unitMs
  }
  return text
}

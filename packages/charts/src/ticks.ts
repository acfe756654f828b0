import type { Scale } from './units.ts'
import { clockInstantMs, type Zone, zoneOffsetMs } from './zone.ts'

const NICE_STEPS: readonly number[] = [1, 2, 2.5, 5, 10]
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const TIME_STEPS_MS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR_MS),
  ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * DAY_MS),
]

/** Upper bound of ticks, whatever was asked for; a broken range must not loop. */
const TICKS_MAX = 50

/**
 * Ticks at 1, 2, 2.5, 5 × 10ⁿ of the scaled value (× 1024ⁿ for bytes, because the divisor is one).
 * @returns values in the unscaled domain, ascending, all within [min, max]
 */
export function valueTicks(min: number, max: number, countMax: number, scale: Scale): number[] {
  const low = min / scale.divisor
  const high = max / scale.divisor
  const span = high - low
  if (!(span > 0) || !Number.isFinite(span)) return [min]
  const rough = span / Math.max(1, countMax)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = (NICE_STEPS.find((nice) => nice * power >= rough * 0.999) ?? 10) * power
  const ticks: number[] = []
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9 && ticks.length < TICKS_MAX; k++) {
    // Through the decimal text, so that 3 × 0.1 is 0.3.
    ticks.push(Number((k * step).toPrecision(12)) * scale.divisor)
  }
  return ticks
}

export interface TimeTicks {
  readonly stepMs: number
  readonly atMs: readonly number[]
}

/** Ticks on the clock of the zone: whole minutes, hours, midnights. */
export function timeTicks(startMs: number, endMs: number, countMax: number, zone: Zone): TimeTicks {
  const rough = Math.max(1, (endMs - startMs) / Math.max(1, countMax))
  const stepMs = TIME_STEPS_MS.find((step) => step >= rough) ?? (TIME_STEPS_MS.at(-1) as number)
  const atMs: number[] = []
  const clocks = stepMs <= HOUR_MS ? everyStep : clockSteps
  for (const at of clocks(startMs, stepMs, zone)) {
    if (at > endMs || atMs.length >= TICKS_MAX) break
    if (at >= startMs) atMs.push(at)
  }
  return { stepMs, atMs }
}

/** Up to an hour each step is marked, also those of an hour that comes twice. */
function* everyStep(startMs: number, stepMs: number, zone: Zone): Generator<number> {
  for (let at = startMs; ; at += stepMs) {
    const shiftMs = zoneOffsetMs(at, zone)
    at = Math.ceil((at + shiftMs) / stepMs) * stepMs - shiftMs
    yield at
  }
}

/** Longer ones go by the clock: midnights are midnights on both sides of a change. What a clock leaves out is not marked. */
function* clockSteps(startMs: number, stepMs: number, zone: Zone): Generator<number> {
  let clockMs = Math.ceil((startMs + zoneOffsetMs(startMs, zone)) / stepMs) * stepMs
  for (; ; clockMs += stepMs) {
    const at = clockInstantMs(clockMs, zone)
    if (at + zoneOffsetMs(at, zone) === clockMs) yield at
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** `14:05`, `14:05:30`, `14:05:30.250` or `21 Nov`, as the step between ticks needs it. */
export function formatTick(atMs: number, stepMs: number, zone: Zone): string {
  const at = new Date(atMs + zoneOffsetMs(atMs, zone))
  const isMidnight = at.getUTCHours() === 0 && at.getUTCMinutes() === 0 && at.getUTCSeconds() === 0
  if (stepMs >= DAY_MS || (isMidnight && stepMs >= MINUTE_MS)) return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`
  const iso = at.toISOString()
  if (stepMs < SECOND_MS) return iso.slice(11, 23)
  return stepMs < MINUTE_MS ? iso.slice(11, 19) : iso.slice(11, 16)
}

/** `2026-11-21 14:05:30`, with milliseconds where there are any. */
export function formatInstant(atMs: number, zone: Zone): string {
  const iso = new Date(atMs + zoneOffsetMs(atMs, zone)).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, atMs % SECOND_MS === 0 ? 19 : 23)}`
}

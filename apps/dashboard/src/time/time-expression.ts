import { clockInstantMs, formatInstant, type Zone, zoneOffsetMs } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'

/** One end of a range as the URL holds it: `now`, `now-6h`, `now-1d/d`, or unix milliseconds as digits. */
export type TimeExpression = string

/** A range as the URL holds it. A relative one stays relative until it is pinned. */
export interface TimeChoice {
  readonly from: TimeExpression
  readonly to: TimeExpression
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
}

/** `90s`, `15m`, `1h`, `7d`, `1w` in ms; undefined for other texts. */
export function spanMsOf(text: string): number | undefined {
  const match = /^(\d{1,6})([smhdw])$/.exec(text)
  return match === null ? undefined : Number(match[1]) * (UNIT_MS[match[2] as string] as number)
}

/** Steps of one expression; more is nonsense. */
const RELATIVE = /^now((?:[+-]\d{1,9}(?:ms|[smhdw])){0,4})(?:\/([mhdw]))?$/

/** @returns unix ms, or undefined where the text is not an expression */
export function resolveExpression(text: TimeExpression, nowMs: number, zone: Zone): number | undefined {
  if (/^\d{1,16}$/.test(text)) return Number(text)
  const match = RELATIVE.exec(text)
  if (match === null) return undefined
  let atMs = nowMs
  for (const step of (match[1] ?? '').matchAll(/([+-])(\d+)(ms|[smhdw])/g)) {
    const sizeMs = Number(step[2]) * (UNIT_MS[step[3] as string] as number) * (step[1] === '-' ? -1 : 1)
    atMs = /[dw]/.test(step[3] as string) ? onClock(atMs, zone, (clockMs) => clockMs + sizeMs) : atMs + sizeMs
  }
  return match[2] === undefined ? atMs : floorTo(atMs, match[2], zone)
}

/** What the zone's clock shows, changed: a day of it may have 23 or 25 hours. */
function onClock(atMs: number, zone: Zone, change: (clockMs: number) => number): number {
  return clockInstantMs(change(atMs + zoneOffsetMs(atMs, zone)), zone)
}

/** The start of the minute, hour, day or week (Monday) on the zone's clock. */
function floorTo(atMs: number, unit: string, zone: Zone): number {
  const unitMs = UNIT_MS[unit] as number
  // 1 January 1970 was a Thursday; weeks start three days before it.
  const shiftMs = unit === 'w' ? 3 * DAY_MS : 0
  const floor = (clockMs: number) => Math.floor((clockMs + shiftMs) / unitMs) * unitMs - shiftMs
  if (unitMs >= DAY_MS) return onClock(atMs, zone, floor)
  const offsetMs = zoneOffsetMs(atMs, zone)
  return floor(atMs + offsetMs) - offsetMs
}

/** @returns the range in unix ms, undefined where an end is unreadable or the range is empty */
export function resolveChoice(choice: TimeChoice, nowMs: number, zone: Zone): TimeRange | undefined {
  const startMs = resolveExpression(choice.from, nowMs, zone)
  const endMs = resolveExpression(choice.to, nowMs, zone)
  if (startMs === undefined || endMs === undefined || !(startMs < endMs)) return undefined
  return { startMs, endMs }
}

export function isRelative(choice: TimeChoice): boolean {
  return choice.to.startsWith('now')
}

export interface TimePreset {
  readonly label: string
  readonly choice: TimeChoice
}

export const DEFAULT_CHOICE: TimeChoice = { from: 'now-1h', to: 'now' }

export const TIME_PRESETS: readonly TimePreset[] = [
  { label: 'Last 5 min', choice: { from: 'now-5m', to: 'now' } },
  { label: 'Last 15 min', choice: { from: 'now-15m', to: 'now' } },
  { label: 'Last 30 min', choice: { from: 'now-30m', to: 'now' } },
  { label: 'Last 1 hour', choice: DEFAULT_CHOICE },
  { label: 'Last 3 hours', choice: { from: 'now-3h', to: 'now' } },
  { label: 'Last 6 hours', choice: { from: 'now-6h', to: 'now' } },
  { label: 'Last 12 hours', choice: { from: 'now-12h', to: 'now' } },
  { label: 'Last 24 hours', choice: { from: 'now-24h', to: 'now' } },
  { label: 'Last 2 days', choice: { from: 'now-2d', to: 'now' } },
  { label: 'Last 7 days', choice: { from: 'now-7d', to: 'now' } },
  { label: 'Last 30 days', choice: { from: 'now-30d', to: 'now' } },
  { label: 'Today', choice: { from: 'now/d', to: 'now' } },
  { label: 'Yesterday', choice: { from: 'now-1d/d', to: 'now/d' } },
  { label: 'This week', choice: { from: 'now/w', to: 'now' } },
]

/** What the time button says: a preset's name, `now-6h to now-1h`, or `Fixed range`. */
export function describeChoice(choice: TimeChoice): string {
  const preset = TIME_PRESETS.find((one) => one.choice.from === choice.from && one.choice.to === choice.to)
  if (preset !== undefined) return preset.label
  const plain = /^now-(\d+)(ms|[smhdw])$/.exec(choice.from)
  if (plain !== null && choice.to === 'now') return `Last ${plain[1]} ${UNIT_NAMES[plain[2] as string]}`
  if (/^\d+$/.test(choice.from) && choice.to === 'now') return 'From a fixed start'
  return isRelative(choice) ? `${choice.from} to ${choice.to}` : 'Fixed range'
}

const UNIT_NAMES: Readonly<Record<string, string>> = {
  ms: 'ms',
  s: 's',
  m: 'min',
  h: 'hours',
  d: 'days',
  w: 'weeks',
}

/** `13:24 – 14:24`, with the day where the range is not of one day; the zone is always printed. */
export function describeRange(range: TimeRange, zone: Zone): string {
  const from = formatInstant(range.startMs, zone)
  const to = formatInstant(range.endMs, zone)
  const shown = (text: string) => text.slice(11, range.endMs - range.startMs < 10 * MINUTE_MS ? 19 : 16)
  const isOneDay = from.slice(0, 10) === to.slice(0, 10)
  const [fromZone, toZone] = [zoneName(zone, range.startMs), zoneName(zone, range.endMs)]
  // On both sides of a change of summer time the clock has two names.
  const start = fromZone === toZone ? shown(from) : `${shown(from)} ${fromZone}`
  const span = isOneDay ? `${start} – ${shown(to)}` : `${from.slice(5, 10)} ${start} – ${to.slice(5, 10)} ${shown(to)}`
  return `${span} ${toZone}`
}

function zoneName(zone: Zone, atMs: number): string {
  if (zone === 'utc') return 'UTC'
  const named = zone === 'browser' ? {} : { timeZone: zone }
  // British English has names for more zones than American English has.
  const parts = new Intl.DateTimeFormat('en-GB', { ...named, timeZoneName: 'short' }).formatToParts(atMs)
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'local'
}

import { clockInstantMs, type Zone, zoneOffsetMs } from '@vantage/charts'
import { resolveChoice, resolveExpression, type TimeChoice } from './time-expression.ts'

/** Longest text that is looked at; a pasted log line may be long. */
const TEXT_MAX_CHARS = 4_096
/** A single instant becomes this much before and after it. */
const AROUND_MS = 5 * 60_000
const DAY_MS = 86_400_000

const UNIT_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(ms|millis|milliseconds?)$/, 'ms'],
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
  [/^(w|weeks?)$/, 'w'],
]

const NAMED: Readonly<Record<string, TimeChoice>> = {
  today: { from: 'now/d', to: 'now' },
  yesterday: { from: 'now-1d/d', to: 'now/d' },
  'this week': { from: 'now/w', to: 'now' },
}

const INSTANT = /\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?/

/**
 * Reads what a person types or pastes into the time box: `45m`, `last 3 days`, `yesterday 14:00 to 15:30`,
 * `now-6h to now-1h`, ISO 8601 instants and intervals, epochs in s, ms, µs or ns, or a log line with a
 * timestamp in it. A single instant means five minutes to either side.
 * @returns undefined where nothing of that is found
 */
export function parseTimeText(text: string, nowMs: number, zone: Zone): TimeChoice | undefined {
  const trimmed = text.slice(0, TEXT_MAX_CHARS).trim()
  const lower = trimmed.toLowerCase()
  const named = NAMED[lower]
  if (named !== undefined) return named
  const found =
    parseSpan(lower) ??
    parseClockRange(lower, nowMs, zone) ??
    parsePair(trimmed, nowMs, zone) ??
    parseAround(trimmed, zone)
  return found !== undefined && resolveChoice(found, nowMs, zone) !== undefined ? found : undefined
}

/** `45m`, `1h30m`, `last 3 days`. */
function parseSpan(lower: string): TimeChoice | undefined {
  const body = lower.replace(/^(last|past)\s+/, '')
  const match = /^(\d{1,9})\s*([a-z]+)(?:\s*(\d{1,9})\s*([a-z]+))?$/.exec(body)
  if (match === null) return /^(last|past)\s/.test(lower) ? parseSpanOfOne(body) : undefined
  const first = unitOf(match[2] as string)
  const second = match[4] === undefined ? '' : unitOf(match[4])
  if (first === undefined || second === undefined || Number(match[1]) === 0) return undefined
  return { from: `now-${match[1]}${first}${second === '' ? '' : `-${match[3]}${second}`}`, to: 'now' }
}

/** `last hour`. */
function parseSpanOfOne(word: string): TimeChoice | undefined {
  const unit = unitOf(word)
  return unit === undefined ? undefined : { from: `now-1${unit}`, to: 'now' }
}

function unitOf(word: string): string | undefined {
  return UNIT_WORDS.find(([pattern]) => pattern.test(word))?.[1]
}

/** `yesterday 14:00 to 15:30`, `14:00 - 15:30`. */
function parseClockRange(lower: string, nowMs: number, zone: Zone): TimeChoice | undefined {
  const match =
    /^(?:(today|yesterday)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(?:to|-|–|until)\s*(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(
      lower,
    )
  if (match === null) return undefined
  const dayMs = resolveExpression(match[1] === 'yesterday' ? 'now-1d/d' : 'now/d', nowMs, zone) as number
  const midnightMs = dayMs + zoneOffsetMs(dayMs, zone)
  const clockMs = (h: string | undefined, m: string | undefined, s: string | undefined) =>
    midnightMs + (Number(h) * 3600 + Number(m) * 60 + Number(s ?? 0)) * 1000
  const startMs = clockMs(match[2], match[3], match[4])
  const endMs = clockMs(match[5], match[6], match[7])
  // `23:50 to 00:10` runs over midnight.
  const lastMs = endMs <= startMs ? endMs + DAY_MS : endMs
  return fixed(clockInstantMs(startMs, zone), clockInstantMs(lastMs, zone))
}

/** `A to B`, `A/B` of instants or expressions. */
function parsePair(text: string, nowMs: number, zone: Zone): TimeChoice | undefined {
  for (const separator of [/\s+(?:to|until|–|—|-)\s+/i, /\s*\/\s*(?=\d{4}-|\d{9,})/]) {
    const parts = text.split(separator)
    if (parts.length !== 2) continue
    const from = parseEnd(parts[0] as string, nowMs, zone)
    const to = parseEnd(parts[1] as string, nowMs, zone)
    if (from !== undefined && to !== undefined) return { from, to }
  }
  return undefined
}

function parseEnd(text: string, nowMs: number, zone: Zone): string | undefined {
  const compact = text.trim().toLowerCase().replace(/\s+/g, '')
  if (compact.startsWith('now')) return resolveExpression(compact, nowMs, zone) === undefined ? undefined : compact
  const instantMs = parseInstant(text.trim(), zone)
  return instantMs === undefined ? undefined : String(instantMs)
}

/** An epoch or ISO instant alone, or the first timestamp within a longer text. */
function parseAround(text: string, zone: Zone): TimeChoice | undefined {
  const within = INSTANT.exec(text)?.[0] ?? /\b\d{10}(?:\d{3}|\d{6}|\d{9})?\b/.exec(text)?.[0]
  const instantMs = within === undefined ? undefined : parseInstant(within, zone)
  return instantMs === undefined ? undefined : fixed(instantMs - AROUND_MS, instantMs + AROUND_MS)
}

function parseInstant(text: string, zone: Zone): number | undefined {
  if (/^\d{9,19}$/.test(text)) return epochMs(text)
  const match = INSTANT.exec(text)
  if (match === null || match[0] !== text) return undefined
  const iso = text.replace(' ', 'T').replace(',', '.')
  const full = iso.length === 10 ? `${iso}T00:00` : iso
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/.test(full.slice(11))
  const atMs = Date.parse(hasZone ? full : `${full}Z`)
  if (Number.isNaN(atMs)) return undefined
  // Written without a zone, the clock is that of the page.
  return hasZone ? atMs : clockInstantMs(atMs, zone)
}

/** Seconds, ms, µs or ns by their size: each unit has its own number of digits from 2001 to 2286. */
function epochMs(digits: string): number {
  if (digits.length <= 10) return Number(digits) * 1000
  if (digits.length <= 13) return Number(digits)
  return Math.floor(Number(digits.slice(0, 13)))
}

function fixed(startMs: number, endMs: number): TimeChoice {
  return { from: String(Math.round(startMs)), to: String(Math.round(endMs)) }
}

import { floorDiv, type TimeValue } from './value.ts'

const NS_PER_SECOND = 1_000_000_000n
const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** The pieces of a layout that stand for parts of a time, longest first. Source: Go time, "Constants". */
const PIECES =
  /January|Jan|Monday|Mon|MST|2006|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|002|01|02|03|04|05|06|15|_2|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g

interface Clock {
  readonly date: Date
  readonly fraction: string
  readonly offsetSeconds: number
  readonly zone: string
}

export function utc(unixNs: bigint): TimeValue {
  return { kind: 'time', unixNs, offsetSeconds: 0, zone: 'UTC' }
}

/** Writes a time as Go's Time.Format does. */
export function formatTime(time: TimeValue, layout: string): string {
  const localNs = time.unixNs + BigInt(time.offsetSeconds) * NS_PER_SECOND
  const seconds = floorDiv(localNs, NS_PER_SECOND)
  const clock: Clock = {
    date: new Date(Number(seconds) * 1000),
    fraction: String(localNs - seconds * NS_PER_SECOND).padStart(9, '0'),
    offsetSeconds: time.offsetSeconds,
    zone: time.zone,
  }
  return layout.replace(PIECES, (piece) => formatPiece(piece, clock))
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function formatPiece(piece: string, { date, fraction, offsetSeconds, zone }: Clock): string {
  const hour = date.getUTCHours()
  const hour12 = hour % 12 === 0 ? 12 : hour % 12
  switch (piece) {
    case 'January':
      return MONTHS[date.getUTCMonth()] as string
    case 'Jan':
      return (MONTHS[date.getUTCMonth()] as string).slice(0, 3)
    case 'Monday':
      return DAYS[date.getUTCDay()] as string
    case 'Mon':
      return (DAYS[date.getUTCDay()] as string).slice(0, 3)
    case 'MST':
      return zone
    case '2006':
      return String(date.getUTCFullYear()).padStart(4, '0')
    case '06':
      return two(date.getUTCFullYear() % 100)
    case '01':
      return two(date.getUTCMonth() + 1)
    case '1':
      return String(date.getUTCMonth() + 1)
    case '02':
      return two(date.getUTCDate())
    case '_2':
      return String(date.getUTCDate()).padStart(2, ' ')
    case '2':
      return String(date.getUTCDate())
    case '002':
      return String(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000) + 1).padStart(3, '0')
    case '15':
      return two(hour)
    case '03':
      return two(hour12)
    case '3':
      return String(hour12)
    case '04':
      return two(date.getUTCMinutes())
    case '4':
      return String(date.getUTCMinutes())
    case '05':
      return two(date.getUTCSeconds())
    case '5':
      return String(date.getUTCSeconds())
    case 'PM':
      return hour < 12 ? 'AM' : 'PM'
    case 'pm':
      return hour < 12 ? 'am' : 'pm'
    default:
      return piece.startsWith('.') || piece.startsWith(',')
        ? fractionText(piece, fraction)
        : offsetText(piece, offsetSeconds)
  }
}

/** `.000` keeps zeros, `.999` drops those at the end. */
function fractionText(piece: string, fraction: string): string {
  const digits = fraction.slice(0, piece.length - 1)
  if (piece[1] === '0') return piece[0] + digits.padEnd(piece.length - 1, '0')
  const kept = digits.replace(/0+$/, '')
  return kept === '' ? '' : piece[0] + kept
}

function offsetText(piece: string, offsetSeconds: number): string {
  if (piece.startsWith('Z') && offsetSeconds === 0) return 'Z'
  const size = Math.abs(offsetSeconds)
  const separator = piece.includes(':') ? ':' : ''
  const parts = [two(Math.floor(size / 3600)), two(Math.floor((size % 3600) / 60)), two(size % 60)]
  const count = Math.floor(piece.replaceAll(':', '').length / 2)
  return (offsetSeconds < 0 ? '-' : '+') + parts.slice(0, count).join(separator)
}

/** Parts of a time while it is read. */
interface Draft {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  fractionNs: number
  isAfternoon: boolean | undefined
  offsetSeconds: number | undefined
}

/**
 * Reads a time as Go's ParseInLocation does.
 * @param zone an IANA name or `UTC`, for layouts that say nothing of the zone
 * @returns undefined where the text is not of the layout, or the zone is not known
 */
export function parseTime(layout: string, text: string, zone: string): TimeValue | undefined {
  const draft: Draft = {
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    fractionNs: 0,
    isAfternoon: undefined,
    offsetSeconds: undefined,
  }
  let at = 0
  let layoutAt = 0
  for (const match of layout.matchAll(PIECES)) {
    const literal = layout.slice(layoutAt, match.index)
    if (!text.startsWith(literal, at)) return undefined
    at += literal.length
    const end = readPiece(match[0], text, at, draft)
    if (end < 0) return undefined
    at = end
    layoutAt = match.index + match[0].length
    // Seconds may have a fraction that the layout does not mention.
    const isSeconds = match[0] === '05' || match[0] === '5'
    if (isSeconds && !/^[.,][09]/.test(layout.slice(layoutAt))) at = readFraction(text, at, draft)
  }
  if (text.slice(at) !== layout.slice(layoutAt)) return undefined
  return finish(draft, zone)
}

function readFraction(text: string, at: number, draft: Draft): number {
  const match = /^[.,](\d+)/.exec(text.slice(at, at + 32))
  if (match === null) return at
  draft.fractionNs = Number((match[1] as string).slice(0, 9).padEnd(9, '0'))
  return at + match[0].length
}

/** Where numbers go, and how many digits they have: at least and at most. */
const NUMBERS: Readonly<
  Record<string, readonly [field: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', min: number, max: number]>
> = {
  '2006': ['year', 4, 4],
  '06': ['year', 2, 2],
  '01': ['month', 2, 2],
  '1': ['month', 1, 2],
  '02': ['day', 2, 2],
  _2: ['day', 1, 2],
  '2': ['day', 1, 2],
  '15': ['hour', 2, 2],
  '03': ['hour', 2, 2],
  '3': ['hour', 1, 2],
  '04': ['minute', 2, 2],
  '4': ['minute', 1, 2],
  '05': ['second', 2, 2],
  '5': ['second', 1, 2],
}

/** @returns behind what was read, or −1 */
function readPiece(piece: string, text: string, at: number, draft: Draft): number {
  const number = NUMBERS[piece]
  if (number !== undefined) {
    const [field, min, max] = number
    const from = piece === '_2' && text[at] === ' ' ? at + 1 : at
    const digits = /^\d*/.exec(text.slice(from, from + max))?.[0] ?? ''
    if (digits.length < Math.min(min, max)) return -1
    draft[field] = Number(digits)
    if (piece === '06') draft.year += draft.year >= 69 ? 1900 : 2000
    return from + digits.length
  }
  if (piece === 'January' || piece === 'Jan') {
    const month = nameAt(MONTHS, piece === 'Jan', text, at)
    draft.month = month + 1
    return month < 0 ? -1 : at + nameLength(MONTHS, month, piece)
  }
  if (piece === 'Monday' || piece === 'Mon') {
    const day = nameAt(DAYS, piece === 'Mon', text, at)
    return day < 0 ? -1 : at + nameLength(DAYS, day, piece)
  }
  if (piece === 'PM' || piece === 'pm') {
    const half = text.slice(at, at + 2).toLowerCase()
    if (half !== 'am' && half !== 'pm') return -1
    draft.isAfternoon = half === 'pm'
    return at + 2
  }
  if (piece.startsWith('.') || piece.startsWith(',')) {
    const end = readFraction(text, at, draft)
    return end === at && piece[1] === '0' ? -1 : end
  }
  if (piece === 'MST') {
    const name = /^[A-Z]{3,4}/.exec(text.slice(at, at + 4))?.[0]
    if (name === undefined) return -1
    if (name === 'UTC' || name === 'GMT') draft.offsetSeconds = 0
    return at + name.length
  }
  if (piece === '002') {
    if (!/^\d{3}/.test(text.slice(at, at + 3))) return -1
    draft.day = Number(text.slice(at, at + 3))
    return at + 3
  }
  return readOffset(text, at, draft)
}

/** @returns the place of the name that stands at `at`, or −1 */
function nameAt(names: readonly string[], isShort: boolean, text: string, at: number): number {
  return names.findIndex((whole) => {
    const name = isShort ? whole.slice(0, 3) : whole
    return text.slice(at, at + name.length).toLowerCase() === name.toLowerCase()
  })
}

function nameLength(names: readonly string[], place: number, piece: string): number {
  return piece.length === 3 ? 3 : (names[place] as string).length
}

function readOffset(text: string, at: number, draft: Draft): number {
  if (text[at] === 'Z') {
    draft.offsetSeconds = 0
    return at + 1
  }
  const match = /^([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?/.exec(text.slice(at, at + 9))
  if (match === null) return -1
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0)
  draft.offsetSeconds = match[1] === '-' ? -seconds : seconds
  return at + match[0].length
}

function finish(draft: Draft, zone: string): TimeValue | undefined {
  const { year, month, day, minute, second } = draft
  const hour = draft.isAfternoon === undefined ? draft.hour : (draft.hour % 12) + (draft.isAfternoon ? 12 : 0)
  if (month < 1 || month > 12 || day < 1 || day > 366 || hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const localMs = date.getTime()
  if (Number.isNaN(localMs)) return undefined
  const offsetSeconds = draft.offsetSeconds ?? zoneOffset(zone, localMs)
  if (offsetSeconds === undefined) return undefined
  const unixNs = BigInt(localMs - offsetSeconds * 1000) * 1_000_000n + BigInt(draft.fractionNs)
  const isUtc = offsetSeconds === 0
  return { kind: 'time', unixNs, offsetSeconds, zone: isUtc ? 'UTC' : offsetText('-0700', offsetSeconds) }
}

/** Seconds east of UTC at a local time; undefined for zones that nobody knows. */
function zoneOffset(zone: string, localMs: number): number | undefined {
  if (zone === '' || zone === 'UTC' || zone === 'Local') return 0
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    const name = format.formatToParts(localMs).find((part) => part.type === 'timeZoneName')?.value ?? ''
    const match = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name)
    if (match === null) return undefined
    const seconds = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60
    return match[1] === '-' ? -seconds : seconds
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

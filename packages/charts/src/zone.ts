/** Clock that axes and tables print: `browser`, `utc`, or a name of the IANA database (`Europe/Berlin`). */
export type Zone = string

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Clocks change at quarters of an hour, wherever they do. */
const SLOT_MS = 15 * MINUTE_MS
/** Quarters whose offset is kept; a name has few of them on a screen. */
const SLOTS_MAX = 20_000

/** What to add to unix ms so that UTC fields read as the zone's clock. */
export function zoneOffsetMs(atMs: number, zone: Zone): number {
  if (zone === 'utc') return 0
  if (zone === 'browser') return -new Date(atMs).getTimezoneOffset() * MINUTE_MS
  return namedOffsetMs(atMs, zone)
}

/** Whether clocks of a zone can be read here. */
export function isZone(zone: string): boolean {
  return zone === 'browser' || zone === 'utc' || formatOf(zone) !== undefined
}

/**
 * The instant at which the zone's clock shows a time, given as the unix ms at which UTC would show it. Of a time that is shown
 * twice, the first; of one that is left out, as long after the change as it is after the start of what is left out.
 */
export function clockInstantMs(clockMs: number, zone: Zone): number {
  const before = zoneOffsetMs(clockMs - DAY_MS, zone)
  const after = zoneOffsetMs(clockMs + DAY_MS, zone)
  const early = clockMs - before
  if (before === after || zoneOffsetMs(early, zone) === before) return early
  const late = clockMs - after
  return zoneOffsetMs(late, zone) === after ? late : early
}

/** Of each zone, how its clock differs from UTC: a formatter takes a hundred times as long as a look into the map. */
const formats = new Map<string, Intl.DateTimeFormat | undefined>()
const slots = new Map<string, number>()

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (!formats.has(zone)) formats.set(zone, makeFormat(zone))
  return formats.get(zone)
}

function makeFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

function namedOffsetMs(atMs: number, zone: string): number {
  const slot = Math.floor(atMs / SLOT_MS)
  const key = `${zone} ${slot}`
  const known = slots.get(key)
  if (known !== undefined) return known
  const name =
    formatOf(zone)
      ?.formatToParts(slot * SLOT_MS)
      .find(({ type }) => type === 'timeZoneName')?.value ?? ''
  // `GMT+05:30`, `GMT` alone without a difference.
  const [, sign, hours = 0, minutes = 0] = /([+-])(\d+):(\d+)/.exec(name) ?? []
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS * (sign === '-' ? -1 : 1)
  if (slots.size >= SLOTS_MAX) slots.clear()
  slots.set(key, offsetMs)
  return offsetMs
}

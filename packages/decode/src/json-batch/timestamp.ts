/** Magnitudes between which a unix time is in seconds, ms, µs or ns: each covers the years 1973 to 5138. */
const SECONDS_MAX = 1e11
const MILLIS_MAX = 1e14
const MICROS_MAX = 1e17

const ISO_PATTERN = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/**
 * The plain rule for times in JSON: a number is unix time, its unit told by its size (below 10^11 seconds, below
 * 10^14 milliseconds, below 10^17 microseconds, else nanoseconds); text is ISO 8601 (without a zone: UTC) or
 * digits, read as a number.
 * @returns unix ms, rounded down, or undefined where it is neither
 */
export function parseTimestamp(text: string, isNumber: boolean): number | undefined {
  if (isNumber || /^-?\d+(\.\d+)?$/.test(text)) return fromUnix(text)
  if (!ISO_PATTERN.test(text)) return undefined
  let iso = text.replace(' ', 'T').replace(',', '.')
  if (iso.includes('T') && !/(Z|[+-]\d{2}:?\d{2})$/.test(iso)) iso += 'Z'
  const timeMs = Date.parse(iso.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
  return Number.isNaN(timeMs) ? undefined : timeMs
}

/** The same rule for a whole number that a double holds; undefined for any other. */
export function millisOfUnix(value: number): number | undefined {
  if (!Number.isSafeInteger(value)) return undefined
  const size = Math.abs(value)
  if (size < SECONDS_MAX) return value * 1_000
  return size < MILLIS_MAX ? value : Math.floor(value / 1_000)
}

function fromUnix(text: string): number | undefined {
  const value = Number(text)
  if (!Number.isFinite(value)) return undefined
  const size = Math.abs(value)
  // Rounded in between, because 1700000000.001 × 1000 is a little less than it says.
  if (size < SECONDS_MAX) return Math.floor(Number((value * 1000).toFixed(3)))
  if (size < MILLIS_MAX) return Math.floor(value)
  if (size < MICROS_MAX) return Math.floor(value / 1_000)
  // Whole nanoseconds do not fit a double: the digits are cut as text.
  return /^-?\d+$/.test(text) ? Number(text.slice(0, -6)) : Math.floor(value / 1_000_000)
}

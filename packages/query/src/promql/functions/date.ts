import type { FunctionImplementation } from './function.ts'

export type DateName =
  | 'days_in_month'
  | 'day_of_month'
  | 'day_of_week'
  | 'day_of_year'
  | 'hour'
  | 'minute'
  | 'month'
  | 'year'

const DAY_SECONDS = 86_400
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

/** Days since 1970-01-01; fractions of seconds are cut towards zero as Go converts to integers. */
function dayNumber(seconds: number): number {
  return Math.floor(Math.trunc(seconds) / DAY_SECONDS)
}

function secondOfDay(seconds: number): number {
  return Math.trunc(seconds) - dayNumber(seconds) * DAY_SECONDS
}

/**
 * The proleptic Gregorian date of a day number, packed as year * 512 + month * 32 + day, without making an object.
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 */
function civilDate(day: number): number {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return year * 512 + month * 32 + dayOfMonth
}

function yearOf(civil: number): number {
  return Math.floor(civil / 512)
}

function monthOf(civil: number): number {
  return Math.floor((civil - yearOf(civil) * 512) / 32)
}

function dayOf(civil: number): number {
  return civil - yearOf(civil) * 512 - monthOf(civil) * 32
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

function daysInMonth(civil: number): number {
  const month = monthOf(civil)
  if (month === 2) return isLeapYear(yearOf(civil)) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function dayOfYear(civil: number): number {
  const month = monthOf(civil)
  const leapDay = month > 2 && isLeapYear(yearOf(civil)) ? 1 : 0
  return (DAYS_BEFORE_MONTH[month - 1] as number) + dayOf(civil) + leapDay
}

function date(field: (seconds: number) => number): FunctionImplementation {
  return { kind: 'date', field: (seconds) => (Number.isFinite(seconds) ? field(seconds) : Number.NaN) }
}

function civil(field: (civil: number) => number): FunctionImplementation {
  return date((seconds) => field(civilDate(dayNumber(seconds))))
}

/** Fields of the UTC date that a value, in seconds, stands for. */
export const DATE_FUNCTIONS: Readonly<Record<DateName, FunctionImplementation>> = {
  days_in_month: civil(daysInMonth),
  day_of_month: civil(dayOf),
  // 1970-01-01 was a Thursday; Sunday is 0.
  day_of_week: date((seconds) => (((dayNumber(seconds) + 4) % 7) + 7) % 7),
  day_of_year: civil(dayOfYear),
  hour: date((seconds) => Math.floor(secondOfDay(seconds) / 3_600)),
  minute: date((seconds) => Math.floor(secondOfDay(seconds) / 60) % 60),
  month: civil(monthOf),
  year: civil(yearOf),
}

import { describe, expect, test } from 'vitest'
import { parseTimeText } from './parse-time-text.ts'
import { describeChoice, describeRange, resolveChoice } from './time-expression.ts'

const NOW_MS = Date.UTC(2026, 10, 21, 15, 45, 30)

/** What a text means, as `from … to` in UTC, or '-' where it means nothing. */
function read(text: string): string {
  const choice = parseTimeText(text, NOW_MS, 'utc')
  if (choice === undefined) return '-'
  const range = resolveChoice(choice, NOW_MS, 'utc')
  if (range === undefined) return 'unresolved'
  return `${short(range.startMs)} … ${short(range.endMs)}`
}

function short(atMs: number): string {
  return new Date(atMs).toISOString().slice(5, 19)
}

describe('texts of the time box, on 21 November 2026 at 15:45:30 UTC', () => {
  const check = (text: string, meaning: string) => test(text, () => expect(read(text)).toBe(meaning))
  check('45m', '11-21T15:00:30 … 11-21T15:45:30')
  check('1h30m', '11-21T14:15:30 … 11-21T15:45:30')
  check('last 3 days', '11-18T15:45:30 … 11-21T15:45:30')
  check('Last hour', '11-21T14:45:30 … 11-21T15:45:30')
  check('past 2 weeks', '11-07T15:45:30 … 11-21T15:45:30')
  check('today', '11-21T00:00:00 … 11-21T15:45:30')
  check('yesterday', '11-20T00:00:00 … 11-21T00:00:00')
  check('this week', '11-16T00:00:00 … 11-21T15:45:30')
  check('yesterday 14:00 to 15:30', '11-20T14:00:00 … 11-20T15:30:00')
  check('9:05 - 9:10', '11-21T09:05:00 … 11-21T09:10:00')
  check('23:50 to 00:10', '11-21T23:50:00 … 11-22T00:10:00')
  check('now-6h to now-1h', '11-21T09:45:30 … 11-21T14:45:30')
  check('now-1d/d to now/d', '11-20T00:00:00 … 11-21T00:00:00')
  check('2026-11-20', '11-19T23:55:00 … 11-20T00:05:00')
  check('2026-11-20T10:00:00Z', '11-20T09:55:00 … 11-20T10:05:00')
  check('2026-11-20T10:00:00+02:00', '11-20T07:55:00 … 11-20T08:05:00')
  check('2026-11-20 10:00 to 2026-11-20 11:00', '11-20T10:00:00 … 11-20T11:00:00')
  check('2026-11-20T10:00:00Z/2026-11-20T11:00:00Z', '11-20T10:00:00 … 11-20T11:00:00')
  check('2026-11-20T10:00:00Z - now', '11-20T10:00:00 … 11-21T15:45:30')
  check('1795255200', '11-21T09:55:00 … 11-21T10:05:00')
  check('1795255200000', '11-21T09:55:00 … 11-21T10:05:00')
  check('1795255200000000', '11-21T09:55:00 … 11-21T10:05:00')
  check('1795255200000000000', '11-21T09:55:00 … 11-21T10:05:00')
  check('[2026-11-20 10:00:00,123] ERROR payments: pool exhausted', '11-20T09:55:00 … 11-20T10:05:00')
  check('level=warn ts=1795255200 msg="slow"', '11-21T09:55:00 … 11-21T10:05:00')
  check('', '-')
  check('soon', '-')
  check('0m', '-')
  check('now to now-1h', '-')
  check('2026-99-99', '-')
  check('<script>alert(1)</script>', '-')
  check('9'.repeat(4_000), '-')
})

describe('a choice has a name', () => {
  const check = (from: string, to: string, name: string) =>
    test(name, () => expect(describeChoice({ from, to })).toBe(name))
  check('now-1h', 'now', 'Last 1 hour')
  check('now-45m', 'now', 'Last 45 min')
  check('now-6h', 'now-1h', 'now-6h to now-1h')
  check('1795255200000', '1795255300000', 'Fixed range')
  check('1795255200000', 'now', 'From a fixed start')
  check('now-1d/d', 'now/d', 'Yesterday')
})

describe('in Berlin, over the changes of summer time', () => {
  const zone = 'Europe/Berlin'
  const check = (now: string, text: string, meaning: string, said: string) =>
    test(`${now}: ${text}`, () => {
      const nowMs = Date.parse(now)
      const choice = parseTimeText(text, nowMs, zone)
      const range = choice && resolveChoice(choice, nowMs, zone)
      expect(range && `${short(range.startMs)} … ${short(range.endMs)}`).toBe(meaning)
      expect(range && describeRange(range, zone)).toBe(said)
    })
  const march = '2026-03-29T12:00:00Z'
  check(march, 'today', '03-28T23:00:00 … 03-29T12:00:00', '00:00 CET – 14:00 CEST')
  check(march, 'yesterday', '03-27T23:00:00 … 03-28T23:00:00', '03-28 00:00 – 03-29 00:00 CET')
  check(march, '1:30 to 3:30', '03-29T00:30:00 … 03-29T01:30:00', '01:30 CET – 03:30 CEST')
  check(march, '2026-03-29 01:00 to 2026-03-29 05:00', '03-29T00:00:00 … 03-29T03:00:00', '01:00 CET – 05:00 CEST')
  check(
    '2026-03-30T00:30:00+02:00',
    'yesterday',
    '03-28T23:00:00 … 03-29T22:00:00',
    '03-29 00:00 CET – 03-30 00:00 CEST',
  )
  check(
    '2026-03-30T00:30:00+02:00',
    'yesterday 14:00 to 15:30',
    '03-29T12:00:00 … 03-29T13:30:00',
    '14:00 – 15:30 CEST',
  )
  // 23:30 of a day with 25 hours: 24 hours before it is the same day.
  const october = '2026-10-25T23:30:00+01:00'
  check(october, 'yesterday', '10-23T22:00:00 … 10-24T22:00:00', '10-24 00:00 – 10-25 00:00 CEST')
  check(october, 'today', '10-24T22:00:00 … 10-25T22:30:00', '00:00 CEST – 23:30 CET')
  check(october, 'this week', '10-18T22:00:00 … 10-25T22:30:00', '10-19 00:00 CEST – 10-25 23:30 CET')
  check(october, '24h', '10-24T22:30:00 … 10-25T22:30:00', '00:30 CEST – 23:30 CET')
  check(october, '1d', '10-24T21:30:00 … 10-25T22:30:00', '10-24 23:30 CEST – 10-25 23:30 CET')
  check(october, '2:30 to 4:00', '10-25T00:30:00 … 10-25T03:00:00', '02:30 CEST – 04:00 CET')
})

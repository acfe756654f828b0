import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTick, timeTicks, valueTicks } from './ticks.ts'
import { scaleFor } from './units.ts'
import { clockInstantMs, isZone, zoneOffsetMs } from './zone.ts'

const PLAIN_SCALE = { divisor: 1, suffix: '', base: 10 } as const

describe('value ticks are round', () => {
  const check = (min: number, max: number, ticks: readonly number[]) =>
    test(`${min} … ${max}`, () => expect(valueTicks(min, max, 5, PLAIN_SCALE)).toEqual(ticks))
  check(
    0,
    100,
    [0, 20, 40, 60, 80, 100].filter((_, i) => i < 6),
  )
  check(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1])
  check(-10, 10, [-10, -5, 0, 5, 10])
  check(3, 3, [3])
  check(0, Number.NaN, [0])

  test('bytes step in powers of 1024', () => {
    const scale = scaleFor({ kind: 'bytes', perSecond: false }, 4 * 1024 ** 2)
    expect(valueTicks(0, 4 * 1024 ** 2, 4, scale)).toEqual([0, 1, 2, 3, 4].map((n) => n * 1024 ** 2))
  })

  test('any range gives ascending ticks within it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e12, max: 1e12, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
        (min, size) => {
          // Ranges below a millionth of their values have no round ticks in float64.
          const span = Math.max(size, Math.abs(min) * 1e-6)
          const ticks = valueTicks(min, min + span, 5, PLAIN_SCALE)
          const slack = span * 1e-6
          expect(ticks.length).toBeLessThanOrEqual(8)
          for (let i = 0; i < ticks.length; i++) {
            if (i > 0) expect(ticks[i]).toBeGreaterThan(ticks[i - 1] as number)
            expect(ticks[i]).toBeGreaterThanOrEqual(min - slack)
            expect(ticks[i]).toBeLessThanOrEqual(min + span + slack)
          }
        },
      ),
    )
  })
})

describe('time ticks lie on the clock', () => {
  const at = Date.UTC(2026, 10, 21, 13, 24, 7)
  const check = (spanMs: number, first: string, count: number) =>
    test(`${spanMs / 1000} s`, () => {
      const { atMs, stepMs } = timeTicks(at, at + spanMs, 6, 'utc')
      expect(formatTick(atMs[0] as number, stepMs, 'utc')).toBe(first)
      expect(atMs).toHaveLength(count)
    })
  check(3_600_000, '13:30', 6)
  check(300_000, '13:25', 5)
  check(10_000, '13:24:08', 5)
  check(86_400_000, '18:00', 4)
  check(7 * 86_400_000, '23 Nov', 3)
})

describe('over a change of summer time ticks stay on the clock', () => {
  const ticks = (zone: string, from: string, to: string, countMax: number) => {
    const { atMs, stepMs } = timeTicks(Date.parse(from), Date.parse(to), countMax, zone)
    return atMs.map((at) => formatTick(at, stepMs, zone))
  }
  test('hours: one is left out, one comes twice', () => {
    expect(ticks('Europe/Berlin', '2026-03-28T23:00Z', '2026-03-29T03:00Z', 5)).toEqual([
      '29 Mar',
      '01:00',
      '03:00',
      '04:00',
      '05:00',
    ])
    expect(ticks('Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T03:00Z', 6)).toEqual([
      '25 Oct',
      '01:00',
      '02:00',
      '02:00',
      '03:00',
      '04:00',
    ])
    expect(ticks('Australia/Lord_Howe', '2026-04-04T13:00Z', '2026-04-04T17:00Z', 4)).toEqual([
      '5 Apr',
      '01:00',
      '02:00',
      '03:00',
    ])
  })
  test('longer steps: six hours are six on the clock, midnights are midnights', () => {
    expect(ticks('Europe/Berlin', '2026-03-28T11:00Z', '2026-03-29T17:00Z', 5)).toEqual([
      '12:00',
      '18:00',
      '29 Mar',
      '06:00',
      '12:00',
      '18:00',
    ])
    expect(ticks('Europe/Berlin', '2026-10-24T16:00Z', '2026-10-25T17:00Z', 5)).toEqual([
      '18:00',
      '25 Oct',
      '06:00',
      '12:00',
      '18:00',
    ])
    expect(ticks('Europe/Berlin', '2026-10-23T00:00Z', '2026-10-28T00:00Z', 5)).toEqual([
      '24 Oct',
      '25 Oct',
      '26 Oct',
      '27 Oct',
      '28 Oct',
    ])
    expect(ticks('America/New_York', '2026-03-07T04:00Z', '2026-03-10T12:00Z', 4)).toEqual([
      '7 Mar',
      '8 Mar',
      '9 Mar',
      '10 Mar',
    ])
  })
  test('what a clock leaves out is not marked', () => {
    expect(ticks('Europe/Berlin', '2026-03-28T23:00Z', '2026-03-29T11:00Z', 7)).toEqual([
      '29 Mar',
      '04:00',
      '06:00',
      '08:00',
      '10:00',
      '12:00',
    ])
  })
  test('in any zone they ascend within the range and lie where their step is whole on the clock', () => {
    const zones = ['utc', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Africa/Cairo', 'Asia/Kathmandu']
    const year = { min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer(year),
        fc.integer({ min: 10, max: 5_000_000_000 }),
        (zone, from, span) => {
          const { atMs, stepMs } = timeTicks(from, from + span, 6, zone)
          for (const [i, at] of atMs.entries()) {
            expect(at).toBeGreaterThanOrEqual(from)
            expect(at).toBeLessThanOrEqual(from + span)
            if (i > 0) expect(at).toBeGreaterThan(atMs[i - 1] as number)
            expect((at + zoneOffsetMs(at, zone)) % stepMs).toBe(0)
          }
          expect(atMs.length).toBeLessThanOrEqual(9)
        },
      ),
    )
  })
})

describe('an instant from a clock', () => {
  const check = (clock: string, zone: string, instant: string) =>
    test(`${clock} ${zone}`, () => {
      expect(new Date(clockInstantMs(Date.parse(`${clock}Z`), zone)).toISOString().slice(0, 16)).toBe(instant)
    })
  check('2026-03-29T01:59', 'Europe/Berlin', '2026-03-29T00:59')
  // Left out: as long after the change.
  check('2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30')
  check('2026-03-29T03:00', 'Europe/Berlin', '2026-03-29T01:00')
  // Shown twice: the first.
  check('2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30')
  check('2026-10-25T03:00', 'Europe/Berlin', '2026-10-25T02:00')
  check('2026-11-21T12:00', 'Asia/Kathmandu', '2026-11-21T06:15')
  check('2026-11-21T12:00', 'utc', '2026-11-21T12:00')
  test('zones that nobody knows are none', () => {
    expect(['browser', 'utc', 'Europe/Berlin', 'Mars/Olympus', ''].map(isZone)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTick, timeTicks, valueTicks } from './ticks.ts'
import { scaleFor } from './units.ts'

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

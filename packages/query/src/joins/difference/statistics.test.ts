import { expect, test } from 'vitest'
import { adjusted, chanceOf, leastDifference, normalTail } from './statistics.ts'

test.each([
  [0, 0.5],
  [0.3, 0.3820885778110474],
  [1.959964, 0.02499999909],
  [-1.959964, 0.97500000091],
  [5, 2.866515718791939e-7],
])('above %d lies %d of a normal distribution', (z, share) => {
  expect(normalTail(z) / share).toBeCloseTo(1, 7)
})

// The lady who tasted tea: three of four cups right happen by chance in 17 of 70 cases, four in one.
test.each([
  [3, 4, 1, 4, 17 / 70],
  [4, 4, 0, 4, 1 / 70],
  [30, 100, 10, 120, 3.04506e-5],
  [600, 1000, 520, 1000, 1.85048e-4],
])('%i of %i against %i of %i comes about by chance with %d', (count, of, other, otherOf, chance) => {
  const found = chanceOf({ count, of }, { count: other, of: otherOf })
  expect(found / chance).toBeGreaterThan(0.98)
  expect(found / chance).toBeLessThan(1.02)
})

// Newcombe 1998, table II, example (a): 56 of 70 against 48 of 80; there 0.0524 with 95 % confidence.
test('the sure part of a difference grows with the counts, up to the difference', () => {
  expect(leastDifference({ count: 56, of: 70 }, { count: 48, of: 80 })).toBeCloseTo(0.00537, 4)
  const many = leastDifference({ count: 56_000, of: 70_000 }, { count: 48_000, of: 80_000 })
  expect(many).toBeGreaterThan(0.19)
  expect(many).toBeLessThan(0.2)
  expect(leastDifference({ count: 1, of: 1 }, { count: 0, of: 1 })).toBeLessThan(0)
})

// Benjamini and Hochberg 1995: p(i) * m / i, made to ascend.
test('chances are adjusted for how many there are', () => {
  expect(adjusted([0.04, 0.001, 0.03, 0.5]).map((one) => Number(one.toFixed(4)))).toEqual([0.0533, 0.004, 0.0533, 0.5])
})

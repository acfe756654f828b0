import { SampleColumns } from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { PerTimes } from './per-times.ts'

function columns(timesKey: number, count: number): SampleColumns {
  const out = new SampleColumns()
  out.timesKey = timesKey
  out.count = count
  return out
}

test('what belongs to a key is worked out once, however the keys take turns', () => {
  const kept = new PerTimes(8, () => ({ of: 0 }), unlimitedBudget)
  for (let round = 0; round < 3; round++) {
    for (let key = 1; key <= 64; key++) {
      const value = kept.of(columns(key, 5))
      expect(kept.isKnown).toBe(round > 0)
      expect(kept.version).toBe(key)
      if (round === 0) value.of = key
      expect(value.of).toBe(key)
    }
  }
})

test('without a key, or with other samples, it is worked out again under a new version', () => {
  const kept = new PerTimes(8, () => ({ of: 0 }), unlimitedBudget)
  kept.of(columns(0, 5))
  kept.of(columns(0, 5))
  expect([kept.isKnown, kept.version]).toEqual([false, 2])
  kept.of(columns(1, 5))
  kept.of(columns(1, 4))
  expect([kept.isKnown, kept.version]).toEqual([false, 4])
  kept.of(columns(1, 4))
  expect([kept.isKnown, kept.version]).toEqual([true, 4])
  kept.ofNone()
  expect([kept.isKnown, kept.version]).toEqual([false, 5])
  kept.of(columns(1, 4))
  expect([kept.isKnown, kept.version]).toEqual([true, 4])
})

test('of more keys than it may keep the oldest goes, and memory is charged for those that stay', () => {
  let charged = 0
  const chargeBytes = (count: number) => {
    charged += count
  }
  const budget = { ...unlimitedBudget, chargeBytes }
  const bytes = 2 ** 20
  const kept = new PerTimes(bytes, () => new Uint8Array(1), budget)
  for (let key = 1; key <= 6; key++) kept.of(columns(key, 5))
  expect(charged).toBe(4 * bytes)
  kept.of(columns(6, 5))
  expect(kept.isKnown).toBe(true)
  kept.of(columns(3, 5))
  expect(kept.isKnown).toBe(true)
  kept.of(columns(1, 5))
  expect(kept.isKnown).toBe(false)
})

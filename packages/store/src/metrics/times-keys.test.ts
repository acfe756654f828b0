import { SampleColumns } from '@vantage/model'
import { expect, test } from 'vitest'
import { TimesKeys } from './times-keys.ts'
import { TimesTrail } from './times-trail.ts'

function columns(times: readonly number[], places?: readonly number[]): SampleColumns {
  const samples = new SampleColumns(4)
  for (const time of times) samples.push(time, 1)
  if (places !== undefined) samples.rankThinned(Int32Array.from(places), 0)
  return samples
}

test('equal times have one key; the same times among others that were left out have another', () => {
  const keys = new TimesKeys()
  const trail = new TimesTrail()
  trail.spoil()
  const key = (samples: SampleColumns) => keys.key(samples, trail)
  const whole = key(columns([1, 2, 5]))
  const thinned = key(columns([1, 2, 5], [0, 1, 4]))
  expect(new Set([0, whole, thinned]).size).toBe(3)
  expect([key(columns([1, 2, 5])), key(columns([1, 2, 5], [0, 1, 4]))]).toEqual([whole, thinned])
  // As many in all, but others between: no key, or one of their own.
  expect([0, whole, thinned].indexOf(key(columns([1, 2, 5], [0, 3, 4])))).toBeLessThan(1)
  expect([0, whole, thinned].indexOf(key(columns([1, 2, 5], [0, 1, 3])))).toBeLessThan(1)
})

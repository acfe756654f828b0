import { expect, test } from 'vitest'
import { TimesTrail } from './times-trail.ts'

function trailOf(...steps: [number, number, number, number][]): TimesTrail {
  const trail = new TimesTrail()
  for (const step of steps) trail.push(...step)
  return trail
}

test('trails are equal where every step is, and never where a source could not name its times', () => {
  const trail = trailOf([1, 2, 0, 480], [1, 3, 0, 480])
  expect(trail.isEqual(trailOf([1, 2, 0, 480], [1, 3, 0, 480]))).toBe(true)
  expect(trail.isEqual(trailOf([1, 2, 0, 480]))).toBe(false)
  expect(trail.isEqual(trailOf([1, 2, 0, 480], [1, 3, 0, 479]))).toBe(false)
  expect(trail.isEqual(trailOf([2, 2, 0, 480], [1, 3, 0, 480]))).toBe(false)
  const copy = trail.copy()
  expect(copy.isEqual(trail)).toBe(true)
  expect(copy.hash()).toBe(trail.hash())
  copy.spoil()
  expect(copy.isEqual(copy)).toBe(false)
  copy.reset()
  expect(copy.isEqual(new TimesTrail())).toBe(true)
})

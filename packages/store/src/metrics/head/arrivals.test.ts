import { expect, test } from 'vitest'
import { Arrivals } from './arrivals.ts'

test('each stamp knows how far back things have changed since', () => {
  const arrivals = new Arrivals()
  const first = arrivals.stamp()
  expect(arrivals.earliestSince(first)).toBe(Number.POSITIVE_INFINITY)
  arrivals.note(100)
  arrivals.note(90)
  arrivals.note(110)
  const second = arrivals.stamp()
  expect(arrivals.stamp()).toBe(second)
  arrivals.note(200)
  expect([arrivals.earliestSince(first), arrivals.earliestSince(second)]).toEqual([90, 200])
  arrivals.note(50)
  expect([arrivals.earliestSince(first), arrivals.earliestSince(second)]).toEqual([50, 50])
})

test('a stamp from long ago knows nothing any more', () => {
  const arrivals = new Arrivals()
  const old = arrivals.stamp()
  let last = old
  for (let i = 0; i < 1_000; i++) {
    arrivals.note(1_000 + i)
    last = arrivals.stamp()
  }
  expect(arrivals.earliestSince(old)).toBe(Number.NEGATIVE_INFINITY)
  expect(arrivals.earliestSince(last)).toBe(Number.POSITIVE_INFINITY)
  expect(arrivals.earliestSince(last - 1)).toBe(1_999)
})

import { expect, test } from 'vitest'
import { chooseMoment, farthestPhase, sampleOnEdge } from './moment.ts'

test.each([
  [[0], 2500],
  [[0, 4000], 2000],
  [[1000, 2000], 4000],
  [[0, 100, 2600], 1350],
])('farthest from the phases %j of 5,000 ms is %d', (phases, wanted) => {
  expect(farthestPhase(phases, 5000)).toBe(wanted)
})

test('the moment is the last one of its phase', () => {
  // Samples at phases 1,000 and 1,002, steps of subqueries at 0: the widest gap is from 1,002 to 5,000.
  const moment = chooseMoment([101_000, 106_002], 120_000, 5000)
  expect(moment % 5000).toBe(3001)
  expect(moment).toBe(118_001)
})

test.each([
  [[101_000, 106_002], 118_001, undefined],
  [[101_000, 108_030], 118_001, 108_030],
  [[101_000, 109_980], 118_001, 109_980],
])('samples at %j and the moment %d: on an edge %j', (times, moment, wanted) => {
  expect(sampleOnEdge(times, moment, 5000)).toBe(wanted)
})

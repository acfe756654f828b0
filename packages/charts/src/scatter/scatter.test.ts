import { expect, test } from 'vitest'
import { scatterAt, scatterScale, scatterX, scatterY } from './scatter.ts'

const point = (atMs: number, tookMs: number) => ({ atMs, tookMs, isFailed: false })
const BOX = { widthPx: 476, heightPx: 228 }

test('the axis spans the decades of what is shown', () => {
  const scale = scatterScale([point(10, 3), point(20, 450)], 0, 100)
  expect(scale).toEqual({ startMs: 0, endMs: 100, lowMs: 1, highMs: 1000 })
  const none = scatterScale([], 0, 100)
  expect(none.highMs / none.lowMs).toBeCloseTo(10)
  expect(scatterScale([point(1, 0)], 0, 1).lowMs).toBeCloseTo(0.001)
})

test('places lead back to moments and durations; what lies outside is at the edge', () => {
  const scale = scatterScale([point(10, 3), point(20, 450)], 0, 100)
  expect([scatterX(scale, BOX, 0), scatterX(scale, BOX, 50)]).toEqual([64, 264])
  expect([scatterY(scale, BOX, 1), scatterY(scale, BOX, 1000), scatterY(scale, BOX, 0)]).toEqual([208, 8, 208])
  const back = scatterAt(scale, BOX, scatterX(scale, BOX, 25), scatterY(scale, BOX, 30))
  expect([back.atMs, back.tookMs]).toEqual([25, expect.closeTo(30, 6)])
  expect(scatterAt(scale, BOX, -50, 900)).toEqual({ atMs: 0, tookMs: 1 })
})

import { array, assert, bigInt, integer, oneof, property } from 'fast-check'
import { expect, test } from 'vitest'
import { compareTimes, halvesOfTime, lowerBound, timeAt, timeOrder } from './times.ts'

const time = oneof(
  bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  bigInt({ min: -3n, max: 3n }),
  bigInt({ min: 2n ** 32n - 2n, max: 2n ** 32n + 2n }),
)

function halvesOf(times: readonly bigint[]): Int32Array {
  return new Int32Array(BigInt64Array.from(times).buffer)
}

test('times are compared, ordered and found as the numbers they are', () => {
  assert(
    property(array(time, { maxLength: 60 }), integer({ min: 0, max: 59 }), (times, wanted) => {
      const halves = halvesOf(times)
      const order = timeOrder(halves, times.length)
      const want = times
        .map((_, row) => row)
        .sort((a, b) => {
          const [x, y] = [times[a] as bigint, times[b] as bigint]
          return x < y ? -1 : x > y ? 1 : a - b
        })
      expect([...order]).toEqual(want)
      for (let row = 1; row < times.length; row++) {
        const [x, y] = [times[row - 1] as bigint, times[row] as bigint]
        expect(Math.sign(compareTimes(halves, row - 1, halves, row))).toBe(x < y ? -1 : x > y ? 1 : 0)
      }
      const bound = times[wanted]
      if (bound === undefined) return
      expect(lowerBound(halves, order, 0, order.length, bound)).toBe(times.filter((one) => one < bound).length)
    }),
  )
})

test.each<[bigint, bigint]>([
  [0n, 0n],
  [-1n, -1n],
  [1_700_000_000_123_456_789n, 1_700_000_000_123_456_789n],
  [2n ** 63n, 2n ** 63n - 1n],
  [-(2n ** 80n), -(2n ** 63n)],
])('%s as halves is %s', (given, want) => {
  expect(timeAt(halvesOfTime(given), 0)).toBe(want)
})

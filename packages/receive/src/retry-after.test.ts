import { fault } from '@vantage/model'
import { expect, test } from 'vitest'
import { withRetryAfter } from './retry-after.ts'

test.each([
  ['unavailable', 30, 0, 24],
  ['unavailable', 30, 0.5, 30],
  ['unavailable', 30, 0.999_999, 36],
  ['unavailable', 5, 0, 4],
  ['unavailable', 1, 0, 1],
  ['too_many', 60, 0.999_999, 72],
  ['unavailable', undefined, 0.5, 5],
  ['bad_request', 5, 0.5, undefined],
  ['too_large', undefined, 0.5, undefined],
] as const)('%s, %s s, random %d → %s s', (code, seconds, random, want) => {
  const refusal = fault(code, 'x', seconds === undefined ? {} : { retryAfterSeconds: seconds })
  expect(withRetryAfter(refusal, () => random).retryAfterSeconds).toBe(want)
})

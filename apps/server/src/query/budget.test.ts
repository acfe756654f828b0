import { FaultError } from '@vantage/model'
import { expect, test } from 'vitest'
import { Budget, CANCELLED, rowsReadOf, sharedWords, stopQuery, TIMED_OUT } from './budget.ts'

const LIMITS = { maxSamples: 10, maxBytes: 100, maxSeries: 3 }

function faultOf(run: () => void): { code: string; limit: string | undefined } | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    return { code: error.fault.code, limit: error.fault.limit }
  }
}

test.each([
  ['samples', 'chargeSamples', 10, 'query.maxSamples'],
  ['bytes', 'chargeBytes', 100, 'query.maxBytes'],
  ['series', 'chargeSeries', 3, 'query.maxSeries'],
] as const)('%s: n pass, one more is unprocessable and names its key', (_name, charge, max, limit) => {
  const budget = new Budget(LIMITS, 60_000)
  expect(faultOf(() => budget[charge](max))).toBeUndefined()
  expect(faultOf(() => budget[charge](1))).toEqual({ code: 'unprocessable', limit })
})

test('the shared word ends it: cancelled or late', () => {
  const word = sharedWords()
  const budget = new Budget(LIMITS, 60_000, word)
  expect(faultOf(() => budget.check())).toBeUndefined()
  stopQuery(word, CANCELLED)
  expect(faultOf(() => budget.check())?.code).toBe('cancelled')
  stopQuery(word, TIMED_OUT)
  expect(faultOf(() => budget.check())).toEqual({ code: 'timeout', limit: 'query.timeout' })
})

test('what was read is told to whoever shares the words', () => {
  const words = sharedWords()
  const budget = new Budget({ ...LIMITS, maxSamples: 2 ** 40 }, 60_000, words)
  budget.chargeSamples(7)
  budget.chargeSamples(4)
  expect(rowsReadOf(words)).toBe(11)
  budget.chargeSamples(2 ** 33)
  expect(rowsReadOf(words)).toBe(2 ** 31 - 1)
  expect(faultOf(() => budget.check())).toBeUndefined()
})

test('its own deadline ends it without any word', () => {
  const budget = new Budget(LIMITS, -1)
  const found = faultOf(() => {
    for (let i = 0; i < 100; i++) budget.check()
  })
  expect(found?.code).toBe('timeout')
})

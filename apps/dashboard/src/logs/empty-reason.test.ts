import { describe, expect, test } from 'vitest'
import { lineVariants } from './empty-reason.ts'

describe('what may be left out of a query of lines, the last first', () => {
  const check = (query: string, parts: readonly (readonly [part: string, without: string])[]) =>
    test(query, () => expect(lineVariants(query, '5m').map((one) => [one.part, one.query])).toEqual(parts))
  check('{app="shop"}', [])
  check('{app="shop"} |= "a" | json | level="error"', [
    ['level="error"', '{app="shop"} |= "a" | json'],
    ['|= "a"', '{app="shop"} | json | level="error"'],
  ])
  check('{app="shop", zone="b"}', [
    ['zone="b"', '{app="shop"}'],
    ['app="shop"', '{zone="b"}'],
  ])
  check('sum(rate({app="shop", zone="b"}[1m]))', [])
  check('{app="shop"} |= ', [])
  check(
    `{app="shop"}${' |= "a"'.repeat(9)}`,
    Array.from({ length: 6 }, () => ['|= "a"', `{app="shop"}${' |= "a"'.repeat(8)}`]),
  )
})

test('what there is without it is counted', () => {
  expect(lineVariants('{app="shop"} |= "a" | level="error"', '60s').map(({ countQuery }) => countQuery)).toEqual([
    'sum(count_over_time({app="shop"} |= "a" [60s]))',
    'sum(count_over_time({app="shop"} | level="error" [60s]))',
  ])
})

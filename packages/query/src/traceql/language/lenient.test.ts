import { expect, test } from 'vitest'
import { TRACEQL_LIMITS } from '../limits.ts'
import { parseLenient } from './lenient.ts'
import { printQuery } from './print.ts'

test.each([
  ['{ .a = 1 && .b = }', '{ (.a = 1) && true }'],
  ['{ span:status != && .b = 1', '{ true && (.b = 1) }'],
  ['{ (.a =~ && .b < ) || .c = 1 }', '{ true || (.c = 1) }'],
  ['{ !.a = }', '{ false }'],
  ['{ .a = .b && .c = }', '{ (.a = .b) && true }'],
  ['{ .a = } >> { .b = "x" } | rate() by (.c)', '({ true }) >> ({ .b = `x` }) | rate()by(.c)'],
  ['{ .a = } | count() > 5', '{ true }|(count()) > 5'],
  ['({ .a = 1 } | count()', 'fault'],
  ['{ .a = "', 'fault'],
  ['', 'fault'],
])('%s reads as %s', (text, want) => {
  const query = parseLenient(text, TRACEQL_LIMITS)
  expect(query.ok ? printQuery(query.value) : 'fault').toBe(want)
})

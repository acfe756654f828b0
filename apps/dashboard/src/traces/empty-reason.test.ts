import { describe, expect, test } from 'vitest'
import { traceVariants } from './empty-reason.ts'

describe('conditions that may remove everything', () => {
  const check = (query: string, parts: readonly (readonly [string, string])[]) =>
    test(query, () => expect(traceVariants(query).map(({ part, query: text }) => [part, text])).toEqual(parts))
  check('{}', [])
  check('{ status = error }', [['status = error', '{ }']])
  check('{ status = error && duration > 1s }', [
    ['duration > 1s', '{ status = error }'],
    ['status = error', '{ duration > 1s }'],
  ])
  check('{ name = "a" } >> { kind = server }', [
    ['kind = server', '{ name = "a" } >> { }'],
    ['name = "a"', '{ } >> { kind = server }'],
  ])
  check('{ name = "a" || name = "b" }', [])
  check('{ status = error } | count() > 2', [['status = error', '{ } | count() > 2']])
  check('{ status = ', [])
})

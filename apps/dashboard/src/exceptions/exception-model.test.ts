import type { ExceptionGroup } from '@vantage/api/client'
import { expect, test } from 'vitest'
import { agoText, linesQuery, shownGroups, tracesQuery, typeText } from './exception-model.ts'

function group(type: string, message: string, count: number, firstMs: number, lastMs: number): ExceptionGroup {
  const empty = { ofSpans: count, ofLogs: 0, trend: [], stacktrace: '', traceId: '', spanId: '', operation: '' }
  return { fingerprint: type, type, message, count, firstMs, lastMs, services: [{ service: 'shop', count }], ...empty }
}

const GROUPS = [group('Denied', 'card 1', 3, 10, 90), group('Timeout', 'db', 9, 50, 60), group('', 'odd', 1, 70, 70)]

test('found by type, message and service, in three orders', () => {
  const types = (find: string, sort: 'newest' | 'count' | 'first') =>
    shownGroups(GROUPS, find, sort).map(({ type }) => type)
  expect([types('', 'newest'), types('', 'count'), types('', 'first')]).toEqual([
    ['Denied', '', 'Timeout'],
    ['Timeout', 'Denied', ''],
    ['', 'Timeout', 'Denied'],
  ])
  expect([types('SHOP db', 'newest'), types('nobody', 'newest')]).toEqual([['Timeout'], []])
  expect(typeText({ type: '' })).toBe('Exception without a type')
})

test('queries of hostile names keep them as text', () => {
  const hostile = { type: 'a" || "', services: [{ service: 'x.y"', count: 1 }] }
  expect(tracesQuery(hostile)).toBe('{ resource.service.name = "x.y\\"" && event.exception.type = "a\\" || \\"" }')
  expect(linesQuery(hostile)).toBe('{service_name=~"x\\\\.y\\""} | exception_type="a\\" || \\""')
  const two = { type: 'T', services: ['a', 'b'].map((service) => ({ service, count: 1 })) }
  expect(tracesQuery(two)).toBe(
    '{ (resource.service.name = "a" || resource.service.name = "b") && event.exception.type = "T" }',
  )
  expect(linesQuery(two)).toBe('{service_name=~"a|b"} | exception_type="T"')
})

test.each([
  [5_000, '5 s ago'],
  [300_000, '5 min ago'],
  [7_200_000, '2 h ago'],
  [259_200_000, '3 d ago'],
])('%d ms are %s', (ms, text) => {
  expect(agoText(0, ms)).toBe(text)
})

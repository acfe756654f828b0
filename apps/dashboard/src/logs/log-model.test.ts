import { describe, expect, test } from 'vitest'
import {
  contextQuery,
  facetsOf,
  levelOf,
  numberRange,
  streamSelector,
  volumeQuery,
  withFilter,
  withRange,
} from './log-model.ts'
import { facetLooks, withFacetLook } from './log-url.ts'

const levels: [Record<string, string>, string][] = [
  [{ detected_level: 'error' }, 'error'],
  [{ severity_text: 'WARNING' }, 'warn'],
  [{ detected_level: 'critical' }, 'fatal'],
  [{ level: 'INFO2' }, 'info'],
  [{}, 'unknown'],
  [{ detected_level: 'purple' }, 'unknown'],
]
test.each(levels)('level of %j is %s', (labels, level) => {
  expect(levelOf(labels)).toBe(level)
})

describe('numbers in ranges', () => {
  const counts = (values: readonly (number | string)[]) => new Map(values.map((value) => [String(value), 2]))
  const many = (from: number, step: number) => Array.from({ length: 20 }, (_, i) => from + i * step)
  test('of round size, that hold all of them', () => {
    const range = numberRange(counts(many(3, 7)))
    expect(range?.bins[0]).toEqual({ from: 0, to: 20, count: 6 })
    expect(range?.bins.at(-1)).toEqual({ from: 120, to: 140, count: 6 })
    expect(range?.bins.reduce((sum, { count }) => sum + count, 0)).toBe(40)
  })
  test('below one, and below zero', () => {
    expect(numberRange(counts(many(-0.5, 0.05)))?.bins[0]).toEqual({ from: -0.6, to: -0.4, count: 4 })
    expect(numberRange(counts(many(1e9, 1e6)))?.bins.length).toBeLessThanOrEqual(8)
  })
  test('not of few numbers, nor of what is no number', () => {
    expect(numberRange(counts([1, 2, 3]))).toBeUndefined()
    expect(numberRange(counts([...many(1, 1), 'x']))).toBeUndefined()
    expect(numberRange(counts([...many(1, 1), '']))).toBeUndefined()
  })
  test('a field of many numbers is a facet, and its range a filter', () => {
    const lines = many(1, 1).map((took) => ({ timeNs: 1n, line: '', labels: { took: String(took) } }))
    expect(facetsOf(lines)[0]?.range?.bins).toHaveLength(5)
    expect(withRange('{a="b"} ', 'took', 10, 20)).toBe('{a="b"} | took >= 10 | took < 20')
  })
})

describe('facets', () => {
  const line = (labels: Record<string, string>) => ({ timeNs: 1n, line: '', labels })
  test('labels that tell, the best known first, values by count', () => {
    const lines = ['a', 'b', 'b'].map((service, i) => line({ service_name: service, zone: 'x', id: String(i) }))
    expect(facetsOf(lines)).toEqual([
      {
        label: 'service_name',
        values: [
          { value: 'b', count: 2 },
          { value: 'a', count: 1 },
        ],
        others: 0,
      },
      { label: 'zone', values: [{ value: 'x', count: 3 }], others: 0 },
    ])
  })
  test('fifty values at most', () => {
    const lines = Array.from({ length: 150 }, (_, i) => line({ zone: String(i % 52) }))
    expect(facetsOf(lines)[0]).toMatchObject({ label: 'zone', others: 2 })
  })
})

test('queries that are made of queries keep hostile values as text', () => {
  expect(withFilter('{a="b"}', 'user', '"} | x', true)).toBe('{a="b"} | user="\\"} | x"')
  expect(withFilter('{a="b"} ', 'user', 'x', false)).toBe('{a="b"} | user!="x"')
  expect(volumeQuery('{a="b"} |= "x"', 15_000)).toBe('sum by (detected_level) (count_over_time({a="b"} |= "x" [15s]))')
  expect(volumeQuery('{a="b"} | json', 15_000)).toBe(
    'sum by (detected_level) (count_over_time({a="b"} | json | drop __error__, __error_details__ [15s]))',
  )
})

test('lines around one are those of its instance, whatever the query filters', () => {
  expect(streamSelector('{a="}", b=`}`} |= "x"')).toBe('{a="}", b=`}`}')
  const labels = { service_name: 'cart', host_name: 'h"1', user: '7' }
  expect(contextQuery('{app="shop"} |= "x" | user="7"', labels)).toBe(
    '{app="shop"} | service_name="cart" | host_name="h\\"1"',
  )
  expect(contextQuery('{app="shop"}', {})).toBe('{app="shop"}')
})

test('what a person has made of facets, as the URL says it', () => {
  const looks = facetLooks(new URLSearchParams('facet=all.host&facet=shut.a.b&facet=other.c&facet=open.host'))
  expect([...looks]).toEqual([
    ['host', 'open'],
    ['a.b', 'shut'],
  ])
  expect(withFacetLook(looks, 'host', 'all')).toEqual(['all.host', 'shut.a.b'])
  expect(withFacetLook(new Map(), 'x', 'open')).toEqual(['open.x'])
})

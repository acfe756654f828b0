import { describe, expect, test } from 'vitest'
import { contextQuery, facetsOf, levelOf, streamSelector, volumeQuery, withFilter } from './log-model.ts'

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
})

test('lines around one are those of its instance, whatever the query filters', () => {
  expect(streamSelector('{a="}", b=`}`} |= "x"')).toBe('{a="}", b=`}`}')
  const labels = { service_name: 'cart', host_name: 'h"1', user: '7' }
  expect(contextQuery('{app="shop"} |= "x" | user="7"', labels)).toBe(
    '{app="shop"} | service_name="cart" | host_name="h\\"1"',
  )
  expect(contextQuery('{app="shop"}', {})).toBe('{app="shop"}')
})

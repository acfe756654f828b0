import type { QueryAnswer } from '@vantage/api/client'
import { expect, test } from 'vitest'
import { filledText } from '../dashboards/fill.ts'
import { comparedSpanMs } from './deploy-model.ts'
import { serviceMetrics } from './service-metrics.ts'
import { dependencyQuery, quoted } from './service-queries.ts'
import { serviceTab, tabPath } from './service-tabs.ts'

test.each([
  ['', 'overview'],
  ['operations', 'operations'],
  ['overview', undefined],
  ['toString', undefined],
  ['profiles', undefined],
])('the tab of "%s" is %s', (part, want) => {
  expect(serviceTab(part)).toBe(want)
})

test('addresses of tabs', () => {
  expect([tabPath('a b', 'overview'), tabPath('a/b', 'deploys')]).toEqual([
    '/services/a%20b',
    '/services/a%2Fb/deploys',
  ])
})

test.each([
  ['to the next change', 0, [0, 315_000], 9_000_000, 300_000],
  ['to the end', 0, [0], 615_000, 600_000],
  ['a quarter of an hour at most', 0, [0], 9_000_000, 900_000],
  ['half a minute at least', 0, [0, 20_000], 9_000_000, 30_000],
])('a change is compared %s', (_, timeMs, times, endMs, want) => {
  expect(
    comparedSpanMs(
      timeMs,
      times.map((one) => ({ timeMs: one })),
      endMs,
    ),
  ).toBe(want)
})

test('metrics of a service: a histogram is one, with the series of its parts; questions are of the service alone', () => {
  const of = (name: string, value: number) => ({ metric: { __name__: name }, value, timeSeconds: 1 })
  const samples = [
    of('took_bucket', 6),
    of('took_sum', 1),
    of('took_count', 1),
    of('orders_total', 3),
    of('odd.name', 1),
  ]
  const counts: QueryAnswer = {
    data: { kind: 'vector', samples, histogramSeries: 0 },
    warnings: [],
    infos: [],
    explain: undefined,
  }
  const known = [{ name: 'orders_total', type: 'counter', unit: '', help: 'Orders.' }]
  expect(
    serviceMetrics(counts, known, 'shop').map(({ name, type, series, query, help }) => [
      name,
      type,
      series,
      query,
      help,
    ]),
  ).toEqual([
    ['odd.name', 'unknown', 1, '{"odd.name",service_name="shop"}', ''],
    ['orders_total', 'counter', 3, 'rate(orders_total{service_name="shop"}[5m])', 'Orders.'],
    ['took', 'histogram', 8, 'histogram_quantile(0.95, sum by (le) (rate(took_bucket{service_name="shop"}[5m])))', ''],
  ])
  expect(serviceMetrics(undefined, known, 'shop')).toEqual([])
})

test('what panels fill in stays part of a name', () => {
  expect(quoted('a$step"b')).toBe(String.raw`"a\u0024step\"b"`)
  expect(filledText(`{s=${quoted('$range')}}`, new Map(), { startMs: 0, endMs: 9_000, stepMs: 1_000 })).toBe(
    String.raw`{s="\u0024range"}`,
  )
})

test('dependencies are asked for from both sides, with names that stay names', () => {
  const query = dependencyQuery('a"b', 60_000)
  expect(query).toContain(String.raw`{server="a\"b"}[60s]`)
  expect(query).toContain(String.raw`{client="a\"b"}[60s]`)
})

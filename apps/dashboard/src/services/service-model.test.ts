import type { QueryAnswer } from '@vantage/api/client'
import { describe, expect, test } from 'vitest'
import { serviceFacts } from './service-facts.tsx'
import {
  changeOf,
  dependencyRows,
  figureLines,
  operationRows,
  type Red,
  redBy,
  type ServiceRow,
  serviceRows,
  sortedRows,
  stateOf,
} from './service-model.ts'

const red = (rate: number, errorShare = 0, p95 = 0.1): Red => ({ rate, errorShare, p50: 0.05, p95, p99: 0.2 })

function vector(...samples: readonly [Record<string, string>, number][]): QueryAnswer {
  const data = {
    kind: 'vector' as const,
    samples: samples.map(([metric, value]) => ({ metric, value, timeSeconds: 1 })),
    histogramSeries: 0,
  }
  return { data, warnings: [], infos: [], explain: undefined }
}

describe('a state', () => {
  test.each([
    ['without requests', red(0), undefined, 'quiet'],
    ['with one failed request in twenty', red(1, 0.05), undefined, 'failing'],
    ['with a few errors and nothing before', red(1, 0.04), undefined, 'healthy'],
    ['with a percentage point more errors', red(1, 0.02), red(1, 0.01), 'degraded'],
    ['with a little more errors', red(1, 0.0199), red(1, 0.01), 'healthy'],
    ['half as slow again', red(1, 0, 0.151), red(1, 0, 0.1), 'degraded'],
    ['half as slow again, by a few milliseconds', red(1, 0, 0.009), red(1, 0, 0.002), 'healthy'],
    ['a third slower', red(1, 0, 0.133), red(1, 0, 0.1), 'healthy'],
    ['after a time without requests', red(1, 0.04, 9), red(0), 'healthy'],
  ] as const)('%s', (_, now, before, want) => {
    expect(stateOf(now, before)).toBe(want)
  })
})

test('figures of services become rows: with errors of all requests, the time before, a line and the newest change', () => {
  const event = { timeMs: 2, kind: 'deploy', service: 'a', title: 'a 2', fields: {} }
  const series = [
    { metric: { service: 'a' }, timesSeconds: Float64Array.of(1, 2), values: Float64Array.of(5, 6) },
    { metric: { service: 'b' }, timesSeconds: Float64Array.of(2), values: Float64Array.of(7) },
  ]
  const rows = serviceRows({
    now: vector(
      [{ service: 'a', figure: 'rate' }, 10],
      [{ service: 'a', figure: 'errors' }, 1],
      [{ service: 'a', figure: 'p95' }, 0.5],
      [{ service: 'a', figure: 'other' }, 9],
    ),
    before: vector([{ service: 'a', figure: 'rate' }, 5]),
    trend: { ...vector(), data: { kind: 'matrix', series, histogramSeries: 0 } },
    range: { startMs: -1_000, endMs: 2_000 },
    events: [event, { ...event, timeMs: 1, title: 'a 1' }],
  })
  expect(rows).toEqual([
    {
      name: 'a',
      now: { rate: 10, errorShare: 0.1, p50: Number.NaN, p95: 0.5, p99: Number.NaN },
      before: { rate: 5, errorShare: 0, p50: Number.NaN, p95: Number.NaN, p99: Number.NaN },
      state: 'failing',
      trend: [Number.NaN, Number.NaN, 5, 6],
      lastChange: event,
    },
    expect.objectContaining({
      name: 'b',
      state: 'quiet',
      trend: [Number.NaN, Number.NaN, Number.NaN, 7],
      before: undefined,
    }),
  ])
  expect(redBy(undefined, 'service').size).toBe(0)
})

test('rows are ordered with the worst or the most on top, equal ones by name', () => {
  const row = (name: string, now: Red, state: ServiceRow['state']): ServiceRow => {
    return { name, now, before: undefined, state, trend: [], lastChange: undefined }
  }
  const rows = [
    row('quiet', red(0, Number.NaN, Number.NaN), 'quiet'),
    row('b', red(2, 0, 0.3), 'healthy'),
    row('a', red(2, 0, 0.1), 'healthy'),
    row('slow', red(1, 0.02, 0.9), 'degraded'),
    row('bad', red(1, 0.5, 0.2), 'failing'),
  ]
  const names = (sort: Parameters<typeof sortedRows>[1]) => sortedRows(rows, sort).map(({ name }) => name)
  expect(names('state')).toEqual(['bad', 'slow', 'a', 'b', 'quiet'])
  expect(names('name')).toEqual(['a', 'b', 'bad', 'quiet', 'slow'])
  expect(names('rate')).toEqual(['a', 'b', 'bad', 'slow', 'quiet'])
  expect(names('errors')).toEqual(['bad', 'slow', 'a', 'b', 'quiet'])
  expect(names('p95')).toEqual(['slow', 'b', 'bad', 'a', 'quiet'])
})

test.each([
  [2, 1, 1],
  [1, 2, -0.5],
  [1, 0, undefined],
  [1, undefined, undefined],
  [Number.NaN, 1, undefined],
])('%d after %d', (now, before, want) => {
  expect(changeOf(now, before)).toBe(want)
})

test('operations are ordered by the time they take', () => {
  const figures = vector([{ span_name: 'x', figure: 'rate' }, 9], [{ span_name: 'y', figure: 'rate' }, 1])
  const rows = operationRows(figures, vector([{ span_name: 'x' }, 1], [{ span_name: 'y' }, 3]), undefined, {
    startMs: 0,
    endMs: 1,
  })
  expect(rows.map(({ name, timeShare, red: { rate } }) => [name, timeShare, rate])).toEqual([
    ['y', 0.75, 1],
    ['x', 0.25, 9],
  ])
})

test('callers stand before what is called, the busiest first', () => {
  const row = (service: string, side: string, figure: string) => ({ service, side, figure })
  const rows = dependencyRows(
    vector(
      [row('db', 'server', 'rate'), 4],
      [row('db', 'server', 'errors'), 1],
      [row('cache', 'server', 'rate'), 8],
      [row('web', 'client', 'rate'), 2],
      [row('web', 'client', 'p95'), 0.3],
    ),
  )
  expect(rows).toEqual([
    { service: 'web', side: 'client', rate: 2, errorShare: 0, p95: 0.3 },
    { service: 'cache', side: 'server', rate: 8, errorShare: 0, p95: Number.NaN },
    { service: 'db', side: 'server', rate: 4, errorShare: 0.25, p95: Number.NaN },
  ])
})

describe('what is said of a service in its head', () => {
  const of = (version: string, instance: string, language = 'nodejs') => ({
    labels: {
      'resource.service.namespace': 'shop',
      'resource.telemetry.sdk.language': language,
      'resource.service.version': version,
      'resource.service.instance.id': instance,
    },
    value: 1,
  })
  const check = (name: string, figures: readonly ReturnType<typeof of>[], facts: readonly string[]) =>
    test(name, () => expect(serviceFacts(figures)).toEqual(facts))
  check('nothing without spans', [], [])
  check('one instance', [of('1.0', 'a')], ['shop', 'nodejs', '1 instance', 'version 1.0'])
  check(
    'two versions during a deploy',
    [of('1.1', 'b'), of('1.0', 'a'), of('1.0', 'c')],
    ['shop', 'nodejs', '3 instances', 'version 1.0, 1.1'],
  )
  check(
    'more versions than are named',
    ['5', '4', '3', '2', '1'].map((one) => of(one, 'a')),
    ['shop', 'nodejs', '1 instance', 'version 1, 2, 3 and 2 more'],
  )
  check('what spans do not say is left out', [of('nil', 'nil', '')], ['shop'])
})

test('figures over time are those of the range, errors as a share', () => {
  const series = (figure: string, values: readonly number[]) => ({
    metric: { figure },
    timesSeconds: Float64Array.from(values, (_, i) => 100 + 10 * i),
    values: Float64Array.from(values),
  })
  const data = {
    kind: 'matrix' as const,
    series: [series('rate', [1, 2, 4, 0]), series('errors', [1, 1, 1, 0]), series('p99', [1, 2, 3, 4])],
    histogramSeries: 0,
  }
  const lines = figureLines({ data, warnings: [], infos: [], explain: undefined }, { startMs: 110_000, endMs: 140_000 })
  expect(lines).toEqual({ rate: [2, 4, 0], errorShare: [0.5, 0.25, Number.NaN], p50: [], p95: [], p99: [2, 3, 4] })
  expect(figureLines(undefined, { startMs: 0, endMs: 1 }).rate).toEqual([])
})

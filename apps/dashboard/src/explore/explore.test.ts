import { EMPTY_FRAME } from '@vantage/charts'
import { describe, expect, test } from 'vitest'
import { frameCsv, frameJson } from '../share/export.ts'
import { catalogueOf, searchCatalogue } from './catalogue.ts'
import { defaultQuery, unitOfQuery } from './default-query.ts'
import { selectorVariants } from './empty-reason.ts'
import { exploreChange, hiddenAfterClick, readExplore, withRowAdded } from './explore-url.ts'
import { faultPosition } from './fault-position.ts'
import { exploreFrame } from './frame-model.ts'
import { foundQueries, HISTORY_MAX, type PastQuery, withQuery, withStar } from './history.ts'
import { steppedRange } from './range-steps.ts'
import type { RowResults } from './run-queries.ts'
import { formatLegend, seriesKey, shortLabels } from './series-label.ts'
import { instantTable } from './table-model.ts'

describe('the URL is the state', () => {
  const check = (search: string) =>
    test(search, () => {
      const params = new URLSearchParams()
      for (const [name, value] of Object.entries(exploreChange(readExplore(new URLSearchParams(search))))) {
        if (typeof value === 'string') params.set(name, value)
        else for (const one of value ?? []) params.append(name, one)
      }
      expect(decodeURIComponent(params.toString())).toBe(search)
    })
  check('mode=stacked&view=table&hide=aa&hide=bb&top=250&a=up&a.legend=x&c=down&c.off=1')
  check('a=rate(x[5m])')
  check('a=')

  test('nonsense has its default', () => {
    const state = readExplore(new URLSearchParams('mode=pie&view=3d&top=1e9'))
    expect(state).toMatchObject({ mode: 'line', view: 'chart', top: 100, hidden: [], rows: [{ ref: 'a', text: '' }] })
  })

  test('rows keep their letters', () => {
    const { rows } = readExplore(new URLSearchParams('a=1&c=3'))
    expect(withRowAdded(rows, 'c').map((row) => row.ref + row.text)).toEqual(['a1', 'b3', 'c3'])
  })
})

describe('a click in the legend', () => {
  const keys = ['a', 'b', 'c']
  const check = (hidden: string[], clicked: string, isToggle: boolean, after: string[]) =>
    test(`${hidden} ${clicked} ${isToggle}`, () =>
      expect(hiddenAfterClick(hidden, keys, clicked, isToggle)).toEqual(after))
  check([], 'a', false, ['b', 'c'])
  check(['b', 'c'], 'a', false, [])
  check(['b', 'c'], 'b', false, ['a', 'c'])
  check([], 'a', true, ['a'])
  check(['a'], 'a', true, [])
})

describe('the first query of a metric', () => {
  const names = new Set(['lat_bucket', 'lat_sum', 'lat_count', 'sum_only'])
  const check = (type: string, name: string, query: string) =>
    test(query, () => expect(defaultQuery({ name, type, unit: '', help: '' }, names)).toBe(query))
  check('counter', 'orders_total', 'rate(orders_total[5m])')
  check('gauge', 'depth', 'depth')
  check('unknown', 'http.server.duration', '{"http.server.duration"}')
  check('histogram', 'lat', 'histogram_quantile(0.95, sum by (le) (rate(lat_bucket[5m])))')
  check('histogram', 'native', 'histogram_quantile(0.95, sum(rate(native[5m])))')
  check('summary', 'rpc', 'rate(rpc_count[5m])')
})

describe('the unit of a query', () => {
  const metrics = [
    { name: 'lat_seconds', type: 'histogram', unit: 'seconds', help: '' },
    { name: 'bytes_total', type: 'counter', unit: 'bytes', help: '' },
  ]
  const check = (query: string, unit: object) =>
    test(query, () => expect(unitOfQuery(query, metrics).unit).toEqual(unit))
  check('histogram_quantile(0.95, sum by (le) (rate(lat_seconds_bucket[5m])))', { kind: 'seconds' })
  check('rate(bytes_total[5m])', { kind: 'bytes', perSecond: true })
  check('rate(bytes_total[5m]) / rate(lat_seconds_count[5m])', { kind: 'plain', suffix: '' })
  check('count(bytes_total)', { kind: 'plain', suffix: '' })
  check('sum by (job) (bytes_total)', { kind: 'bytes', perSecond: false })
})

test('the catalogue folds histograms and joins metadata', () => {
  const metrics = catalogueOf(
    ['lat_bucket', 'lat_count', 'lat_sum', 'orders_total', 'x_count'],
    [{ metric: 'lat', type: 'histogram', unit: 's', help: 'How long' }],
  )
  expect(metrics.map((one) => `${one.name} ${one.type}`)).toEqual([
    'lat histogram',
    'orders_total counter',
    'x_count unknown',
  ])
  expect(searchCatalogue(metrics, 'long how').map((one) => one.name)).toEqual(['lat'])
})

describe('where an error points', () => {
  const check = (text: string, message: string, part: string) =>
    test(message, () => {
      const { from, to } = faultPosition(text, message)
      expect(text.slice(from, to)).toBe(part)
    })
  check('sum(foo) by bar', '1:13: parse error: unexpected identifier', 'bar')
  check('sum(\n  foo{', 'invalid parameter "query": 2:6: parse error: x', '{')
  check('sum(foo', '1:8: parse error: unclosed left parenthesis', 'o')
  check('{a="b"} | jsn', 'parse error at line 1, col 11: unexpected jsn', 'jsn')
  check('{ status = error && && }', 'TraceQL: want a value, got "&&" at offset 20', '&')
  check('up', 'query took too long', 'up')
  check('up', '9:99: nonsense', 'p')
})

describe('which matcher removes everything', () => {
  const check = (query: string, counts: string[]) =>
    test(query, () => expect(selectorVariants(query).map((one) => one.countQuery)).toEqual(counts))
  check('up{job="a", env=~"x,y|}"}', ['count(up{env=~"x,y|}"})', 'count(up{job="a"})'])
  check('rate(up{job="a"}[5m])', ['count(up)'])
  check('{__name__="x"}', [])
  check('up', [])
  check('up{job="a', [])
  test('the rest of the query stays', () => {
    expect(selectorVariants('rate(up{job="a\\"b"}[5m])')[0]).toMatchObject({
      part: 'job="a\\"b"',
      query: 'rate(up[5m])',
    })
  })
})

describe('names of series', () => {
  test('shared labels are left out', () => {
    expect(
      shortLabels([
        { __name__: 'up', job: 'a', i: '1' },
        { __name__: 'up', job: 'a', i: '2' },
      ]),
    ).toEqual(['1', '2'])
    expect(shortLabels([{ __name__: 'up', job: 'a' }])).toEqual(['up{job="a"}'])
    expect(shortLabels([{}, {}])).toEqual(['value', 'value'])
  })
  test('a format is filled', () => {
    expect(formatLegend('{{ job }} on {{host}}{{x}}', { job: 'a', host: '<b>' })).toBe('a on <b>')
    expect(formatLegend('{{x}}', { job: 'a' })).toBe('{job="a"}')
  })
  test('keys are stable, short, and differ', () => {
    expect(seriesKey({ a: '1', b: '2' }, '')).toBe(seriesKey({ b: '2', a: '1' }, ''))
    const keys = new Set(Array.from({ length: 20_000 }, (_, i) => seriesKey({ i: String(i) }, '')))
    expect(keys.size).toBe(20_000)
    expect([...keys][0]).toMatch(/^[0-9a-f]{16}$/)
  })
})

describe('answers become one chart', () => {
  const range = { startMs: 0, endMs: 4_000, stepMs: 1_000 }
  const row = (ref: 'a' | 'b', legend = '') => ({ ref, text: 'x', legend, isOff: false })
  const series = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      metric: { i: String(i) },
      timesSeconds: Float64Array.of(0, 2),
      values: Float64Array.of(1, i),
    }))
  const done = (count: number) => ({
    phase: 'done' as const,
    text: 'x',
    answeredText: 'x',
    answer: {
      data: { kind: 'matrix' as const, series: series(count), histogramSeries: 0 },
      warnings: ['w'],
      infos: [],
      explain: undefined,
    },
    range,
    fault: undefined,
    elapsedMs: 1,
  })
  const choices = { mode: 'line', hidden: new Set<string>(), top: 20, zone: 'utc', nowMs: 4_100, metrics: [] } as const

  test('only the top by last value are drawn, all are counted', () => {
    const results: RowResults = { a: done(100) }
    const { frame, seriesTotal } = exploreFrame([row('a')], results, choices)
    expect([frame.series.length, seriesTotal]).toEqual([20, 100])
    expect(frame.series.map((one) => one.label)).toContain('99')
    expect(frame.series[0]?.values).toEqual([1, null, 80, null, null])
    expect(frame.completeUntilMs).toBe(3_000)
  })

  test('the same labels in two rows are two series', () => {
    const { frame } = exploreFrame([row('a'), row('b', 'B {{i}}')], { a: done(2), b: done(2) }, choices)
    expect(frame.series.map((one) => one.label)).toEqual(['0', '1', 'B 0', 'B 1'])
    expect(new Set(frame.series.map((one) => one.key)).size).toBe(4)
  })

  test('files hold what is shown, and no formula', () => {
    const frame = {
      ...EMPTY_FRAME,
      timesSeconds: [0, 1],
      series: [
        { key: 'a', label: '=cmd()', slot: 0, values: [1, null] },
        { key: 'b', label: 'x,"y"', slot: 0, values: [2, 3] },
      ],
    }
    expect(frameCsv(frame)).toBe(
      `time,'=cmd(),"x,""y"""\r\n1970-01-01T00:00:00.000Z,1,2\r\n1970-01-01T00:00:01.000Z,,3\r\n`,
    )
    expect(JSON.parse(frameJson({ ...frame, hidden: new Set(['b']) })).series).toEqual([
      { label: '=cmd()', values: [[0, 1]] },
    ])
  })
})

test('the table sorts by any column, numbers within text by value', () => {
  const samples = [
    ['b10', 1],
    ['b9', Number.NaN],
    ['a', 5],
  ].map(([host, value]) => ({
    metric: { host: String(host), __name__: 'm' },
    timeSeconds: 0,
    value: Number(value),
  }))
  const answer = {
    data: { kind: 'vector' as const, samples, histogramSeries: 0 },
    warnings: [],
    infos: [],
    explain: undefined,
  }
  const result = {
    phase: 'done' as const,
    text: '',
    answeredText: '',
    answer,
    range: { startMs: 0, endMs: 1, stepMs: 1 },
    fault: undefined,
    elapsedMs: 0,
  }
  const rows = [{ ref: 'a' as const, text: '', legend: '', isOff: false }]
  const hosts = (column: string, isDescending: boolean) =>
    instantTable(rows, { a: result }, { column, isDescending }).rows.map((row) => row.labels['host'])
  expect(hosts('host', false)).toEqual(['a', 'b9', 'b10'])
  expect(hosts('value', true)).toEqual(['a', 'b10', 'b9'])
  expect(instantTable(rows, { a: result }, { column: 'value', isDescending: true }).columns).toEqual([
    '__name__',
    'host',
  ])
})

test('history has each query once, newest first, and ends', () => {
  let history = withQuery([], ' a ', 1)
  history = withQuery(history, 'b', 2)
  history = withQuery(history, 'a', 3)
  expect(history.map((one) => one.text)).toEqual(['a', 'b'])
  for (let i = 0; i < 200; i++) history = withQuery(history, `q${i}`, i)
  expect(history).toHaveLength(HISTORY_MAX)
  const old = history.at(-1) as PastQuery
  history = withStar(history, old)
  for (let i = 200; i < 400; i++) history = withQuery(history, `q${i}`, i, 'logql')
  expect(history).toHaveLength(HISTORY_MAX)
  expect(foundQueries(history, 'promql', 'Q').map(({ text }) => text)).toEqual([old.text])
  expect(foundQueries(history, 'logql', 'q399').map(({ text }) => text)).toEqual(['q399'])
  history = withStar(withQuery(history, old.text, 500), old)
  expect(history[0]).toEqual({ text: old.text, atMs: 500, language: 'promql', isStarred: false })
})

test('a range lies on whole steps', () => {
  expect(steppedRange({ startMs: 1_234, endMs: 3_601_234 })).toEqual({ startMs: 0, endMs: 3_600_000, stepMs: 10_000 })
  expect(steppedRange({ startMs: 5, endMs: 6 })).toEqual({ startMs: 0, endMs: 100, stepMs: 100 })
})

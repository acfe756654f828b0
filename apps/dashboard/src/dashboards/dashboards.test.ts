import type { QueryAnswer } from '@vantage/api/client'
import { STATUS_SLOTS } from '@vantage/charts'
import type { Panel, PanelQuery } from '@vantage/model/dashboards'
import { describe, expect, test } from 'vitest'
import { dashboardPath, shownDashboards } from './dashboard-list.ts'
import { exploreTarget } from './explore-link.ts'
import { choiceChange, choicesOf, filledText, literal } from './fill.ts'
import { inTurn } from './in-turn.ts'
import { type PanelAnswer, panelRange } from './panel-answer.ts'
import { hiddenOf, readSort } from './panel-url.ts'
import { isEmptyView, type PanelView, panelView } from './panel-view.ts'
import { twinCsv, twinJson, twinOf } from './twin.ts'

const range = { startMs: 0, endMs: 40_000, stepMs: 10_000 }
const query = (text: string, legend = ''): PanelQuery => ({ language: 'promql', text, legend, tone: 'neutral' })
const place = { x: 0, y: 0, width: 1, height: 1 }

function panelOf(own: object, ...queries: PanelQuery[]): Panel {
  const base = {
    id: 'p',
    title: 'P',
    description: '',
    empty: '',
    place,
    unit: 'none',
    thresholds: [],
    states: [],
    rows: 20,
    max: 0,
  }
  return { ...base, units: [], draw: 'line', queries: queries.length > 0 ? queries : [query('up')], ...own } as Panel
}

const none = { warnings: [], infos: [], explain: undefined }
const vector = (...samples: readonly [Record<string, string>, number][]): QueryAnswer => ({
  ...none,
  data: {
    kind: 'vector',
    histogramSeries: 0,
    samples: samples.map(([metric, value]) => ({ metric, value, timeSeconds: 40 })),
  },
})
const matrix = (...series: readonly [Record<string, string>, readonly number[]][]): QueryAnswer => ({
  ...none,
  data: {
    kind: 'matrix',
    histogramSeries: 0,
    series: series.map(([metric, values]) => ({
      metric,
      timesSeconds: Float64Array.from(values, (_, i) => i * 10),
      values: Float64Array.from(values),
    })),
  },
})
const answerOf = (...metrics: QueryAnswer[]): PanelAnswer => ({
  metrics,
  lines: [],
  traces: [],
  exemplars: [],
  range,
  elapsedMs: 1,
})
const choices = { zone: 'utc', hidden: new Set<string>(), nowMs: 1_000_000 } as const
const viewOf = (panel: Panel, ...metrics: QueryAnswer[]) => panelView(panel, answerOf(...metrics), choices)
const tableOf = (view: PanelView) => twinOf(view).rows.map((row) => row.map(({ text }) => text))

describe('a query is filled', () => {
  const fill = (text: string, values: readonly string[]) => filledText(text, new Map([['service', values]]), range)
  test.each([
    ['all of them', '{s=~"$service"}', [], '{s=~".+"}'],
    ['with one', '{s=~"$service"}', ['a'], '{s=~"a"}'],
    ['with several', '{s=~"$service"}', ['a', 'b'], '{s=~"a|b"}'],
    ['with what would be a pattern', '{s=~"$service"}', ['a.b(c)'], String.raw`{s=~"a\\.b\\(c\\)"}`],
    ['with what would end the text', '{s=~"$service"}', ['"} or x'], String.raw`{s=~"\"\\} or x"}`],
    ['with spans of time', 'rate(x[$window]) + y[$step] + z[$range]', [], 'rate(x[60s]) + y[10s] + z[40s]'],
    ['but for names that nobody knows', '"$1" $other $toString', [], '"$1" $other $toString'],
  ])('%s', (_, text, values, want) => {
    expect(fill(text, values)).toBe(want)
  })
  test('and its values are in the URL', () => {
    const variables = [{ name: 'service', title: 'Service', query: 'up', label: 'service' }]
    expect(choicesOf(variables, new URLSearchParams('var-service=a&var-service=b&var-x=c'))).toEqual(
      new Map([['service', ['a', 'b']]]),
    )
    expect(choiceChange('service', ['a'])).toEqual({ 'var-service': ['a'] })
    expect(literal('1+1=2')).toBe('1\\+1=2')
  })
})

test('a panel asks for as many steps as it has room for', () => {
  const hour = { startMs: 0, endMs: 3_600_000 }
  expect((['time-series', 'heatmap', 'stat'] as const).map((kind) => panelRange(kind, hour).stepMs)).toEqual([
    15_000, 60_000, 60_000,
  ])
})

test('a last value is of now, however wide the steps are', () => {
  const day = { startMs: 100_000, endMs: 86_500_000 }
  expect(panelRange('heatmap', day).endMs).toBe(86_400_000)
  const { startMs, endMs, stepMs } = panelRange('stat', { ...day, endMs: 87_900_000 })
  expect([endMs, (endMs - startMs) % stepMs]).toEqual([87_900_000, 0])
})

test('five questions are on their way at once, the others follow in their order', async () => {
  const begun: number[] = []
  const ends: (() => void)[] = []
  const work = (i: number) => () => {
    begun.push(i)
    return new Promise<number>((end) => ends.push(() => end(i)))
  }
  const results = Array.from({ length: 9 }, (_, i) => inTurn(work(i)))
  await Promise.resolve()
  expect(begun).toEqual([0, 1, 2, 3, 4])
  ends[3]?.()
  expect(await results[3]).toBe(3)
  expect(begun.at(-1)).toBe(5)
  while (begun.length < 9 || ends.length > 0) {
    ends.shift()?.()
    await new Promise((resume) => setTimeout(resume, 0))
  }
  expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  await expect(inTurn(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await inTurn(async () => 'on')).toBe('on')
})

describe('a panel shows', () => {
  test('lines under their legends, hidden ones left out of the table', () => {
    const panel = panelOf({ kind: 'time-series' }, query('a', 'in {{dev}}'), query('b', 'out'))
    const view = viewOf(panel, matrix([{ dev: 'e0' }, [1, 2]]), matrix([{}, [3, 4]]))
    const { frame } = view as PanelView & { kind: 'time-series' }
    expect(frame.series.map(({ label, values }) => [label, values])).toEqual([
      ['in e0', [1, 2, null, null, null]],
      ['out', [3, 4, null, null, null]],
    ])
    const hidden = new Set([frame.series[0]?.key ?? ''])
    const without = panelView(panel, answerOf(matrix([{ dev: 'e0' }, [1, 2]]), matrix([{}, [3, 4]])), {
      ...choices,
      hidden,
    })
    expect(twinOf(without).columns).toEqual(['Time', 'out'])
    expect(tableOf(without).at(-1)).toEqual(['1970-01-01 00:00:00', '3'])
  })

  test('lines that were not written as none', () => {
    const logql = { ...query('n'), language: 'logql' } as const
    const view = viewOf(panelOf({ kind: 'time-series' }, logql), matrix([{ level: 'info' }, [3]]))
    expect(view).toMatchObject({ frame: { series: [{ values: [3, 0, 0, 0, 0] }] } })
  })

  test('failed requests in the colour of what is critical, others away from it', () => {
    const queries = [{ ...query('f', 'failed'), tone: 'critical' } as const, query('o', 'ok')]
    const view = viewOf(panelOf({ kind: 'time-series' }, ...queries), matrix([{}, [1]]), matrix([{}, [2]]))
    expect(view).toMatchObject({ frame: { series: [{ slot: STATUS_SLOTS.critical }, { slot: 0 }] } })
  })

  test('a figure with its tone; a lonely one without labels needs no name', () => {
    const thresholds = [{ from: 0.9, tone: 'critical' }]
    const view = viewOf(panelOf({ kind: 'stat', unit: 'ratio', thresholds }), matrix([{}, [0.5, 0.95]]))
    expect(view).toMatchObject({ items: [{ label: '', value: 0.95, tone: 'critical' }] })
    expect(tableOf(view)).toEqual([['', '95\u202f%']])
  })

  test('gauges and bars', () => {
    const two = vector([{ a: 'x' }, 1], [{ a: 'y' }, 3])
    expect(viewOf(panelOf({ kind: 'gauge', max: 4 }), two)).toMatchObject({
      items: [{ label: 'x', max: 4 }, { label: 'y' }],
    })
    expect(tableOf(viewOf(panelOf({ kind: 'bars', unit: 'bytes' }), two))).toEqual([
      ['y', '3\u202fB'],
      ['x', '1\u202fB'],
    ])
  })

  test('as much as there is room for, and how much that leaves out', () => {
    const many = Array.from({ length: 103 }, (_, i) => [{ i: `${i}` }, [i]] as const)
    expect(
      viewOf(
        panelOf({ kind: 'time-series' }),
        matrix(...many.map(([labels, values]) => [labels, values] as [Record<string, string>, number[]])),
      ),
    ).toMatchObject({
      others: 3,
    })
    const values = many
      .slice(0, 13)
      .map(([labels, [value]]) => [labels, value as number] as [Record<string, string>, number])
    expect(viewOf(panelOf({ kind: 'gauge' }), vector(...values))).toMatchObject({ others: 1 })
  })

  test('a pie of parts that several queries gave', () => {
    const view = viewOf(panelOf({ kind: 'pie' }, query('a', 'A'), query('b', 'B')), vector([{}, 1]), vector([{}, 3]))
    expect(tableOf(view)).toEqual([
      ['B', '3', '75\u202f%'],
      ['A', '1', '25\u202f%'],
    ])
  })

  test('buckets over time and of the whole time; those of several series are one', () => {
    const over = matrix([{ le: '1', s: 'a' }, [1]], [{ le: '1', s: 'b' }, [2]], [{ le: '+Inf', s: 'a' }, [4]])
    const heat = viewOf(panelOf({ kind: 'heatmap', unit: 'seconds' }), over)
    expect(twinOf(heat).columns).toEqual(['Until', '≤ 1\u202fs', '> 1\u202fs'])
    expect(tableOf(heat).at(-1)).toEqual(['1970-01-01 00:00:00', '3', '1'])
    const whole = viewOf(
      panelOf({ kind: 'histogram' }),
      vector([{ le: '1' }, 3], [{ le: '+Inf' }, 4], [{ le: 'x' }, 9]),
    )
    expect(tableOf(whole)).toEqual([
      ['≤ 1', '3', '75\u202f%'],
      ['> 1', '1', '25\u202f%'],
    ])
  })

  test('states over time', () => {
    const states = [{ from: 0, name: 'up', tone: 'ok' }]
    const view = viewOf(panelOf({ kind: 'state-timeline', states }), matrix([{ i: 'a' }, [0, 0]]))
    expect(tableOf(view)).toEqual([[expect.any(String), '1970-01-01 00:00:00', '1970-01-01 00:00:20', 'up']])
  })

  test('values side by side, a row for each set of labels, the largest first', () => {
    const panel = panelOf({ kind: 'table', units: ['none', 'ratio'], rows: 2 }, query('a', 'Requests'), query('b'))
    const requests = vector([{ __name__: 'x', s: 'a' }, 1], [{ s: 'b' }, 9], [{ s: 'c' }, 0.5])
    const view = viewOf(panel, requests, vector([{ s: 'b' }, 0.5]))
    expect(twinOf(view).columns).toEqual(['s', 'Requests', 'b'])
    expect(tableOf(view)).toEqual([
      ['b', '9', '50\u202f%'],
      ['a', '1', '–'],
    ])
    expect(view).toMatchObject({ table: { rowsLeftOut: 1 } })
    const overTime = matrix([{ s: 'b' }, [3, 4]], [{ s: 'a' }, [5]])
    expect(tableOf(viewOf(panel, requests, overTime))).toEqual([
      ['b', '9', '400\u202f%'],
      ['a', '1', '500\u202f%'],
    ])
  })

  test('values sorted by any column; those without a value last, ties by name', () => {
    const panel = panelOf({ kind: 'table' }, query('a', 'A'), query('b', 'B'))
    const answers = [
      vector([{ s: 'x10' }, 1], [{ s: 'x2' }, 9], [{ s: 'x3' }, 1]),
      vector([{ s: 'x10' }, 5], [{ s: 'x3' }, -5]),
    ]
    const names = (sort: string) => {
      const view = panelView(panel, answerOf(...answers), { ...choices, sort: readSort(sort) })
      return view.kind === 'table' ? view.table.rows.map(({ labels: [name] }) => name) : []
    }
    expect(names('')).toEqual(['x2', 'x10', 'x3'])
    expect(names('l.s')).toEqual(['x2', 'x3', 'x10'])
    expect(names('-l.s')).toEqual(['x10', 'x3', 'x2'])
    expect(names('v.0')).toEqual(['x10', 'x3', 'x2'])
    expect(names('-v.1')).toEqual(['x10', 'x3', 'x2'])
    expect(names('v.1')).toEqual(['x3', 'x10', 'x2'])
    expect(names('l.never')).toEqual(['x2', 'x10', 'x3'])
    expect(names('<b>')).toEqual(['x2', 'x10', 'x3'])
  })

  test('lines and traces', () => {
    const lines = [{ timeNs: 5_000_000_000n, line: 'hello', labels: { service_name: 'shop' } }]
    const trace = {
      traceId: 'ab',
      rootService: 's',
      rootName: 'GET',
      startNs: 0n,
      durationMs: 12,
      matched: 1,
      services: [],
    }
    const answer = { ...answerOf(), lines, traces: [trace] }
    const logs = panelView(panelOf({ kind: 'logs' }), answer, choices)
    expect(tableOf(logs)).toEqual([['1970-01-01 00:00:05', 'shop', 'hello']])
    const traces = panelView(panelOf({ kind: 'traces' }), answer, choices)
    expect(tableOf(traces)).toEqual([['1970-01-01 00:00:00', 's', 'GET', '12\u202fms', 'ab']])
  })

  test.each([
    'time-series',
    'stat',
    'gauge',
    'bars',
    'heatmap',
    'histogram',
    'pie',
    'state-timeline',
    'table',
    'logs',
    'traces',
  ])('nothing as nothing: %s', (kind) => {
    const view = viewOf(panelOf({ kind }), vector())
    expect(isEmptyView(view)).toBe(true)
    expect(
      twinOf(view)
        .rows.flat()
        .every(({ isNumber }) => !isNumber),
    ).toBe(true)
  })
})

test('an export has exact values; text that a spreadsheet would run is harmless', () => {
  const view = viewOf(
    panelOf({ kind: 'bars' }),
    vector([{ a: '=1+1' }, -0.125], [{ a: 'b, "c"' }, Number.POSITIVE_INFINITY]),
  )
  const twin = twinOf(view)
  expect(twinCsv(twin)).toBe('Name,Value\r\n"b, ""c""",Infinity\r\n\'=1+1,-0.125\r\n')
  expect(JSON.parse(twinJson(twin)).rows).toEqual([
    ['b, "c"', null],
    ['=1+1', -0.125],
  ])
})

test('Explore takes the queries of a panel along', () => {
  expect(exploreTarget(panelOf({ kind: 'time-series', draw: 'stacked' }, query('a', '{{x}}'), query('b')))).toEqual({
    path: '/explore/metrics',
    params: { a: 'a', 'a.legend': '{{x}}', b: 'b', mode: 'stacked' },
  })
  expect(exploreTarget(panelOf({ kind: 'logs' }, query('{a="b"}')))).toMatchObject({ path: '/explore/logs' })
  expect(exploreTarget(panelOf({ kind: 'traces' }, query('{}')))).toEqual({
    path: '/explore/traces',
    params: { q: '{}' },
  })
  expect(exploreTarget(panelOf({ kind: 'stat' }, { ...query('x'), language: 'logql' }))).toBeUndefined()
})

test('hidden series are kept for each panel', () => {
  expect(hiddenOf(new URLSearchParams('hide=cpu.1&hide=cpu-all.2&hide=cpu.3'), 'cpu')).toEqual(['1', '3'])
})

test('dashboards are found by words of their title, description and tags', () => {
  const entry = (title: string, tags: readonly string[]) => ({
    id: title,
    title,
    description: 'about',
    tags,
    panels: 1,
    isBuiltIn: true,
  })
  const all = [entry('Host', ['cpu']), entry('API', ['http'])]
  const found = (find: string) => shownDashboards(all, find, []).map(({ title }) => title)
  expect([found(''), found('HTTP about'), found('disk')]).toEqual([['Host', 'API'], ['API'], []])
  expect(shownDashboards(all, '', ['API']).map(({ title }) => title)).toEqual(['API', 'Host'])
})

test.each([
  ['host', 'Host', '/d/host/host'],
  ['a', 'Checkout: p99 & errors/s', '/d/a/checkout-p99-errors-s'],
  ['a', 'Zahlung über Grenzen', '/d/a/zahlung-%C3%BCber-grenzen'],
  ['a', '***', '/d/a'],
])('%s, called %s, is at %s', (id, title, path) => expect(dashboardPath(id, title)).toBe(path))

import { EMPTY_FRAME, gridSeconds, type TimeSeriesFrame, type Unit } from '@vantage/charts'
import { describe, expect, test } from 'vitest'
import { cellSpot } from './cell-spot.ts'
import { afterKey, type Crosshair, crosshairText, NO_CROSSHAIR } from './chart-keys.ts'
import { drillEntries, pointSpot, regionSpot, stepsSpan } from './drill-model.ts'
import { explainedBox } from './explain-box.ts'
import { rowJump } from './explain-model.ts'
import { type Explained, explainChange, explainedOf, questionOf } from './explain-url.ts'
import { type SeriesSource, subjectOf } from './subject.ts'

const promql = (query: string, labels: Record<string, string> = {}): SeriesSource => ({
  language: 'promql',
  query,
  labels,
})
const logql = (query: string, labels: Record<string, string> = {}): SeriesSource => ({
  language: 'logql',
  query,
  labels,
})

describe('what a series is of, as the other signals name it', () => {
  const check = (name: string, sources: SeriesSource[], lines: string | undefined, spans: string | undefined) =>
    test(name, () => {
      const subject = subjectOf(sources)
      expect([subject.lines, subject.spans]).toEqual([lines, spans])
    })
  check('nothing', [promql('up', { job: 'x' })], undefined, undefined)
  check(
    'labels of the series',
    [promql('x', { service_name: 'a "b"', k8s_pod_name: 'p', route: '/' })],
    '{service_name="a \\"b\\""} | k8s_pod_name="p"',
    '{ resource.service.name = "a \\"b\\"" && resource.k8s.pod.name = "p" }',
  )
  check(
    'what the query wants',
    [
      promql(
        'sum(rate(traces_spanmetrics_calls_total{service="a",span_kind="SPAN_KIND_SERVER",span_name="GET /"}[1m]))',
      ),
    ],
    '{service_name="a"}',
    '{ resource.service.name = "a" && name = "GET /" && kind = server }',
  )
  check(
    'kinds of spans as a pattern',
    [promql('x{service="a",span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"}')],
    '{service_name="a"}',
    '{ resource.service.name = "a" && (kind = server || kind = consumer) }',
  )
  check('only what all selectors want', [promql('x{service="a"} / x{service="b"}')], undefined, undefined)
  check(
    'a pattern that is one text',
    [promql('x{service=~"a\\\\.b",span_name=~"x|y"}')],
    '{service_name="a.b"}',
    '{ resource.service.name = "a.b" }',
  )
  check(
    'several series: what they have in common',
    [promql('x{service="a"}', { zone: '1' }), promql('y{service="a",status_code="STATUS_CODE_ERROR"}')],
    '{service_name="a"}',
    '{ resource.service.name = "a" }',
  )
  check(
    'a host by its instance',
    [promql('node_load1', { instance: 'h1:9100', job: 'node' })],
    '{service_name=~".+"} | host_name="h1"',
    '{ resource.host.name = "h1" }',
  )
  check(
    'lines that are counted',
    [logql('sum by (detected_level) (count_over_time({service_name="a"} |= "x[" [5m]))', { detected_level: 'error' })],
    '{service_name="a"} |= "x[" | detected_level="error"',
    '{ resource.service.name = "a" }',
  )
  test('how far back a value looks', () => {
    expect(subjectOf([promql('max_over_time(rate(x[1m30s])[1h:5m])')]).reachMs).toBe(3_600_000)
    expect(subjectOf([promql('x')]).reachMs).toBe(0)
  })
})

const frame: TimeSeriesFrame = {
  ...EMPTY_FRAME,
  timesSeconds: gridSeconds(1_000_000, 1_100_000, 10_000),
  startMs: 1_000_000,
  endMs: 1_100_000,
  stepMs: 10_000,
  zone: 'utc',
  unit: { kind: 'seconds' },
  series: [
    { key: 'a', label: 'p99', slot: 0, values: [0.1, 0.2, null, 1.25, 0, 0, 0, 0, 0, 0, 0] },
    { key: 'b', label: 'p50', slot: 1, values: Array(11).fill(1) },
  ],
}
const SOURCES = new Map([
  ['a', promql('x{service="shop"}')],
  ['b', promql('y{service="shop"}')],
])
const exemplar = (atMs: number, value: number) => ({ series: {}, atMs, value, traceId: `t${value}`, spanId: 's' })

describe('the menu of a point', () => {
  const at = (index: number, sources = SOURCES, exemplars = [exemplar(1_021_000, 1.2), exemplar(1_029_000, 0.1)]) => {
    const spot = pointSpot(frame, sources, exemplars, { index, key: 'a' })
    if (spot === undefined) throw new Error('no spot')
    return { spot, entries: Object.fromEntries(drillEntries(spot).map((one) => [one.id, one])) }
  }
  test('says what it is about and leads to the nearest request', () => {
    const { spot, entries } = at(3)
    expect(spot.title).toMatch(/^p99: 1\.25.s at 00:17:10$/)
    expect(entries['trace']).toMatchObject({ jump: { path: '/trace/t1.2', params: { span: 's' } } })
  })
  test('carries the service, and the step with one more to either side', () => {
    const { entries } = at(3)
    const time = { from: '1010000', to: '1040000', live: '0' }
    expect(entries['logs']).toMatchObject({ jump: { params: { q: '{service_name="shop"}', ...time } } })
    expect(entries['traces']).toMatchObject({ jump: { params: { q: '{ resource.service.name = "shop" }', ...time } } })
    expect(entries['metrics']).toMatchObject({ jump: { path: '/services/shop/metrics' } })
  })
  test('of a rate, carries the window that the value looks back', () => {
    const { entries } = at(3, new Map([['a', promql('rate(x{service="shop"}[1m])')]]))
    expect(entries['logs']).toMatchObject({ jump: { params: { from: '960000', to: '1040000' } } })
    expect(entries['different']).toMatchObject({ act: { explain: { region: { startMs: 970_000, endMs: 1_030_000 } } } })
  })
  test('holds the step against the whole time of the chart', () => {
    expect(at(3).entries['different']).toMatchObject({
      act: {
        explain: {
          signal: 'spans',
          region: { startMs: 1_020_000, endMs: 1_030_000 },
          against: 'around',
          around: { startMs: 1_000_000, endMs: 1_100_000 },
        },
      },
    })
  })
  test('zooms around it and copies all digits', () => {
    const { entries } = at(0)
    expect(entries['zoom']).toMatchObject({ act: { zoom: { startMs: 1_000_000, endMs: 1_050_000 } } })
    expect(entries['copy']).toMatchObject({ act: { copy: '0.1' } })
  })
  test('says of each entry that is impossible why', () => {
    const { entries } = at(2, new Map([['a', promql('up')]]), [])
    const reasons = Object.values(entries).map((one) => ('reason' in one ? `${one.id}: ${one.reason}` : one.id))
    expect(reasons).toEqual([
      'trace: This series keeps no single requests: histograms of durations do',
      'logs: The labels of this series name no service and no host',
      'traces: The labels of this series name no service and no host',
      'metrics: The labels of this series name no service',
      'different: The labels of this series name no service and no host',
      'zoom',
      'copy: There is no value at this time',
    ])
  })
  test('of a region: what is different of its lines, no value', () => {
    const lines = new Map([['a', logql('count_over_time({service_name="shop"}[10s])')]])
    const spot = regionSpot(frame, lines, [], stepsSpan(frame, 1_050, 1_030), 'a')
    expect(spot.title).toBe('p99: 00:17:00 – 00:17:30')
    const entries = Object.fromEntries(drillEntries(spot).map((one) => [one.id, one]))
    expect(entries['different']).toMatchObject({
      act: {
        explain: { signal: 'logs', query: '{service_name="shop"}', region: { startMs: 1_020_000, endMs: 1_050_000 } },
      },
    })
    expect(entries['copy']).toMatchObject({ reason: 'A region has more than one value' })
  })
})

describe('the crosshair by keys', () => {
  const press = (keys: string, from: Crosshair = NO_CROSSHAIR) =>
    keys.split(' ').reduce<Crosshair>((now, name) => {
      const key = name === 'Space' ? ' ' : name.replace('Shift+', '')
      const next = afterKey(now, { key, shiftKey: name.startsWith('Shift+') }, frame)
      return next === 'menu' || next === undefined ? now : next
    }, from)
  const check = (keys: string, want: Partial<Crosshair>) =>
    test(keys, () => expect(press(keys)).toEqual({ ...NO_CROSSHAIR, ...want }))
  check('ArrowLeft', { index: 10 })
  check('Home ArrowLeft', { index: 0 })
  check('End Shift+ArrowLeft', { index: 0 })
  check('Home ArrowDown', { index: 0, series: 'b' })
  check('Home ArrowUp', { index: 0, series: 'b' })
  check('Home Space ArrowRight ArrowRight', { index: 2, anchor: 1_000 })
  check('Home Space ArrowRight Escape', { index: 1 })
  check('Home Space Space', { index: 0 })
  check('Home Escape', {})
  test('Enter opens the menu where a crosshair is; Escape without one is for others', () => {
    const enter = { key: 'Enter', shiftKey: false }
    expect([afterKey(NO_CROSSHAIR, enter, frame), afterKey(press('Home'), enter, frame)]).toEqual([
      { ...NO_CROSSHAIR, index: 10 },
      'menu',
    ])
    expect(afterKey(NO_CROSSHAIR, { key: 'Escape', shiftKey: false }, frame)).toBeUndefined()
  })
  test('in words', () => {
    expect(crosshairText(press('Home Space ArrowRight'), frame)).toMatch(
      /^Selected from 00:16:40\. 00:16:50 p99: 200.ms$/,
    )
    expect(crosshairText({ ...NO_CROSSHAIR, index: 2 }, frame)).toBe('00:17:00 p99: no value')
  })
})

describe('what is explained', () => {
  const explained: Explained = {
    signal: 'logs',
    query: '{a="b"}',
    scope: '{ }',
    region: { startMs: 5, endMs: 9 },
    against: 'previous',
    around: { startMs: 0, endMs: 20 },
    values: { low: 0.5, high: Number.POSITIVE_INFINITY },
  }
  test('is read from the URL as it was written', () => {
    const params = new URLSearchParams()
    for (const [name, value] of Object.entries(explainChange(explained))) {
      if (typeof value === 'string') params.set(name, value)
    }
    expect(explainedOf(params)).toEqual(explained)
    expect(explainedOf(new URLSearchParams('explain=x&explain.at=9-5'))).toBeUndefined()
  })
  test('is asked against the time around it, which nothing around makes the time before', () => {
    const asked = (around: Explained['around']) => questionOf({ ...explained, against: 'around', around }).baseline
    expect([asked(explained.around), asked(explained.region)]).toEqual([explained.around, 'previous'])
  })
  test('of a box of durations: those that took so long, against the others of that time', () => {
    const box = (unit: Unit, low: number, high: number, query = 'x{service="a"}') =>
      explainedBox([promql(query)], unit, { startMs: 5, endMs: 9, low, high }, { startMs: 0, endMs: 20 })
    const own = '{ resource.service.name = "a" }'
    expect(box({ kind: 'seconds' }, 0.5, 1)).toMatchObject({
      query: '{ resource.service.name = "a" && duration > 500000us && duration <= 1000000us }',
      scope: own,
      against: 'rest',
    })
    const whole = { query: own, scope: '', against: 'around', region: { startMs: 5, endMs: 9 } }
    expect(box({ kind: 'seconds' }, 0, Number.POSITIVE_INFINITY)).toMatchObject(whole)
    expect(box({ kind: 'plain' }, 0.5, 1)).toMatchObject(whole)
    expect(box({ kind: 'seconds' }, 0.5, 1, 'x')).toBeUndefined()
  })
  test('of a cell of a heatmap: its requests are listed and explained, and its count is copied', () => {
    const cell = {
      startMs: 5_000,
      endMs: 9_000,
      low: 0.5,
      high: 1,
      bucket: { low: 0.5, high: 1, counts: [3] },
      count: 3,
    }
    const heatmap = {
      rows: [],
      startMs: 0,
      endMs: 90_000,
      timesMs: [],
      max: 3,
      unit: { kind: 'seconds' },
      zone: 'UTC',
    } as const
    const spot = cellSpot(heatmap, [promql('x{service="a"}')], cell)
    expect(spot.title).toBe('500\u202fms … 1\u202fs: 3 at 00:00:09')
    const entries = new Map(drillEntries(spot).map((entry) => [entry.id, entry]))
    const query = '{ resource.service.name = "a" && duration > 500000us && duration <= 1000000us }'
    expect(entries.get('traces')).toMatchObject({ jump: { params: { q: query, from: '1000', to: '13000' } } })
    expect(entries.get('different')).toMatchObject({
      act: { explain: { query, against: 'rest', values: { low: 0.5 } } },
    })
    expect(entries.get('copy')).toMatchObject({ act: { copy: '3' } })
    expect(entries.get('trace')).toMatchObject({ reason: expect.stringContaining('counts many') })
  })
  const jump = (signal: Explained['signal'], attribute: string, value: string, isWanted = true) =>
    rowJump({ ...explained, signal }, { attribute, value }, isWanted)?.params['q']
  test('leads to those that have a value, and to those that have another', () => {
    expect([
      jump('logs', 'path', 'a"b'),
      jump('spans', 'span.zone', 'b'),
      jump('spans', 'status', 'error'),
      jump('spans', 'span.size', '1 … 2'),
      jump('spans', 'duration', '1'),
      jump('logs', 'path', 'a', false),
      jump('spans', 'span.zone', 'b', false),
      jump('spans', 'status', 'error', false),
    ]).toEqual([
      '{a="b"} | path="a\\"b"',
      '({a="b"}) && ({ span.zone = "b" })',
      '({a="b"}) && ({ status = error })',
      undefined,
      undefined,
      '{a="b"} | path!="a"',
      '({a="b"}) && ({ span.zone != nil && span.zone != "b" })',
      '({a="b"}) && ({ status != error })',
    ])
  })
})

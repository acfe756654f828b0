import { labelsFromRecord, systemClock } from '@vantage/model'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import { DEFAULT_OPTIONS } from '@vantage/query/promql'
import { parseHistogram } from '@vantage/query/promql-script'
import { expect, test } from 'vitest'
import { type QueryJob, runQueryJob } from './query-job.ts'

const T = 1_700_000_000_000
const RANGE = { startMs: T - 60_000, endMs: T }
const metrics = new MemoryMetrics()
for (const [code, value] of [
  ['200', 5],
  ['500', Number.NaN],
] as const) {
  const labels = labelsFromRecord({ __name__: 'requests', code, service_name: 'shop' })
  metrics.append('default', labels, T - 30_000, 1)
  metrics.append('default', labels, T, value)
}
const OK = labelsFromRecord({ __name__: 'requests', code: '200', service_name: 'shop' })
metrics.addExemplar('default', OK, { labels: ['trace_id', 'abc'], value: 0.5, timeMs: T - 1 })
metrics.addMetadata({ metric: 'requests', type: 'counter', unit: '', help: 'Requests "in all".' })

function answer(job: QueryJob, tenant = 'default'): unknown {
  const result = runQueryJob(job, tenant, metrics, unlimitedBudget, systemClock)
  if (!result.ok) return result.error
  return JSON.parse(Buffer.from(result.value).toString())
}

const promql = (query: string, stepMs = 0, limit = 0): QueryJob => ({
  kind: 'promql',
  query,
  range: { startMs: stepMs > 0 ? T - 30_000 : T, endMs: T, stepMs },
  options: DEFAULT_OPTIONS,
  explain: false,
  limit,
})
const scans = [{ matchers: [{ name: '__name__', op: '=', value: 'requests' }], ...RANGE }] as const
const S = T / 1000

test.each<[string, QueryJob, unknown]>([
  [
    'instant vector, cut',
    promql('requests', 0, 1),
    {
      status: 'success',
      data: {
        resultType: 'vector',
        result: [{ metric: { __name__: 'requests', code: '200', service_name: 'shop' }, value: [S, '5'] }],
      },
      warnings: ['results truncated due to limit'],
    },
  ],
  [
    'matrix',
    promql('sum(requests{code="200"})', 30_000),
    {
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [S - 30, '1'],
              [S, '5'],
            ],
          },
        ],
      },
    },
  ],
  ['scalar', promql('1 / 0'), { status: 'success', data: { resultType: 'scalar', result: [S, '+Inf'] } }],
  ['string', promql('"é"'), { status: 'success', data: { resultType: 'string', result: [S, 'é'] } }],
  [
    'series',
    { kind: 'series', scans, limit: 1 },
    {
      status: 'success',
      data: [{ __name__: 'requests', code: '200', service_name: 'shop' }],
      warnings: ['results truncated due to limit'],
    },
  ],
  [
    'series of two equal selectors, each once',
    { kind: 'series', scans: [...scans, ...scans], limit: 0 },
    {
      status: 'success',
      data: [
        { __name__: 'requests', code: '200', service_name: 'shop' },
        { __name__: 'requests', code: '500', service_name: 'shop' },
      ],
    },
  ],
  [
    'label names',
    { kind: 'label-names', scans: [], range: RANGE, limit: 2 },
    { status: 'success', data: ['__name__', 'code'], warnings: ['results truncated due to limit'] },
  ],
  [
    'label values',
    { kind: 'label-values', name: 'code', scans: [], range: RANGE, limit: 0 },
    { status: 'success', data: ['200', '500'] },
  ],
  [
    'exemplars',
    { kind: 'exemplars', scans },
    {
      status: 'success',
      data: [
        {
          seriesLabels: { __name__: 'requests', code: '200', service_name: 'shop' },
          exemplars: [{ labels: { trace_id: 'abc' }, value: '0.5', timestamp: S - 0.001 }],
        },
      ],
    },
  ],
  [
    'metadata',
    { kind: 'metadata', metric: undefined, limit: 0 },
    { status: 'success', data: { requests: [{ type: 'counter', help: 'Requests "in all".', unit: '' }] } },
  ],
  ['services', { kind: 'services', range: RANGE }, { services: ['shop'] }],
  [
    'timeseries: NaN is null',
    { kind: 'timeseries', service: 'shop', range: { startMs: T, endMs: T } },
    {
      start: T,
      end: T,
      series: [
        {
          metric_name: 'requests',
          service_name: 'shop',
          labels: { code: '200' },
          points: [{ timestamp: T, value: 5 }],
        },
        {
          metric_name: 'requests',
          service_name: 'shop',
          labels: { code: '500' },
          points: [{ timestamp: T, value: null }],
        },
      ],
    },
  ],
  [
    'aggregated: NaN does not count',
    { kind: 'aggregated', service: undefined, range: RANGE },
    {
      start: RANGE.startMs,
      end: T,
      metrics: [
        { metric_name: 'requests', service_name: 'shop', count: 3, sum: 7, avg: 7 / 3, min: 1, max: 5, last: 5 },
      ],
    },
  ],
])('%s', (_name, job, want) => {
  expect(answer(job)).toEqual(want)
})

test('histograms stand beside floats, each kind in its own list', () => {
  const mixed = new MemoryMetrics()
  const labels = labelsFromRecord({ __name__: 'wait' })
  mixed.append('default', labels, T - 60_000, 7)
  mixed.appendHistogram('default', labels, T, parseHistogram('{{count:3 sum:6 offset:1 buckets:[3]}}'))
  const histogram = { count: '3', sum: '6', buckets: [[0, '1', '2', '3']] }
  const resultOf = (query: string, stepMs = 0) => {
    const job = { ...promql(query), range: { startMs: stepMs > 0 ? T - 60_000 : T, endMs: T, stepMs } }
    const result = runQueryJob(job as QueryJob, 'default', mixed, unlimitedBudget, systemClock)
    if (!result.ok) throw new Error(result.error.message)
    return JSON.parse(Buffer.from(result.value).toString()).data.result
  }
  const metric = { __name__: 'wait' }
  expect(resultOf('wait')).toEqual([{ metric, histogram: [S, histogram] }])
  expect(resultOf('wait', 60_000)).toEqual([{ metric, values: [[S - 60, '7']], histograms: [[S, histogram]] }])
  expect(resultOf('wait[2m]')).toEqual([{ metric, values: [[S - 60, '7']], histograms: [[S, histogram]] }])
  expect(resultOf('wait > 0', 60_000)).toEqual([{ metric, values: [[S - 60, '7']] }])
  expect(resultOf('sum(wait)')).toEqual([{ metric: {}, histogram: [S, histogram] }])
})

test('cardinality has the shape of status/tsdb', () => {
  expect(answer({ kind: 'tsdb', limit: 10, senders: [{ name: 'self', value: 3 }] })).toMatchObject({
    status: 'success',
    data: { headStats: { numSeries: 2 }, seriesCountByMetricName: [{ name: 'requests', value: 2 }] },
  })
})

test('another tenant sees nothing of it', () => {
  expect(answer({ kind: 'services', range: RANGE }, 'other')).toEqual({ services: [] })
  expect(answer({ kind: 'series', scans, limit: 0 }, 'other')).toEqual({ status: 'success', data: [] })
})

test('a query that does not parse is a fault of the caller', () => {
  expect(answer(promql('sum('))).toMatchObject({ code: 'bad_request' })
})

import { FaultError, fault, type Histogram, labelsFromRecord, type QueryBudget, systemClock } from '@vantage/model'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseHistogram } from '../../promql-script/histogram-notation.ts'
import { parsePromql } from '../language/parser.ts'
import { DEFAULT_OPTIONS, type EngineOptions, EXPERIMENTAL_OPTIONS } from '../options.ts'
import { evaluatePromql, LOOKBACK_MS, type PromqlResult } from './query.ts'
import { selectorsOf } from './selectors-of.ts'

/** `SEED=` repeats a failed run; fast-check prints it. */
const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }

const TENANT = 'acme'

function counters(): MemoryMetrics {
  const metrics = new MemoryMetrics()
  for (const instance of ['a', 'b', 'c']) {
    for (const mode of ['idle', 'user']) {
      const labels = labelsFromRecord({ __name__: 'cpu_seconds_total', instance, mode })
      for (let i = 0; i <= 60; i++) metrics.append(TENANT, labels, i * 15_000, i * (mode === 'idle' ? 10 : 5))
    }
  }
  return metrics
}

function ask(
  query: string,
  range: { startMs: number; endMs: number; stepMs: number },
  extra: {
    options?: EngineOptions
    budget?: QueryBudget
    explain?: boolean
    metrics?: MemoryMetrics
    tenant?: string
  } = {},
) {
  const { options = DEFAULT_OPTIONS, budget = unlimitedBudget, explain = false } = extra
  const metrics = extra.metrics ?? counters()
  return evaluatePromql({ query, range, options, explain }, extra.tenant ?? TENANT, metrics, budget, systemClock)
}

function at(timeMs: number) {
  return { startMs: timeMs, endMs: timeMs, stepMs: 0 }
}

function answerOf(result: ReturnType<typeof ask>): PromqlResult {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

test('kinds of answers', () => {
  const kindOf = (query: string, range = at(900_000)) => answerOf(ask(query, range)).data.kind
  expect(kindOf('1 + 1')).toBe('scalar')
  expect(kindOf('"text"')).toBe('string')
  expect(kindOf('cpu_seconds_total')).toBe('vector')
  expect(kindOf('cpu_seconds_total[5m]')).toBe('samples')
  expect(kindOf('rate(cpu_seconds_total[1m])[5m:1m]')).toBe('samples')
  expect(kindOf('cpu_seconds_total', { startMs: 0, endMs: 900_000, stepMs: 60_000 })).toBe('matrix')
})

test('another tenant sees nothing', () => {
  expect(answerOf(ask('cpu_seconds_total', at(900_000), { tenant: 'other' })).data).toEqual({
    kind: 'vector',
    series: [],
  })
})

test('faults say what was wanted and which limit was hit', () => {
  const faultOf = (query: string, range: { startMs: number; endMs: number; stepMs: number }) => {
    const result = ask(query, range)
    return result.ok ? 'an answer' : { code: result.error.code, reason: result.error.reason, limit: result.error.limit }
  }
  const minutes = { startMs: 0, endMs: 900_000, stepMs: 60_000 }
  expect(faultOf('sum(', minutes)).toEqual({ code: 'bad_request', reason: 'bad_data', limit: undefined })
  expect(faultOf('"text"', minutes)).toEqual({ code: 'bad_request', reason: 'bad_data', limit: undefined })
  expect(faultOf('up[5m]', minutes)).toEqual({ code: 'bad_request', reason: 'bad_data', limit: undefined })
  expect(faultOf('up', { startMs: 1, endMs: 0, stepMs: 1 })).toMatchObject({ code: 'bad_request' })
  expect(faultOf('up', { startMs: 0, endMs: 1, stepMs: 0 })).toMatchObject({ code: 'bad_request' })
  expect(faultOf('up', { startMs: 0, endMs: 10_999, stepMs: 1 })).toBe('an answer')
  expect(faultOf('up', { startMs: 0, endMs: 11_000, stepMs: 1 })).toMatchObject({ limit: 'query.maxPoints' })
  expect(faultOf('max_over_time(vector(1)[1y:1s])', minutes)).toMatchObject({
    code: 'unprocessable',
    limit: 'query.maxPoints',
  })
  expect(faultOf('cpu_seconds_total + on (mode) cpu_seconds_total', minutes)).toMatchObject({
    code: 'unprocessable',
    reason: 'execution',
  })
})

test('the budget ends a query', () => {
  const spent = { samples: 0, bytes: 0, series: 0, checks: 0 }
  const counting: QueryBudget = {
    check: () => spent.checks++,
    chargeSamples: (count) => (spent.samples += count),
    chargeBytes: (bytes) => (spent.bytes += bytes),
    chargeSeries: (count) => (spent.series += count),
  }
  answerOf(ask('sum(rate(cpu_seconds_total[5m]))', at(900_000), { budget: counting }))
  expect(spent.series).toBe(6)
  expect(spent.samples).toBe(6 * 20)
  expect(spent.checks).toBeGreaterThan(5)
  const refusing: QueryBudget = {
    ...unlimitedBudget,
    chargeSamples: () => {
      throw new FaultError(fault('unprocessable', 'samples: want at most 10', { limit: 'query.maxSamples' }))
    },
  }
  const result = ask('cpu_seconds_total', at(900_000), { budget: refusing })
  expect(result.ok ? undefined : result.error.limit).toBe('query.maxSamples')
})

test('explain shows the work of each node, fused ones too', () => {
  const { explain } = answerOf(ask('sum(rate(cpu_seconds_total[5m])) * 2', at(900_000), { explain: true }))
  expect(explain).toMatchObject({
    node: 'sum(rate(cpu_seconds_total[5m])) * 2',
    kind: 'binary',
    samples: 120,
    series: 1,
    children: [
      {
        kind: 'aggregate',
        children: [{ node: 'rate(cpu_seconds_total[5m])', isFused: true, series: 6, points: 6, samples: 120 }],
      },
      { kind: 'number', series: 0, points: 1 },
    ],
  })
})

test('selectorsOf names the scans with offset, @ and subqueries applied', () => {
  const scansOf = (query: string) => {
    const parsed = parsePromql(query, DEFAULT_OPTIONS)
    if (!parsed.ok) throw new Error(parsed.error.message)
    const range = { startMs: 3_600_000, endMs: 7_200_000, stepMs: 60_000 }
    const scans = selectorsOf(parsed.value, range, LOOKBACK_MS, DEFAULT_OPTIONS)
    return scans.ok ? scans.value.map(({ startMs, endMs }) => [startMs, endMs]) : scans.error.message
  }
  expect(scansOf('up')).toEqual([[3_300_001, 7_200_000]])
  expect(scansOf('rate(x[1m] offset 1h)')).toEqual([[-59_999, 3_600_000]])
  expect(scansOf('x @ 100')).toEqual([[-199_999, 100_000]])
  expect(scansOf('max_over_time(x[10m:1m]) + y')).toEqual([
    [2_760_001, 7_200_000],
    [3_300_001, 7_200_000],
  ])
  expect(scansOf('1 + 1')).toEqual([])
})

test('experimental functions and delayed names follow the options', () => {
  expect(ask('limitk(1, cpu_seconds_total)', at(900_000)).ok).toBe(false)
  const on = { options: EXPERIMENTAL_OPTIONS }
  expect(ask('limitk(1, cpu_seconds_total)', at(900_000), on).ok).toBe(true)
  const metrics = new MemoryMetrics()
  metrics.append(TENANT, labelsFromRecord({ __name__: 'a' }), 0, 1)
  metrics.append(TENANT, labelsFromRecord({ __name__: 'b' }), 0, 2)
  const query = 'label_replace(abs({__name__=~"a|b"}), "name", "$1", "__name__", "(.*)")'
  expect(ask(query, at(0), { metrics }).ok).toBe(false)
  expect(ask(query, at(0), { metrics, ...on }).ok).toBe(true)
})

const HISTOGRAMS = [
  '{{count:6 sum:9 z_bucket:1 z_bucket_w:0.5 offset:1 buckets:[3 2]}}',
  '{{schema:1 count:4 sum:5 offset:1 buckets:[1 0 3] n_buckets:[0]}}',
  '{{count:9 sum:NaN offset:1 buckets:[4 4] counter_reset_hint:not_reset}}',
  '{{count:2 sum:-3 n_offset:1 n_buckets:[2] counter_reset_hint:gauge}}',
  '{{count:1 sum:1 z_bucket:1 z_bucket_w:2 counter_reset_hint:reset}}',
  '{{schema:-53 count:6 sum:9 custom_values:[1 2 4] buckets:[1 2 3]}}',
  '{{schema:-53 count:3 sum:4 custom_values:[2] buckets:[2 1]}}',
  '{{}}',
].map(parseHistogram)

/** Random series with histograms of all kinds, gaps, resets, NaN, infinities and staleness markers. */
const seriesArbitrary = fc.array(
  fc.record({
    job: fc.constantFrom('x', 'y', 'z'),
    host: fc.constantFrom('1', '2', '3', '4'),
    points: fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -5, max: 1000 }) },
        { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e308, 0.1) },
        { weight: 2, arbitrary: fc.constantFrom('gap', 'stale') },
        { weight: 3, arbitrary: fc.constantFrom(...HISTOGRAMS) },
      ),
      { maxLength: 40 },
    ),
  }),
  { maxLength: 12 },
)

type RandomSeries = readonly {
  readonly job: string
  readonly host: string
  readonly points: readonly (number | string | Histogram)[]
}[]

function metricsOf(series: RandomSeries): MemoryMetrics {
  const metrics = new MemoryMetrics()
  for (const { job, host, points } of series) {
    const labels = labelsFromRecord({ __name__: 'm', job, host })
    points.forEach((point, i) => {
      if (point === 'stale') metrics.appendStale(TENANT, labels, i * 15_000)
      else if (typeof point === 'number') metrics.append(TENANT, labels, i * 15_000, point)
      else if (typeof point === 'object') metrics.appendHistogram(TENANT, labels, i * 15_000, point)
    })
  }
  return metrics
}

test('each step of a range query is what an instant query says', () => {
  const windows = fc.constantFrom(
    'rate(m[2m])',
    'increase(m[3m] anchored)',
    'delta(m[2m] smoothed)',
    'idelta(m[1m])',
    'resets(m[3m])',
    'changes(m[2m])',
    'sum_over_time(m[1m])',
    'avg_over_time(m[90s])',
    'first_over_time(m[1m])',
    'ts_of_last_over_time(m[1m])',
    'max_over_time(m[2m])',
    'count_over_time(m[2m])',
    'last_over_time(m[3m:20s])',
  )
  const vectors = fc.oneof(windows, fc.constantFrom('m', 'm smoothed', 'm offset 20s', '-m', 'm * 2', 'm / 0'))
  const around = fc.constantFrom(
    '#',
    'histogram_quantile(0.7, #)',
    'histogram_fraction(0, 1.5, #)',
    'histogram_stddev(#)',
    'histogram_count(#)',
    'count_values("value", #)',
    'timestamp(#)',
    'abs(#)',
    'topk by (job) (2, #)',
    'avg by (job) (#)',
    '# == m',
    '# + on(job, host) m',
    '# >/ 1.2',
    '# > bool 3',
    '# or m',
    '# unless (m > 5)',
    'label_replace(#, "x", "$1", "host", "(.)")',
  )
  const options = { ...EXPERIMENTAL_OPTIONS, delayedNameRemoval: false }
  const distinct = fc.uniqueArray(
    seriesArbitrary.map((all) => all[0]),
    { selector: (one) => `${one?.job}${one?.host}` },
  )
  fc.assert(
    fc.property(distinct, vectors, around, fc.integer({ min: 0, max: 20 }), (series, vector, around, step) => {
      const metrics = metricsOf(series.filter((one) => one !== undefined))
      const query = around.replace('#', vector)
      const all = ask(query, { startMs: 0, endMs: 600_000, stepMs: 30_000 }, { metrics, options })
      const one = ask(query, at(step * 30_000), { metrics, options })
      if (!all.ok) return
      expect(pointsAt(answerOf(one), 0)).toEqual(pointsAt(answerOf(all), step))
    }),
    { numRuns: 1_000, ...SEED },
  )
})

test('whatever a histogram holds, a query of it ends in an answer', () => {
  const number = fc.oneof(fc.double(), fc.integer({ min: -3, max: 9 }), fc.constantFrom(0, -0, 1e308, Infinity))
  const side = fc
    .uniqueArray(fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer()), { maxLength: 5 })
    .chain((all) => {
      const counts = fc.array(number, { minLength: all.length, maxLength: all.length })
      const indexes = Int32Array.from(all).sort()
      return counts.map((some) => ({ indexes, counts: Float64Array.from(some) }))
    })
  const histogram: fc.Arbitrary<Histogram> = fc.record({
    schema: fc.constantFrom(-53, -4, 0, 3, 8),
    resetHint: fc.constantFrom(0, 1, 2, 3),
    count: number,
    sum: number,
    zeroCount: number,
    zeroThreshold: number,
    positive: side,
    negative: side,
    customValues: fc.array(number, { maxLength: 4 }).map((all) => Float64Array.from(all)),
  })
  const queries = [
    'histogram_quantile(0.3, sum(m))',
    'histogram_fraction(0, 2, m)',
    'histogram_stdvar(avg(m))',
    'rate(m[2m])',
    'increase(m[2m] smoothed)',
    'resets(m[2m])',
    'changes(m[2m])',
    'avg_over_time(m[2m])',
    'm - on() group_left m{host="1"}',
    'm </ 1.5',
    'm >/ -0.5',
    'm smoothed',
    'count_values("value", m)',
  ]
  fc.assert(
    fc.property(fc.array(histogram, { minLength: 1, maxLength: 5 }), fc.constantFrom(...queries), (all, query) => {
      const metrics = metricsOf([
        { job: 'x', host: '1', points: all },
        { job: 'x', host: '2', points: all.toReversed() },
      ])
      const range = { startMs: 0, endMs: 75_000, stepMs: 5_000 }
      expect(ask(query, range, { metrics, options: EXPERIMENTAL_OPTIONS }).ok).toBe(true)
    }),
    { numRuns: 1_000, ...SEED },
  )
})

/** The points of one step by their labels. */
function pointsAt({ data }: PromqlResult, step: number): unknown[] {
  if (data.kind !== 'vector' && data.kind !== 'matrix') throw new Error(`want a vector, got ${data.kind}`)
  const points = data.series.flatMap(({ labels, values, present, histograms }) => {
    return present[step] === 1 ? [{ key: labels.join(), value: histograms?.[step] ?? values[step] }] : []
  })
  return points.sort((a, b) => (a.key < b.key ? -1 : 1))
}

test('fused and generic aggregation agree to the bit', () => {
  const op = fc.constantFrom('sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar')
  const grouping = fc.constantFrom('', 'by (job)', 'without (host)', 'by (job, host)', 'by (__name__)', 'without ()')
  const input = fc.constantFrom(
    'm',
    'm offset 1m',
    'rate(m[2m])',
    'increase(m[5m] offset 30s)',
    'delta(m[3m])',
    'avg_over_time(m[2m])',
    'stddev_over_time(m[2m])',
    'quantile_over_time(0.9, m[3m])',
    'last_over_time(m[1m])',
    'resets(m[5m] @ 300)',
  )
  fc.assert(
    fc.property(
      seriesArbitrary,
      op,
      grouping,
      input,
      fc.boolean(),
      (series, op, grouping, input, delayedNameRemoval) => {
        const metrics = metricsOf(series)
        const range = { startMs: 0, endMs: 660_000, stepMs: 30_000 }
        const query = `${op} ${grouping} (${input})`
        const answers = [true, false].map((fusedAggregations) => {
          const options = { ...DEFAULT_OPTIONS, delayedNameRemoval, fusedAggregations }
          return answerOf(ask(query, range, { metrics, options })).data
        })
        expect(answers[0]).toEqual(answers[1])
      },
    ),
    { numRuns: 500, ...SEED },
  )
})

test('histograms cost what they take', () => {
  const metrics = new MemoryMetrics()
  const labels = labelsFromRecord({ __name__: 'size' })
  const histogram = parseHistogram('{{count:20 sum:20 buckets:[1 2 3 4 5 6 7 8 9 10]}}')
  for (let i = 0; i < 10; i++) metrics.appendHistogram(TENANT, labels, i * 15_000, histogram)
  let samples = 0
  let bytes = 0
  const budget: QueryBudget = {
    ...unlimitedBudget,
    chargeSamples: (count) => {
      samples += count
    },
    chargeBytes: (count) => {
      bytes += count
    },
  }
  answerOf(ask('sum_over_time(size[2m])', { startMs: 0, endMs: 135_000, stepMs: 15_000 }, { metrics, budget }))
  expect(samples).toBeGreaterThan(100)
  expect(bytes).toBeGreaterThan(10 * 250)
})

test('a limit ends a query of histograms', () => {
  const metrics = new MemoryMetrics()
  const histogram = parseHistogram('{{count:1 sum:1 buckets:[1]}}')
  for (let i = 0; i < 50; i++) {
    const labels = labelsFromRecord({ __name__: 'size', instance: String(i) })
    metrics.appendHistogram(TENANT, labels, 0, histogram)
  }
  let left = 200
  const budget: QueryBudget = {
    ...unlimitedBudget,
    chargeSamples: (count) => {
      left -= count
      if (left < 0) throw new FaultError(fault('unprocessable', 'too many samples'))
    },
  }
  const result = ask('sum(size)', at(0), { metrics, budget })
  expect(result.ok ? undefined : result.error.message).toBe('too many samples')
})

import { type Attributes, NO_ORIGIN } from '@vantage/model'
import { MemorySpans, type SpanRecord, seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { plainText } from '../evaluate/value-text.ts'
import { TRACEQL_LIMITS } from '../limits.ts'
import { type MetricsRequest, type MetricsResult, traceMetrics } from './query.ts'

const T = 'default'
const S = 1_000_000_000n
/** Beyond 2^53 ns, as real clocks are. */
const T0 = 1_700_000_000n * S

function text(record: Readonly<Record<string, string>>): Attributes {
  return Object.entries(record).map(([key, value]) => ({ key, value: { kind: 'string', value } }))
}

/** A span of service `svc` at second `at`, lasting `seconds`. */
function span(n: number, at: number, svc: string, seconds: number, more: Partial<SpanRecord> = {}): SpanRecord {
  const startNs = T0 + BigInt(Math.round(at * 1e9))
  return {
    traceId: n.toString(16).padStart(32, '0'),
    spanId: n.toString(16).padStart(16, '0'),
    name: svc,
    startNs,
    endNs: startNs + BigInt(Math.round(seconds * 1e9)),
    origin: { ...NO_ORIGIN, resource: text({ 'service.name': svc }) },
    ...more,
  }
}

/** Intervals of 10 s: (0, 10] a a b, (10, 20] a, (20, 30] none, (30, 40] b b. */
const SPANS = [
  span(1, 1, 'a', 1),
  span(2, 10, 'a', 3, { status: 'error' }),
  span(3, 5, 'b', 2),
  span(4, 10.000000001, 'a', 4),
  span(5, 31, 'b', 8),
  span(6, 40, 'b', 0.5, { status: 'error' }),
  span(7, 0, 'a', 100),
  span(8, 41, 'a', 100),
]

function store(spans: readonly SpanRecord[]): MemorySpans {
  const memory = new MemorySpans()
  for (const one of spans) memory.append(T, one)
  return memory
}

const memory = store(SPANS)

function ask(query: string, more: Partial<MetricsRequest> = {}): MetricsResult | string {
  const request = { query, startNs: T0, endNs: T0 + 40n * S, stepNs: 10n * S, exemplarsMax: 0, ...more }
  const result = traceMetrics(request, T, memory, unlimitedBudget, TRACEQL_LIMITS)
  return result.ok ? result.value : result.error.message
}

/** `labels: values`, one line for each series, sorted; `-` = no value. */
function lines(query: string, more: Partial<MetricsRequest> = {}): string[] {
  const result = ask(query, more)
  if (typeof result === 'string') return [result]
  return result.series
    .map(({ labels, values }) => {
      const names = labels.map(({ name, value }) => `${name}=${plainText(value)}`).join(',')
      return `${names}: ${[...values].map((value) => (Number.isNaN(value) ? '-' : String(Math.round(value * 1e3) / 1e3))).join(' ')}`
    })
    .sort()
}

test.each([
  ['{ } | count_over_time()', ['__name__=count_over_time: 3 1 0 2']],
  ['{ } | rate()', ['__name__=rate: 0.3 0.1 0 0.2']],
  ['{ name = "x" } | rate()', ['__name__=rate: 0 0 0 0']],
  [
    '{ } | count_over_time() by (resource.service.name)',
    ['resource.service.name=a: 2 1 0 0', 'resource.service.name=b: 1 0 0 2'],
  ],
  [
    '{ } | count_over_time() by (status, name)',
    [
      'status=error,name=a: 1 0 0 0',
      'status=error,name=b: 0 0 0 1',
      'status=unset,name=a: 1 1 0 0',
      'status=unset,name=b: 1 0 0 1',
    ],
  ],
  ['{ } | count_over_time() by (.missing)', ['.missing=nil: 3 1 0 2']],
  ['{ } | min_over_time(duration)', ['__name__=min_over_time: 1 4 - 0.5']],
  ['{ } | max_over_time(duration)', ['__name__=max_over_time: 3 4 - 8']],
  ['{ } | sum_over_time(duration)', ['__name__=sum_over_time: 6 4 - 8.5']],
  ['{ } | avg_over_time(duration)', ['__name__=avg_over_time: 2 4 - 4.25']],
  ['{ } | avg_over_time(.missing)', []],
  [
    '{ } | histogram_over_time(duration)',
    [
      '__bucket=0.5: 0 0 0 1',
      '__bucket=1: 1 0 0 0',
      '__bucket=2: 1 0 0 0',
      '__bucket=4: 1 1 0 0',
      '__bucket=8: 0 0 0 1',
    ],
  ],
  ['{ } | rate() by (name) | topk(1)', ['name=a: 0.2 0.1 0 -', 'name=b: - - - 0.2']],
  ['{ } | rate() by (name) | bottomk(1)', ['name=a: - - 0 0', 'name=b: 0.1 0 - -']],
  ['{ } | count_over_time() by (name) >= 2', ['name=a: 2 - - -', 'name=b: - - - 2']],
  ['{ } | count_over_time() > 5', []],
  ['({ } | rate()) * 100', ['__name__=rate: 30 10 0 20']],
  ['100 / ({ } | count_over_time())', ['__name__=count_over_time: 33.333 100 - 50']],
  [
    '({ status = error } | count_over_time()) / ({ } | count_over_time())',
    ['__name__=(count_over_time / count_over_time): 0.333 0 - 0.5'],
  ],
  [
    '({ status = error } | count_over_time() by (name)) / ({ } | count_over_time())',
    ['name=a: 0.333 0 - 0', 'name=b: 0 0 - 0.5'],
  ],
  [
    '({ } | count_over_time() by (name)) - ({ status = error } | count_over_time() by (name)) > 0',
    ['name=a: 1 1 - -', 'name=b: 1 - - 1'],
  ],
  // Whole traces.
  ['{ } | count() > 0 | count_over_time()', ['__name__=count_over_time: 3 1 0 2']],
  ['{ } | { status = error } | count_over_time()', ['__name__=count_over_time: 1 0 0 1']],
  ['{ nestedSetParent < 0 } | count_over_time()', ['__name__=count_over_time: 3 1 0 2']],
  ['{ } | count_over_time() by (trace:rootService)', ['rootServiceName=a: 2 1 0 0', 'rootServiceName=b: 1 0 0 2']],
  ['{ }', ['TraceQL: want a query that makes series, such as { } | rate()']],
])('%s', (query, want) => {
  expect(lines(query)).toEqual(want)
})

test('quantiles are within one bucket of the true value', () => {
  const result = ask('{ } | quantile_over_time(duration, 0, 0.5, 1)')
  if (typeof result === 'string') throw new Error(result)
  const first = result.series.map(
    ({ labels, values }) => [plainText(labels[0]?.value ?? { kind: 'empty' }), values[0]] as const,
  )
  expect(first.map(([p]) => p)).toEqual(['0', '0.5', '1'])
  for (const [i, want] of [1, 2, 3].entries()) expect(Math.abs((first[i]?.[1] as number) / want - 1)).toBeLessThan(0.02)
})

test('compare counts attributes on both sides', () => {
  const all = lines('{ } | compare({ status = error }, 1)', { stepNs: undefined })
  expect(all).toContain('__meta_type=selection,status=error: 2')
  expect(all).toContain('__meta_type=baseline,resource.service.name=a: 2')
  expect(all).toContain('__meta_type=baseline_total,resource.service.name=nil: 4')
  expect(all).toContain('__meta_type=selection_total,name=nil: 2')
})

test('without a step there is one interval, and rates are of all of it', () => {
  expect(lines('{ } | rate()', { stepNs: undefined })).toEqual(['__name__=rate: 0.15'])
})

test('ranges are moved outwards to whole steps', () => {
  const result = ask('{ } | rate()', { startNs: T0 + 3n * S, endNs: T0 + 31n * S })
  expect(typeof result === 'string' ? result : result.grid).toEqual({ startNs: T0, stepNs: 10n * S, steps: 4 })
})

test('exemplars name traces, one for an interval, as many as are asked for', () => {
  const count = (query: string): number => {
    const result = ask(query, { exemplarsMax: 10 })
    return typeof result === 'string' ? -1 : result.series.flatMap(({ exemplars }) => exemplars).length
  }
  expect(count('{ } | rate()')).toBe(3)
  expect(count('{ } | rate() by (name)')).toBe(4)
  expect(count('{ } | rate() with(exemplars=2)')).toBe(2)
  expect(count('{ } | rate() with(exemplars=false)')).toBe(0)
})

test('series and their values are charged to the budget', () => {
  const charged = { series: 0, samples: 0 }
  const budget = {
    ...unlimitedBudget,
    chargeSeries: (count: number) => {
      charged.series += count
    },
    chargeSamples: (count: number) => {
      charged.samples += count
    },
  }
  const request = {
    query: '{ } | rate() by (name)',
    startNs: T0,
    endNs: T0 + 40n * S,
    stepNs: 10n * S,
    exemplarsMax: 0,
  }
  expect(traceMetrics(request, T, memory, budget, TRACEQL_LIMITS).ok).toBe(true)
  expect(charged).toEqual({ series: 2, samples: 8 })
})

test('limits name themselves', () => {
  expect(ask('{ } | rate()', { stepNs: 1n })).toContain('query.maxPoints')
})

test('a filter answers the same whether spans or whole traces are read', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const spans = Array.from({ length: 300 }, (_, i) =>
    span(i + 1, pick(41_000) / 1000, 'abc'[pick(3)] as string, pick(9_000) / 1000, {
      traceId: (1 + pick(40)).toString(16).padStart(32, '0'),
      ...(pick(2) === 0 ? {} : { parentSpanId: (1 + pick(300)).toString(16).padStart(16, '0') }),
      ...(pick(4) === 0 ? { status: 'error' } : {}),
      attributes: text({ k: String(pick(3)) }),
    }),
  )
  const stored = store(spans)
  for (const filter of [
    '{ }',
    '{ .k = "1" && status = error }',
    '{ duration > 3s || name =~ "a|b" }',
    '{ .k != "2" }',
  ]) {
    for (const aggregate of ['rate()', 'count_over_time() by (.k, name)', 'sum_over_time(duration) by (status)']) {
      const [fast, slow] = [`${filter} | ${aggregate}`, `${filter} | count() > 0 | ${aggregate}`].map((query) => {
        const request = { query, startNs: T0, endNs: T0 + 40n * S, stepNs: 10n * S, exemplarsMax: 0 }
        const result = traceMetrics(request, T, stored, unlimitedBudget, TRACEQL_LIMITS)
        if (!result.ok) throw new Error(result.error.message)
        return result.value.series
          .map(
            ({ labels, values }) =>
              `${labels.map(({ value }) => plainText(value)).join()} ${[...values].map((value) => value.toFixed(6)).join(' ')}`,
          )
          .sort()
      })
      expect(fast, `seed ${seed}: ${filter} | ${aggregate}`).toEqual(slow)
    }
  }
})

test('groups found by bytes are those found by values', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const pick = <U>(list: readonly U[]): U => list[Math.floor(random() * list.length)] as U
  const many = store(
    Array.from({ length: 300 }, (_, i) =>
      span(i + 1, 1 + random() * 38, pick(['a', 'b', 'ab', 'é']), random() * 5, {
        name: pick(['', 'x', 'y', 'xy', 'yx', 'ünï', 'x'.repeat(300)]),
        kind: pick(['client', 'server', 'internal']),
        status: pick(['ok', 'error', 'unset']),
      }),
    ),
  )
  const series = (by: string) => {
    const query = `{ } | quantile_over_time(duration, .5) by (${by})`
    const request = { query, startNs: T0, endNs: T0 + 40n * S, stepNs: 10n * S, exemplarsMax: 0 }
    const result = traceMetrics(request, T, many, unlimitedBudget, TRACEQL_LIMITS)
    if (!result.ok) return result.error.message
    const known = result.value.series.map(({ labels, values }) => {
      const own = labels.filter(({ name }) => name !== 'span.absent')
      return `${own.map(({ name, value }) => `${name}=${plainText(value)}`).join()}: ${values.join()}`
    })
    return known.sort()
  }
  for (const by of [
    'name',
    'kind',
    'status',
    'resource.service.name',
    'name, kind',
    'resource.service.name, status, name',
  ]) {
    // An attribute of spans takes the way by values.
    expect([seed, by, series(by)]).toEqual([seed, by, series(`${by}, span.absent`)])
    expect(series(by).length).toBeGreaterThan(2)
  }
})

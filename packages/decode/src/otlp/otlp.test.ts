import {
  type Clock,
  decodeHistogram,
  type Fault,
  fault,
  formatLabels,
  type HistogramBuckets,
  isStaleAt,
  type LabelsOutcome,
  MetricBatch,
} from '@vantage/model'
import { loadSync } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { plainNumber } from '../number-text.ts'
import { OtlpMetricsDecoder } from './decode.ts'
import { OtlpInterner } from './interner.ts'
import { OtlpJsonDecoder } from './json.ts'
import { METRICS_REQUEST } from './json-schema.ts'
import { prometheusLabel, prometheusName, prometheusUnit } from './names.ts'
import { encodeExportResponse, encodeStatus, exportResponseJson, partialSuccess, statusJson } from './responses.ts'

const root = loadSync(new URL('../../proto/otlp-metrics.proto', import.meta.url).pathname)
const Request = root.lookupType('otlp.ExportMetricsServiceRequest')

/** A body in OTLP/JSON form; the referee turns it into protobuf. */
type Body = Record<string, unknown>

const encode = (body: Body) => new Uint8Array(Request.encode(Request.fromObject(body)).finish())
const jsonBytes = (body: Body) => new TextEncoder().encode(JSON.stringify(body))

function tiredClock(): Clock {
  let now = 0
  return { nowMs: () => 0, monotonicMs: () => ++now }
}

function decode(
  body: Uint8Array,
  isJson = false,
  deadlineMs = Number.POSITIVE_INFINITY,
  interner = new OtlpInterner(7),
): MetricBatch | Fault {
  const inner = new OtlpMetricsDecoder(interner)
  const decoder = isJson ? new OtlpJsonDecoder(METRICS_REQUEST, inner) : inner
  const batch = new MetricBatch()
  const clock = tiredClock()
  decoder.start(body, body.length, batch)
  for (let slice = 0; slice < 1_000_000; slice++) {
    const outcome = decoder.step(deadlineMs, clock)
    if (outcome === 'done') return batch
    if (outcome !== 'more') return outcome
  }
  throw new Error('decoder does not end')
}

/** `labels value @ms` or `labels value @startMs..ms`; stale values read `stale`; refused labels read their reason. */
function lines(batch: MetricBatch | Fault): string[] {
  if (!(batch instanceof MetricBatch)) return [`${batch.code}: ${batch.message}`]
  return Array.from({ length: batch.rowCount }, (_, row) => {
    const labels = batch.labelsOf(row)
    const at = batch.sampleFrom[row] as number
    const histogram = batch.histogramRows.subarray(0, batch.histogramCount).indexOf(row)
    if (histogram >= 0) return histogramLine(batch, labels, histogram)
    const value = isStaleAt(batch.halves, at) ? 'stale' : String(batch.values[at])
    const start = batch.deltaStarts?.[at] ?? Number.NaN
    const time = Number.isNaN(start) ? `@${batch.times[at]}` : `@${start}..${batch.times[at]}`
    return `${labels.ok ? formatLabels(labels.labels) : labels.reason} ${value} ${time}`
  })
}

/** `labels schema/count/sum/zero count [index:count …|negative …]` and the time as above. */
function histogramLine(batch: MetricBatch, labels: LabelsOutcome, at: number): string {
  const { schema, count, sum, zeroCount, positive, negative } = decodeHistogram(
    batch.histogramBytes,
    batch.histogramFrom[at],
  )
  const side = (buckets: HistogramBuckets) => [...buckets.indexes].map((index, i) => `${index}:${buckets.counts[i]}`)
  const text = `${schema}/${count}/${sum}/${zeroCount} [${side(positive).join(' ')}|${side(negative).join(' ')}]`
  const start = batch.histogramDeltaStarts?.[at] ?? Number.NaN
  const time = Number.isNaN(start) ? `@${batch.histogramTimes[at]}` : `@${start}..${batch.histogramTimes[at]}`
  return `${labels.ok ? formatLabels(labels.labels) : labels.reason} ${text} ${time}`
}

const NS = '1700000000123456789'
const START = '1700000000000000000'
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const point = (more: object) => ({ timeUnixNano: NS, startTimeUnixNano: START, ...more })
const metrics = (list: object[], attributes: object[] = [], scope: object = {}): Body => ({
  resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ scope, metrics: list }] }],
})
const gauge = (name: string, dataPoints: object[], unit = '') => ({ name, unit, gauge: { dataPoints } })

/** Both encodings, whole and in slices, must give the same rows. */
function check(body: Body, want: readonly string[]): MetricBatch {
  const binary = encode(body)
  const batch = decode(binary)
  expect(lines(batch)).toEqual(want)
  expect(lines(decode(binary, false, 0))).toEqual(want)
  expect(lines(decode(jsonBytes(body), true))).toEqual(want)
  expect(lines(decode(jsonBytes(body), true, 0))).toEqual(want)
  return batch as MetricBatch
}

describe('OtlpMetricsDecoder', () => {
  test('gauge, double and integer, attributes of all forms', () => {
    const attributes = [
      text('http.method', 'GET'),
      { key: 'bool', value: { boolValue: true } },
      { key: 'int', value: { intValue: '-9223372036854775808' } },
      { key: 'double', value: { doubleValue: 0.5 } },
      { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } } },
      { key: 'map', value: { kvlistValue: { values: [text('k', 'v')] } } },
      { key: 'raw', value: { bytesValue: 'AAE=' } },
      { key: 'empty' },
    ]
    check(metrics([gauge('queue.size', [point({ asDouble: 1.5, attributes }), point({ asInt: '-3' })])]), [
      'queue_size{bool="true", double="0.5", http_method="GET", int="-9223372036854775808", list="[\\"a\\",1]", map="{\\"k\\":\\"v\\"}", raw="AAE="} 1.5 @1700000000123',
      'queue_size -3 @1700000000123',
    ])
  })

  test('sums: cumulative and delta, monotonic or not; temporality behind the points', () => {
    const sum = (name: string, aggregationTemporality: number, isMonotonic: boolean) => ({
      name,
      unit: 'By',
      sum: { dataPoints: [point({ asInt: '7' })], aggregationTemporality, isMonotonic },
    })
    const batch = check(metrics([sum('io', 2, true), sum('io.delta', 1, true), sum('held', 2, false)]), [
      'io_bytes_total 7 @1700000000123',
      'io_delta_bytes_total 7 @1700000000000..1700000000123',
      'held_bytes 7 @1700000000123',
    ])
    expect(batch.metadata.map(({ metric, type, unit }) => [metric, type, unit])).toEqual([
      ['io_bytes_total', 'counter', 'bytes'],
      ['io_delta_bytes_total', 'counter', 'bytes'],
      ['held_bytes', 'gauge', 'bytes'],
    ])
  })

  test('a sum without temporality is refused, the rest is stored', () => {
    const batch = check(
      metrics([{ name: 'x', sum: { dataPoints: [point({}), point({})] } }, gauge('g', [point({ asInt: '1' })])]),
      ['g 1 @1700000000123'],
    )
    expect(batch.refused).toMatchObject([{ reason: 'invalid_value', count: 2 }])
  })

  const histogram = (more: object, aggregationTemporality = 2) => ({
    name: 'latency',
    unit: 's',
    histogram: {
      aggregationTemporality,
      dataPoints: [point({ count: '6', sum: 12.5, bucketCounts: ['1', '2', '3'], explicitBounds: [0.1, 2], ...more })],
    },
  })

  test('histogram: sum, count, cumulative buckets', () => {
    check(metrics([histogram({ attributes: [text('a', 'b')] })]), [
      'latency_seconds_sum{a="b"} 12.5 @1700000000123',
      'latency_seconds_count{a="b"} 6 @1700000000123',
      'latency_seconds_bucket{a="b", le="0.1"} 1 @1700000000123',
      'latency_seconds_bucket{a="b", le="2"} 3 @1700000000123',
      'latency_seconds_bucket{a="b", le="+Inf"} 6 @1700000000123',
    ])
    expect(lines(decode(encode(metrics([histogram({}, 1)]))))[0]).toBe(
      'latency_seconds_sum 12.5 @1700000000000..1700000000123',
    )
  })

  const badHistograms: readonly (readonly [string, object])[] = [
    ['counts without bounds', { explicitBounds: [] }],
    ['too few counts', { bucketCounts: ['1', '2'] }],
    ['bounds that do not ascend', { explicitBounds: [2, 2] }],
    ['a bound that is no number', { explicitBounds: [1, 'NaN'] }],
    ['321 buckets', { bucketCounts: Array(321).fill('1'), explicitBounds: Array.from({ length: 320 }, (_, i) => i) }],
  ]
  test.each(badHistograms)('histogram with %s is refused', (_, more) => {
    const batch = decode(jsonBytes(metrics([histogram(more)])), true) as MetricBatch
    expect(batch.rowCount).toBe(0)
    expect(batch.refused).toMatchObject([{ reason: 'histogram_invalid', count: 1 }])
  })

  test('320 buckets are taken', () => {
    const more = { bucketCounts: Array(320).fill('1'), explicitBounds: Array.from({ length: 319 }, (_, i) => i) }
    expect((decode(encode(metrics([histogram(more)]))) as MetricBatch).rowCount).toBe(322)
  })

  test('summary', () => {
    const quantileValues = [
      { quantile: 0.5, value: 1 },
      { quantile: 0.99, value: 3 },
    ]
    check(metrics([{ name: 's', summary: { dataPoints: [point({ count: '4', sum: 6, quantileValues })] } }]), [
      's_sum 6 @1700000000123',
      's_count 4 @1700000000123',
      's{quantile="0.5"} 1 @1700000000123',
      's{quantile="0.99"} 3 @1700000000123',
    ])
  })

  test('refused rows are counted as the data points they came from', () => {
    const decoder = new OtlpMetricsDecoder(new OtlpInterner(7))
    const batch = new MetricBatch()
    const body = encode(
      metrics(
        [gauge('g', [point({ asInt: '1' }), point({ asInt: '2' })]), histogram({})],
        [text('service.name', 'x'), text('a', 'b')],
      ),
    )
    decoder.start(body, body.length, batch)
    expect(decoder.step(Number.POSITIVE_INFINITY, tiredClock())).toBe('done')
    expect(batch.rowCount).toBe(8)
    const cases: readonly (readonly [number | undefined, number])[] = [
      [undefined, 0],
      [0, 0],
      [0b1, 1],
      [0b11, 2],
      [0b1111100, 1],
      [0b10000000, 0],
      [0xff, 3],
    ]
    for (const [bits, want] of cases)
      expect(decoder.rejectedPoints(bits === undefined ? undefined : Uint8Array.of(bits))).toBe(want)
  })

  test('what only grows says since when', () => {
    const sum = (isMonotonic: boolean, aggregationTemporality: number) => ({
      name: 's',
      sum: { isMonotonic, aggregationTemporality, dataPoints: [point({ asInt: '1' })] },
    })
    const unknown = { name: 'u', sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [] as object[] } }
    unknown.sum.dataPoints.push({ timeUnixNano: NS, asInt: '1' })
    const quantileValues = [{ quantile: 0.5, value: 3 }]
    const summary = { name: 'q', summary: { dataPoints: [point({ count: '1', sum: 3, quantileValues })] } }
    const exponential = { count: '1', zeroCount: '1' }
    const since = 1_700_000_000_000
    const cases: readonly (readonly [object, readonly number[] | undefined, readonly number[] | undefined])[] = [
      [gauge('g', [point({ asInt: '1' })]), undefined, undefined],
      [sum(true, 2), [since], undefined],
      [sum(false, 2), undefined, undefined],
      [sum(true, 1), undefined, undefined],
      [unknown, undefined, undefined],
      [histogram({}), [since, since, since, since, since], undefined],
      [summary, [since, since, 0], undefined],
      [
        { name: 'e', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [point(exponential)] } },
        undefined,
        [since],
      ],
    ]
    for (const [metric, floats, histograms] of cases) {
      for (const [body, isJson] of [
        [encode(metrics([metric])), false],
        [jsonBytes(metrics([metric])), true],
      ] as const) {
        const batch = decode(body, isJson) as MetricBatch
        expect(batch.startTimes && [...batch.startTimes.subarray(0, batch.sampleCount)]).toEqual(floats)
        const starts = batch.histogramStartTimes
        expect(starts && [...starts.subarray(0, batch.histogramCount)]).toEqual(histograms)
      }
    }
  })

  test('no recorded value is a stale marker', () => {
    check(metrics([gauge('g', [point({ flags: 1 })]), histogram({ flags: 1, sum: 0 })]), [
      'g stale @1700000000123',
      ...['sum', 'count', 'bucket{le="0.1"}', 'bucket{le="2"}', 'bucket{le="+Inf"}'].map(
        (name) => `latency_seconds_${name} stale @1700000000123`,
      ),
    ])
  })

  test('resource: job, instance, promoted names, target_info; scope labels', () => {
    const resource = [
      text('service.name', 'cart'),
      text('service.namespace', 'shop'),
      text('service.instance.id', 'i-1'),
      text('k8s.pod.name', 'cart-7'),
    ]
    const scope = { name: 'io.http', version: '1.2', attributes: [text('x.y', 'z')] }
    check(metrics([gauge('g', [point({ asInt: '1' })])], resource, scope), [
      'g{instance="i-1", job="shop/cart", otel_scope_name="io.http", otel_scope_version="1.2", otel_scope_x_y="z", service_name="cart", service_namespace="shop"} 1 @1700000000123',
      'target_info{instance="i-1", job="shop/cart", k8s_pod_name="cart-7"} 1 @1700000000123',
    ])
    check(metrics([gauge('g', [point({ asInt: '1' })])], [text('k8s.pod.name', 'cart-7')]), ['g 1 @1700000000123'])
    check(metrics([gauge('g', [point({ asInt: '1' })])], [text('service.name', 'cart')]), [
      'g{job="cart", service_name="cart"} 1 @1700000000123',
    ])
  })

  test('attributes that meet in one label are joined in the order of their keys', () => {
    check(metrics([gauge('g', [point({ asInt: '1', attributes: [text('a_b', '2'), text('a.b', '1')] })])]), [
      'g{a_b="1;2"} 1 @1700000000123',
    ])
  })

  describe('exponential histograms', () => {
    const exponential = (more: object, aggregationTemporality = 2) => ({
      name: 'req.size',
      unit: 'By',
      exponentialHistogram: { aggregationTemporality, dataPoints: [point(more)] },
    })

    const cases: [string, object, string][] = [
      [
        'buckets are one higher, empty ones are left out',
        {
          count: '9',
          sum: 20.5,
          scale: 3,
          zeroCount: '2',
          positive: { offset: -1, bucketCounts: ['1', '0', '4'] },
          negative: { offset: 5, bucketCounts: ['2'] },
          attributes: [text('k', 'v')],
        },
        'req_size_bytes{k="v"} 3/9/20.5/2 [0:1 2:4|6:2] @1700000000123',
      ],
      [
        'a scale above 8 is merged down',
        { count: '15', sum: 1, scale: 10, positive: { offset: -3, bucketCounts: ['1', '2', '3', '4', '5'] } },
        'req_size_bytes 8/15/1/0 [0:6 1:9|] @1700000000123',
      ],
      ['without a sum', { count: '1', zeroCount: '1' }, 'req_size_bytes 0/1/0/1 [|] @1700000000123'],
      ['no recorded value', { flags: 1 }, 'req_size_bytes stale @1700000000123'],
    ]
    test('delta: the interval goes with it, since when is not asked; a marker is no part of the sum', () => {
      const more = { count: '3', sum: 4, scale: 20, positive: { offset: 1, bucketCounts: ['3'] } }
      const batch = check(metrics([exponential(more, 1), exponential({ flags: 1 }, 1), exponential(more)]), [
        'req_size_bytes 8/3/4/0 [1:3|] @1700000000000..1700000000123',
        'req_size_bytes stale @1700000000123',
        'req_size_bytes 8/3/4/0 [1:3|] @1700000000123',
      ])
      expect([...(batch.histogramStartTimes ?? [])].slice(0, 2)).toEqual([0, 1_700_000_000_000])
    })

    test.each(cases)('%s', (_name, more, want) => {
      const batch = check(metrics([exponential(more)]), [want])
      expect(batch.metadata[0]).toMatchObject({ metric: 'req_size_bytes', type: 'histogram', unit: 'bytes' })
    })

    const bad: [string, object, number, RegExp][] = [
      ['a scale below -4', { scale: -5 }, 2, /want a scale from -4 to 20, got -5/],
      ['buckets that are not the count', { count: '3', zeroCount: '1' }, 2, /add up to the count, got 1 and 3/],
      [
        'delta buckets that no double falls into',
        { count: '1', scale: 1, negative: { offset: 2047, bucketCounts: ['1', '0'] } },
        1,
        /want buckets from -2150 to 2047 with scale 1, got 2047 to 2048/,
      ],
    ]
    test.each(bad)('refused: %s', (_name, more, temporality, message) => {
      const batch = check(metrics([exponential(more, temporality)]), [])
      expect(batch.refused).toMatchObject([{ reason: 'histogram_invalid', count: 1 }])
      expect(batch.refused[0]?.message).toMatch(message)
    })
  })

  test('exemplars: ids in hex, filtered attributes, the bucket they fell into', () => {
    const traceId = '0102030405060708090a0b0c0d0e0f10'
    const exemplar = {
      timeUnixNano: NS,
      asDouble: 1.5,
      traceId,
      spanId: '0102030405060708',
      filteredAttributes: [text('user', 'u')],
    }
    const want = {
      labels: ['span_id', '0102030405060708', 'trace_id', traceId, 'user', 'u'],
      value: 1.5,
      timeMs: 1700000000123,
    }
    const body = metrics([
      gauge('g', [point({ asInt: '1', exemplars: [exemplar] })]),
      histogram({ exemplars: [exemplar] }),
    ])
    const batch = decode(jsonBytes(body), true) as MetricBatch
    expect(batch.exemplars).toEqual([
      { row: 0, exemplar: want },
      { row: 4, exemplar: want },
    ])
  })

  test('integers beyond 2^53 are rounded with one warning', () => {
    const batch = check(
      metrics([gauge('g', [point({ asInt: '9007199254740993' }), point({ asInt: '9007199254740992' })])]),
      ['g 9007199254740992 @1700000000123', 'g 9007199254740992 @1700000000123'],
    )
    expect(batch.warnings).toEqual(['integers beyond 2^53 were rounded'])
  })

  const times: readonly (readonly [string, number])[] = [
    ['1700000000000000000', 1700000000000],
    ['1700000000001000000', 1700000000001],
    ['1700000000000999999', 1700000000000],
    ['1699999999999999999', 1699999999999],
    ['0', 0],
    ['18446744073709551615', 18446744073709],
  ]
  test.each(times)('time %s', (timeUnixNano, want) => {
    const batch = decode(jsonBytes(metrics([gauge('g', [{ timeUnixNano, asInt: '1' }])])), true) as MetricBatch
    expect(batch.times[0]).toBe(want)
  })

  test('labels that cannot be: no name, not UTF-8, nested too deep', () => {
    let value: object = { stringValue: 'x' }
    for (let i = 0; i < 17; i++) value = { arrayValue: { values: [value] } }
    const body = metrics([
      gauge('...', [point({ asInt: '1' })]),
      gauge('g', [point({ asInt: '1', attributes: [{ key: 'deep', value }] })]),
    ])
    expect(lines(decode(encode(body)))).toEqual(['missing_name 1 @1700000000123', 'nested_too_deep 1 @1700000000123'])
    const broken = encode(metrics([gauge('g', [point({ asInt: '1', attributes: [text('a', 'XX')] })])]))
    broken[broken.lastIndexOf(0x58)] = 0xff
    expect(lines(decode(broken))).toEqual(['invalid_utf8 1 @1700000000123'])
  })

  test('aliases: the same for the same series, different otherwise, and new when the interner starts over', () => {
    const interner = new OtlpInterner(7, 12)
    const aliasOf = (body: Body) => {
      const batch = decode(encode(body), false, Number.POSITIVE_INFINITY, interner) as MetricBatch
      return Buffer.from(batch.bytes.subarray(batch.aliasStart[0], batch.aliasEnd[0])).toString('hex')
    }
    const one = () => aliasOf(metrics([gauge('g', [point({ asInt: '1', attributes: [text('a', 'b')] })])]))
    const first = one()
    expect(one()).toBe(first)
    const seen = new Set([first])
    for (const [name, unit, service] of [
      ['h', '', ''],
      ['g', 's', ''],
      ['g', '', 'cart'],
    ] as const) {
      seen.add(
        aliasOf(
          metrics(
            [gauge(name, [point({ asInt: '1', attributes: [text('a', 'b')] })], unit)],
            service === '' ? [] : [text('service.name', service)],
          ),
        ),
      )
    }
    expect(seen.size).toBe(4)
    for (let i = 0; i < 20; i++) seen.add(aliasOf(metrics([gauge(`n${i}`, [point({ asInt: '1' })])])))
    expect(seen.size).toBe(24)
    expect(seen.has(one())).toBe(false)
  })

  test('many metrics are read in slices; the interner may start over in between', () => {
    const list = Array.from({ length: 500 }, (_, i) =>
      gauge(`m${i}`, [point({ asInt: String(i), attributes: [text('i', String(i))] })]),
    )
    const body = encode(metrics(list, [text('service.name', 'cart')]))
    const want = lines(decode(body))
    expect(want).toHaveLength(500)
    expect(lines(decode(body, false, 0, new OtlpInterner(1, 40)))).toEqual(want)
  })

  test('cut at every byte: a fault or fewer rows, never a throw', () => {
    const whole = encode(
      metrics(
        [gauge('g', [point({ asDouble: 1, attributes: [text('a', 'b')] })]), histogram({})],
        [text('service.name', 'x')],
      ),
    )
    for (let length = 1; length < whole.length; length++) {
      expect(decode(whole.subarray(0, length))).toMatchObject({ code: 'bad_request' })
    }
    expect(lines(decode(new Uint8Array(0)))).toEqual([])
  })
})

describe('OTLP/JSON', () => {
  test('original names, enum names, numbers for integers, unknown fields, nulls', () => {
    const body = `{"resource_metrics":[{"unknown":{"a":[1,{"b":null}]},"scope_metrics":[{"metrics":[{"name":"x","description":null,
      "sum":{"aggregation_temporality":"AGGREGATION_TEMPORALITY_DELTA","is_monotonic":true,"data_points":[
      {"start_time_unix_nano":1700000000000000000,"time_unix_nano":"1700000000123456789","as_int":12,"more":"x"}]}}]}]}]}`
    expect(lines(decode(new TextEncoder().encode(body), true))).toEqual(['x_total 12 @1700000000000..1700000000123'])
  })

  test('NaN and infinities as strings', () => {
    const points = ['NaN', 'Infinity', '-Infinity', '1.5'].map((asDouble) => point({ asDouble }))
    expect(lines(decode(jsonBytes(metrics([gauge('g', points)])), true)).map((line) => line.split(' ')[1])).toEqual([
      'NaN',
      'Infinity',
      '-Infinity',
      '1.5',
    ])
  })

  const wrong: readonly string[] = [
    '',
    '[]',
    '1',
    '{"resourceMetrics":1}',
    '{"resourceMetrics":[1]}',
    '{"resourceMetrics":{}}',
    '{"resourceMetrics":[{"resource":[]}]}',
    '{"resourceMetrics":[[]]}',
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":1}]}]}]}',
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"isMonotonic":"yes"}}]}]}]}',
    '{"resourceMetrics":[',
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"asInt":"1.5"}]}}]}]}]}',
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"exemplars":[{"traceId":"xyz"}]}]}}]}]}]}',
  ]
  test.each(wrong)('refuses %s', (body) => {
    expect(decode(new TextEncoder().encode(body), true)).toMatchObject({ code: 'bad_request' })
  })
})

describe('names', () => {
  // Cases of prometheus/otlptranslator metric_namer_test.go and unit_namer_test.go, by rule.
  const cases: readonly (readonly [string, string, 'gauge' | 'counter' | 'other', string])[] = [
    ['system.filesystem.usage', 'By', 'gauge', 'system_filesystem_usage_bytes'],
    ['system.network.io', 'By', 'counter', 'system_network_io_bytes_total'],
    ['http.requests.total', '', 'counter', 'http_requests_total'],
    ['total_time', 's', 'counter', 'time_seconds_total'],
    ['fan.speed', '{rotations}/s', 'gauge', 'fan_speed_per_second'],
    ['hw.gpu.memory.utilization', '1', 'gauge', 'hw_gpu_memory_utilization_ratio'],
    ['storage.filesystem.utilization', '1', 'other', 'storage_filesystem_utilization'],
    ['process_seconds', 's', 'gauge', 'process_seconds'],
    ['network.rate', 'By/s', 'gauge', 'network_rate_bytes_per_second'],
    ['broken.metric', 'x/y/z', 'gauge', 'broken_metric_x_per_y_z'],
    ['_leading__and trailing_', '', 'gauge', 'leading_and_trailing'],
    ['5xx', '', 'gauge', '_5xx'],
    ['a:b', '', 'gauge', 'a:b'],
    ['cpu', '%', 'gauge', 'cpu_percent'],
    ['', '', 'gauge', ''],
  ]
  test.each(cases)('%s in %s (%s) → %s', (name, unit, kind, want) =>
    expect(prometheusName(name, unit, kind)).toBe(want),
  )

  test('labels and units', () => {
    const labels: readonly (readonly [string, string])[] = [
      ['http.method', 'http_method'],
      ['1st', 'key_1st'],
      ['_x', 'key_x'],
      ['__x', '__x'],
      ['é', ''],
      ['a..b', 'a__b'],
      ['😀a', 'key_a'],
    ]
    for (const [key, want] of labels) expect(prometheusLabel(key)).toBe(want)
    expect(['ms', 'By/s', '1', '{x}', '1/s'].map(prometheusUnit)).toEqual([
      'milliseconds',
      'bytes_per_second',
      '',
      '',
      'per_second',
    ])
  })

  const numbers: readonly (readonly [number, string])[] = [
    [1, '1'],
    [0.005, '0.005'],
    [1e21, '1000000000000000000000'],
    [1.5e22, '15000000000000000000000'],
    [1e-7, '0.0000001'],
    [-2.5e-9, '-0.0000000025'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [-0, '-0'],
  ]
  test.each(numbers)('%d → %s', (value, want) => expect(plainNumber(value)).toBe(want))
})

describe('responses', () => {
  const Response = root.lookupType('otlp.ExportMetricsServiceResponse')
  const Status = root.lookupType('otlp.Status')
  test('partial success, as the referee reads it', () => {
    const partial = partialSuccess([{ reason: 'invalid_value', count: 300, message: 'é' }], ['rounded'])
    expect(Response.toObject(Response.decode(encodeExportResponse(partial)), { longs: Number })).toEqual({
      partialSuccess: { rejectedDataPoints: 300, errorMessage: 'invalid_value ×300: é; rounded' },
    })
    expect(encodeExportResponse(partialSuccess([], []))).toHaveLength(0)
    expect(JSON.parse(exportResponseJson(partial))).toEqual({
      partialSuccess: { rejectedDataPoints: '300', errorMessage: 'invalid_value ×300: é; rounded' },
    })
    expect(exportResponseJson(undefined)).toBe('{}')
    expect(partialSuccess([], ['only a warning'])).toEqual({ rejected: 0, message: 'only a warning' })
  })

  test('status with retry', () => {
    const busy = fault('unavailable', 'disk', { retryAfterSeconds: 30 })
    const status = Status.toObject(Status.decode(encodeStatus(busy))) as {
      details: { type_url?: string; typeUrl?: string; value: Uint8Array }[]
    }
    expect(status).toMatchObject({ code: 14, message: 'disk' })
    expect([...(status.details[0]?.value ?? [])]).toEqual([0x0a, 2, 0x08, 30])
    expect(JSON.parse(statusJson(busy))).toMatchObject({ code: 14, details: [{ retryDelay: '30s' }] })
    expect(JSON.parse(statusJson(fault('not_found', 'x')))).toEqual({ code: 5, message: 'x' })
    const bad = fault('bad_request', 'body: want protobuf')
    const violation = { field: 'body', description: bad.message }
    expect(JSON.parse(statusJson(bad)).details).toEqual([
      { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [violation] },
    ])
    const { details } = Status.toObject(Status.decode(encodeStatus(bad))) as { details: { value: Uint8Array }[] }
    expect(Buffer.from(details[0]?.value ?? []).toString()).toBe(`\n\x1b\n\x04body\x12\x13${bad.message}`)
  })
})

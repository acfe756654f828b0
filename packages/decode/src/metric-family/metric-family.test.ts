import { readFileSync } from 'node:fs'
import { type Clock, decodeHistogram, formatLabels, labelsFromRecord, METRIC_NAME, MetricBatch } from '@vantage/model'
import { testSeed } from '@vantage/model/testing'
import fc from 'fast-check'
import { loadSync, Reader, Writer } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { labelNumberText } from '../number-text.ts'
import { VALUES_PER_METRIC_MAX } from './histogram.ts'
import { type HistogramForms, MetricFamilyDecoder } from './index.ts'

const root = loadSync(new URL('../../proto/metrics.proto', import.meta.url).pathname)
const MetricFamily = root.lookupType('io.prometheus.client.MetricFamily')
const encode = (families: readonly object[]) =>
  Buffer.concat(families.map((family) => MetricFamily.encodeDelimited(MetricFamily.fromObject(family)).finish()))

const DEFAULT_TIME_MS = 7
/** A clock whose every reading is later: each look ends the slice. */
function tiredClock(): Clock {
  let now = 0
  return { nowMs: () => 0, monotonicMs: () => ++now }
}

function decode(body: Uint8Array, histograms: HistogramForms = 'both') {
  const batch = new MetricBatch()
  const decoder = new MetricFamilyDecoder({ histograms })
  const clock = tiredClock()
  decoder.start(body, body.length, batch, DEFAULT_TIME_MS)
  let slices = 1
  for (; ; slices++) {
    const outcome = decoder.step(0, clock)
    if (outcome !== 'more') return { outcome, batch, slices }
  }
}

/** `name{labels} value @time`, or the native histogram in its place. */
function rowsOf(batch: MetricBatch): string[] {
  const histograms = new Map<number, number>()
  for (let h = 0; h < batch.histogramCount; h++) histograms.set(batch.histogramRows[h] as number, h)
  return Array.from({ length: batch.rowCount }, (_, row) => {
    const labels = batch.labelsOf(row)
    const series = labels.ok ? formatLabels(labels.labels) : labels.reason
    const h = histograms.get(row)
    if (h !== undefined) return `${series} ${histogramText(batch, h)} @${batch.histogramTimes[h]}`
    const at = batch.sampleFrom[row] as number
    return `${series} ${batch.values[at]} @${batch.times[at]}`
  })
}

function histogramText(batch: MetricBatch, h: number): string {
  const one = decodeHistogram(batch.histogramBytes, batch.histogramFrom[h])
  const side = ({ indexes, counts }: typeof one.positive) => [...indexes].map((index, i) => `${index}:${counts[i]}`)
  return JSON.stringify([
    ...[one.schema, one.resetHint, one.count, one.sum, one.zeroCount, one.zeroThreshold],
    ...[side(one.positive).join(' '), side(one.negative).join(' ')],
  ])
}

interface WireMetric {
  readonly label?: readonly { readonly name: string; readonly value: string }[]
  readonly timestampMs?: number
  readonly gauge?: { readonly value: number }
  readonly counter?: { readonly value: number }
  readonly untyped?: { readonly value: number }
  readonly summary?: {
    readonly sampleCount: number
    readonly sampleSum: number
    readonly quantile: readonly { readonly quantile: number; readonly value: number }[]
  }
  readonly histogram?: {
    readonly sampleCount: number
    readonly sampleSum: number
    readonly bucket: readonly { readonly cumulativeCount: number; readonly upperBound: number }[]
  }
}

interface WireFamily {
  readonly name: string
  readonly metric: readonly WireMetric[]
}

/** What the referee reads from the same bytes: the classic series, in the order of the decoder. */
function refereeRows(body: Uint8Array): string[] {
  const rows: string[] = []
  const reader = Reader.create(body)
  while (reader.pos < reader.len) {
    const family = MetricFamily.decodeDelimited(reader)
    const wire = MetricFamily.toObject(family, { longs: Number, defaults: true, arrays: true }) as unknown as WireFamily
    for (const metric of wire.metric) rows.push(...refereeMetric(wire.name, metric))
  }
  return rows
}

function refereeMetric(name: string, metric: WireMetric): string[] {
  const own = Object.fromEntries((metric.label ?? []).map((pair) => [pair.name, pair.value]))
  const timeMs = metric.timestampMs || DEFAULT_TIME_MS
  const row = (suffix: string, value: number, more: Readonly<Record<string, string>> = {}) =>
    `${formatLabels(labelsFromRecord({ ...own, ...more, [METRIC_NAME]: name + suffix }))} ${value} @${timeMs}`
  const plain = metric.gauge ?? metric.counter ?? metric.untyped
  if (plain) return [row('', plain.value)]
  const { summary, histogram } = metric
  if (summary) {
    return [
      row('_count', summary.sampleCount),
      row('_sum', summary.sampleSum),
      ...summary.quantile.map(({ quantile, value }) => row('', value, { quantile: labelNumberText(quantile) })),
    ]
  }
  if (!histogram) return []
  const buckets = histogram.bucket.map(({ cumulativeCount, upperBound }) =>
    row('_bucket', cumulativeCount, { le: labelNumberText(upperBound) }),
  )
  const isEnded = histogram.bucket.at(-1)?.upperBound === Number.POSITIVE_INFINITY
  const end = isEnded ? [] : [row('_bucket', histogram.sampleCount, { le: '+Inf' })]
  return [row('_count', histogram.sampleCount), row('_sum', histogram.sampleSum), ...buckets, ...end]
}

const family = (type: string, name: string, ...metric: object[]) => ({ name, type, metric })

describe('rows', () => {
  const good: readonly (readonly [string, object, readonly string[]])[] = [
    ['counter', family('COUNTER', 'a_total', { counter: { value: 3 } }), ['a_total 3 @7']],
    [
      'gauge with labels and a time',
      family('GAUGE', 'g', {
        label: [
          { name: 'z', value: 'ü' },
          { name: 'b', value: '' },
        ],
        gauge: { value: -0.5 },
        timestampMs: 1_700_000_000_123,
      }),
      ['g{z="ü"} -0.5 @1700000000123'],
    ],
    ['untyped', family('UNTYPED', 'u', { untyped: { value: Number.NaN } }), ['u NaN @7']],
    [
      'a name that is no classic one',
      family('GAUGE', 'größe.µ', { gauge: { value: 0 } }),
      ['{__name__="größe.µ"} 0 @7'],
    ],
    [
      'summary',
      family('SUMMARY', 's', {
        summary: {
          sampleCount: 4,
          sampleSum: 2.5,
          quantile: [
            { quantile: 0.5, value: 1 },
            { quantile: 1, value: 2 },
          ],
        },
      }),
      ['s_count 4 @7', 's_sum 2.5 @7', 's{quantile="0.5"} 1 @7', 's{quantile="1.0"} 2 @7'],
    ],
    [
      'classic histogram without the last bucket',
      family('HISTOGRAM', 'h', {
        histogram: {
          sampleCount: 3,
          sampleSum: 9,
          bucket: [
            { upperBound: 1, cumulativeCount: 1 },
            { upperBound: 2e6, cumulativeCountFloat: 2.5 },
          ],
        },
      }),
      [
        'h_count 3 @7',
        'h_sum 9 @7',
        'h_bucket{le="1.0"} 1 @7',
        'h_bucket{le="2e+06"} 2.5 @7',
        'h_bucket{le="+Inf"} 3 @7',
      ],
    ],
    [
      'gauge histogram',
      family('GAUGE_HISTOGRAM', 'h', {
        histogram: {
          sampleCountFloat: 1.5,
          sampleSum: -1,
          bucket: [{ upperBound: Infinity, cumulativeCountFloat: 1.5 }],
        },
      }),
      ['h_count 1.5 @7', 'h_sum -1 @7', 'h_bucket{le="+Inf"} 1.5 @7'],
    ],
    ['a family without metrics', { name: 'nothing', type: 'GAUGE', metric: [] }, []],
    [
      'a label that is said twice',
      family('GAUGE', 'g', {
        label: [
          { name: 'a', value: '1' },
          { name: 'a', value: '2' },
        ],
        gauge: {},
      }),
      ['duplicate_label 0 @7'],
    ],
  ]
  test.each(good)('%s', (_name, one, rows) => {
    const { outcome, batch } = decode(encode([one]))
    expect(outcome).toBe('done')
    expect(rowsOf(batch)).toEqual(rows)
  })

  test('gives way between metrics', () => {
    const body = encode([family('GAUGE', 'g', ...Array.from({ length: 1_000 }, () => ({ gauge: { value: 1 } })))])
    const { outcome, batch, slices } = decode(body)
    expect([outcome, batch.rowCount]).toEqual(['done', 1_000])
    expect(slices).toBeGreaterThan(3)
  })

  const native = {
    sampleCount: 12,
    sampleSum: 18.4,
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: 2,
    positiveSpan: [
      { offset: 0, length: 2 },
      { offset: 1, length: 2 },
    ],
    positiveDelta: [1, 1, -1, 0],
    negativeSpan: [{ offset: -3, length: 2 }],
    negativeDelta: [2, 1],
  }
  const integers = '[1,0,12,18.4,2,0.001,"0:1 1:2 3:1 4:1","-3:2 -2:3"]'
  const floats = {
    sampleCountFloat: 1.75,
    sampleSum: 1,
    schema: -4,
    zeroCountFloat: 0.25,
    positiveSpan: [{ offset: 7, length: 1 }],
    positiveCount: [1.5],
  }
  const natives: readonly (readonly [string, object, HistogramForms, readonly string[]])[] = [
    ['integer counts', family('HISTOGRAM', 'h', { histogram: native }), 'native', [`h ${integers} @7`]],
    [
      'float counts',
      family('HISTOGRAM', 'h', { histogram: floats }),
      'native',
      ['h [-4,0,1.75,1,0.25,0,"7:1.5",""] @7'],
    ],
    [
      'a gauge',
      family('GAUGE_HISTOGRAM', 'h', { histogram: floats }),
      'native',
      ['h [-4,3,1.75,1,0.25,0,"7:1.5",""] @7'],
    ],
    [
      'nothing observed yet',
      family('HISTOGRAM', 'h', { histogram: { positiveSpan: [{ offset: 0, length: 0 }] } }),
      'native',
      ['h [0,0,0,0,0,0,"",""] @7'],
    ],
    ['without classic buckets', family('HISTOGRAM', 'h', { histogram: native }), 'both', [`h ${integers} @7`]],
    [
      'as classic series',
      family('HISTOGRAM', 'h', { histogram: native }),
      'classic',
      ['h_count 12 @7', 'h_sum 18.4 @7', 'h_bucket{le="+Inf"} 12 @7'],
    ],
    [
      'beside classic buckets',
      family('HISTOGRAM', 'h', {
        histogram: { ...native, bucket: [{ upperBound: 1, cumulativeCount: 5 }] },
        timestampMs: 9,
      }),
      'both',
      [`h ${integers} @9`, 'h_count 12 @9', 'h_sum 18.4 @9', 'h_bucket{le="1.0"} 5 @9', 'h_bucket{le="+Inf"} 12 @9'],
    ],
    [
      'instead of classic buckets',
      family('HISTOGRAM', 'h', { histogram: { ...native, bucket: [{ upperBound: 1, cumulativeCount: 5 }] } }),
      'native',
      [`h ${integers} @7`],
    ],
  ]
  test.each(natives)('native histogram: %s', (_name, one, forms, rows) => {
    expect(rowsOf(decode(encode([one]), forms).batch)).toEqual(rows)
  })

  test('native counts may come one by one, as proto2 senders write them', () => {
    const packed = encode([
      family('HISTOGRAM', 'h', {
        histogram: { positiveSpan: [{ offset: 0, length: 2 }], positiveDelta: [1, 2], sampleCount: 4 },
      }),
    ])
    const at = packed.indexOf(Buffer.from([0x6a, 0x02, 0x02, 0x04]))
    const single = Buffer.concat([
      packed.subarray(0, at),
      Buffer.from([0x68, 0x02, 0x68, 0x04]),
      packed.subarray(at + 4),
    ])
    expect(rowsOf(decode(single).batch)).toEqual(rowsOf(decode(packed).batch))
  })

  test('metadata', () => {
    const { batch } = decode(
      encode([{ ...family('SUMMARY', 's_seconds', { summary: {} }), help: 'What it is.', unit: 'seconds' }]),
    )
    expect(batch.metadata).toEqual([{ metric: 's_seconds', type: 'summary', unit: 'seconds', help: 'What it is.' }])
  })

  test('exemplars of counters, buckets and native histograms; a native one needs a time', () => {
    const exemplar = (value: number, seconds?: number) => ({
      label: [{ name: 'trace_id', value: `t${value}` }],
      value,
      ...(seconds === undefined ? {} : { timestamp: { seconds, nanos: 250_000_000 } }),
    })
    const histogram = {
      sampleCount: 1,
      zeroCount: 1,
      bucket: [{ upperBound: Infinity, cumulativeCount: 1, exemplar: exemplar(2) }],
    }
    const body = encode([
      family('COUNTER', 'c', { counter: { value: 1, exemplar: exemplar(1, 5) } }),
      family('HISTOGRAM', 'h', { histogram }),
      family('HISTOGRAM', 'n', {
        histogram: { ...histogram, exemplars: [exemplar(3, 6), exemplar(4), exemplar(5, 7)] },
      }),
    ])
    expect(decode(body).batch.exemplars).toEqual([
      { row: 0, exemplar: { labels: ['trace_id', 't1'], value: 1, timeMs: 5_250 } },
      { row: 4, exemplar: { labels: ['trace_id', 't2'], value: 2, timeMs: DEFAULT_TIME_MS } },
      { row: 5, exemplar: { labels: ['trace_id', 't3'], value: 3, timeMs: 6_250 } },
      { row: 5, exemplar: { labels: ['trace_id', 't5'], value: 5, timeMs: 7_250 } },
      { row: 8, exemplar: { labels: ['trace_id', 't2'], value: 2, timeMs: DEFAULT_TIME_MS } },
    ])
  })

  test('since when they count: counters, summaries and histograms, but no gauge and no quantile', () => {
    const created = { createdTimestamp: { seconds: 1_700_000_000, nanos: 5_000_000 } }
    const body = encode([
      family('GAUGE', 'g', { gauge: { value: 1 } }),
      family('COUNTER', 'c', { counter: { value: 1, ...created } }),
      family('SUMMARY', 's', { summary: { quantile: [{ quantile: 0, value: 1 }], ...created } }),
      family('HISTOGRAM', 'h', {
        histogram: { sampleCount: 1, zeroCount: 1, bucket: [{ upperBound: Infinity, cumulativeCount: 1 }], ...created },
      }),
    ])
    const { batch } = decode(body)
    const at = 1_700_000_000_005
    expect([...(batch.startTimes ?? [])].slice(0, batch.sampleCount)).toEqual([0, at, at, at, 0, at, at, at])
    expect(batch.histogramStartTimes?.[0]).toBe(at)
  })
})

describe('refusals fail the body', () => {
  const whole = encode([family('GAUGE', 'g', { label: [{ name: 'a', value: 'b' }], gauge: { value: 1 } })])
  const bad: readonly (readonly [string, Uint8Array, string])[] = [
    ['no name', encode([family('GAUGE', '', { gauge: {} })]), 'metric family 1: want a name'],
    [
      'unknown type',
      encode([{ name: 'g', type: 9, metric: [{ gauge: {} }] }]),
      'metric family 1 "g": want a type from 0 to 5, got 9',
    ],
    [
      'value of another type',
      encode([family('COUNTER', 'c', { gauge: {} })]),
      'metric family 1 "c": want a value of the type counter in each metric',
    ],
    ['a name that is not UTF-8', Buffer.from(whole.toString('latin1').replace('g', '\xff'), 'latin1'), 'want UTF-8'],
    ['a message that is cut', whole.subarray(0, -1), 'metric family 1: want a whole message at offset 0'],
    ['text', Buffer.from('up 1\n'), 'want a whole message at offset 0'],
    [
      'spans without their buckets',
      encode([
        family('HISTOGRAM', 'h', { histogram: { positiveSpan: [{ offset: 0, length: 3 }], positiveDelta: [1] } }),
      ]),
      'want as many buckets as the spans say (3), got 1',
    ],
    [
      'buckets that do not add up',
      encode([family('HISTOGRAM', 'h', { histogram: { sampleCount: 5, zeroCount: 1 } })]),
      'want buckets that add up to the count, got 1 and 5',
    ],
    [
      'a schema that is none',
      encode([family('HISTOGRAM', 'h', { histogram: { schema: 9, zeroCount: 1, sampleCount: 1 } })]),
      'want schema',
    ],
    [
      'too many quantiles',
      encode([
        family('SUMMARY', 's', {
          summary: { quantile: Array.from({ length: VALUES_PER_METRIC_MAX + 1 }, () => ({})) },
        }),
      ]),
      `want at most ${VALUES_PER_METRIC_MAX} values`,
    ],
    [
      'too many buckets',
      encode([
        family('HISTOGRAM', 'h', {
          histogram: { bucket: Array.from({ length: VALUES_PER_METRIC_MAX + 1 }, () => ({})) },
        }),
      ]),
      `want at most ${VALUES_PER_METRIC_MAX} buckets`,
    ],
    [
      'too many metrics',
      // Empty metrics: two bytes each.
      Writer.create()
        .bytes(Buffer.concat([Buffer.from('\n\x01g'), Buffer.alloc(2 ** 21, '2200', 'hex')]))
        .finish(),
      'want at most 1048576 metrics in one family',
    ],
    [
      'labels that all buckets repeat',
      encode([
        family('HISTOGRAM', 'h', {
          label: [{ name: 'a', value: 'x'.repeat(60_000) }],
          histogram: { bucket: Array.from({ length: 100 }, (_, i) => ({ upperBound: i })) },
        }),
      ]),
      'on all series of one metric',
    ],
  ]
  test.each(bad)('%s', (_name, body, message) => {
    expect(decode(body).outcome).toMatchObject({ code: 'bad_request', message: expect.stringContaining(message) })
  })

  test('a metric at its limit is taken', () => {
    const quantile = Array.from({ length: VALUES_PER_METRIC_MAX }, (_, i) => ({ quantile: i }))
    expect(decode(encode([family('SUMMARY', 's', { summary: { quantile } })]))).toMatchObject({
      outcome: 'done',
      batch: { rowCount: VALUES_PER_METRIC_MAX + 2 },
    })
  })
})

test.each([
  [0, '0.0'],
  [-0, '0.0'],
  [1, '1.0'],
  [-2.5, '-2.5'],
  [100_000, '100000.0'],
  [1_000_000, '1e+06'],
  [1.25e21, '1.25e+21'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [2 ** -1074, '5e-324'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
  [Number.NaN, 'NaN'],
])('%d as a label is %s', (value, text) => {
  expect(labelNumberText(value)).toBe(text)
})

describe('against the referee', () => {
  test.each(['node-exporter-1.5.0.bin', 'prometheus-2.42.bin'])('%s', (file) => {
    const body = readFileSync(new URL(`vectors/${file}`, import.meta.url))
    const { outcome, batch } = decode(body)
    expect(outcome).toBe('done')
    expect(batch.rowCount).toBeGreaterThan(100)
    expect(rowsOf(batch)).toEqual(refereeRows(body))
    for (let end = 0; end < body.length; end += 97) {
      const part = decode(body.subarray(0, end)).outcome
      if (part !== 'done') expect(part).toMatchObject({ code: 'bad_request' })
    }
  })

  const seed = testSeed()
  const text = fc.stringMatching(/^[a-z_][a-zµ_]{0,8}$/)
  const count = fc.integer({ min: 0, max: 2 ** 40 })
  const value = fc.oneof(fc.double(), fc.integer())
  const message = fc.oneof(
    fc.record({ type: fc.constant('GAUGE'), gauge: fc.record({ value }) }),
    fc.record({ type: fc.constant('COUNTER'), counter: fc.record({ value }) }),
    fc.record({ type: fc.constant('UNTYPED'), untyped: fc.record({ value }) }),
    fc.record({
      type: fc.constant('SUMMARY'),
      summary: fc.record({
        sampleCount: count,
        sampleSum: value,
        quantile: fc.array(fc.record({ quantile: value, value }), { maxLength: 4 }),
      }),
    }),
    fc.record({
      type: fc.constant('HISTOGRAM'),
      histogram: fc.record({
        sampleCount: count,
        sampleSum: value,
        bucket: fc.array(fc.record({ upperBound: value, cumulativeCount: count }), { maxLength: 4 }),
      }),
    }),
  )
  const wire = fc.record({
    name: text,
    help: fc.string(),
    label: fc.uniqueArray(fc.record({ name: text, value: fc.string({ minLength: 1 }) }), {
      selector: (one) => one.name,
    }),
    timestampMs: fc.integer({ min: -1e12, max: 4e12 }),
    message,
  })

  test(`random families, seed ${seed}`, () => {
    fc.assert(
      fc.property(fc.array(wire, { maxLength: 6 }), (all) => {
        const body = encode(
          all.map(({ name, help, label, timestampMs, message: { type, ...rest } }) => ({
            name,
            help,
            type,
            metric: [{ label, timestampMs, ...rest }],
          })),
        )
        const { outcome, batch } = decode(body)
        expect(outcome).toBe('done')
        expect(rowsOf(batch)).toEqual(refereeRows(body))
      }),
      { numRuns: 300, seed },
    )
  })

  test(`no bytes make it throw, seed ${seed}`, () => {
    const vector = readFileSync(new URL('vectors/prometheus-2.42.bin', import.meta.url)).subarray(0, 2_000)
    const changes = fc.array(fc.tuple(fc.nat({ max: vector.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), changes), (change) => {
        const body = change instanceof Uint8Array ? change : Uint8Array.from(vector)
        if (!(change instanceof Uint8Array)) for (const [at, byte] of change) body[at] = byte
        const { outcome, batch } = decode(body)
        if (outcome !== 'done') return
        expect(batch.sampleFrom[batch.rowCount]).toBe(batch.sampleCount)
        rowsOf(batch)
      }),
      { numRuns: 3_000, seed },
    )
  })
})

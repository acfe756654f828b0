import {
  CUSTOM_BUCKETS_SCHEMA,
  decodeHistogram,
  type Histogram,
  isStaleAt,
  MetricBatch,
  NO_BUCKETS,
  NO_CUSTOM_VALUES,
  RESET_HINT,
  staleNaN,
  systemClock,
} from '@vantage/model'
import { loadSync } from 'protobufjs'
import { expect, test } from 'vitest'
import { RemoteWriteDecoder } from './decode.ts'

const root = loadSync(new URL('../../proto/remote-write.proto', import.meta.url).pathname)
const WriteRequest = root.lookupType('prometheus.WriteRequest')

function decode(histograms: object[]): MetricBatch {
  const labels = [{ name: '__name__', value: 'latency' }]
  const message = WriteRequest.fromObject({ timeseries: [{ labels, histograms }] })
  const body = new Uint8Array(WriteRequest.encode(message).finish())
  const batch = new MetricBatch()
  const decoder = new RemoteWriteDecoder()
  decoder.start(body, body.length, batch)
  expect(decoder.step(Number.POSITIVE_INFINITY, systemClock)).toBe('done')
  return batch
}

const EMPTY: Histogram = {
  schema: 0,
  resetHint: RESET_HINT.unknown,
  count: 0,
  sum: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: NO_BUCKETS,
  negative: NO_BUCKETS,
  customValues: NO_CUSTOM_VALUES,
}
const buckets = (indexes: number[], counts: number[]) => ({
  indexes: Int32Array.from(indexes),
  counts: Float64Array.from(counts),
})

const taken: [string, object, Partial<Histogram>][] = [
  ['nothing observed', { countInt: 0 }, {}],
  [
    'integers as differences, a gap, an empty bucket',
    {
      schema: 3,
      countInt: 12,
      sum: 18.5,
      zeroCountInt: 2,
      zeroThreshold: 0.001,
      positiveSpans: [
        { offset: -2, length: 2 },
        { offset: 3, length: 2 },
      ],
      positiveDeltas: [1, 2, -3, 4],
      negativeSpans: [{ offset: 0, length: 1 }],
      negativeDeltas: [2],
    },
    {
      schema: 3,
      count: 12,
      sum: 18.5,
      zeroCount: 2,
      zeroThreshold: 0.001,
      positive: buckets([-2, -1, 4], [1, 3, 4]),
      negative: buckets([0], [2]),
    },
  ],
  [
    'floats, a gauge',
    {
      schema: -1,
      countFloat: 2.75,
      sum: 1,
      zeroCountFloat: 0.25,
      resetHint: 3,
      positiveSpans: [{ offset: 7, length: 1 }],
      positiveCounts: [2.5],
    },
    { schema: -1, count: 2.75, sum: 1, zeroCount: 0.25, resetHint: RESET_HINT.gauge, positive: buckets([7], [2.5]) },
  ],
  [
    'custom bounds, the last bucket is +Inf',
    {
      schema: CUSTOM_BUCKETS_SCHEMA,
      countInt: 5,
      sum: 3,
      positiveSpans: [{ offset: 0, length: 3 }],
      positiveDeltas: [1, 1, 0],
      customValues: [0.1, 1],
    },
    {
      schema: CUSTOM_BUCKETS_SCHEMA,
      count: 5,
      sum: 3,
      positive: buckets([0, 1, 2], [1, 2, 2]),
      customValues: Float64Array.of(0.1, 1),
    },
  ],
]

test.each(taken)('%s', (_name, wire, expected) => {
  const batch = decode([{ timestamp: 7, ...wire }])
  expect(batch.refused).toEqual([])
  expect(batch.histogramCount).toBe(1)
  expect(batch.histogramTimes[0]).toBe(7)
  expect(batch.rowCount).toBe(1)
  expect(decodeHistogram(batch.histogramBytes, batch.histogramFrom[0])).toEqual({ ...EMPTY, ...expected })
})

const custom = { schema: CUSTOM_BUCKETS_SCHEMA, countInt: 1, positiveSpans: [{ length: 1 }], positiveDeltas: [1] }
const refused: [string, object, RegExp][] = [
  ['a schema that is not known', { schema: 9 }, /want schema -4 to 8 or -53, got 9/],
  ['fewer buckets than spans say', { positiveSpans: [{ length: 2 }], positiveDeltas: [1] }, /spans say \(2\), got 1/],
  [
    'spans that go back',
    { positiveSpans: [{ length: 1 }, { offset: -1, length: 1 }], positiveDeltas: [1, 1] },
    /want spans that ascend/,
  ],
  ['a sum of buckets that is not the count', { countInt: 1 + 1, zeroCountInt: 1 }, /add up to the count, got 1 and 2/],
  ['a negative bucket', { countInt: 1, positiveSpans: [{ length: 1 }], positiveDeltas: [-1] }, /at least 0, got -1/],
  ['a zero threshold below 0', { zeroThreshold: -1 }, /zero threshold/],
  ['bounds that descend', { ...custom, customValues: [2, 1] }, /want ascending bounds, got 1 at 1/],
  ['a bound +Inf', { ...custom, customValues: [Number.POSITIVE_INFINITY] }, /without \+Inf/],
  ['a zero bucket beside custom bounds', { ...custom, zeroCountInt: 1, customValues: [1] }, /neither zero bucket/],
  ['bounds without their schema', { customValues: [1] }, /custom bounds with schema -53 only/],
  [
    '321 buckets',
    { countInt: 321, positiveSpans: [{ length: 321 }], positiveDeltas: [1, ...Array(320).fill(0)] },
    /at most 320 buckets/,
  ],
  ['a span without end', { positiveSpans: [{ length: 4_000_000_000 }] }, /spans say \(4000000000\), got 0/],
]

test.each(refused)('refused: %s', (_name, wire, message) => {
  const batch = decode([wire, { countInt: 0, timestamp: 1 }])
  expect(batch.refused).toMatchObject([{ reason: 'histogram_invalid', count: 1 }])
  expect(batch.refused[0]?.message).toMatch(message)
  expect(batch.refused[0]?.message).toContain('latency')
  expect(batch.histogramCount).toBe(1)
})

test('320 buckets are taken, and NaN observations are in no bucket', () => {
  const wide = { countInt: 320, positiveSpans: [{ length: 320 }], positiveDeltas: [1, ...Array(319).fill(0)] }
  expect(decode([wide, { countInt: 3, sum: Number.NaN, zeroCountInt: 1 }]).histogramCount).toBe(2)
})

test('a staleness marker is a float sample', () => {
  const batch = decode([{ sum: staleNaN(), timestamp: 9 }])
  expect(batch.histogramCount).toBe(0)
  expect(batch.times[0]).toBe(9)
  expect(isStaleAt(batch.halves, 0)).toBe(true)
})

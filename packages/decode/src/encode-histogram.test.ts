import { type Clock, decodeHistogram, type Histogram, MetricBatch } from '@vantage/model'
import { testSeed } from '@vantage/model/testing'
import fc from 'fast-check'
import { loadSync } from 'protobufjs'
import { expect, test } from 'vitest'
import { encodeLabels, RemoteWriteDecoder, RemoteWriteEncoder } from './remote-write/index.ts'

const root = loadSync(new URL('../proto/remote-write.proto', import.meta.url).pathname)
const WriteRequest = root.lookupType('prometheus.WriteRequest')
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 1 }
const TIME_MS = 1_700_000_000_123
const START_MS = 1_699_000_000_000
const LABELS = encodeLabels(['__name__', 'h'])

function encode(histogram: Histogram): Uint8Array {
  const encoder = new RemoteWriteEncoder()
  encoder.histogram(LABELS, { timeMs: TIME_MS, histogram, startMs: START_MS })
  return encoder.finish()
}

function decode(body: Uint8Array): MetricBatch {
  const batch = new MetricBatch()
  const decoder = new RemoteWriteDecoder()
  decoder.start(body, body.length, batch)
  expect(decoder.step(Number.POSITIVE_INFINITY, clock)).toBe('done')
  return batch
}

const side = fc.uniqueArray(fc.integer({ min: -500, max: 500 }), { maxLength: 8 }).chain((indexes) =>
  fc
    .oneof(
      fc.array(fc.integer({ min: 1, max: 2 ** 45 }), { minLength: indexes.length, maxLength: indexes.length }),
      fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), {
        minLength: indexes.length,
        maxLength: indexes.length,
      }),
    )
    .map((counts) => ({
      indexes: Int32Array.from(indexes.sort((a, b) => a - b)),
      counts: Float64Array.from(counts),
    })),
)

const histogram: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    resetHint: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    sum: fc.double(),
    zeroCount: fc.oneof(fc.nat(), fc.double({ min: 0, max: 9, noNaN: true })),
    zeroThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
    positive: side,
    negative: side,
    extra: fc.constantFrom(0, 0.5, 3),
  })
  .map(({ extra, ...one }) => ({
    ...one,
    count: [...one.positive.counts, ...one.negative.counts].reduce((sum, count) => sum + count, one.zeroCount) + extra,
    customValues: new Float64Array(0),
  }))

const seed = testSeed()

test(`what is written comes back, whole and broken counts alike, seed ${seed}`, () => {
  fc.assert(
    fc.property(histogram, (one) => {
      const batch = decode(encode(one))
      expect(batch.refused).toEqual([])
      expect(batch.histogramTimes[0]).toBe(TIME_MS)
      expect(batch.histogramStartTimes?.[0]).toBe(START_MS)
      expect(decodeHistogram(batch.histogramBytes)).toEqual({ ...one, sum: one.sum })
    }),
    { seed },
  )
})

const WHOLE: Histogram = {
  ...{ schema: 1, resetHint: 0, count: 9, sum: 18.4, zeroCount: 2, zeroThreshold: 0.001 },
  positive: { indexes: Int32Array.of(0, 1, 3, 4), counts: Float64Array.of(1, 2, 1, 1) },
  negative: { indexes: Int32Array.of(-3), counts: Float64Array.of(2) },
  customValues: new Float64Array(0),
}

test.each<readonly [string, Histogram, object]>([
  [
    'whole counts are integers',
    WHOLE,
    {
      ...{ countInt: 9, zeroCountInt: 2, schema: 1, sum: 18.4 },
      positiveSpans: [{ length: 2 }, { offset: 1, length: 2 }],
      positiveDeltas: [1, 1, -1, 0],
      negativeSpans: [{ offset: -3, length: 1 }],
      negativeDeltas: [2],
    },
  ],
  [
    'counts that do not add up are floats, which nobody holds against each other',
    { ...WHOLE, count: 10 },
    { countFloat: 10, zeroCountFloat: 2, positiveCounts: [1, 2, 1, 1], negativeCounts: [2] },
  ],
  [
    'bounds of its own',
    {
      ...{ schema: -53, resetHint: 3, count: 3, sum: 4, zeroCount: 0, zeroThreshold: 0 },
      positive: { indexes: Int32Array.of(0, 2), counts: Float64Array.of(1, 2) },
      negative: { indexes: new Int32Array(0), counts: new Float64Array(0) },
      customValues: Float64Array.of(0.5, 5),
    },
    { schema: -53, customValues: [0.5, 5], resetHint: 3, positiveDeltas: [1, 1] },
  ],
])('the referee reads: %s', (_name, one, wanted) => {
  const message = WriteRequest.toObject(WriteRequest.decode(encode(one)), { longs: Number }) as unknown as {
    timeseries: { histograms: object[] }[]
  }
  expect(message.timeseries[0]?.histograms[0]).toMatchObject(wanted)
})

test('a sample says since when it counts', () => {
  const encoder = new RemoteWriteEncoder()
  encoder.series(LABELS, TIME_MS, 0, 0x3ff00000, [], START_MS)
  encoder.series(LABELS, TIME_MS + 1, 0, 0x3ff00000)
  const batch = decode(encoder.finish())
  expect([...batch.values.subarray(0, 2)]).toEqual([1, 1])
  expect([...(batch.startTimes ?? [])].slice(0, 2)).toEqual([START_MS, 0])
})

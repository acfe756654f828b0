import { ReusableBuffer, snappyDecompress } from '@vantage/bytes'
import { DEFAULT_TENANT, NO_BUCKETS, NO_CUSTOM_VALUES, RESET_HINT } from '@vantage/model'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import { loadSync } from 'protobufjs'
import { expect, test } from 'vitest'
import { sampledReadAnswer } from './sampled.ts'

const root = loadSync(new URL('../../proto/remote-write.proto', import.meta.url).pathname)
const TimeSeries = root.lookupType('prometheus.TimeSeries')

test('the answer holds the samples of the range, bit for bit', () => {
  const metrics = new MemoryMetrics()
  metrics.append(DEFAULT_TENANT, ['__name__', 'm', 'i', '1'], 1_000, 0.1)
  metrics.append(DEFAULT_TENANT, ['__name__', 'm', 'i', '1'], 2_000, -0)
  metrics.append(DEFAULT_TENANT, ['__name__', 'm', 'i', '2'], 9_000, 1)
  const scans = [{ startMs: 0, endMs: 5_000, matchers: [{ name: '__name__', op: '=' as const, value: 'm' }] }]
  const answer = sampledReadAnswer(scans, DEFAULT_TENANT, metrics, unlimitedBudget)
  const room = new ReusableBuffer()
  const unpacked = snappyDecompress(answer, 0, answer.length, room, 1_000)
  if (!unpacked.ok) throw new Error(unpacked.error.message)
  // results (1) of one query, timeseries (1) of one series: two tags and lengths before it.
  const series = TimeSeries.toObject(TimeSeries.decode(room.bytes.subarray(4, unpacked.value)), { longs: Number })
  expect(series).toEqual({
    labels: [
      { name: '__name__', value: 'm' },
      { name: 'i', value: '1' },
    ],
    samples: [
      { value: 0.1, timestamp: 1_000 },
      { value: -0, timestamp: 2_000 },
    ],
  })
})

test('native histograms lie beside the samples', () => {
  const metrics = new MemoryMetrics()
  const at = ['__name__', 'h']
  metrics.append(DEFAULT_TENANT, at, 1_000, 3)
  metrics.appendHistogram(DEFAULT_TENANT, at, 2_000, {
    schema: 1,
    resetHint: RESET_HINT.unknown,
    count: 5,
    sum: 2.5,
    zeroCount: 2,
    zeroThreshold: 0.001,
    positive: { indexes: Int32Array.of(2), counts: Float64Array.of(3) },
    negative: NO_BUCKETS,
    customValues: NO_CUSTOM_VALUES,
  })
  const scans = [{ startMs: 0, endMs: 5_000, matchers: [{ name: '__name__', op: '=' as const, value: 'h' }] }]
  const answer = sampledReadAnswer(scans, DEFAULT_TENANT, metrics, unlimitedBudget)
  const room = new ReusableBuffer()
  const unpacked = snappyDecompress(answer, 0, answer.length, room, 1_000)
  if (!unpacked.ok) throw new Error(unpacked.error.message)
  const series = TimeSeries.toObject(TimeSeries.decode(room.bytes.subarray(4, unpacked.value)), { longs: Number })
  expect(series).toMatchObject({
    samples: [{ value: 3, timestamp: 1_000 }],
    histograms: [
      {
        countInt: 5,
        sum: 2.5,
        schema: 1,
        zeroThreshold: 0.001,
        zeroCountInt: 2,
        positiveSpans: [{ offset: 2, length: 1 }],
        positiveDeltas: [3],
        timestamp: 2_000,
      },
    ],
  })
})

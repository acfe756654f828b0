import { readFileSync } from 'node:fs'
import { ByteCursor, crc32c, readVarint } from '@vantage/bytes'
import { DEFAULT_TENANT, type MetricReader, NO_BUCKETS, NO_CUSTOM_VALUES, RESET_HINT } from '@vantage/model'
import { MemoryMetrics, seededRandom, unlimitedBudget } from '@vantage/model/testing'
import { loadSync } from 'protobufjs'
import { expect, test } from 'vitest'
import { HISTOGRAMS_ARE_SAMPLED, streamedReadAnswer } from './streamed.ts'

const root = loadSync(new URL('../../proto/remote-read.proto', import.meta.url).pathname)
const Response = root.lookupType('prometheus.ChunkedReadResponse')

/** Begin of a block's range, so that Prometheus cut no chunk of the vectors early. */
const BASE_MS = 1_700_006_400_000
const RANGE = { startMs: BASE_MS, endMs: BASE_MS + 7_199_999 }

interface Frame {
  readonly chunkedSeries: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[]
    readonly chunks: readonly { minTimeMs: number; maxTimeMs: number; type: number; data: Uint8Array }[]
  }[]
  readonly queryIndex: number
}

/** Checks length and checksum of each frame as a client does. */
function framesOf(body: Uint8Array): Frame[] {
  const cursor = new ByteCursor(body, 0, body.length)
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const frames: Frame[] = []
  while (cursor.at < body.length) {
    const length = readVarint(cursor)
    const from = cursor.at + 4
    expect(crc32c(body, from, from + length)).toBe(view.getUint32(cursor.at))
    frames.push(
      Response.toObject(Response.decode(body.subarray(from, from + length)), {
        longs: Number,
        defaults: true,
      }) as Frame,
    )
    cursor.at = from + length
  }
  return frames
}

function scanOf(name: string) {
  return { ...RANGE, matchers: [{ name: '__name__', op: '=' as const, value: name }] }
}

/** Values of every form that a chunk tells apart, at most 120 samples a series. */
function vectorSeries(): Record<string, [number, number][]> {
  const random = seededRandom(42)
  const steady = (count: number, valueAt: (i: number) => number): [number, number][] =>
    Array.from({ length: count }, (_, i) => [BASE_MS + i * 15_000, valueAt(i)])
  const special = [0, -0, Infinity, -Infinity, 5e-324, -1.7976931348623157e308, 0, 1, 1, 2 ** 53]
  // Differences of differences at the bounds of each width.
  const steps = [0, 1, 2, 8194, 8195, 8196, 16388, 81925, 81926, 147463, 671752, 671753, 671754, 4_000_000]
  return {
    constant: steady(120, () => 7),
    counter: steady(120, (i) => i * 3),
    random: steady(100, () => random()),
    decimal: steady(100, (i) => Math.round(random() * 1000 + i) / 10),
    jitter: steady(100, (i) => i % 5).map(([time, value]) => [time + Math.floor(random() * 40), value]),
    one: steady(1, () => 1.5),
    two: steady(2, (i) => i - 0.5),
    special: special.map((value, i) => [BASE_MS + i * 1000, value]),
    steps: steps.map((at, i) => [BASE_MS + at, i]),
  }
}

test('the answer is byte for byte that of Prometheus', () => {
  const metrics = new MemoryMetrics()
  for (const [shape, samples] of Object.entries(vectorSeries())) {
    for (const [time, value] of samples) {
      metrics.append(DEFAULT_TENANT, ['__name__', 'vector', 'shape', shape], time, value)
    }
  }
  const golden = readFileSync(new URL('./vectors/prometheus-2.42-streamed.bin', import.meta.url))
  const answer = streamedReadAnswer([scanOf('vector')], DEFAULT_TENANT, metrics, unlimitedBudget)
  const dataOf = (body: Uint8Array) =>
    framesOf(body).map(({ chunkedSeries }) => [
      chunkedSeries[0]?.labels[1]?.value,
      ...(chunkedSeries[0]?.chunks.map(({ data }) => Buffer.from(data).toString('hex')) ?? []),
    ])
  expect(dataOf(answer)).toEqual(dataOf(golden))
  expect(Buffer.from(answer).equals(golden)).toBe(true)
})

test('chunks of 120 samples, frames of a mebibyte, queries by their number', () => {
  const metrics = new MemoryMetrics()
  for (let i = 0; i < 250; i++) metrics.append(DEFAULT_TENANT, ['__name__', 'a'], BASE_MS + i, i)
  const random = seededRandom(7)
  const count = 143_000
  for (let i = 0; i < count; i++)
    metrics.append(DEFAULT_TENANT, ['__name__', 'b'], BASE_MS + i * 50 + (i % 7) * 5, random() / 3)
  const scans = [scanOf('none'), scanOf('a'), scanOf('b')]
  const frames = framesOf(streamedReadAnswer(scans, DEFAULT_TENANT, metrics, unlimitedBudget))
  const [first] = frames
  expect(first?.chunkedSeries[0]?.chunks.map(({ minTimeMs, maxTimeMs }) => maxTimeMs - minTimeMs + 1)).toEqual([
    120, 120, 10,
  ])
  expect(frames.map(({ queryIndex }) => queryIndex)).toEqual([1, ...frames.slice(1).map(() => 2)])
  expect(frames.length).toBeGreaterThan(2)
  const lengths = frames.slice(1).flatMap(({ chunkedSeries }) => {
    expect(chunkedSeries[0]?.labels).toEqual([{ name: '__name__', value: 'b' }])
    return chunkedSeries[0]?.chunks.map(({ data }) => (data[0] as number) * 256 + (data[1] as number)) ?? []
  })
  expect(lengths.reduce((sum, one) => sum + one, 0)).toBe(count)
})

test('a scan that may find native histograms is refused by reason', () => {
  const metrics = new MemoryMetrics()
  const histogram = {
    schema: 0,
    resetHint: RESET_HINT.unknown,
    count: 1,
    sum: 0,
    zeroCount: 1,
    zeroThreshold: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
    customValues: NO_CUSTOM_VALUES,
  }
  metrics.appendHistogram(DEFAULT_TENANT, ['__name__', 'h'], BASE_MS, histogram)
  const ask = (reader: MetricReader) => streamedReadAnswer([scanOf('h')], DEFAULT_TENANT, reader, unlimitedBudget)
  expect(() => ask(metrics)).toThrow(
    expect.objectContaining({ fault: expect.objectContaining({ reason: HISTOGRAMS_ARE_SAMPLED }) }),
  )
})

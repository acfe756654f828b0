import { decodeHistogram, type Fault, MetricBatch, systemClock } from '@vantage/model'
import fc from 'fast-check'
import { loadSync } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { RemoteWriteDecoder } from './decode.ts'
import { RemoteWriteV2Decoder } from './decode-v2.ts'
import { encodeRemoteWrite } from './encode.ts'

const root = loadSync(new URL('../../proto/remote-write-v2.proto', import.meta.url).pathname)
const Request = root.lookupType('io.prometheus.write.v2.Request')
const encode = (message: object) => new Uint8Array(Request.encode(Request.fromObject(message)).finish())

function decode(body: Uint8Array): MetricBatch | Fault {
  const batch = new MetricBatch()
  const decoder = new RemoteWriteV2Decoder()
  decoder.start(body, body.length, batch)
  const outcome = decoder.step(Number.POSITIVE_INFINITY, systemClock)
  if (outcome === 'more') throw new Error('no deadline, yet more')
  return outcome === 'done' ? batch : outcome
}

const UP = ['', '__name__', 'up', 'job', 'node', 'some help', 'bytes', 'trace_id', 'abc']

describe('what a request holds', () => {
  const batch = decode(
    encode({
      symbols: UP,
      timeseries: [
        {
          labelsRefs: [1, 2, 3, 4],
          samples: [
            { value: 1, timestamp: 10 },
            { value: 2, timestamp: 20, startTimestamp: 5 },
          ],
          exemplars: [{ labelsRefs: [7, 8], value: 0.5, timestamp: 11 }],
          metadata: { type: 2, helpRef: 5, unitRef: 6 },
        },
        { labelsRefs: [1, 4], histograms: [{ countInt: 1, zeroCountInt: 1, sum: 0, timestamp: 30 }] },
      ],
    }),
  ) as MetricBatch

  test('samples, labels, histograms, exemplars, metadata', () => {
    expect(batch.refused).toEqual([])
    expect(batch.rowCount).toBe(2)
    expect([...batch.times.subarray(0, 2)]).toEqual([10, 20])
    expect([...batch.values.subarray(0, 2)]).toEqual([1, 2])
    expect(batch.labelsOf(0)).toEqual({ ok: true, labels: ['__name__', 'up', 'job', 'node'] })
    expect(batch.exemplars).toEqual([{ row: 0, exemplar: { labels: ['trace_id', 'abc'], value: 0.5, timeMs: 11 } }])
    expect(batch.metadata).toEqual([{ metric: 'up', type: 'gauge', help: 'some help', unit: 'bytes' }])
    expect([batch.histogramCount, batch.histogramRows[0], batch.histogramTimes[0]]).toEqual([1, 1, 30])
    expect(decodeHistogram(batch.histogramBytes)).toMatchObject({ count: 1, zeroCount: 1 })
  })

  test('the alias is the one of version 1.0', () => {
    const body = encodeRemoteWrite([
      { labels: ['__name__', 'up', 'job', 'node'], times: [1], values: Float64Array.of(1) },
    ])
    const first = new MetricBatch()
    const decoder = new RemoteWriteDecoder()
    decoder.start(body, body.length, first)
    expect(decoder.step(Number.POSITIVE_INFINITY, systemClock)).toBe('done')
    expect(batch.aliasSpace).toBe(first.aliasSpace)
    expect(batch.bytes.subarray(batch.aliasStart[0], batch.aliasEnd[0])).toEqual(
      first.bytes.subarray(first.aliasStart[0], first.aliasEnd[0]),
    )
  })
})

const startCases: [string, object[], readonly number[] | undefined, readonly number[] | undefined][] = [
  ['none', [{ samples: [{ value: 1, timestamp: 10 }] }], undefined, undefined],
  [
    'of one sample',
    [
      {
        samples: [
          { value: 1, timestamp: 10 },
          { value: 2, timestamp: 20, startTimestamp: 5 },
        ],
      },
    ],
    [0, 5],
    undefined,
  ],
  [
    'of a histogram',
    [{ histograms: [{ timestamp: 10 }, { timestamp: 20, startTimestamp: 7 }] }, { samples: [{ timestamp: 1 }] }],
    undefined,
    [0, 7],
  ],
  [
    'of a whole series, as drafts had it, but for samples with their own',
    [
      {
        createdTimestamp: 3,
        samples: [{ timestamp: 10 }, { timestamp: 20, startTimestamp: 5 }],
        histograms: [{ timestamp: 30 }],
      },
      { samples: [{ timestamp: 10 }] },
    ],
    [3, 5, 0],
    [3],
  ],
  [
    'nothing stays of a refused series',
    [{ labelsRefs: [1], samples: [{ timestamp: 1, startTimestamp: 9 }] }, { samples: [{ timestamp: 10 }] }],
    [0],
    undefined,
  ],
]

test.each(startCases)('start times: %s', (_name, series, floats, histograms) => {
  const timeseries = series.map((one) => ({ labelsRefs: [1, 2], ...one }))
  const batch = decode(encode({ symbols: UP, timeseries })) as MetricBatch
  expect(batch.startTimes && [...batch.startTimes.subarray(0, batch.sampleCount)]).toEqual(floats)
  const starts = batch.histogramStartTimes
  expect(starts && [...starts.subarray(0, batch.histogramCount)]).toEqual(histograms)
})

const refused: [string, object, string, RegExp][] = [
  ['an odd number of references', { labelsRefs: [1] }, 'invalid_value', /in pairs, got 1/],
  ['a reference beyond the symbols', { labelsRefs: [1, 9] }, 'invalid_value', /below 9 symbols, got 9/],
  ['no name, samples only', { labelsRefs: [3, 4] }, 'missing_name', /__name__/],
  ['no labels at all', {}, 'missing_name', /__name__/],
]

test.each(refused)('refused: %s', (_name, series, reason, message) => {
  const good = { labelsRefs: [1, 2], samples: [{ value: 1, timestamp: 1 }] }
  const batch = decode(encode({ symbols: UP, timeseries: [{ ...series }, good] })) as MetricBatch
  expect(batch.refused).toMatchObject([{ reason, count: 1 }])
  expect(batch.refused[0]?.message).toMatch(message)
  expect(batch.rowCount).toBe(1)
})

test('symbols behind the series that name them', () => {
  const symbols = encode({ symbols: UP })
  const series = encode({ timeseries: [{ labelsRefs: [1, 2], samples: [{ value: 1, timestamp: 1 }] }] })
  const batch = decode(Uint8Array.from([...series, ...symbols])) as MetricBatch
  expect(batch.labelsOf(0)).toEqual({ ok: true, labels: ['__name__', 'up'] })
})

const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'b', 'ä', '_') })

test('every request reads as its senders wrote it, in slices too', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          name: word,
          value: word,
          samples: fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 40 }), fc.double({ noNaN: true })), {
            minLength: 1,
          }),
        }),
        { maxLength: 20 },
      ),
      (rows) => {
        const symbols = ['', '__name__', 'job']
        const refOf = (text: string) => (symbols.includes(text) ? symbols.indexOf(text) : symbols.push(text) - 1)
        const timeseries = rows.map(({ name, value, samples }) => ({
          labelsRefs: [1, refOf(name), 2, refOf(value)],
          samples: samples.map(([timestamp, sample]) => ({ timestamp, value: sample })),
        }))
        const body = encode({ symbols, timeseries })
        const batch = new MetricBatch()
        const decoder = new RemoteWriteV2Decoder()
        decoder.start(body, body.length, batch)
        let now = 0
        const tired = { nowMs: () => 0, monotonicMs: () => ++now }
        while (decoder.step(0, tired) === 'more') expect(now).toBeLessThan(10_000)
        expect(batch.rowCount).toBe(rows.length)
        rows.forEach(({ name, value, samples }, row) => {
          expect(batch.labelsOf(row)).toEqual({ ok: true, labels: ['__name__', name, 'job', value] })
          const from = batch.sampleFrom[row] as number
          const got = samples.map((_, i) => [batch.times[from + i], batch.values[from + i]])
          expect(got).toEqual(samples)
        })
      },
    ),
  )
})

test('no bytes break it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
      const outcome = decode(body)
      expect(outcome instanceof MetricBatch || outcome.code === 'bad_request').toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

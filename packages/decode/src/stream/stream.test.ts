import { type Fault, formatLabels, MetricBatch, systemClock } from '@vantage/model'
import fc from 'fast-check'
import { loadSync } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { encodeAck, encodePushSummary } from './answers.ts'
import { readBatchIdentity, TelemetryDecoder } from './decode.ts'

const root = loadSync(new URL('../../../../proto/telemetry.proto', import.meta.url).pathname)
const type = (name: string) => root.lookupType(`vantage.telemetry.v1.${name}`)
const TelemetryBatch = type('TelemetryBatch')
const encode = (message: object) => new Uint8Array(TelemetryBatch.encode(TelemetryBatch.fromObject(message)).finish())

function decode(body: Uint8Array): MetricBatch | Fault {
  const batch = new MetricBatch()
  const decoder = new TelemetryDecoder()
  decoder.start(body, body.length, batch, 42)
  const outcome = decoder.step(Number.POSITIVE_INFINITY, systemClock)
  if (outcome === 'more') throw new Error('no deadline, yet more')
  return outcome === 'done' ? batch : outcome
}

function lines(batch: MetricBatch | Fault): string[] {
  if (!(batch instanceof MetricBatch)) return [`${batch.code}: ${batch.message}`]
  return Array.from({ length: batch.rowCount }, (_, row) => {
    const labels = batch.labelsOf(row)
    const at = batch.sampleFrom[row] as number
    return `${labels.ok ? formatLabels(labels.labels) : labels.reason} ${batch.values[at]} @${batch.times[at]}`
  })
}

const NS = '1700000000123456789'

describe('TelemetryDecoder', () => {
  test('gauges, counters, labels, who sent it', () => {
    const batch = decode(
      encode({
        metrics: [
          { name: 'queue.size', labels: { q: 'mail' }, samples: [{ timestampNs: NS, gauge: 1.5 }, { gauge: -2 }] },
          { name: 'sent_total', samples: [{ timestampNs: NS, counter: '9007199254740993' }] },
        ],
        service: 'shop',
        instance: 'shop-1',
      }),
    )
    const who = 'instance="shop-1"'
    expect(lines(batch)).toEqual([
      `{__name__="queue.size", ${who}, q="mail", service_name="shop"} 1.5 @1700000000123`,
      `{__name__="queue.size", ${who}, q="mail", service_name="shop"} -2 @42`,
      `sent_total{${who}, service_name="shop"} 9007199254740992 @1700000000123`,
    ])
    expect((batch as MetricBatch).warnings).toEqual(['integers beyond 2^53 were rounded'])
  })

  test('a histogram becomes classic series', () => {
    const histogram = { bounds: [0.1, 1], counts: [1, 2, 3], sum: 7.5, count: 6 }
    const batch = decode(
      encode({ service: 's', metrics: [{ name: 'lat', samples: [{ timestampNs: NS, histogram }] }] }),
    )
    expect(lines(batch)).toEqual([
      'lat_bucket{le="0.1", service_name="s"} 1 @1700000000123',
      'lat_bucket{le="1", service_name="s"} 3 @1700000000123',
      'lat_bucket{le="+Inf", service_name="s"} 6 @1700000000123',
      'lat_sum{service_name="s"} 7.5 @1700000000123',
      'lat_count{service_name="s"} 6 @1700000000123',
    ])
  })

  test.each<[string, object, RegExp]>([
    ['fewer counts than buckets', { bounds: [1], counts: [1] }, /one count more than bounds, got 1 and 1/],
    ['bounds that descend', { bounds: [2, 1], counts: [1, 1, 1] }, /ascending bounds/],
    ['a bound +Inf', { bounds: [Number.POSITIVE_INFINITY], counts: [1, 1] }, /without \+Inf/],
    ['321 buckets', { bounds: Array.from({ length: 320 }, (_, i) => i), counts: Array(321).fill(1) }, /at most 320/],
  ])('refused: %s', (_name, histogram, message) => {
    const metrics = [{ name: 'm', samples: [{ histogram }, { gauge: 1 }] }]
    const batch = decode(encode({ service: 's', metrics })) as MetricBatch
    expect(batch.refused).toMatchObject([{ reason: 'histogram_invalid', count: 1 }])
    expect(batch.refused[0]?.message).toMatch(message)
    expect(batch.rowCount).toBe(1)
  })

  test('a sample without a value and a metric without a name are refused one by one', () => {
    const metrics = [
      { name: 'm', samples: [{ timestampNs: NS }] },
      { labels: { a: 'b' }, samples: [{ gauge: 1 }] },
    ]
    const batch = decode(encode({ service: 's', metrics })) as MetricBatch
    expect(batch.refused).toMatchObject([{ reason: 'invalid_value', count: 1 }])
    expect(lines(batch)).toEqual(['missing_name 1 @42'])
  })

  test('equal series have equal aliases, others have not', () => {
    const sample = [{ gauge: 1 }]
    const metrics = [
      { name: 'a', labels: { x: '1' }, samples: sample },
      { name: 'a', labels: { x: '1' }, samples: sample },
      { name: 'a', labels: { x: '2' }, samples: sample },
    ]
    const aliases = (service: string) => {
      const batch = decode(encode({ service, metrics })) as MetricBatch
      return [0, 1, 2].map((row) =>
        Buffer.from(batch.bytes.slice(batch.aliasStart[row], batch.aliasEnd[row])).toString('hex'),
      )
    }
    const [first, second, other] = aliases('s')
    expect(second).toBe(first)
    expect(other).not.toBe(first)
    expect(aliases('t')[0]).not.toBe(first)
  })

  test('no bytes break it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const outcome = decode(body)
        if (outcome instanceof MetricBatch) lines(outcome)
        else expect(outcome.code).toBe('bad_request')
      }),
      { numRuns: 2_000 },
    )
  })
})

test('who sent a batch', () => {
  expect(readBatchIdentity(encode({ service: 's', clientId: 'c-1', seq: 7 }))).toEqual({ clientId: 'c-1', seq: 7 })
  expect(readBatchIdentity(encode({ service: 's' }))).toEqual({ clientId: '', seq: 0 })
  expect(readBatchIdentity(Uint8Array.of(0xff))).toBeUndefined()
})

test('answers as the referee reads them', () => {
  const rejected = [{ seq: 3, reason: 'invalid_value' as const, count: 2, message: 'x' }]
  const read = (name: string, bytes: Uint8Array) => type(name).toObject(type(name).decode(bytes), { longs: Number })
  expect(read('Ack', encodeAck(3, rejected))).toEqual({ upToSeq: 3, rejected })
  expect(read('PushSummary', encodePushSummary(4, 9, rejected))).toEqual({ batches: 4, samples: 9, rejected })
})

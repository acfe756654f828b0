import { ProtobufWriter, ReusableBuffer, snappyCompress, snappyDecompress } from '@vantage/bytes'
import { DEFAULT_TENANT } from '@vantage/model'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import fc from 'fast-check'
import { loadSync } from 'protobufjs'
import { expect, test } from 'vitest'
import { readReadRequest, remoteReadAnswer } from './remote-read.ts'

const root = loadSync(new URL('../../proto/remote-write.proto', import.meta.url).pathname)
const TimeSeries = root.lookupType('prometheus.TimeSeries')

/** A ReadRequest of queries with matchers `[type, name, value]`. */
function request(...queries: { from: number; to: number; matchers: [number, string, string][] }[]): Uint8Array {
  const out = new ProtobufWriter()
  for (const { from, to, matchers } of queries) {
    const query = out.open(0x0a)
    out.signed(0x08, from)
    out.signed(0x10, to)
    for (const [type, name, value] of matchers) {
      const matcher = out.open(0x1a)
      out.varint(0x08, type)
      out.text(0x12, name)
      out.text(0x1a, value)
      out.close(matcher)
    }
    out.close(query)
  }
  out.bytes(0x12, Uint8Array.of(1, 0))
  return snappyCompress(out.finish())
}

test('queries become scans', () => {
  const read = readReadRequest(
    request({
      from: -5,
      to: 10,
      matchers: [
        [0, 'a', 'b'],
        [3, 'c', 'd.*'],
      ],
    }),
    4096,
  )
  expect(read).toEqual({
    ok: true,
    value: [
      {
        startMs: -5,
        endMs: 10,
        matchers: [
          { name: 'a', op: '=', value: 'b' },
          { name: 'c', op: '!~', value: 'd.*' },
        ],
      },
    ],
  })
})

test.each<[string, Uint8Array, RegExp]>([
  ['no snappy', Uint8Array.of(0xff, 0xff), /snappy/],
  ['an unknown matcher', request({ from: 0, to: 1, matchers: [[4, 'a', 'b']] }), /malformed LabelMatcher/],
  ['a bad pattern', request({ from: 0, to: 1, matchers: [[2, 'a', '(']] }), /regular expression/],
  ['a pattern over the limit', request({ from: 0, to: 1, matchers: [[2, 'a', `${'x?'.repeat(40)}`]] }), /at most 64/],
  [
    '65 queries',
    request(...Array.from({ length: 65 }, () => ({ from: 0, to: 1, matchers: [] }))),
    /at most 64 queries/,
  ],
])('refused: %s', (_name, body, message) => {
  const read = readReadRequest(body, 64)
  expect(read.ok ? '' : read.error.message).toMatch(message)
})

test('no bytes break it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readReadRequest(bytes, 64)
      readReadRequest(snappyCompress(bytes), 64)
    }),
  )
})

test('the answer holds the samples of the range, bit for bit', () => {
  const metrics = new MemoryMetrics()
  metrics.append(DEFAULT_TENANT, ['__name__', 'm', 'i', '1'], 1_000, 0.1)
  metrics.append(DEFAULT_TENANT, ['__name__', 'm', 'i', '1'], 2_000, -0)
  metrics.append(DEFAULT_TENANT, ['__name__', 'm', 'i', '2'], 9_000, 1)
  const scans = [{ startMs: 0, endMs: 5_000, matchers: [{ name: '__name__', op: '=' as const, value: 'm' }] }]
  const answer = remoteReadAnswer(scans, DEFAULT_TENANT, metrics, unlimitedBudget)
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

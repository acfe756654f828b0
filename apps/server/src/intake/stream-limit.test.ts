import { type Clock, LogBatch, NO_ORIGIN } from '@vantage/model'
import { expect, test } from 'vitest'
import { StreamLimit } from './stream-limit.ts'

const HOUR_MS = 3_600_000

class TestClock implements Clock {
  ms = 0
  nowMs(): number {
    return this.ms
  }
  monotonicMs(): number {
    return this.ms
  }
}

/** A request with a row for each stream. */
function rowsOf(...streams: readonly string[]): LogBatch {
  const batch = new LogBatch()
  const bytes = Buffer.from(streams.join(''))
  batch.originBytes.bytes = bytes
  batch.originOf = (origin) => ({
    ...NO_ORIGIN,
    kind: 'labels',
    resource: [{ key: 'app', value: { kind: 'string', value: streams[origin] as string } }],
  })
  let at = 0
  for (const stream of streams) {
    batch.verdict.next()
    batch.addRow(batch.addOrigin(at, at + stream.length))
    at += stream.length
  }
  return batch
}

function send(limit: StreamLimit, tenant: string, ...streams: readonly string[]) {
  const batch = rowsOf(...streams)
  limit.refuse(tenant, batch)
  const kept = Array.from(batch.columns.origins.subarray(0, batch.columns.count), (origin) => streams[origin])
  return { kept, refused: batch.refused, bits: batch.verdict.bits()?.[0] }
}

test('as many streams as the limit says, and one more', () => {
  const limit = new StreamLimit(3, new TestClock())
  expect(send(limit, 't', 'a', 'b')).toEqual({ kept: ['a', 'b'], refused: [], bits: undefined })
  expect(send(limit, 't', 'a', 'c', 'd', 'b', 'd')).toEqual({
    kept: ['a', 'c', 'b'],
    refused: [
      {
        reason: 'stream_limit',
        count: 2,
        message: 'stream {app="d"}: want at most 3 streams (limits.maxStreams), got one more',
      },
    ],
    bits: 0b10100,
  })
  // Old ones do not suffer, other tenants neither.
  expect(send(limit, 't', 'a', 'b', 'c').refused).toEqual([])
  expect(send(limit, 'u', 'd').refused).toEqual([])
  expect(limit.count).toBe(4)
})

test('a stream that was silent for an hour makes room', () => {
  const clock = new TestClock()
  const limit = new StreamLimit(2, clock)
  send(limit, 't', 'a', 'b')
  clock.ms = HOUR_MS - 1
  send(limit, 't', 'b')
  expect(send(limit, 't', 'c').kept).toEqual([])
  clock.ms = HOUR_MS + 9_999
  expect(send(limit, 't', 'c').kept).toEqual(['c'])
  // Known by its bytes before, it is as new as any other.
  expect(send(limit, 't', 'a').kept).toEqual([])
})

test('what is replayed counts, and is never refused', () => {
  const limit = new StreamLimit(1, new TestClock())
  for (const stream of ['a', 'b']) {
    const batch = rowsOf(stream)
    limit.note('t', batch)
    expect(batch.columns.count).toBe(1)
  }
  expect(send(limit, 't', 'a', 'b').kept).toEqual(['a', 'b'])
  expect(send(limit, 't', 'c').kept).toEqual([])
})

test('0 is no limit', () => {
  const limit = new StreamLimit(0, new TestClock())
  expect(send(limit, 't', 'a', 'b').refused).toEqual([])
  expect(limit.count).toBe(0)
})

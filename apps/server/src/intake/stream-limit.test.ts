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

/** A row with a line of so many bytes for each stream. */
function linesOf(lines: readonly (readonly [stream: string, bytes: number])[]): LogBatch {
  const batch = rowsOf(...lines.map(([stream]) => stream))
  const bytes = new Uint8Array(lines.reduce((sum, [, length]) => sum + length, 0))
  batch.columns.bodies.bytes = bytes
  let at = 0
  for (const [row, [, length]] of lines.entries()) {
    batch.columns.bodies.set(row, at, at + length)
    at += length
  }
  return batch
}

test.each([0, 5])('bytes of each stream: as many as the burst, then as many a second; %i streams', (max) => {
  const clock = new TestClock()
  const limit = new StreamLimit(max, clock, { rate: 10, burst: 100 })
  const kept = (...lines: readonly (readonly [string, number])[]) => {
    const batch = linesOf(lines)
    limit.refuse('t', batch)
    return [batch.columns.count, batch.refused.map(({ reason, count }) => [reason, count]), batch.verdict.bits()?.[0]]
  }
  expect(kept(['a', 60], ['b', 100], ['a', 40])).toEqual([3, [], undefined])
  // What one stream sent is refused together, others are not.
  expect(kept(['a', 1], ['c', 100], ['a', 1])).toEqual([1, [['tenant_rate', 2]], 0b101])
  clock.ms = 2_000
  expect(kept(['a', 21])).toEqual([0, [['tenant_rate', 1]], 1])
  expect(kept(['a', 20])).toEqual([1, [], undefined])
  const batch = linesOf([['b', 500]])
  limit.refuse('t', batch)
  expect(batch.refused[0]?.message).toBe(
    'stream {app="b"}: want at most 10 bytes a second (limits.streamBytesRate), got more',
  )
  // A replay refuses nothing.
  limit.note('t', linesOf([['b', 500]]))
})

test('0 is no limit', () => {
  const limit = new StreamLimit(0, new TestClock())
  expect(send(limit, 't', 'a', 'b').refused).toEqual([])
  expect(limit.count).toBe(0)
})

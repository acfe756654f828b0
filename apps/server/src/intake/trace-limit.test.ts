import { type Clock, SpanBatch } from '@vantage/model'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { TraceLimit } from './trace-limit.ts'
import { TraceSizes } from './trace-sizes.ts'

/** Of a span without a name. */
const EMPTY_BYTES = 96
const IDLE_MS = 300_000

class TestClock implements Clock {
  ms = 0
  nowMs(): number {
    return this.ms
  }
  monotonicMs(): number {
    return this.ms
  }
}

/** A request of spans, each of a trace by its number and with a name of so many bytes. */
function spansOf(...spans: readonly (readonly [number, number])[]): SpanBatch {
  const batch = new SpanBatch()
  for (const [trace, nameBytes] of spans) {
    batch.verdict.next()
    const row = batch.addRow(0)
    batch.columns.traceIds[row * 16] = trace
    batch.columns.names.set(row, 0, nameBytes)
  }
  return batch
}

function send(limit: TraceLimit, tenant: string, ...spans: readonly (readonly [number, number])[]) {
  const batch = spansOf(...spans)
  limit.refuse(tenant, batch)
  const kept = Array.from({ length: batch.columns.count }, (_, row) => batch.rowItems[row])
  return { kept, refused: batch.refused, bits: batch.verdict.bits()?.[0] }
}

test('a trace as large as the limit says, and one byte more', () => {
  const max = 2 * EMPTY_BYTES + 30
  const limit = new TraceLimit(max, new TestClock(), () => 7)
  expect(send(limit, 't', [1, 10], [2, 10], [1, 20])).toEqual({ kept: [0, 1, 2], refused: [], bits: undefined })
  expect(send(limit, 't', [1, 0], [2, 21], [3, 5], [2, 20])).toEqual({
    kept: [2, 3],
    refused: [
      {
        reason: 'trace_too_large',
        count: 2,
        message: `trace ${'01'.padEnd(32, '0')}: want at most ${max} bytes of spans (limits.maxTraceBytes), got more`,
      },
    ],
    bits: 0b11,
  })
  expect(send(limit, 'u', [1, 0]).refused).toEqual([])
})

test('a trace that goes on stays known, one that was silent may begin anew', () => {
  const clock = new TestClock()
  const limit = new TraceLimit(4 * EMPTY_BYTES, clock, () => 7)
  send(limit, 't', [1, 0], [2, 0], [2, 0], [2, 0], [2, 0])
  for (let i = 1; i <= 3; i++) {
    clock.ms += IDLE_MS
    expect(send(limit, 't', [1, 0]).kept).toEqual([0])
  }
  expect(send(limit, 't', [1, 0]).kept).toEqual([])
  expect(send(limit, 't', [2, 0]).kept).toEqual([0])
})

test('what is replayed counts, and is never refused; 0 is no limit', () => {
  const limit = new TraceLimit(EMPTY_BYTES, new TestClock(), () => 7)
  const batch = spansOf([1, 0], [1, 0])
  limit.note('t', batch)
  expect(batch.columns.count).toBe(2)
  expect(send(limit, 't', [1, 0]).kept).toEqual([])
  expect(send(new TraceLimit(0, new TestClock(), () => 7), 't', [1, 1_000_000]).refused).toEqual([])
})

test('sizes of many traces are those of a map, and memory is bounded', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const sizes = new TraceSizes(seed | 0)
  const expected = new Map<number, number>()
  for (let i = 0; i < 200_000; i++) {
    const trace = Math.floor(random() * 20_000) * 0x10001
    const bytes = 1 + Math.floor(random() * 50)
    const before = expected.get(trace) ?? 0
    const isTaken = before + bytes <= 300
    expect([seed, i, sizes.add(trace, ~trace, bytes, 300)]).toEqual([seed, i, isTaken])
    if (isTaken) expected.set(trace, before + bytes)
  }
  // More traces than there is room for: none of them is refused for others.
  for (let i = 0; i < 600_000; i++) expect(sizes.add(i, -i, 300, 300)).toBe(true)
  expect(sizes.add(599_999, -599_999, 1, 300)).toBe(false)
  expect(sizes.add(0, 0, 1, 300)).toBe(true)
})

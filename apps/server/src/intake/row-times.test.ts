import { LogBatch, SpanBatch } from '@vantage/model'
import { expect, test } from 'vitest'
import { refuseByTime, type TimeLimits } from './row-times.ts'

const NOW_MS = 1_767_323_045_000
const NOW_NS = BigInt(NOW_MS) * 1_000_000n
const LIMITS: TimeLimits = { maxFutureMs: 600_000, maxPastMs: 3_600_000 }
const FUTURE_NS = NOW_NS + 600_000_000_000n
const PAST_NS = NOW_NS - 3_600_000_000_000n

function logs(times: readonly (readonly [bigint, bigint])[]): LogBatch {
  const batch = new LogBatch()
  for (const [timeNs, observedNs] of times) {
    batch.verdict.next()
    const row = batch.addRow(0)
    batch.columns.times[row] = timeNs
    batch.columns.observedTimes[row] = observedNs
    batch.columns.bodies.set(row, row, row + 1)
    batch.columns.traceIds[row * 16] = row + 1
  }
  return batch
}

function outcome(batch: LogBatch | SpanBatch) {
  const { columns } = batch
  const times = 'times' in columns ? columns.times : columns.startTimes
  return {
    kept: [...times.subarray(0, columns.count)],
    refused: batch.refused.map(({ reason, count }) => `${reason} ${count}`),
    bits: batch.verdict.bits()?.[0],
  }
}

const cases: [
  string,
  TimeLimits,
  [bigint, bigint][],
  { kept: number[]; refused: string[]; bits: number | undefined },
][] = [
  [
    'at the limits',
    LIMITS,
    [
      [FUTURE_NS, 0n],
      [PAST_NS, 0n],
    ],
    { kept: [0, 1], refused: [], bits: undefined },
  ],
  [
    'one more ahead',
    LIMITS,
    [
      [FUTURE_NS + 1n, 0n],
      [NOW_NS, 0n],
    ],
    { kept: [1], refused: ['too_far_in_future 1'], bits: 1 },
  ],
  [
    'one more behind',
    LIMITS,
    [
      [NOW_NS, 0n],
      [PAST_NS - 1n, 0n],
    ],
    { kept: [0], refused: ['too_old 1'], bits: 2 },
  ],
  ['without a time', LIMITS, [[0n, 0n]], { kept: [0], refused: [], bits: undefined }],
  ['observed, too late', LIMITS, [[0n, FUTURE_NS + 1n]], { kept: [], refused: ['too_far_in_future 1'], bits: 1 }],
  ['its own time is what counts', LIMITS, [[NOW_NS, FUTURE_NS + 1n]], { kept: [0], refused: [], bits: undefined }],
  ['before 1970', LIMITS, [[-1n, 0n]], { kept: [], refused: ['too_old 1'], bits: 1 }],
  [
    'off',
    { maxFutureMs: undefined, maxPastMs: undefined },
    [
      [2n ** 62n, 0n],
      [1n, 0n],
    ],
    { kept: [0, 1], refused: [], bits: undefined },
  ],
  [
    'both among others',
    LIMITS,
    [
      [NOW_NS, 0n],
      [2n ** 62n, 0n],
      [NOW_NS + 1n, 0n],
      [1n, 0n],
      [NOW_NS + 2n, 0n],
    ],
    { kept: [0, 2, 4], refused: ['too_far_in_future 1', 'too_old 1'], bits: 0b1010 },
  ],
]
test.each(cases)('%s', (_, limits, times, { kept, refused, bits }) => {
  const batch = logs(times)
  refuseByTime(batch, limits, NOW_MS)
  expect(outcome(batch)).toEqual({ kept: kept.map((row) => times[row]?.[0]), refused, bits })
  // What belongs to a row moves with it.
  expect([...batch.columns.bodies.from.subarray(0, kept.length)]).toEqual(kept)
  expect(kept.map((_, row) => batch.columns.traceIds[row * 16])).toEqual(kept.map((row) => row + 1))
  expect([...batch.rowItems.subarray(0, kept.length)]).toEqual(kept)
})

test('spans by their start', () => {
  const batch = new SpanBatch()
  for (const startNs of [NOW_NS, FUTURE_NS + 1n, 0n, PAST_NS - 1n]) {
    batch.verdict.next()
    const row = batch.addRow(0)
    batch.columns.startTimes[row] = startNs
    batch.columns.names.set(row, row, row + 1)
  }
  refuseByTime(batch, LIMITS, NOW_MS)
  expect(outcome(batch)).toEqual({ kept: [NOW_NS, 0n], refused: ['too_far_in_future 1', 'too_old 1'], bits: 0b1010 })
  expect([...batch.columns.names.from.subarray(0, 2)]).toEqual([0, 2])
  expect(batch.refused[0]?.message).toBe(
    'time: want one that is not too far ahead of now (limits.maxFuture: 10m), got 2026-01-02T03:14:05.000Z',
  )
})

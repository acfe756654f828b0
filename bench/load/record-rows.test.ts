import { OtlpLogsDecoder, OtlpTracesDecoder } from '@vantage/decode/otlp'
import { type Clock, LogBatch, SpanBatch } from '@vantage/model'
import { expect, test } from 'vitest'
import { LogRows, oneLog } from './log-rows.ts'
import type { RecordTemplate } from './record-template.ts'
import { ROWS_PER_REQUEST, recordShape } from './row-parts.ts'
import { SpanRows } from './span-rows.ts'

const LIMITS = { maxAttributes: 128, maxAttributeBytes: 1 << 16, maxLineBytes: 1 << 16 }
const START_NS = 1_800_000_000_123_456_789n
const STEP_NS = 4_321_987
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0 }

function logsOf(body: Buffer): LogBatch {
  const batch = new LogBatch()
  const decoder = new OtlpLogsDecoder(LIMITS)
  decoder.start(body, body.length, batch)
  expect(decoder.step(Number.POSITIVE_INFINITY, clock)).toBe('done')
  return batch
}

function spansOf(body: Buffer): SpanBatch {
  const batch = new SpanBatch()
  const decoder = new OtlpTracesDecoder(LIMITS)
  decoder.start(body, body.length, batch)
  expect(decoder.step(Number.POSITIVE_INFINITY, clock)).toBe('done')
  return batch
}

const id = (ids: Uint8Array, row: number, bytes: number): string =>
  Buffer.from(ids.subarray(row * bytes, (row + 1) * bytes)).toString('hex')

function expectSteps(times: BigInt64Array, rows: number): void {
  for (let row = 0; row < rows; row++) {
    const step = Number((times[row] as bigint) - START_NS - BigInt(row) * BigInt(STEP_NS))
    expect([row, step >= -1 && step <= STEP_NS]).toEqual([row, true])
  }
}

test('a request of logs decodes, with a time for each row and ids that another pass does not have', () => {
  const [template] = recordShape(new LogRows('wide'), 1).templates as readonly [RecordTemplate]
  const ids = [1, 2].map((pass) => {
    const { columns, refused } = logsOf(template.patch(START_NS, STEP_NS, pass))
    expect([columns.count, [...refused]]).toEqual([ROWS_PER_REQUEST, []])
    expectSteps(columns.times, columns.count)
    expect(columns.observedTimes[7]).toBe((columns.times[7] as bigint) + 2_000_000n)
    expect(template.firstId(8)).toBe(id(columns.traceIds, 8, 16))
    expect(id(columns.traceIds, 11, 16)).toBe(id(columns.traceIds, 8, 16))
    return [id(columns.traceIds, 8, 16), id(columns.spanIds, 8, 8)]
  })
  expect(new Set(ids.flat()).size).toBe(4)
})

test('a request of spans decodes: eight to a trace, each the child of the one before', () => {
  const [template] = recordShape(new SpanRows('wide'), 1).templates as readonly [RecordTemplate]
  const { columns, refused } = spansOf(template.patch(START_NS, STEP_NS, 5))
  expect([columns.count, [...refused]]).toEqual([ROWS_PER_REQUEST, []])
  expectSteps(columns.startTimes, columns.count)
  for (let row = 0; row < columns.count; row++) {
    const parent = row % 8 === 0 ? '0'.repeat(16) : id(columns.spanIds, row - 1, 8)
    expect([row, id(columns.parentSpanIds, row, 8)]).toEqual([row, parent])
    expect(id(columns.traceIds, row, 16)).toBe(id(columns.traceIds, row - (row % 8), 16))
    expect((columns.endTimes[row] as bigint) > (columns.startTimes[row] as bigint)).toBe(true)
  }
})

test('one row has the line that was given', () => {
  const { columns } = logsOf(oneLog('a line of its own').patch(START_NS, 0, 1))
  const { bytes, from, to } = columns.bodies
  expect(columns.count).toBe(1)
  expect(Buffer.from(bytes.subarray(from[0], to[0])).toString()).toBe('a line of its own')
})

test('the same seed makes the same bytes', () => {
  const [one, two] = [1, 2].map(() => recordShape(new LogRows('flat'), 2)) as [unknown, unknown]
  expect(one).toEqual(two)
  expect(one).toMatchObject({ jsonBytesPerRow: expect.closeTo(464, 0) })
})

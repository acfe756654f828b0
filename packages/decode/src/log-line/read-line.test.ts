import { BODY_KIND, hexText, LogBatch } from '@vantage/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLine, severityOf, timeOf } from './read-line.ts'

const levels: [string, number][] = [
  ['{"level":"error","msg":"x"}', 17],
  ['{"msg":"level up","severity" : "Warning"}', 13],
  ['{"level":30,"time":1}', 9],
  ['{"level":300}', 0],
  ['{"log.level":"DEBUG"}', 5],
  ['time=1 lvl=crit msg="x"', 21],
  ['level=info msg="an error happened"', 9],
  ['2026-01-02 03:04:05 ERROR something', 17],
  ['[warn] disk', 13],
  ['main | FATAL: no', 21],
  ['an error happened', 0],
  ['INFORMATION desk', 0],
  ['', 0],
]
test.each(levels)('severity of %s', (line, severity) => {
  expect(severityOf(line)).toBe(severity)
})

const times: [string, bigint][] = [
  ['{"time":"2026-01-02T03:04:05.678Z"}', 1767323045678000000n],
  ['ts=2026-01-02T03:04:05.123456789+01:00 msg=x', 1767319445123456789n],
  ['2026-01-02 03:04:05,5 INFO x', 1767323045500000000n],
  ['[2026-01-02T03:04:05] x', 1767323045000000000n],
  ['{"time":"2026-13-02T03:04:05Z"}', 0n],
  ['{"msg":"at 2026-01-02T03:04:05Z"}', 0n],
]
test.each(times)('time of %s', (line, ns) => {
  expect(timeOf(line)).toBe(ns)
})

function rowOf(line: string, change: (batch: LogBatch) => void = () => {}): LogBatch {
  const batch = new LogBatch()
  const row = batch.addRow(0)
  const body = Buffer.from(line)
  batch.columns.bodies.bytes = body
  batch.columns.bodies.set(row, 0, body.length)
  batch.columns.bodyKinds[row] = BODY_KIND.text
  change(batch)
  readLine(batch, row)
  return batch
}

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const ids: [string, string, string][] = [
  [`{"trace_id":"${TRACE}","span_id":"${SPAN}"}`, TRACE, SPAN],
  [`traceID=${TRACE} msg=x`, TRACE, '0'.repeat(16)],
  [`{"trace.id": "${TRACE.toUpperCase()}"}`, TRACE, '0'.repeat(16)],
  [`GET / 00-${TRACE}-${SPAN}-01`, TRACE, SPAN],
  [`trace_id=${TRACE}0`, '0'.repeat(32), '0'.repeat(16)],
  [`trace_id=${'0'.repeat(32)}`, '0'.repeat(32), '0'.repeat(16)],
]
test.each(ids)('ids of %s', (line, trace, span) => {
  const { columns } = rowOf(line)
  expect(hexText(columns.traceIds, 0, 16)).toBe(trace)
  expect(hexText(columns.spanIds, 0, 8)).toBe(span)
})

test('what the sender said stays', () => {
  const { columns } = rowOf(
    `{"level":"error","trace_id":"${TRACE}","time":"2026-01-02T03:04:05Z"}`,
    ({ columns: own }) => {
      own.severities[0] = 9
      own.times[0] = 5n
      own.traceIds.fill(1, 0, 16)
    },
  )
  expect([columns.severities[0], columns.times[0], columns.traceIds[0]]).toEqual([9, 5n, 1])
})

test('no line breaks it or takes long', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 2_000 }),
        fc.string({ unit: fc.constantFrom('level', '=', ' ', '"', 'e', '2026-', '0') }),
      ),
      (line) => {
        const { columns } = rowOf(line)
        expect(columns.severities[0]).toBeLessThanOrEqual(24)
      },
    ),
    { numRuns: 500 },
  )
})

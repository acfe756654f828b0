import { ProtobufWriter } from '@vantage/bytes'
import { type ByteRanges, type Clock, type Fault, LogBatch, SpanBatch } from '@vantage/model'
import { expect, test } from 'vitest'
import { RECORD_LIMITS, type RecordLimits } from '../limits.ts'
import { chance, compareWithReferee, inNative, oneOf, upTo } from '../testing/native-referee.ts'
import { OtlpLogsDecoder } from './logs.ts'
import { OtlpTracesDecoder } from './spans.ts'

/** The SIMD loop for plain attributes against the plain check, which is its referee: the same bytes, the same rows. */

const CASES = 2_000
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 1 }
const LIMITS: readonly RecordLimits[] = [
  RECORD_LIMITS,
  { ...RECORD_LIMITS, maxAttributes: 4 },
  { ...RECORD_LIMITS, maxAttributeBytes: 30 },
]

const hex = ({ bytes, from, to }: ByteRanges, row: number) =>
  Buffer.from(bytes.subarray(from[row], to[row])).toString('hex')

/** What a batch has of attributes, and what became of its rows. `times` counts them. */
function decoded(
  decoder: OtlpLogsDecoder | OtlpTracesDecoder,
  batch: LogBatch & SpanBatch,
  body: Uint8Array,
  length: number,
): unknown {
  decoder.start(body, length, batch)
  let outcome: 'more' | 'done' | Fault = 'more'
  while (outcome === 'more') outcome = decoder.step(Number.POSITIVE_INFINITY, clock)
  if (outcome !== 'done') return outcome
  const { columns } = batch
  return {
    times: Array.from({ length: columns.count }, (_, row) => hex(columns.attributes, row)),
    ids: Buffer.from(columns.traceIds.subarray(0, columns.count * 16)).toString('hex'),
    refused: batch.refused,
    warnings: batch.warnings,
  }
}

const KEYS = ['http.method', 'k', '', 'ключ', 'x'.repeat(130)]
const TEXTS = ['GET', '', 'ä', 'y'.repeat(15), 'z'.repeat(16), 'w'.repeat(90), 'v'.repeat(200)]
const VALUES: readonly ((out: ProtobufWriter) => void)[] = [
  (out) => out.text(0x0a, oneOf(TEXTS)),
  (out) => out.text(0x0a, oneOf(TEXTS)),
  (out) => out.varint(0x18, oneOf([0, 7, 200, 70_000, Number.MAX_SAFE_INTEGER])),
  (out) => out.varint(0x10, upTo(2)),
  (out) => out.double(0x21, oneOf([0, 1.5, Number.NaN])),
  (out) => out.close(out.open(0x2a)),
  () => {},
]

function attribute(out: ProtobufWriter, tag: number): void {
  const mark = out.open(tag)
  if (chance(0.97)) out.text(0x0a, oneOf(KEYS))
  const value = out.open(0x12)
  oneOf(VALUES)(out)
  out.close(value)
  if (chance(0.03)) out.text(0x0a, 'again')
  out.close(mark)
}

function request(tag: number, ids: readonly [number, number]): Uint8Array {
  const out = new ProtobufWriter()
  const resource = out.open(0x0a)
  const scope = out.open(0x12)
  for (let records = 1 + upTo(4); records > 0; records--) {
    const record = out.open(0x12)
    out.text(ids[0], 't'.repeat(16))
    for (let count = upTo(8); count > 0; count--) attribute(out, tag)
    out.text(ids[1], 's'.repeat(8))
    for (let count = chance(0.2) ? upTo(3) : 0; count > 0; count--) attribute(out, tag)
    out.close(record)
  }
  out.close(scope)
  out.close(resource)
  return Uint8Array.from(out.finish())
}

test('logs: whole, broken and cut records have the attributes that the plain check lets pass', () => {
  compareWithReferee(
    CASES,
    () => request(0x32, [0x4a, 0x52]),
    (body, length) => decoded(new OtlpLogsDecoder(), new LogBatch() as never, body, length),
  )
})

test('spans: the same', () => {
  compareWithReferee(
    CASES,
    () => request(0x4a, [0x0a, 0x12]),
    (body, length) => decoded(new OtlpTracesDecoder(), new SpanBatch() as never, body, length),
  )
})

test('limits of number and size of attributes hold for runs of plain ones', () => {
  for (const limits of LIMITS) {
    for (let i = 0; i < 200; i++) {
      const body = request(0x4a, [0x0a, 0x12])
      const rows = (bytes: Uint8Array) =>
        decoded(new OtlpTracesDecoder(limits), new SpanBatch() as never, bytes, body.length)
      expect(rows(inNative(body))).toEqual(rows(body))
    }
  }
})

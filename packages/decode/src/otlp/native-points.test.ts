import { ProtobufWriter } from '@vantage/bytes'
import { type Clock, type Fault, MetricBatch } from '@vantage/model'
import { expect, test } from 'vitest'
import { chance, compareWithReferee, inNative, oneOf, upTo } from '../testing/native-referee.ts'
import { OtlpMetricsDecoder } from './decode.ts'
import { OtlpInterner } from './interner.ts'

/** The SIMD loop for number points against the plain reader, which is its referee: the same bytes, the same batch. */

const CASES = 3_000
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 1 }
/** Everything of a batch that the store reads. */
function decoded(body: Uint8Array, length: number): unknown {
  const decoder = new OtlpMetricsDecoder(new OtlpInterner(7))
  const batch = new MetricBatch()
  decoder.start(body, length, batch)
  let outcome: 'more' | 'done' | Fault = 'more'
  while (outcome === 'more') outcome = decoder.step(Number.POSITIVE_INFINITY, clock)
  if (outcome !== 'done') return outcome
  const { rowCount, sampleCount } = batch
  return {
    times: [...batch.times.subarray(0, sampleCount)],
    halves: [...batch.halves.subarray(0, sampleCount * 2)],
    deltas: [...(batch.deltaStarts?.subarray(0, sampleCount) ?? [])],
    starts: [...(batch.startTimes?.subarray(0, sampleCount) ?? [])],
    sampleFrom: [...batch.sampleFrom.subarray(0, rowCount + 1)],
    // Behind the epoch, which is another in every interner.
    aliases: Array.from({ length: rowCount }, (_, row) =>
      Buffer.from(batch.bytes.subarray((batch.aliasStart[row] as number) + 4, batch.aliasEnd[row])).toString('hex'),
    ),
    labels: Array.from({ length: rowCount }, (_, row) => batch.labelsOf(row)),
    points: decoder.rejectedPoints(new Uint8Array(rowCount + 1).fill(0xff)),
    exemplars: batch.exemplars,
    refused: batch.refused,
    warnings: batch.warnings,
  }
}

function attribute(out: ProtobufWriter): void {
  const mark = out.open(0x3a)
  out.text(0x0a, oneOf(['method', 'route', 'status', 'k'.repeat(1 + upTo(300))]))
  const any = out.open(0x12)
  out.text(0x0a, oneOf(['GET', '/cart', '200', '', 'v'.repeat(upTo(200))]))
  out.close(any)
  out.close(mark)
}

const TIMES = [0n, 1n, 999_999n, 1_000_000n, 1_700_000_000_123_456_789n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]
const INTEGERS = [0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]

function word(out: ProtobufWriter, tag: number, bits: bigint): void {
  const unsigned = BigInt.asUintN(64, bits)
  out.fixed64(tag, Number(unsigned & 0xffffffffn), Number(unsigned >> 32n))
}

const FIELDS: readonly ((out: ProtobufWriter) => void)[] = [
  (out) => word(out, 0x19, oneOf(TIMES)),
  (out) => word(out, 0x11, oneOf(TIMES)),
  (out) => out.double(0x21, oneOf([0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 5e-324])),
  (out) => word(out, 0x31, oneOf(INTEGERS)),
  attribute,
  attribute,
]
/** What the loop leaves to the plain reader. */
const RARE: readonly ((out: ProtobufWriter) => void)[] = [
  (out) => out.varint(0x40, upTo(2)),
  (out) => out.text(0x2a, ''),
  (out) => out.varint(0x78, 3),
  (out) => out.text(0x3a, ''),
]

function metric(out: ProtobufWriter): void {
  const mark = out.open(0x12)
  out.text(0x0a, oneOf(['requests', 'bytes']))
  const isGauge = chance(0.3)
  const data = out.open(isGauge ? 0x2a : 0x3a)
  for (let points = upTo(6); points > 0; points--) {
    const point = out.open(0x0a)
    for (let fields = upTo(9); fields > 0; fields--) (chance(0.03) ? oneOf(RARE) : oneOf(FIELDS))(out)
    out.close(point)
    if (chance(0.05)) out.varint(0x58, 1)
  }
  if (!isGauge) {
    out.varint(0x10, 1 + upTo(2))
    out.varint(0x18, upTo(2))
  }
  out.close(data)
  out.close(mark)
}

function request(): Uint8Array {
  const out = new ProtobufWriter()
  const resource = out.open(0x0a)
  const scope = out.open(0x12)
  for (let metrics = 1 + upTo(4); metrics > 0; metrics--) metric(out)
  out.close(scope)
  out.close(resource)
  return new Uint8Array(out.finish())
}

test('the loop reads what the plain reader reads, whole bodies and broken ones', () => {
  compareWithReferee(CASES, request, decoded)
})

test('more points than one run takes', () => {
  const out = new ProtobufWriter()
  const resource = out.open(0x0a)
  const scope = out.open(0x12)
  const one = out.open(0x12)
  out.text(0x0a, 'requests')
  const data = out.open(0x2a)
  for (let i = 0; i < 5_000; i++) {
    const point = out.open(0x0a)
    word(out, 0x19, BigInt(i) * 1_000_000n)
    out.double(0x21, i)
    attribute(out)
    out.close(point)
  }
  for (const mark of [data, one, scope, resource]) out.close(mark)
  const body = new Uint8Array(out.finish())
  const plain = decoded(body, body.length) as { times: number[] }
  expect(plain.times.length).toBe(5_000)
  expect(decoded(inNative(body), body.length)).toEqual(plain)
})

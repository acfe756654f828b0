import { ProtobufWriter } from '@vantage/bytes'
import { type Clock, type Fault, MetricBatch } from '@vantage/model'
import { expect, test } from 'vitest'
import { chance, compareWithReferee, inNative, oneOf, upTo } from '../testing/native-referee.ts'
import { RemoteWriteDecoder } from './decode.ts'

/** The SIMD loop for plain series against the plain reader, which is its referee: the same bytes, the same batch. */

const CASES = 3_000
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 1 }
function decoded(body: Uint8Array, length: number): unknown {
  const decoder = new RemoteWriteDecoder()
  const batch = new MetricBatch()
  decoder.start(body, length, batch)
  let outcome: 'more' | 'done' | Fault = 'more'
  while (outcome === 'more') outcome = decoder.step(Number.POSITIVE_INFINITY, clock)
  if (outcome !== 'done') return outcome
  const { rowCount, sampleCount } = batch
  return {
    times: [...batch.times.subarray(0, sampleCount)],
    halves: [...batch.halves.subarray(0, sampleCount * 2)],
    starts: [...(batch.startTimes?.subarray(0, sampleCount) ?? [])],
    sampleFrom: [...batch.sampleFrom.subarray(0, rowCount + 1)],
    labels: Array.from({ length: rowCount }, (_, row) => batch.labelsOf(row)),
    aliases: Array.from({ length: rowCount }, (_, row) =>
      Buffer.from(batch.bytes.subarray(batch.aliasStart[row], batch.aliasEnd[row])).toString('hex'),
    ),
    histograms: batch.histogramCount,
    exemplars: batch.exemplars,
    refused: batch.refused,
    warnings: batch.warnings,
  }
}

/** Varints of 1 to 10 bytes: the loop takes up to 8. */
const TIMES = [
  0n,
  1n,
  127n,
  128n,
  1_700_000_000_123n,
  2n ** 49n,
  2n ** 55n,
  2n ** 56n - 1n,
  2n ** 56n,
  -1n,
  2n ** 63n - 1n,
]

function label(out: ProtobufWriter): void {
  const mark = out.open(0x0a)
  out.text(0x0a, oneOf(['__name__', 'job', 'k'.repeat(1 + upTo(150))]))
  out.text(0x12, oneOf(['up', 'api', '', 'v'.repeat(upTo(150))]))
  out.close(mark)
}

function sample(out: ProtobufWriter): void {
  const mark = out.open(0x12)
  const time = BigInt.asUintN(64, oneOf(TIMES))
  const fields = [
    () => out.double(0x09, oneOf([0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY])),
    () => out.varint64(0x10, Number(time & 0xffffffffn), Number(time >> 32n)),
  ]
  if (chance(0.03)) fields.reverse()
  if (chance(0.03)) fields.pop()
  if (chance(0.03)) fields.push(() => out.varint(0x18, upTo(1_000)))
  for (const field of fields) field()
  out.close(mark)
}

function request(): Uint8Array {
  const out = new ProtobufWriter()
  for (let series = upTo(8); series > 0; series--) {
    const mark = out.open(0x0a)
    for (let labels = upTo(5); labels > 0; labels--) label(out)
    for (let samples = upTo(4); samples > 0; samples--) sample(out)
    if (chance(0.05)) label(out)
    if (chance(0.03)) out.text(0x1a, '')
    if (chance(0.03)) out.varint(0x78, 3)
    out.close(mark)
    if (chance(0.03)) out.text(0x1a, '')
  }
  return new Uint8Array(out.finish())
}

test('the loop reads what the plain reader reads, whole bodies and broken ones', () => {
  compareWithReferee(CASES, request, decoded)
})

test('more series, and more samples of one, than a run takes', () => {
  const out = new ProtobufWriter()
  for (const samples of [...new Array<number>(5_000).fill(1), 5_000, 3]) {
    const mark = out.open(0x0a)
    label(out)
    for (let i = 0; i < samples; i++) sample(out)
    out.close(mark)
  }
  const body = new Uint8Array(out.finish())
  const plain = decoded(body, body.length) as { times: number[] }
  expect(plain.times.length).toBe(10_003)
  expect(decoded(inNative(body), body.length)).toEqual(plain)
})

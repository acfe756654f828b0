import { NativeBuffer, nativeMemory, ProtobufWriter } from '@vantage/bytes'
import { type Clock, type Fault, MetricBatch } from '@vantage/model'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { RemoteWriteDecoder } from './decode.ts'

/** The SIMD loop for plain series against the plain reader, which is its referee: the same bytes, the same batch. */

const CASES = 3_000
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 1 }
const random = seededRandom(testSeed())
const upTo = (end: number) => Math.floor(random() * end)
const oneOf = <Item>(items: readonly Item[]): Item => items[upTo(items.length)] as Item

const native = new NativeBuffer()

function inNative(body: Uint8Array): Uint8Array {
  native.reserve(body.length)
  native.bytes.set(body)
  return native.bytes
}

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
  if (random() < 0.03) fields.reverse()
  if (random() < 0.03) fields.pop()
  if (random() < 0.03) fields.push(() => out.varint(0x18, upTo(1_000)))
  for (const field of fields) field()
  out.close(mark)
}

function request(): Uint8Array {
  const out = new ProtobufWriter()
  for (let series = upTo(8); series > 0; series--) {
    const mark = out.open(0x0a)
    for (let labels = upTo(5); labels > 0; labels--) label(out)
    for (let samples = upTo(4); samples > 0; samples--) sample(out)
    if (random() < 0.05) label(out)
    if (random() < 0.03) out.text(0x1a, '')
    if (random() < 0.03) out.varint(0x78, 3)
    out.close(mark)
    if (random() < 0.03) out.text(0x1a, '')
  }
  return new Uint8Array(out.finish())
}

test('the loop reads what the plain reader reads, whole bodies and broken ones', () => {
  expect(nativeMemory()?.addressOf(native.bytes)).toBeGreaterThan(0)
  let read = 0
  for (let i = 0; i < CASES; i++) {
    const body = request()
    for (let flips = random() < 0.5 || body.length === 0 ? 0 : 1 + upTo(3); flips > 0; flips--)
      body[upTo(body.length)] = upTo(256)
    const length = random() < 0.9 ? body.length : upTo(body.length)
    const plain = decoded(body, length) as { times?: number[] }
    expect(decoded(inNative(body), length)).toEqual(plain)
    read += plain.times?.length ?? 0
  }
  expect(read).toBeGreaterThan(CASES)
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

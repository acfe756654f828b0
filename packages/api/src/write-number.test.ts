import { seededRandom, testSeed } from '@vantage/model/testing'
import { formatApiFloat } from '@vantage/query/promql'
import { expect, test } from 'vitest'
import { NUMBER_BYTES_MAX, writeNumber } from './write-number.ts'

const UNTOUCHED = 0xee

/** What was written behind a first byte; undefined where nothing was. */
function written(value: number): string | undefined {
  const bytes = new Uint8Array(1 + NUMBER_BYTES_MAX + 1).fill(UNTOUCHED)
  const end = writeNumber(bytes, 1, value)
  expect([bytes[0], bytes.at(-1)]).toEqual([UNTOUCHED, UNTOUCHED])
  return end < 0 ? undefined : Buffer.from(bytes.subarray(1, end)).toString()
}

test.each([
  0, -0, 1, -1, 9, 10, 99, 100, 12_345_678, 99_999_999, 100_000_000, 100_000_001, 999_999_999_999_999, -123_456_789_012,
  0.5, 0.25, -0.125, 0.001, 0.000_001, 0.000_001_5, 1.1, 123.456, 99.999, 1_234_567.85, 999_999_999_999.999,
  0.123_456_789, 999_999.999_999_999, 1e14,
])('%d is written', (value) => {
  expect(written(value)).toBe(formatApiFloat(value))
})

test.each([
  Number.NaN,
  Infinity,
  -Infinity,
  1e15,
  2 ** 53,
  1e21,
  1e300,
  9.99e-7,
  5e-324,
  0.1 + 0.2,
  1 / 3,
  Math.PI,
  1e12 + 0.5,
])('%d is left to others', (value) => {
  expect(written(value)).toBeUndefined()
})

test('whatever is written is what the slow way writes', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const bits = new DataView(new ArrayBuffer(8))
  const kinds = [
    () => Math.floor(random() * 10 ** (1 + Math.floor(random() * 16))),
    () => Math.round(random() * 10 ** (1 + Math.floor(random() * 15))) / 10 ** Math.floor(random() * 10),
    () => Math.floor(random() * 1e9) / (1 + Math.floor(random() * 40)),
    () => random() * 10 ** Math.floor(random() * 18 - 8),
    () => {
      bits.setUint32(0, Math.floor(random() * 2 ** 32))
      bits.setUint32(4, Math.floor(random() * 2 ** 32))
      return bits.getFloat64(0)
    },
  ]
  const counts = { written: 0, left: 0 }
  for (let run = 0; run < 200_000; run++) {
    const value = (kinds[run % kinds.length] as () => number)() * (random() < 0.3 ? -1 : 1)
    const text = written(value)
    if (text === undefined) counts.left++
    else {
      counts.written++
      if (text !== formatApiFloat(value)) expect(text, `SEED=${seed}, run ${run}`).toBe(formatApiFloat(value))
    }
  }
  expect(counts.written).toBeGreaterThan(50_000)
  expect(counts.left).toBeGreaterThan(10_000)
})

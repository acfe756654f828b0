import { type NativeMemory, nativeMemory } from '@vantage/bytes'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeValues, VALUE_KIND, ValueScratch, valuesBytesMax } from './value-codec.ts'
import { decodeValues, decoded as learned } from './value-decoder.ts'
import { pickValues } from './value-picker.ts'

const scratch = new ValueScratch()
const MEMORY_BYTES = 128 * 1024
const native = nativeMemory() as NativeMemory
const memory = native.allocate(MEMORY_BYTES)
/** Of which some values were read alone. */
let pickedBlocks = 0

/** @returns the kind and size of the block, after checking that every bit comes back */
function roundTrip(halves: Uint32Array): { kind: number; bytes: number } {
  const values = new Float64Array(halves.buffer, halves.byteOffset, halves.length / 2)
  const count = values.length
  const out = new Uint8Array(valuesBytesMax(count) + 3)
  const end = encodeValues(values, halves, count, out, 3, scratch)
  const decoded = new Float64Array(count + 1)
  const decodedHalves = new Uint32Array(decoded.buffer)
  expect(decodeValues(out, 3, count, decoded, decodedHalves, 1)).toBe(end)
  expect(decodedHalves.subarray(2)).toEqual(halves)
  const places = Int32Array.from({ length: Math.ceil(count / 7) }, (_, i) => Math.min(count - 1, i * 7 + (count % 3)))
  const picked = new Float64Array(places.length + 1)
  const isPicked = pickValues(out, 3, count, places, picked, 1)
  if (isPicked) {
    const wanted = Float64Array.from(places, (place) => decoded[place + 1] as number)
    expect(new Uint32Array(picked.buffer).subarray(2)).toEqual(new Uint32Array(wanted.buffer))
    pickedBlocks++
    pickNatively(out, count, places, picked)
  }
  // Of a block that was picked from, what lies behind the last place is not known.
  const seen = isPicked ? values.subarray(0, (places.at(-1) as number) + 1) : values
  const falls = seen.some((value, i) => i > 0 && value < (seen[i - 1] as number))
  if (falls) expect(learned.isAscending).toBe(false)
  return { kind: out[3] as number, bytes: end - 3 }
}

/** The SIMD module picks the same of the same bytes, and says the same of what falls. */
function pickNatively(block: Uint8Array, count: number, places: Int32Array, wanted: Float64Array): void {
  const { isAscending } = learned
  const bytes = native.bytes.subarray(memory, memory + MEMORY_BYTES)
  bytes.set(block)
  const picked = new Float64Array(wanted.length)
  expect(pickValues(bytes, 3, count, places, picked, 1)).toBe(true)
  expect(new Uint32Array(picked.buffer)).toEqual(new Uint32Array(wanted.buffer))
  expect(learned.isAscending).toBe(isAscending)
}

function ofNumbers(values: readonly number[]): Uint32Array {
  return new Uint32Array(Float64Array.from(values).buffer)
}

test('blocks take the form and the bytes that their values deserve', () => {
  const check = (name: string, values: readonly number[], kind: number, bytesMax: number): void => {
    const got = roundTrip(ofNumbers(values))
    expect([name, got.kind]).toEqual([name, kind])
    expect(got.bytes, name).toBeLessThanOrEqual(bytesMax)
  }
  const many = (at: (i: number) => number): number[] => Array.from({ length: 480 }, (_, i) => at(i))
  check('one value', [3.5], VALUE_KIND.constant, 9)
  check(
    'constant',
    many(() => 0.1),
    VALUE_KIND.constant,
    9,
  )
  check(
    'regular times',
    many((i) => 1.7e12 + i * 15_000),
    VALUE_KIND.delta2,
    20,
  )
  check(
    'counter with two decimals',
    many((i) => (i * 137 + (i % 5)) / 100),
    VALUE_KIND.delta2,
    500,
  )
  check(
    'gauge of integers',
    many((i) => (i * 7919) % 101),
    VALUE_KIND.delta,
    500,
  )
  check(
    'negative, descending',
    many((i) => -i * i),
    VALUE_KIND.delta2,
    500,
  )
  check(
    'full entropy',
    many((i) => Math.sin(i) * 1e-7),
    VALUE_KIND.raw,
    3841,
  )
  check('with a stale marker', [...many((i) => i), Number.NaN], VALUE_KIND.delta2, 500)
  check('with negative zero', [-0, ...many((i) => i)], VALUE_KIND.delta2, 512)
  check('infinities', [Number.POSITIVE_INFINITY, 1, 2, Number.NEGATIVE_INFINITY], VALUE_KIND.raw, 33)
  check(
    'large integers',
    many((i) => 2 ** 49 - i * 12_345_678_901),
    VALUE_KIND.delta2,
    500,
  )
  check(
    'counter of bytes',
    many((i) => i * 3_000_000 + ((i * 7_919) % 5_000) * 1_000),
    VALUE_KIND.delta,
    1_500,
  )
  expect(pickedBlocks).toBeGreaterThan(5)
})

test('any bits come back, in any mixture', () => {
  const anyBits = fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff))
  const decimal = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(6)).map(([n, e]) => n / 10 ** e)
  const bitsOfNumber = fc.oneof(decimal, fc.double(), fc.integer()).map((value): [number, number] => {
    const halves = ofNumbers([value])
    return [halves[0] as number, halves[1] as number]
  })
  const special = fc.constantFrom<[number, number]>([2, 0x7ff00000], [0, 0x80000000], [1, 0xfff80000], [0, 0])
  const sample = fc.oneof({ weight: 8, arbitrary: bitsOfNumber }, { weight: 1, arbitrary: special }, anyBits)
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 600 }), (samples) => {
      roundTrip(Uint32Array.from(samples.flat()))
    }),
    { numRuns: 300 },
  )
})

test('foreign bytes never reach beyond the output and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 64 }), (bytes, count) => {
      const out = new Float64Array(count + 2).fill(1)
      decodeValues(bytes, 0, count, out, new Uint32Array(out.buffer), 1)
      expect([out[0], out[count + 1]]).toEqual([1, 1])
      pickValues(bytes, 0, count, Int32Array.from(new Set([0, count - 1])), out, 1)
      expect([out[0], out[count + 1]]).toEqual([1, 1])
    }),
    { numRuns: 500 },
  )
})

test('blocks of counters without a reset say that nothing falls', () => {
  const rising: Record<string, (i: number) => number> = {
    'one plane': (i) => i * 40 + (i % 7),
    'two planes': (i) => i * 1_000 + (i % 300),
    'two decimals': (i) => (i * 137 + (i % 5)) / 100,
    constant: () => 7,
    'even steps': (i) => 1.7e12 + i * 15_000,
  }
  for (const [name, at] of Object.entries(rising)) {
    roundTrip(ofNumbers(Array.from({ length: 480 }, (_, i) => at(i))))
    expect([name, learned.isAscending]).toEqual([name, true])
    roundTrip(ofNumbers(Array.from({ length: 480 }, (_, i) => (i < 300 ? at(i) + 1 : at(i - 300)))))
    expect([name, learned.isAscending]).toEqual([name, false])
  }
})

import { seededRandom, testSeed } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { formatApiFloat } from './language/number.ts'
import { nativePoints, type PointHeads } from './native-points.ts'

const STEPS = 1_000
const ROUNDS = 40

const encoder = new TextEncoder()
const float = new Float64Array(1)
const bits = new BigUint64Array(float.buffer)

function headsOf(texts: readonly string[]): PointHeads {
  const offsets = new Int32Array(texts.length + 1)
  for (const [i, text] of texts.entries()) offsets[i + 1] = (offsets[i] as number) + text.length
  return { bytes: encoder.encode(texts.join('')), offsets }
}

/** What `NativePoints` writes, point by point. */
function byHand(values: Float64Array, present: Uint8Array, heads: readonly string[]): string {
  const points = [...values].map((value, i) => (present[i] === 0 ? [] : [`${heads[i]}${formatApiFloat(value)}"]`]))
  return points.flat().join(',')
}

/** The double so many places above, or below. */
function beside(value: number, places: number): number {
  float[0] = value
  bits[0] = (bits[0] as bigint) + BigInt(places)
  return float[0] as number
}

function isWithoutExponent(value: number): boolean {
  const size = Math.abs(value)
  return size === 0 || !Number.isFinite(value) || (size >= 1e-6 && size < 1e21)
}

const EDGES = [0, -0, Number.NaN, Infinity, -Infinity, 1e-6, 1e15, 1e15 - 1, 999_999_999_999.999, 2 ** 53, 9.99e20, 0.3]

test('numbers of every size have the text of the plain formatter', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const at = (most: number) => Math.floor(random() * most)
  const kinds = [
    () => random() * 10 ** (random() * 27 - 6),
    () => -random() * 10 ** (random() * 20 - 5),
    () => Math.floor(random() * 10 ** at(19)),
    () => Math.round(random() * 1e7) / 10 ** at(13),
    () => beside(2 ** (at(88) - 18), at(5) - 2),
    () => beside(10 ** (at(26) - 5), at(7) - 3),
    () => EDGES[at(EDGES.length)] as number,
  ]
  const heads = Array.from({ length: STEPS }, (_, i) => `[${1_700_000_000 + i * 15}${i % 3 === 0 ? '.123' : ''},"`)
  const bytes = headsOf(heads)
  for (let round = 0; round < ROUNDS; round++) {
    const values = Float64Array.from({ length: STEPS }, () => {
      const value = (kinds[at(kinds.length)] as () => number)()
      return isWithoutExponent(value) ? value : 1 / 3
    })
    const present = Uint8Array.from(values, () => (random() < 0.9 ? 1 : 0))
    const text = nativePoints()?.of(values, present, bytes, round)
    expect([seed, round, Buffer.from(text ?? []).toString()]).toEqual([seed, round, byHand(values, present, heads)])
  }
})

test('rows with an exponent, and rows of too few or too many steps, are left to others; steps without a value are not looked at', () => {
  const heads = (steps: number) => headsOf(Array.from({ length: steps }, (_, i) => `[${i},"`))
  const ones = (steps: number) => ({ values: new Float64Array(steps).fill(1), present: new Uint8Array(steps).fill(1) })
  for (const exponent of [1e-7, 1e21, -5e-324, 1.7e308]) {
    const { values, present } = ones(20)
    values[13] = exponent
    expect(nativePoints()?.of(values, present, heads(20), 0)).toBeUndefined()
    present[13] = 0
    expect(nativePoints()?.of(values, present, heads(20), 0)?.length).toBeGreaterThan(0)
  }
  for (const [steps, isWritten] of [
    [7, false],
    [8, true],
    [11_008, true],
    [11_009, false],
  ] as const) {
    const { values, present } = ones(steps)
    expect([steps, nativePoints()?.of(values, present, heads(steps), 0) !== undefined]).toEqual([steps, isWritten])
  }
  const { values } = ones(20)
  expect(nativePoints()?.of(values, new Uint8Array(20), heads(20), 0)?.length).toBe(0)
})

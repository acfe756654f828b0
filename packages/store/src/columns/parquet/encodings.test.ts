import { array, assert, bigInt, constantFrom, integer, oneof, property } from 'fast-check'
import { expect, test } from 'vitest'
import { ByteWriter } from './byte-writer.ts'
import {
  DeltaSource,
  firstGreater,
  KNOWN_EVERY,
  readDeltaInts,
  readDeltaLongs,
  writeDeltaInts,
  writeDeltaLongs,
} from './delta.ts'
import { bitWidth, readRle, writeRle } from './rle.ts'

function halvesOf(values: readonly bigint[]): Int32Array {
  return new Int32Array(BigInt64Array.from(values).buffer)
}

test('runs and packed groups of any width come back', () => {
  const run = integer({ min: 1, max: 60 })
  assert(
    property(array(run, { maxLength: 30 }), integer({ min: 0, max: 24 }), (runs, bits) => {
      const values = Int32Array.from(runs.flatMap((length, i) => Array(length).fill((i * 7_919) % 2 ** bits)))
      const width = Math.max(1, bitWidth(values.reduce((most, one) => Math.max(most, one), 0)))
      const out = new ByteWriter()
      writeRle(out, values, 0, values.length, width)
      const read = new Int32Array(values.length)
      expect(readRle(out.bytes, 0, out.at, width, values.length, read)).toBe(true)
      expect(read).toEqual(values)
      for (let cut = 0; cut < out.at; cut++) {
        if (values.length > 0) expect(readRle(out.bytes, 0, cut, width, values.length + 1_000, read)).toBe(false)
      }
    }),
    { numRuns: 60 },
  )
})

const near = bigInt({ min: -(2n ** 50n), max: 2n ** 50n })
const far = bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

test('64-bit values whose neighbours are near come back by their differences, others are refused', () => {
  assert(
    property(far, array(near, { maxLength: 400 }), (first, steps) => {
      const values = [BigInt.asIntN(64, first)]
      for (const step of steps) values.push(BigInt.asIntN(64, (values.at(-1) as bigint) + step / 2n))
      const halves = halvesOf(values)
      const out = new ByteWriter()
      const isNear = values.every((one, i) => {
        const distance = i === 0 ? 0n : one - (values[i - 1] as bigint)
        return distance < 2n ** 51n && distance > -(2n ** 51n)
      })
      expect(writeDeltaLongs(out, halves, 0, values.length)).toBe(isNear)
      if (!isNear) return
      const read = new Int32Array(halves.length)
      expect(readDeltaLongs(new DeltaSource(out.bytes, 0, out.at), values.length, read)).toBe(true)
      expect(read).toEqual(halves)
      const cut = new DeltaSource(out.bytes, 0, out.at - 1)
      expect(readDeltaLongs(cut, values.length, read)).toBe(values.length === 0)
    }),
    { numRuns: 100 },
  )
})

test('places of ascending values are found without reading all of them', () => {
  const step = oneof(integer({ min: 0, max: 3 }), integer({ min: 0, max: 2 ** 30 }))
  const wanted = array(integer({ min: 0, max: 2 ** 31 }), { maxLength: 6 })
  assert(
    property(
      far,
      array(step, { minLength: 1, maxLength: 8 }),
      integer({ min: 1, max: 5_000 }),
      wanted,
      (first, steps, count, some) => {
        const since = [0]
        for (let i = 1; i < count; i++) since.push((since[i - 1] as number) + (steps[i % steps.length] as number))
        const values = since.map((one) => BigInt.asIntN(64, first / 2n) + BigInt(one))
        const out = new ByteWriter()
        expect(writeDeltaLongs(out, halvesOf(values), 0, count)).toBe(true)
        // Equal values, and those right before and behind them, are where places go wrong.
        const near = some.flatMap((one) => [0, 1].map((more) => (since[one % count] as number) + more))
        const sorted = Float64Array.from([...some, ...near]).sort()
        const known = Float64Array.from(since.filter((_, i) => i % KNOWN_EVERY === 0))
        const places = new Int32Array(sorted.length)
        expect(firstGreater(new DeltaSource(out.bytes, 0, out.at), count, known, sorted, places)).toBe(true)
        const right = [...sorted].map((limit) => since.findIndex((one) => one > limit))
        expect([...places]).toEqual(right.map((place) => (place < 0 ? count : place)))
        const all = Float64Array.of(since.at(-1) as number)
        const cut = new DeltaSource(out.bytes, 0, out.at - 1)
        // Where the last value is a known one, nothing is read behind it.
        const isNeeded = (count - 1) % KNOWN_EVERY !== 0
        if (isNeeded) expect(firstGreater(cut, count, known, all, new Int32Array(1))).toBe(false)
      },
    ),
    { numRuns: 100 },
  )
})

test('32-bit values come back', () => {
  const value = oneof(integer(), constantFrom(0, 1, 200, 404, -(2 ** 31), 2 ** 31 - 1))
  assert(
    property(array(value, { maxLength: 400 }), (values) => {
      const out = new ByteWriter()
      writeDeltaInts(out, Int32Array.from(values), 0, values.length)
      const read = new Int32Array(values.length)
      expect(readDeltaInts(new DeltaSource(out.bytes, 0, out.at), values.length, read)).toBe(true)
      expect([...read]).toEqual(values)
    }),
    { numRuns: 100 },
  )
})

import { nativeMemory } from '@vantage/bytes'
import { ByteRanges, assert as present } from '@vantage/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { giveArena, takeArena } from './arena.ts'
import { copyRanges, gatherRanges } from './gather-rows.ts'
import { nativeGather } from './native-gather.ts'

const ROWS_MAX = 40

/** Ranges anywhere in some bytes, and the texts that they are. */
function rangesOf(bytes: Uint8Array, picks: readonly (readonly [number, number])[]): ByteRanges {
  const ranges = new ByteRanges(ROWS_MAX)
  ranges.bytes = bytes
  for (const [row, [at, length]] of picks.entries()) ranges.set(row, at, at + length)
  return ranges
}

function textsOf({ bytes, from, to }: ByteRanges, count: number): number[][] {
  return Array.from({ length: count }, (_, row) => [...bytes.slice(from[row], to[row])])
}

const picks = fc.array(fc.tuple(fc.nat(400), fc.oneof(fc.nat(100), fc.constant(0))), { maxLength: ROWS_MAX })

test('ranges are copied one behind the other, by the SIMD module where it reaches them, and nothing beside them', () => {
  present(nativeMemory() !== undefined, 'this machine has SIMD')
  const native = takeArena(600, true)
  for (let i = 0; i < 600; i++) native[i] = i % 251
  fc.assert(
    fc.property(picks, fc.boolean(), fc.nat(50), (rows, isNative, top) => {
      const source = rangesOf(isNative ? native : Uint8Array.from(native.subarray(0, 600)), rows)
      const length = rows.reduce((sum, [, bytes]) => sum + bytes, 0)
      const target = new ByteRanges(ROWS_MAX)
      target.bytes = new Uint8Array(top + length + 20).fill(255)
      copyRanges(source, 0, rows.length, length, target, 0, top)
      expect(textsOf(target, rows.length)).toEqual(textsOf(source, rows.length))
      expect(rows.length === 0 ? top : target.from[0]).toBe(top)
      const rest = [...target.bytes.subarray(0, top), ...target.bytes.subarray(top + length)]
      expect(rest.every((byte) => byte === 255)).toBe(true)
    }),
  )
  giveArena(native)
})

test('what the SIMD module cannot copy is refused', () => {
  const native = nativeGather()
  present(native !== undefined, 'this machine has SIMD')
  const many = new ByteRanges(10_000)
  many.bytes = takeArena(8, true)
  expect(native.copy(many, 0, 10_000, 0, new Uint8Array(8), 0)).toBe(false)
  expect(native.copy(many, 0, 10, 8 * 1024 * 1024, new Uint8Array(8), 0)).toBe(false)
  giveArena(many.bytes)
  many.bytes = new Uint8Array(8)
  expect(native.copy(many, 0, 10, 8, new Uint8Array(8), 0)).toBe(false)
})

test('rows in any order are gathered, runs of them together', () => {
  fc.assert(
    fc.property(picks, fc.array(fc.nat(), { maxLength: 60 }), (rows, order) => {
      const bytes = Uint8Array.from({ length: 600 }, (_, i) => i % 251)
      const source = rangesOf(bytes, rows)
      const chosen = Int32Array.from(rows.length === 0 ? [] : order.map((pick) => pick % rows.length))
      const target = new ByteRanges(60)
      target.bytes = new Uint8Array(60 * 100 + 8)
      const end = gatherRanges(source, chosen, 0, chosen.length, target, 0, 8)
      const wanted = textsOf(source, rows.length)
      expect(textsOf(target, chosen.length)).toEqual([...chosen].map((row) => wanted[row]))
      expect(end).toBe(8 + [...chosen].reduce((sum, row) => sum + (wanted[row]?.length ?? 0), 0))
    }),
  )
})

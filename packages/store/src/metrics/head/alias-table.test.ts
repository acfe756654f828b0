import { NativeBuffer } from '@vantage/bytes'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AliasTable } from './alias-table.ts'

/** The same bytes in memory that the SIMD loops reach, and in memory that they do not. */
function twoHomes(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  const native = new NativeBuffer()
  native.reserve(bytes.length)
  native.bytes.set(bytes)
  return [native.bytes.subarray(0, bytes.length), bytes]
}

test('hash and comparison are the same wherever the bytes lie', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.nat(),
      fc.nat(),
      fc.integer(),
      fc.constantFrom(0, 1, 7),
      (bytes, from, changed, seed, space) => {
        const [native, plain] = twoHomes(bytes)
        const at = from % bytes.length
        const table = new AliasTable(seed)
        table.readFrom(native)
        const hash = table.hash(at, bytes.length, space)
        const alias = table.insert(native, at, bytes.length, space, hash, 5)
        table.readFrom(plain)
        expect(table.hash(at, bytes.length, space)).toBe(hash)
        for (const home of [native, plain]) {
          table.readFrom(home)
          expect(table.find(at, bytes.length, space, hash)).toBe(alias)
          expect(table.equals(alias, at, bytes.length, space + 1)).toBe(false)
          const place = at + (changed % (bytes.length - at))
          home[place] = (home[place] as number) ^ 1
          expect(table.equals(alias, at, bytes.length, space)).toBe(false)
          home[place] = (home[place] as number) ^ 1
        }
        expect(table.seriesOf(alias)).toBe(5)
      },
    ),
  )
})

test('a table that starts anew gives its blocks to the next', () => {
  const [native] = twoHomes(new Uint8Array(200_000).fill(7))
  for (let round = 0; round < 5_000; round++) {
    const table = new AliasTable(1)
    table.readFrom(native)
    table.insert(native, 0, native.length, 0, table.hash(0, native.length, 0), 0)
    table.clear()
  }
  const table = new AliasTable(1)
  table.readFrom(native)
  const alias = table.insert(native, 0, native.length, 0, 1, 0)
  expect(table.equals(alias, 0, native.length, 0)).toBe(true)
})

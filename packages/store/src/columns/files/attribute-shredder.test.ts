import { nativeMemory } from '@vantage/bytes'
import { type Attributes, encodeAttributes, assert as present } from '@vantage/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ColumnValues } from '../parquet/column-values.ts'
import { dictionaryOf } from '../parquet/dictionary.ts'
import { giveArena, takeArena } from '../rows/arena.ts'
import { randomAttributes } from '../testing/rich-rows.ts'
import { AttributeShredder } from './attribute-shredder.ts'
import { nativeShredder } from './native-shredder.ts'

/** Rows of a row group as both shredders get them: one behind the other, where the loop reaches them. */
function rangesOf(rows: readonly Uint8Array[]) {
  const length = rows.reduce((sum, row) => sum + row.length, 0)
  const bytes = takeArena(length, true)
  const from = new Int32Array(rows.length)
  const to = new Int32Array(rows.length)
  let end = 0
  for (const [i, row] of rows.entries()) {
    bytes.set(row, end)
    from[i] = end
    end += row.length
    to[i] = end
  }
  return { bytes, from, to }
}

/** Values without the memory that they lie in. */
function shown(values: ColumnValues, rowCount: number): unknown {
  const { kind, count } = values
  const rows = values.rows === undefined ? Array.from({ length: rowCount }, (_, row) => row) : [...values.rows]
  if (values.kind === 'ranges') {
    const { bytes, from, to } = values.ranges
    const texts = Array.from({ length: count }, (_, i) => Buffer.from(bytes.slice(from[i], to[i])).toString('latin1'))
    const dictionary = dictionaryOf(values)
    const entries = dictionary?.entries.map((entry) => Buffer.from(entry).toString('latin1'))
    return { kind, rows, texts, entries, codes: dictionary && [...dictionary.codes] }
  }
  if (values.kind === 'coded') {
    const { codes, entries } = values
    return { kind, rows, entries: Array.from({ length: count }, (_, i) => [...(entries[codes[i] as number] ?? [])]) }
  }
  if (values.kind === 'bools') return { kind, rows, values: [...values.flags] }
  return { kind, rows, values: values.kind === 'ints' ? [...values.ints] : [...values.halves] }
}

/** What a shredder makes of row groups, one after the other. */
function shredded(shredder: AttributeShredder, groups: readonly (readonly Uint8Array[])[]): unknown[] {
  return groups.map((rows) => {
    const ranges = rangesOf(rows)
    shredder.begin(ranges as never, rows.length)
    const taken = shredder.take(ranges as never, rows.length).map((values) => shown(values, rows.length))
    giveArena(ranges.bytes)
    return { taken, columns: shredder.columns.map(({ spec }) => spec) }
  })
}

function randomOf(seed: number): () => number {
  let state = seed | 1
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39
    return (state >>> 0) / 2 ** 32
  }
}

/** Rows of some shapes of attributes, of which long runs are alike, and some that are none. */
function groupsOf(seed: number, rowCount: number): Uint8Array[][] {
  const random = randomOf(seed)
  const shapes = Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomAttributes(random))
  return Array.from({ length: 3 }, () =>
    Array.from({ length: rowCount }, (_, row) => {
      if (random() < 0.02) return Uint8Array.from({ length: Math.floor(random() * 40) }, () => random() * 256)
      const shape = shapes[Math.floor((row / 50) * random()) % shapes.length] as Attributes
      const long: Attributes = [{ key: 'text', value: { kind: 'string', value: 'ü'.repeat(random() * 300) } }]
      return encodeAttributes(random() < 0.1 ? randomAttributes(random) : [...shape, ...long])
    }),
  )
}

test('the SIMD module takes the same columns, layouts and rest as the plain loop', () => {
  const native = nativeShredder()
  present(native !== undefined, 'this machine has SIMD')
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 600 }), (seed, rowCount) => {
      const groups = groupsOf(seed, rowCount)
      expect(shredded(new AttributeShredder(native), groups)).toEqual(
        shredded(new AttributeShredder(undefined), groups),
      )
    }),
    { numRuns: 30 },
  )
})

test('rows that are alike are taken apart by the module but for the first ones', () => {
  const native = nativeShredder()
  const memory = nativeMemory()
  present(native !== undefined && memory !== undefined, 'this machine has SIMD')
  const row = (i: number): Uint8Array =>
    encodeAttributes([
      { key: 'method', value: { kind: 'string', value: 'GET' } },
      { key: 'status', value: { kind: 'int', value: BigInt(i) - 500n } },
    ])
  const ranges = rangesOf(Array.from({ length: 1000 }, (_, i) => row(i)))
  const shredder = new AttributeShredder(native)
  shredder.begin(ranges as never, 1000)
  const [layout, rest, methods, states] = shredder.take(ranges as never, 1000)
  expect([layout?.count, rest?.count, methods?.count]).toEqual([1000, 0, 1000])
  present(states?.kind === 'longs', 'whole numbers')
  expect(memory.addressOf(states.halves)).toBeGreaterThan(0)
  expect([...states.halves.slice(0, 4), ...states.halves.slice(1996)]).toEqual([-500, -1, -499, -1, 498, 0, 499, 0])
  giveArena(ranges.bytes)
})

test('keys, layouts and rows beyond the tables are taken apart by the plain loop', () => {
  const native = nativeShredder()
  present(native !== undefined, 'this machine has SIMD')
  const rows = Array.from({ length: 6_000 }, (_, i) =>
    encodeAttributes([
      { key: 'all', value: { kind: 'int', value: BigInt(i) } },
      ...Array.from({ length: i % 5 }, (_, k) => ({
        key: `key ${(i * 7 + k * 31) % 300} ${'x'.repeat(i % 150)}`,
        value: { kind: 'string' as const, value: `value ${i}` },
      })),
    ]),
  )
  expect(shredded(new AttributeShredder(native), [rows])).toEqual(shredded(new AttributeShredder(undefined), [rows]))
})

test('texts of which too many are different have no dictionary, with the module and without', () => {
  const native = nativeShredder()
  present(native !== undefined, 'this machine has SIMD')
  const different = [
    (i: number) => i % 768,
    (i: number) => i % 769,
    (i: number) => (i < 1024 ? i % 8 : i % 3000),
    (i: number) => (i < 1024 ? i % 8 : i % 3001),
    (i: number) => (i < 1024 ? 0 : i % 5000),
  ]
  const rows = Array.from({ length: 12_000 }, (_, i) =>
    encodeAttributes(different.map((of, k) => ({ key: `k${k}`, value: { kind: 'string', value: `text ${of(i)}` } }))),
  )
  const groups = [rows, rows.slice(0, 1000), rows.slice(0, 70)]
  expect(shredded(new AttributeShredder(native), groups)).toEqual(shredded(new AttributeShredder(undefined), groups))
})

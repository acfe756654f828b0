import { NativeBuffer } from '@vantage/bytes'
import { MetricBatch } from '@vantage/model'
import { seededRandom, testSeed } from '@vantage/model/testing'
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

/** Bytes with pieces replaced, left out and put in. */
function changed(bytes: Uint8Array, edits: readonly (readonly [number, number, Uint8Array])[]): Uint8Array {
  let out = Buffer.from(bytes)
  for (const [place, removed, added] of edits) {
    const at = place % (out.length + 1)
    out = Buffer.concat([out.subarray(0, at), added, out.subarray(at + removed)])
  }
  return out
}

test('aliases that are alike are told apart, packed or not, and by all their bytes', () => {
  const edit = fc.tuple(fc.nat(), fc.nat({ max: 20 }), fc.uint8Array({ maxLength: 20 }))
  const texts = fc.oneof(fc.uint8Array({ minLength: 48, maxLength: 900 }), fc.string({ minLength: 48, maxLength: 900 }))
  fc.assert(
    fc.property(texts, fc.array(fc.array(edit, { maxLength: 6 }), { maxLength: 12 }), fc.nat(), (base, all, bit) => {
      const first = Buffer.from(base)
      const table = new AliasTable(bit)
      const known = new Map<string, number>()
      for (const bytes of [first, ...all.map((edits) => changed(first, edits))]) {
        const key = Buffer.from(bytes).toString('hex')
        if (bytes.length === 0 || known.has(key)) continue
        const [native, plain] = twoHomes(bytes)
        table.readFrom(native)
        const hash = table.hash(0, bytes.length, 0)
        expect(table.find(0, bytes.length, 0, hash)).toBe(-1)
        known.set(key, table.insert(known.size % 2 === 0 ? native : plain, 0, bytes.length, 0, hash, known.size))
      }
      for (const [key, alias] of known) {
        for (const home of twoHomes(Uint8Array.from(Buffer.from(key, 'hex')))) {
          table.readFrom(home)
          expect(table.find(0, home.length, 0, table.hash(0, home.length, 0))).toBe(alias)
          const place = bit % home.length
          home[place] = (home[place] as number) ^ (1 << (bit % 8))
          expect(table.equals(alias, 0, home.length, 0)).toBe(false)
        }
      }
    }),
  )
})

test('a thousand aliases of one sender take less than a third of their bytes', () => {
  const table = new AliasTable(1)
  const before = table.byteLength
  let total = 0
  for (let i = 0; i < 4000; i++) {
    const labels = `__name__=http_requests_total,cluster=production-eu-west-1,instance=10.0.${i % 250}.17:9102,job=checkout`
    const bytes = Buffer.from(
      `${labels},namespace=online-shop-backend,path=/api/v2/orders/${i},status=200,zone=eu-west-1a`,
    )
    table.readFrom(bytes)
    table.insert(bytes, 0, bytes.length, 0, table.hash(0, bytes.length, 0), i)
    total += bytes.length
  }
  // Records and slots take 48 bytes an alias, blocks come whole.
  expect(table.byteLength - before - 4000 * 48 - 256 * 1024).toBeLessThan(total / 3)
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

/** Rows of a batch that name these aliases one behind the other. */
function batchOf(bytes: Uint8Array, texts: readonly Uint8Array[], space: number): MetricBatch {
  const batch = new MetricBatch()
  batch.bytes = bytes
  batch.aliasSpace = space
  let at = 0
  for (const text of texts) {
    bytes.set(text, at)
    batch.endRow(at, at + text.length)
    at += text.length
  }
  return batch
}

test('rows of a batch are found wherever its bytes lie', () => {
  const random = seededRandom(testSeed())
  const labels = 'cluster=production-eu-west-1,job=checkout,namespace=online-shop-backend,zone=eu-west-1a,instance='
  const texts = Array.from({ length: 9_000 }, (_, i) =>
    Buffer.from(i % 7 === 0 ? `alone-${i}` : `${labels}10.0.0.${i}`),
  )
  const table = new AliasTable(7)
  const known = texts.filter((_, i) => i % 3 !== 0)
  const first = batchOf(new Uint8Array(2_000_000), known, 2)
  table.readFrom(first.bytes)
  const aliases = known.map((_, row) => {
    const [at, end] = [first.aliasStart[row] as number, first.aliasEnd[row] as number]
    return table.insert(first.bytes, at, end, 2, table.hash(at, end, 2), row + 100)
  })
  // Of the last ones in the table some hash to a slot that is full: they are not kept, and looked for in vain.
  const seriesOf = new Map(known.map((text, row) => [text, (aliases[row] as number) < 0 ? -1 : row + 100]))
  const order = texts.map((text) => [random(), text] as const).sort(([a], [b]) => a - b)
  const shuffled = order.map(([, text]) => text)
  const wanted = shuffled.map((text) => seriesOf.get(text) ?? -1)
  for (const home of twoHomes(new Uint8Array(2_000_000))) {
    const batch = batchOf(home, shuffled, 2)
    table.readFrom(home)
    const series = new Int32Array(shuffled.length)
    table.findRows(batch, 0, series)
    expect([...series]).toEqual(wanted)
    series.fill(-5)
    table.findRows(batch, 8_000, series)
    expect([...series]).toEqual([...wanted.slice(0, 8_000).fill(-5), ...wanted.slice(8_000)])
    batch.aliasSpace = 3
    table.findRows(batch, 0, series)
    expect(new Set(series)).toEqual(new Set([-1]))
  }
})

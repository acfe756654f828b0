import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COLUMN_ROWS_MAX, layoutMap, type MapGraph, type Place } from './layout.ts'

const NEW = new Map<string, Place>()

/** `a>b c` : a calls b, and there is c. */
function graphOf(text: string): MapGraph {
  const links = text.split(' ').filter(Boolean)
  const edges = links
    .filter((one) => one.includes('>'))
    .map((one) => {
      const [from = '', to = ''] = one.split('>')
      return { from, to }
    })
  return { nodes: [...new Set(links.flatMap((one) => one.split('>')))], edges }
}

function drawn(places: ReadonlyMap<string, Place>): string {
  return [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { column, row }]) => `${id}${column}.${row}`)
    .join(' ')
}

describe('a new layout', () => {
  test.each([
    ['nothing', '', ''],
    ['one alone', 'a', 'a0.0'],
    ['a chain', 'a>b b>c', 'a0.0 b1.0 c2.0'],
    ['a short cut', 'a>b b>c a>c', 'a0.0 b1.0 c2.0'],
    ['a fork', 'a>b a>c', 'a0.0 b1.0 c1.1'],
    ['a late root beside what it calls', 'a>b b>c d>c', 'a0.0 b1.0 c2.0 d1.1'],
    ['a circle, from its first name', 'a>b b>a', 'a0.0 b1.0'],
    ['a circle behind a root', 'z>a a>b b>a', 'a1.0 b2.0 z0.0'],
    ['a call of itself', 'a>a', 'a0.0'],
    ['those alone below', 'a>b x y z', 'a0.0 b1.0 x0.1 y1.1 z0.2'],
    ['uncrossed', 'a>d b>c', 'a0.1 b0.0 c1.0 d1.1'],
  ])('%s', (_, text, want) => expect(drawn(layoutMap(graphOf(text), NEW))).toBe(want))

  test('an end that is no node is left out', () => {
    expect(layoutMap({ nodes: ['a'], edges: [{ from: 'a', to: 'gone' }] }, NEW).size).toBe(1)
  })

  test('a layer of many takes several columns', () => {
    const calls = Array.from({ length: COLUMN_ROWS_MAX + 1 }, (_, i) => `root>n${i}`)
    const places = layoutMap(graphOf(calls.join(' ')), NEW)
    expect(new Set([...places.values()].map(({ column }) => column))).toEqual(new Set([0, 1, 2]))
  })
})

describe('known nodes stay, a new one comes in', () => {
  const known = new Map([
    ['a', { column: 0, row: 0 }],
    ['b', { column: 1, row: 0 }],
    ['gone', { column: 1, row: 1 }],
  ])
  test.each([
    ['called', 'a>b a>n', 'a0.0 b1.0 n1.2'],
    ['calling', 'a>b n>a', 'a0.0 b1.0 n-1.0'],
    ['between', 'a>b a>n n>b', 'a0.0 b1.0 n1.2'],
    ['alone', 'a>b n', 'a0.0 b1.0 n0.1'],
    ['with another that is new', 'a>b b>n n>m', 'a0.0 b1.0 m3.0 n2.0'],
    ['and who was gone is back', 'a>b a>gone', 'a0.0 b1.0 gone1.1'],
  ])('%s', (_, text, want) => expect(drawn(layoutMap(graphOf(text), known))).toBe(want))
})

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }
const name = fc.integer({ min: 0, max: 59 }).map((i) => `n${i}`)
const link = fc.record({ from: name, to: name })
const anyGraph = fc.record({
  nodes: fc.uniqueArray(name, { maxLength: 60 }),
  edges: fc.array(link, { maxLength: 150 }),
})

function hasOverlap(places: ReadonlyMap<string, Place>): boolean {
  return new Set([...places.values()].map(({ column, row }) => `${column} ${row}`)).size < places.size
}

test('every node has a place of its own, whatever the order in which the graph is given', () => {
  fc.assert(
    fc.property(anyGraph, ({ nodes, edges }) => {
      const places = layoutMap({ nodes, edges }, NEW)
      expect(new Set(places.keys())).toEqual(new Set(nodes))
      expect(hasOverlap(places)).toBe(false)
      const turned = layoutMap({ nodes: [...nodes].reverse(), edges: [...edges].reverse() }, NEW)
      expect(drawn(turned)).toBe(drawn(places))
    }),
    seed,
  )
})

test('without circles every call leads to the right', () => {
  fc.assert(
    fc.property(anyGraph, ({ nodes, edges }) => {
      const number = (id: string) => Number(id.slice(1))
      const forward = edges.filter(
        ({ from, to }) => number(from) < number(to) && nodes.includes(from) && nodes.includes(to),
      )
      const places = layoutMap({ nodes, edges: forward }, NEW)
      for (const { from, to } of forward) {
        expect((places.get(from) as Place).column).toBeLessThan((places.get(to) as Place).column)
      }
    }),
    seed,
  )
})

test('nodes and calls that come or go move no other node', () => {
  fc.assert(
    fc.property(anyGraph, anyGraph, (before, more) => {
      const known = layoutMap(before, NEW)
      const kept = before.nodes.filter((_, i) => i % 3 > 0)
      const after = { nodes: [...new Set([...kept, ...more.nodes])], edges: [...before.edges, ...more.edges] }
      fc.pre(kept.length > 0)
      const places = layoutMap(after, known)
      for (const id of kept) expect(places.get(id)).toEqual(known.get(id))
      expect(places.size).toBe(after.nodes.length)
      expect(hasOverlap(places)).toBe(false)
    }),
    seed,
  )
})

import { describe, expect, test } from 'vitest'
import { flameFrameAt, flameFrames } from '../flame/flame.ts'
import { AXIS_PX, ROW_PX, rowAt } from '../waterfall/frame.ts'
import { fillPixels } from '../waterfall/minimap.ts'
import { compareCalls } from './compare.ts'
import { criticalMs, criticalPath } from './critical-path.ts'
import { type MergedCall, mergedCalls, operationsOf } from './merged-calls.ts'
import { type SampleSpan, sampleTrace } from './sample-trace.ts'
import { serviceCalls } from './service-calls.ts'
import { matchingSpans, nextError, withAncestors } from './span-filter.ts'
import { mainRoot, spanTree } from './span-tree.ts'
import { openingDepth, revealing, type WaterfallRow, type WaterfallView, waterfallRows } from './waterfall-rows.ts'

const SPANS: readonly SampleSpan[] = [
  { id: 'late', parent: 'root', at: [60, 90], service: 'cart' },
  { id: 'root', at: [0, 100] },
  { id: 'early', parent: 'root', at: [10, 40], isError: true, eventMs: [12, 30] },
  { id: 'leaf', parent: 'early', at: [20, 30] },
  { id: 'lost', parent: 'nobody', at: [50, 55] },
]
const ALL: WaterfallView = { toggled: new Set(), foldDepth: Number.POSITIVE_INFINITY, kept: undefined }

const treeOf = (spans: readonly SampleSpan[]) => spanTree(sampleTrace(spans))
const nameAt = (tree: ReturnType<typeof treeOf>, place: number) =>
  tree.columns.names[tree.columns.nameOf[place] as number]

function shown(tree: ReturnType<typeof treeOf>, rows: readonly WaterfallRow[]): string[] {
  return rows.map((row) => {
    const indent = ' '.repeat(row.depth)
    if (row.kind === 'missing') return `${indent}(${row.spanId})`
    if (row.kind === 'group') return `${indent}${row.places.length} × ${nameAt(tree, row.places[0] as number)}`
    return `${indent}${nameAt(tree, row.place)}`
  })
}

describe('the tree', () => {
  const tree = treeOf(SPANS)
  test('children by start, sums of what is below, own times', () => {
    expect([...tree.order].map((place) => nameAt(tree, place))).toEqual(['root', 'early', 'leaf', 'late', 'lost'])
    expect([...tree.depths]).toEqual([1, 0, 1, 2, 0])
    expect([...tree.descendants]).toEqual([0, 3, 1, 0, 0])
    expect([...tree.errors]).toEqual([0, 1, 1, 0, 0])
    expect([...tree.selfMs]).toEqual([30, 40, 20, 10, 5])
    expect([tree.durationMs, mainRoot(tree)]).toEqual([100, 1])
  })
  test('children that run at once count once, what goes on after its parent does not', () => {
    const { selfMs } = treeOf([
      { id: 'r', at: [0, 10] },
      { id: 'a', parent: 'r', at: [1, 5] },
      { id: 'b', parent: 'r', at: [2, 4] },
      { id: 'c', parent: 'r', at: [9, 20] },
    ])
    expect([...selfMs]).toEqual([5, 4, 2, 11])
  })
  test('a child that begins before its parent shows by how much clocks differ', () => {
    const { skewMs } = treeOf([
      { id: 'r', at: [5, 10] },
      { id: 'a', parent: 'r', at: [2, 4] },
    ])
    expect([...skewMs]).toEqual([0, 3])
  })
  test('a trace without spans, and a chain as deep as it is long', () => {
    expect([treeOf([]).order.length, mainRoot(treeOf([]))]).toEqual([0, undefined])
    const deep = treeOf(
      Array.from({ length: 50_000 }, (_, i) => ({
        id: `${i}`,
        name: 'step',
        ...(i > 0 && { parent: `${i - 1}` }),
        at: [i, 60_000],
      })),
    )
    expect([deep.depths.at(-1), waterfallRows(deep, ALL).length, criticalPath(deep).length]).toEqual([
      49_999, 50_000, 50_000,
    ])
  })
})

describe('the critical path', () => {
  test('covers the root from its end to its beginning, each moment once', () => {
    const tree = treeOf(SPANS)
    const path = criticalPath(tree)
    expect(path.map(({ place, fromMs, toMs }) => [nameAt(tree, place), fromMs, toMs])).toEqual([
      ['root', 90, 100],
      ['root', 40, 60],
      ['root', 0, 10],
      ['early', 30, 40],
      ['early', 10, 20],
      ['leaf', 20, 30],
      ['late', 60, 90],
    ])
    expect([...criticalMs(tree, path)]).toEqual([30, 40, 20, 10, 0])
  })
  test('leaves out what ran beside it and what goes on after its parent', () => {
    const tree = treeOf([
      { id: 'r', at: [0, 10] },
      { id: 'long', parent: 'r', at: [1, 8] },
      { id: 'beside', parent: 'r', at: [0.5, 4] },
      { id: 'after', parent: 'r', at: [9, 30] },
    ])
    expect([...criticalMs(tree, criticalPath(tree))]).toEqual([2, 7, 0, 1])
  })
})

describe('rows', () => {
  const repeated = treeOf([
    { id: 'r', at: [0, 100] },
    { id: 'x', parent: 'r', at: [1, 2], name: 'connect' },
    ...Array.from({ length: 6 }, (_, i) => ({
      id: `s${i}`,
      parent: 'r',
      at: [10 + i, 11 + i] as const,
      name: 'SELECT',
      isError: i === 3,
    })),
    { id: 'deep', parent: 's3', at: [13, 14], isError: true },
  ])
  test('missing parents are rows; those who name one stand below it', () => {
    const tree = treeOf([...SPANS, { id: 'other', parent: 'nobody', at: [70, 71] }])
    expect(shown(tree, waterfallRows(tree, ALL))).toEqual([
      'root',
      ' early',
      '  leaf',
      ' late',
      '(nobody0000000000)',
      ' lost',
      ' other',
    ])
  })
  test('five siblings of one operation are one row, which unfolds', () => {
    expect(shown(repeated, waterfallRows(repeated, ALL))).toEqual(['r', ' connect', ' 6 × SELECT'])
    const open = { ...ALL, toggled: new Set(['gs000000000000000']) }
    expect(shown(repeated, waterfallRows(repeated, open))).toHaveLength(10)
    expect(shown(repeated, waterfallRows(repeated, open)).slice(2, 4)).toEqual([' 6 × SELECT', '  SELECT'])
  })
  test('folds by key, and from a depth on', () => {
    const tree = treeOf(SPANS)
    const rows = (view: WaterfallView) => shown(tree, waterfallRows(tree, view)).map((row) => row.trim())
    expect(rows({ ...ALL, toggled: new Set(['early00000000000']) })).not.toContain('leaf')
    expect(rows({ ...ALL, foldDepth: 0 })).toEqual(['root', '(nobody0000000000)', 'lost'])
    expect(rows({ ...ALL, foldDepth: 0, toggled: new Set(['root000000000000']) })).toContain('early')
    expect(openingDepth(tree)).toBe(Number.POSITIVE_INFINITY)
  })
  test('a large trace opens with its upper levels', () => {
    const wide = treeOf([
      { id: 'r', at: [0, 1] },
      ...Array.from({ length: 100 }, (_, i) => ({ id: `a${i}`, parent: 'r', at: [0, 1] as const })),
      ...Array.from({ length: 3_000 }, (_, i) => ({ id: `b${i}`, parent: `a${i % 100}`, at: [0, 1] as const })),
    ])
    expect(openingDepth(wide)).toBe(1)
    expect(waterfallRows(wide, { ...ALL, foldDepth: openingDepth(wide) })).toHaveLength(101)
  })
  test('what is revealed is on screen, through groups and folds', () => {
    const place = repeated.columns.count - 1
    for (const view of [ALL, { ...ALL, foldDepth: 0 }]) {
      const toggled = revealing(repeated, view, place)
      const rows = waterfallRows(repeated, { ...view, toggled })
      expect(rows.some((row) => row.kind === 'span' && row.place === place)).toBe(true)
    }
  })
  test('a point on the canvas is a row, left of its text its fold', () => {
    const rows = waterfallRows(repeated, ALL)
    const frame = { rows, scrollPx: 0, namesPx: 200 }
    expect(rowAt(frame, 100, AXIS_PX - 1)).toBeUndefined()
    expect(rowAt(frame, 100, AXIS_PX + ROW_PX)).toEqual({ row: 1, isFold: false })
    expect(rowAt({ ...frame, scrollPx: ROW_PX }, 10, AXIS_PX + ROW_PX)).toEqual({ row: 2, isFold: true })
    expect(rowAt(frame, 10, AXIS_PX + 99 * ROW_PX)).toBeUndefined()
  })
})

describe('filters', () => {
  const tree = treeOf(SPANS)
  const cases: [string, string[] | undefined][] = [
    ['', undefined],
    ['EARL', ['early']],
    ['cart', ['late']],
    ['error', ['early']],
    ['>25ms', ['late', 'root', 'early']],
    ['<6ms', ['lost']],
    ['shop >25ms', ['root', 'early']],
    ['<script>', []],
  ]
  test.each(cases)('%s', (filter, want) => {
    const found = matchingSpans(tree, filter)
    const names = found && [...found.keys()].filter((place) => found[place] === 1).map((place) => nameAt(tree, place))
    expect(names).toEqual(want)
  })
  test('hiding keeps what leads to a match', () => {
    const kept = withAncestors(tree, matchingSpans(tree, 'leaf') as Uint8Array)
    expect(shown(tree, waterfallRows(tree, { ...ALL, kept }))).toEqual(['root', ' early', '  leaf'])
  })
  test('errors follow each other in the order of the tree, around the end', () => {
    const failing = treeOf([
      { id: 'r', at: [0, 9], isError: true },
      { id: 'b', parent: 'r', at: [5, 6], isError: true },
      { id: 'a', parent: 'r', at: [1, 2] },
    ])
    expect([nextError(failing, undefined, 1), nextError(failing, 0, 1), nextError(failing, 1, 1)]).toEqual([0, 1, 0])
    expect([nextError(failing, undefined, -1), nextError(failing, 2, 1), nextError(failing, 2, -1)]).toEqual([1, 1, 0])
    expect(nextError(treeOf([{ id: 'r', at: [0, 1] }]), undefined, 1)).toBeUndefined()
  })
})

describe('merged calls', () => {
  const tree = treeOf([
    { id: 'r', at: [0, 100], name: 'GET /' },
    { id: 'a', parent: 'r', at: [0, 20], name: 'SELECT' },
    { id: 'b', parent: 'r', at: [10, 40], name: 'SELECT', isError: true },
    { id: 'c', parent: 'b', at: [10, 30], name: 'read' },
  ])
  const [root] = mergedCalls(tree) as [MergedCall]
  test('siblings of one operation are one call; widths are their work', () => {
    expect(root).toMatchObject({ name: 'GET /', count: 1, totalMs: 100, selfMs: 60, workMs: 110 })
    expect(root.children).toHaveLength(1)
    expect(root.children[0]).toMatchObject({ count: 2, errors: 1, totalMs: 50, selfMs: 30, workMs: 50, longest: 2 })
  })
  test('frames lie within what called them; a focus has the whole width', () => {
    const frames = flameFrames([root], undefined)
    expect(frames.map(({ level, left, width }) => [level, left, width])).toEqual([
      [0, 0, 1],
      [1, 0, 50 / 110],
      [2, 0, 20 / 110],
    ])
    const select = root.children[0] as MergedCall
    expect(flameFrames([root], select).map(({ level, width }) => [level, width])).toEqual([
      [0, 1],
      [1, 1],
      [2, 0.4],
    ])
    expect(flameFrameAt(frames, 110, 30, 25)?.call).toBe(select)
    expect(flameFrameAt(frames, 110, 60, 25)).toBeUndefined()
  })
  test('operations, wherever they were called, with their share of the critical path', () => {
    const operations = operationsOf(tree, criticalMs(tree, criticalPath(tree)))
    expect(
      operations.map(({ name, count, selfMs, maxMs, criticalMs: own }) => [name, count, selfMs, maxMs, own]),
    ).toEqual([
      ['GET /', 1, 60, 100, 70],
      ['SELECT', 2, 30, 30, 10],
      ['read', 1, 20, 20, 20],
    ])
  })
})

test('two traces in one tree: added, missing, slower, faster, the same', () => {
  const before = treeOf([
    { id: 'r', at: [0, 100], name: 'GET /' },
    { id: 'a', parent: 'r', at: [0, 20], name: 'auth' },
    { id: 'b', parent: 'r', at: [20, 60], name: 'SELECT' },
    { id: 'c', parent: 'r', at: [60, 90], name: 'render' },
    { id: 'd', parent: 'c', at: [60, 61], name: 'old' },
  ])
  const after = treeOf([
    { id: 'r', at: [0, 108], name: 'GET /' },
    { id: 'a', parent: 'r', at: [0, 5], name: 'auth' },
    { id: 'b', parent: 'r', at: [5, 80], name: 'SELECT' },
    { id: 'c', parent: 'r', at: [80, 108], name: 'render' },
    { id: 'd', parent: 'r', at: [0, 2], name: 'flag' },
  ])
  const rows = compareCalls(mergedCalls(before), mergedCalls(after), 108)
  expect(rows.map(({ name, depth, mark, deltaMs }) => [name, depth, mark, deltaMs])).toEqual([
    ['GET /', 0, 'same', 8],
    ['SELECT', 1, 'slower', 35],
    ['render', 1, 'same', -2],
    ['old', 2, 'missing', -1],
    ['auth', 1, 'faster', -15],
    ['flag', 1, 'added', 2],
  ])
})

test('who called whom: spans whose parent is of another service, the most time first', () => {
  const tree = treeOf([
    { id: 'a', at: [0, 100], service: 'edge' },
    { id: 'b', parent: 'a', at: [10, 20], service: 'edge' },
    { id: 'c', parent: 'b', at: [10, 20], service: 'cart', isError: true },
    { id: 'd', parent: 'a', at: [30, 70], service: 'cart' },
    { id: 'e', parent: 'd', at: [40, 60], service: 'stock' },
    { id: 'f', parent: 'lost', at: [80, 90], service: 'mail' },
  ])
  const { services, calls } = serviceCalls(tree)
  expect(services).toEqual([
    { name: 'edge', spans: 2, errors: 0, selfMs: 50 },
    { name: 'cart', spans: 2, errors: 1, selfMs: 30 },
    { name: 'stock', spans: 1, errors: 0, selfMs: 20 },
    { name: 'mail', spans: 1, errors: 0, selfMs: 10 },
  ])
  expect(calls).toEqual([
    { from: 'edge', to: 'cart', calls: 2, errors: 1, totalMs: 50, maxMs: 40, longest: 3 },
    { from: 'cart', to: 'stock', calls: 1, errors: 0, totalMs: 20, maxMs: 20, longest: 4 },
  ])
})

describe('the strip of a trace of many spans', () => {
  const paint = (spans: readonly SampleSpan[], width: number, height: number, words: readonly number[]) => {
    const pixels = new Uint32Array(width * height)
    fillPixels(pixels, width, height, treeOf(spans), words)
    return Array.from({ length: height }, (_, y) => [...pixels.subarray(y * width, (y + 1) * width)].join(''))
  }

  test('of the spans of one row of pixels the last is seen; a span has a pixel at least, and none has what is free', () => {
    const spans: SampleSpan[] = [
      { id: 'root', at: [0, 100], service: 'a' },
      { id: 'one', parent: 'root', at: [20, 60], service: 'b' },
      { id: 'two', parent: 'root', at: [30, 50], service: 'c' },
      { id: 'three', parent: 'root', at: [100, 100], service: 'd' },
    ]
    expect(paint(spans, 10, 1, [1, 2, 3, 4])).toEqual(['1123321114'])
    expect(paint(spans, 10, 2, [1, 2, 3, 4])).toEqual(['1122221111', '0003300004'])
  })

  test('shows what painting one over the other shows, whatever the spans', () => {
    const [width, height, count] = [37, 5, 400]
    let state = 7
    const random = (max: number) => {
      state = Math.imul(state, 1_103_515_245) + 12_345
      return (state >>> 8) % max
    }
    const spans = Array.from({ length: count }, (_, i): SampleSpan => {
      const from = random(1_000)
      return { id: `s${i}`, at: [from, Math.min(1_000, from + random(300))], service: `${random(7)}` }
    })
    const { columns, order, durationMs } = treeOf(spans)
    const wanted = new Uint32Array(width * height)
    for (const [rank, place] of order.entries()) {
      const left = ((columns.startMs[place] as number) / durationMs) * width
      const from = Math.min(width - 1, Math.floor(left))
      const right = Math.round(left + ((columns.durationMs[place] as number) / durationMs) * width)
      const row = Math.floor((rank / count) * height) * width
      wanted.fill((columns.serviceOf[place] as number) + 1, row + from, row + Math.max(from + 1, right))
    }
    const pixels = new Uint32Array(width * height)
    fillPixels(pixels, width, height, treeOf(spans), [1, 2, 3, 4, 5, 6, 7])
    expect([...pixels]).toEqual([...wanted])
  })
})

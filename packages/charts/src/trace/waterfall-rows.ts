import { MISSING_PARENT_SPAN, spanIdAt } from '@vantage/model'
import type { SpanTree } from './span-tree.ts'

/** Siblings of one operation that are folded into one row. */
const GROUP_MIN = 5
/** Rows that a large trace opens with; what lies deeper is folded. */
const OPENING_ROWS_MAX = 2_000

/** One row of the waterfall. `key` is what folding and unfolding it is remembered by. */
export type WaterfallRow =
  | {
      readonly kind: 'span'
      readonly key: string
      readonly place: number
      readonly depth: number
      readonly isOpen: boolean
    }
  /** A parent that others name and nobody sent. */
  | {
      readonly kind: 'missing'
      readonly key: string
      readonly spanId: string
      readonly places: readonly number[]
      readonly depth: number
      readonly isOpen: true
    }
  /** Siblings of the same service and operation. */
  | {
      readonly kind: 'group'
      readonly key: string
      readonly places: readonly number[]
      readonly depth: number
      readonly isOpen: boolean
    }

export interface WaterfallView {
  /** Keys of rows that are not as they would be by themselves. */
  readonly toggled: ReadonlySet<string>
  /** Spans from this depth on are folded by themselves. */
  readonly foldDepth: number
  /** Places that are shown (1), with what leads to them; undefined = all. */
  readonly kept: Uint8Array | undefined
}

/** The depth from which a trace is folded when it opens, so that its first rows are a screenful of its upper levels. */
export function openingDepth({ depths, order }: SpanTree): number {
  if (order.length <= OPENING_ROWS_MAX) return Number.POSITIVE_INFINITY
  const counts: number[] = []
  for (const place of order) {
    const depth = depths[place] as number
    counts[depth] = (counts[depth] ?? 0) + 1
  }
  let rows = 0
  for (const [depth, count] of counts.entries()) {
    rows += count
    if (rows > OPENING_ROWS_MAX) return Math.max(1, depth - 1)
  }
  return Number.POSITIVE_INFINITY
}

/** Rows from top to bottom. */
export function waterfallRows(tree: SpanTree, view: WaterfallView): WaterfallRow[] {
  const rows: WaterfallRow[] = []
  const open = topRows(tree, view).reverse()
  while (open.length > 0) {
    const row = open.pop() as WaterfallRow
    rows.push(row)
    if (!row.isOpen) continue
    const below = rowsBelow(tree, view, row)
    for (let i = below.length - 1; i >= 0; i--) open.push(below[i] as WaterfallRow)
  }
  return rows
}

/** Roots, and parents that are missing in the place of the first of their children. */
function topRows(tree: SpanTree, view: WaterfallView): WaterfallRow[] {
  const { parents, missing } = tree.columns
  const rows: WaterfallRow[] = []
  const orphans = new Map<string, number[]>()
  for (const place of tree.roots) {
    if (view.kept?.[place] === 0) continue
    if (parents[place] !== MISSING_PARENT_SPAN) {
      rows.push(spanRow(tree, view, place, 0))
      continue
    }
    const spanId = missing.get(place) ?? ''
    const known = orphans.get(spanId)
    if (known !== undefined) {
      known.push(place)
      continue
    }
    const places = [place]
    orphans.set(spanId, places)
    rows.push({ kind: 'missing', key: `m${spanId}`, spanId, places, depth: 0, isOpen: true })
  }
  return rows
}

function rowsBelow(tree: SpanTree, view: WaterfallView, row: WaterfallRow): WaterfallRow[] {
  if (row.kind !== 'span') return row.places.map((place) => spanRow(tree, view, place, row.depth + 1))
  const { children, childFrom } = tree
  const places: number[] = []
  for (let i = childFrom[row.place] as number; i < (childFrom[row.place + 1] as number); i++) {
    const place = children[i] as number
    if (view.kept?.[place] !== 0) places.push(place)
  }
  return grouped(tree, view, places, row.depth + 1)
}

/** Siblings, those of one operation as one row in the place of the first of them. */
function grouped(tree: SpanTree, view: WaterfallView, places: readonly number[], depth: number): WaterfallRow[] {
  if (places.length < GROUP_MIN) return places.map((place) => spanRow(tree, view, place, depth))
  const byOperation = new Map<number, number[]>()
  for (const place of places) {
    const operation = operationAt(tree, place)
    const known = byOperation.get(operation)
    if (known === undefined) byOperation.set(operation, [place])
    else known.push(place)
  }
  const rows: WaterfallRow[] = []
  for (const place of places) {
    const members = byOperation.get(operationAt(tree, place)) as number[]
    if (members.length < GROUP_MIN) rows.push(spanRow(tree, view, place, depth))
    else if (members[0] === place) {
      const key = `g${spanIdAt(tree.columns, place)}`
      rows.push({ kind: 'group', key, places: members, depth, isOpen: view.toggled.has(key) })
    }
  }
  return rows
}

/** A number that two spans share when service and name are the same. */
function operationAt({ columns }: SpanTree, place: number): number {
  return (columns.serviceOf[place] as number) * columns.names.length + (columns.nameOf[place] as number)
}

function spanRow(tree: SpanTree, view: WaterfallView, place: number, depth: number): WaterfallRow {
  const key = spanIdAt(tree.columns, place)
  const isOpen = hasChildren(tree, place) && isOpenByItself(tree, view, place) !== view.toggled.has(key)
  return { kind: 'span', key, place, depth, isOpen }
}

function isOpenByItself(tree: SpanTree, view: WaterfallView, place: number): boolean {
  return (tree.depths[place] as number) < view.foldDepth
}

function hasChildren({ childFrom }: SpanTree, place: number): boolean {
  return (childFrom[place + 1] as number) > (childFrom[place] as number)
}

/** Whether a row has something to unfold. */
export function canFold(tree: SpanTree, row: WaterfallRow): boolean {
  return row.kind === 'group' || (row.kind === 'span' && hasChildren(tree, row.place))
}

/** The toggled keys with which a span is on screen: everything above it unfolded. */
export function revealing(tree: SpanTree, view: WaterfallView, place: number): ReadonlySet<string> {
  const toggled = new Set(view.toggled)
  for (let at = place; at >= 0; at = tree.columns.parents[at] as number) {
    const parent = tree.columns.parents[at] as number
    if (parent < 0) break
    const siblings: number[] = []
    for (let i = tree.childFrom[parent] as number; i < (tree.childFrom[parent + 1] as number); i++) {
      const sibling = tree.children[i] as number
      if (view.kept?.[sibling] !== 0 && operationAt(tree, sibling) === operationAt(tree, at)) siblings.push(sibling)
    }
    if (siblings.length >= GROUP_MIN) toggled.add(`g${spanIdAt(tree.columns, siblings[0] as number)}`)
    const key = spanIdAt(tree.columns, parent)
    if (isOpenByItself(tree, view, parent)) toggled.delete(key)
    else toggled.add(key)
  }
  return toggled
}

import { MISSING_PARENT_SPAN, type TraceColumns } from '@vantage/model'

/** The tree of a trace, by place of span. Children and roots are in the order of their starts. */
export interface SpanTree {
  readonly columns: TraceColumns
  readonly durationMs: number
  /** Spans without a parent that is stored. */
  readonly roots: Int32Array
  /** Places, parents before their children. */
  readonly order: Int32Array
  readonly depths: Int32Array
  /** Children of a place are `children` from `childFrom[place]` to `childFrom[place + 1]`. */
  readonly children: Int32Array
  readonly childFrom: Int32Array
  /** Spans below. */
  readonly descendants: Int32Array
  /** Failed spans, itself and below. */
  readonly errors: Int32Array
  /** Time in which no child ran. */
  readonly selfMs: Float64Array
  /** How long before its parent a span says to have begun: clocks that differ. 0 = it did not. */
  readonly skewMs: Float64Array
}

/** Builds the tree; linear but for sorting children. */
export function spanTree(columns: TraceColumns): SpanTree {
  const { count, parents } = columns
  const { children, childFrom } = childLists(columns)
  const roots = sortedByStart(
    columns,
    parents.map((_, place) => place).filter((place) => (parents[place] as number) < 0),
  )
  const order = new Int32Array(count)
  const depths = new Int32Array(count)
  const open = [...roots].reverse()
  let ordered = 0
  while (open.length > 0) {
    const place = open.pop() as number
    order[ordered++] = place
    for (let i = (childFrom[place + 1] as number) - 1; i >= (childFrom[place] as number); i--) {
      const child = children[i] as number
      depths[child] = (depths[place] as number) + 1
      open.push(child)
    }
  }
  const whole = { columns, roots, order: order.subarray(0, ordered), depths, children, childFrom }
  return { ...whole, ...sumsOf(whole), ...timesOf(whole) }
}

type Shape = Pick<SpanTree, 'columns' | 'roots' | 'order' | 'depths' | 'children' | 'childFrom'>

/** Children of all places, one list behind the other. */
function childLists(columns: TraceColumns): Pick<SpanTree, 'children' | 'childFrom'> {
  const { count, parents } = columns
  const childFrom = new Int32Array(count + 1)
  for (const parent of parents) if (parent >= 0) childFrom[parent + 1] = (childFrom[parent + 1] as number) + 1
  for (let place = 0; place < count; place++) {
    childFrom[place + 1] = (childFrom[place + 1] as number) + (childFrom[place] as number)
  }
  const next = childFrom.slice(0, count)
  const children = new Int32Array(childFrom[count] as number)
  for (let place = 0; place < count; place++) {
    const parent = parents[place] as number
    if (parent < 0) continue
    const at = next[parent] as number
    children[at] = place
    next[parent] = at + 1
  }
  for (let place = 0; place < count; place++) {
    const [from, to] = [childFrom[place] as number, childFrom[place + 1] as number]
    // Fast path: spans mostly come in the order of their starts.
    if (!isByStart(columns, children, from, to)) sortedByStart(columns, children.subarray(from, to))
  }
  return { children, childFrom }
}

function isByStart({ startMs }: TraceColumns, places: Int32Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) {
    if ((startMs[places[i] as number] as number) < (startMs[places[i - 1] as number] as number)) return false
  }
  return true
}

/** In place; equal starts keep the order in which spans were stored. */
function sortedByStart({ startMs }: TraceColumns, places: Int32Array): Int32Array {
  return places.sort((a, b) => (startMs[a] as number) - (startMs[b] as number) || a - b)
}

function sumsOf({ columns, order }: Shape): Pick<SpanTree, 'descendants' | 'errors'> {
  const { count, parents, isError } = columns
  const descendants = new Int32Array(count)
  const errors = Int32Array.from(isError)
  for (let i = order.length - 1; i >= 0; i--) {
    const place = order[i] as number
    const parent = parents[place] as number
    if (parent < 0) continue
    descendants[parent] = (descendants[parent] as number) + (descendants[place] as number) + 1
    errors[parent] = (errors[parent] as number) + (errors[place] as number)
  }
  return { descendants, errors }
}

function timesOf(shape: Shape): Pick<SpanTree, 'selfMs' | 'skewMs' | 'durationMs'> {
  const { count, parents, startMs, durationMs } = shape.columns
  const selfMs = new Float64Array(count)
  const skewMs = new Float64Array(count)
  let endMs = 0
  for (let place = 0; place < count; place++) {
    selfMs[place] = 0
    eachGap(shape, place, (fromMs, toMs) => {
      selfMs[place] = (selfMs[place] as number) + toMs - fromMs
    })
    endMs = Math.max(endMs, (startMs[place] as number) + (durationMs[place] as number))
    const parent = parents[place] as number
    if (parent >= 0) skewMs[place] = Math.max(0, (startMs[parent] as number) - (startMs[place] as number))
  }
  // A trace of one moment still has a width.
  return { selfMs, skewMs, durationMs: Math.max(1e-6, endMs) }
}

/** Calls back for each time of a span in which none of its children ran, from the first to the last. */
export function eachGap(
  { columns, children, childFrom }: Pick<SpanTree, 'columns' | 'children' | 'childFrom'>,
  place: number,
  each: (fromMs: number, toMs: number) => void,
): void {
  const { startMs, durationMs } = columns
  let atMs = startMs[place] as number
  const endMs = atMs + (durationMs[place] as number)
  for (let i = childFrom[place] as number; i < (childFrom[place + 1] as number) && atMs < endMs; i++) {
    const child = children[i] as number
    const childMs = startMs[child] as number
    if (childMs > atMs) each(atMs, Math.min(childMs, endMs))
    atMs = Math.max(atMs, childMs + (durationMs[child] as number))
  }
  if (atMs < endMs) each(atMs, endMs)
}

/** The span that the trace is named after: of those without a parent the longest, the earlier of equal ones. */
export function mainRoot({ columns, roots }: SpanTree): number | undefined {
  let best: number | undefined
  const rank = (place: number) => (columns.parents[place] === MISSING_PARENT_SPAN ? 0 : 1)
  for (const place of roots) {
    if (best === undefined || rank(place) > rank(best)) best = place
    else if (
      rank(place) === rank(best) &&
      (columns.durationMs[place] as number) > (columns.durationMs[best] as number)
    ) {
      best = place
    }
  }
  return best
}

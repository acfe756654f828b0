import { assignSlots, formatMs } from '@vantage/charts'
import {
  type CriticalSegment,
  criticalMs,
  criticalPath,
  groupMs,
  mainRoot,
  openingDepth,
  type SpanTree,
  spanTree,
  type WaterfallRow,
} from '@vantage/charts/trace'
import { SPAN_KINDS, type TraceColumns } from '@vantage/model'

/** Everything that the screens of a trace work out once from its structure. */
export interface TraceView {
  readonly tree: SpanTree
  readonly columns: TraceColumns
  /** Place of the span that the trace is named after. */
  readonly root: number | undefined
  /** Colour of each service, by its place. */
  readonly slots: readonly number[]
  readonly critical: ReadonlyMap<number, readonly CriticalSegment[]>
  readonly criticalMs: Float64Array
  /** From which depth on spans are folded at first. */
  readonly openingDepth: number
  readonly errors: number
  /** Parents that are named and not stored. */
  readonly missingParents: number
  /** Spans that begin before their parent, and by how much at most. */
  readonly skewed: { readonly spans: number; readonly maxMs: number }
}

export function traceView(columns: TraceColumns): TraceView {
  const tree = spanTree(columns)
  const segments = criticalPath(tree)
  return {
    tree,
    columns,
    root: mainRoot(tree),
    slots: assignSlots(columns.services),
    critical: Map.groupBy(segments, ({ place }) => place),
    criticalMs: criticalMs(tree, segments),
    openingDepth: openingDepth(tree),
    errors: columns.isError.reduce((sum, one) => sum + one, 0),
    missingParents: new Set(columns.missing.values()).size,
    skewed: tree.skewMs.reduce((sum, ms) => (ms > 0 ? { spans: sum.spans + 1, maxMs: Math.max(sum.maxMs, ms) } : sum), {
      spans: 0,
      maxMs: 0,
    }),
  }
}

export function serviceAt({ services, serviceOf }: TraceColumns, place: number): string {
  return services[serviceOf[place] as number] ?? ''
}

export function nameAt({ names, nameOf }: TraceColumns, place: number): string {
  return names[nameOf[place] as number] ?? ''
}

/** `3 spans`, `1 span`, `100,000 spans`: counts are exact. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** One row in words, for screen readers and where the pointer rests. */
export function rowText({ tree, columns }: TraceView, row: WaterfallRow): string {
  if (row.kind === 'missing')
    return `Parent ${row.spanId} was not received, ${counted(row.places.length, 'span')} below it`
  const place = row.kind === 'group' ? (row.places[0] as number) : row.place
  const what = `${serviceAt(columns, place)} ${nameAt(columns, place)}`
  if (row.kind === 'group') {
    const failed = row.places.filter((one) => columns.isError[one] === 1).length
    const sum = `${row.places.length} × ${what}, ${formatMs(groupMs(tree, row.places))} together`
    return failed === 0 ? sum : `${sum}, ${failed} failed`
  }
  const facts = [
    what,
    SPAN_KINDS[columns.kinds[place] as number] ?? 'unspecified',
    formatMs(columns.durationMs[place] as number),
    `${formatMs(tree.selfMs[place] as number)} of its own`,
  ]
  if (columns.isError[place] === 1) facts.push('failed')
  const skewMs = tree.skewMs[place] as number
  if (skewMs > 0) facts.push(`begins ${formatMs(skewMs)} before its parent`)
  return facts.join(', ')
}

/** A trace in one sentence: what its canvas says to who does not see it. */
export function traceSummary({ tree, columns, errors, root }: TraceView): string {
  if (root === undefined) return 'A trace without spans.'
  const parts = [
    counted(columns.count, 'span'),
    `of ${counted(columns.services.length, 'service')}`,
    `in ${formatMs(tree.durationMs)}`,
    errors === 0 ? 'none failed' : `${errors.toLocaleString('en')} failed`,
  ]
  return `${serviceAt(columns, root)} ${nameAt(columns, root)}: ${parts.join(', ')}.`
}

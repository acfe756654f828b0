import type { TraceSpan } from '@vantage/api/client'

/** One row of the waterfall. */
export interface WaterfallRow {
  readonly span: TraceSpan
  readonly depth: number
  /** Of all spans below it. */
  readonly descendants: number
  /** Its parent is named but was not received. */
  readonly isOrphan: boolean
  /** Shares of the trace's time, 0 … 1. */
  readonly left: number
  readonly width: number
  readonly selfMs: number
}

export interface TraceModel {
  readonly rows: readonly WaterfallRow[]
  readonly startNs: bigint
  readonly durationMs: number
  readonly services: readonly string[]
  readonly errors: number
  readonly root: TraceSpan | undefined
}

const NS_PER_MS = 1_000_000

export function durationMsOf(span: TraceSpan): number {
  return span.endNs > span.startNs ? Number(span.endNs - span.startNs) / NS_PER_MS : 0
}

/** Orders spans as a tree, parents before children, children by their start; what lacks its parent stands at the top. */
export function traceModel(spans: readonly TraceSpan[]): TraceModel {
  const ids = new Set(spans.map((span) => span.spanId))
  const children = Map.groupBy(
    [...spans].sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : a.spanId < b.spanId ? -1 : 1)),
    (span) => (ids.has(span.parentSpanId) && span.parentSpanId !== span.spanId ? span.parentSpanId : ''),
  )
  const baseNs = spans[0]?.startNs ?? 0n
  const firstNs = Math.min(0, ...spans.map((span) => Number(span.startNs - baseNs)))
  const lastNs = Math.max(firstNs, ...spans.map((span) => Number(span.endNs - baseNs)))
  const startNs = baseNs + BigInt(firstNs)
  const durationMs = Math.max(1e-6, (lastNs - firstNs) / NS_PER_MS)
  const rows: WaterfallRow[] = []
  const seen = new Set<TraceSpan>()
  const add = (span: TraceSpan, depth: number): number => {
    seen.add(span)
    const at = rows.length
    rows.push(rowOf(span, depth, 0, children.get(span.spanId) ?? []))
    let descendants = 0
    for (const child of children.get(span.spanId) ?? []) if (!seen.has(child)) descendants += 1 + add(child, depth + 1)
    rows[at] = { ...(rows[at] as WaterfallRow), descendants }
    return descendants
  }
  const rowOf = (span: TraceSpan, depth: number, descendants: number, below: readonly TraceSpan[]): WaterfallRow => ({
    span,
    depth,
    descendants,
    isOrphan: span.parentSpanId !== '' && !ids.has(span.parentSpanId),
    left: Number(span.startNs - startNs) / NS_PER_MS / durationMs,
    width: durationMsOf(span) / durationMs,
    selfMs: selfMsOf(span, below),
  })
  for (const span of children.get('') ?? []) if (!seen.has(span)) add(span, 0)
  // Spans whose parents form a circle hang on nothing: they come last.
  for (const span of spans) if (!seen.has(span)) add(span, 0)
  return {
    rows,
    startNs,
    durationMs,
    services: [...new Set(spans.map((span) => span.service))].sort(),
    errors: spans.filter((span) => span.isError).length,
    root: rows.find((row) => row.span.parentSpanId === '')?.span ?? rows[0]?.span,
  }
}

/** Time of a span in which none of its children ran. */
function selfMsOf(span: TraceSpan, below: readonly TraceSpan[]): number {
  const ends = Number(span.endNs - span.startNs)
  let coveredNs = 0
  let untilNs = 0
  for (const child of below) {
    const fromNs = Math.max(untilNs, Number(child.startNs - span.startNs))
    const toNs = Math.min(ends, Number(child.endNs - span.startNs))
    if (toNs <= fromNs) continue
    coveredNs += toNs - fromNs
    untilNs = toNs
  }
  return Math.max(0, durationMsOf(span) - coveredNs / NS_PER_MS)
}

/** Rows that are drawn while some subtrees are folded. */
export function visibleRows(rows: readonly WaterfallRow[], folded: ReadonlySet<string>): WaterfallRow[] {
  const out: WaterfallRow[] = []
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as WaterfallRow
    out.push(row)
    if (folded.has(row.span.spanId)) i += row.descendants
  }
  return out
}

/** `1.23 s`, `45.6 ms`, `789 µs`: three significant digits. */
export function durationText(ms: number): string {
  const digits = (value: number) =>
    value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
  if (ms >= 1_000) return `${digits(ms / 1_000)} s`
  return ms >= 1 || ms === 0 ? `${digits(ms)} ms` : `${digits(ms * 1_000)} µs`
}

/** A stable place in the series palette, 1 … 8. */
export function serviceSlot(service: string): number {
  let hash = 0
  for (let i = 0; i < service.length; i++) hash = (Math.imul(hash, 31) + service.charCodeAt(i)) | 0
  return (Math.abs(hash) % 8) + 1
}

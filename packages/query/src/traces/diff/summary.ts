import type { TraceView } from '../../traceql/index.ts'
import type { FlatSpan } from './flat-spans.ts'
import type { TracePatch } from './patch.ts'

/** The work of a service has changed where it did by a millisecond and by this share. */
const DRIFT_FLOOR_NS = 1e6
const DRIFT_SHARE = 1 / 20
const ERROR = 'error'

interface Rollup {
  readonly name: string
  /** Of all its spans together, after less before. */
  driftNs: number
  baseNs: number
  modified: number
  added: number
  removed: number
  newErrors: number
  resolvedErrors: number
}

/** What changed between two traces, in figures. Not what is good or bad of it. */
export function summaryOf(patch: TracePatch, base: TraceView, compare: TraceView): Record<string, unknown> {
  const [before, after] = [sideOf(patch.base, base), sideOf(patch.compare, compare)]
  const rollups = rollupsOf(patch)
  const restructured = restructuredServices(patch)
  const changed = rollups.filter((one) => one.modified + one.added + one.removed > 0 || isDrifted(one))
  const stats = {
    traceLatencyDeltaMs: ms(after.envelopeNs - before.envelopeNs),
    sumSpanDurationDeltaMs: ms(after.workNs - before.workNs),
    spanCountDelta: patch.compare.length - patch.base.length,
    errorSpanDelta: after.errors - before.errors,
  }
  const isRestructured = patch.added.length + patch.removed.length + restructured.size > 0
  return {
    trust: {
      matchedSpanRatio: patch.matched / Math.max(1, patch.base.length, patch.compare.length),
      structureOverlap: patch.matched / Math.max(1, Math.min(patch.base.length, patch.compare.length)),
    },
    signals: {
      traceLatency: direction(stats.traceLatencyDeltaMs),
      sumSpanDuration: direction(stats.sumSpanDurationDeltaMs),
      errors: direction(stats.errorSpanDelta),
      spanCount: direction(stats.spanCountDelta),
      structure: isRestructured ? 'changed' : 'unchanged',
    },
    base: before.shown,
    compare: after.shown,
    stats,
    changedServices: [...new Set([...changed.map(({ name }) => name), ...restructured])].sort(),
    services: changed
      .sort(byDrift)
      .map(({ driftNs, baseNs: _, ...counts }) => ({ sumSpanDurationDeltaMs: ms(driftNs), ...counts })),
  }
}

function ms(ns: number): number {
  return Math.trunc(ns / 1e6)
}

function direction(delta: number): string {
  return delta > 0 ? 'increased' : delta < 0 ? 'decreased' : 'unchanged'
}

/** One of both traces. @param spans the first is the root */
function sideOf(spans: readonly FlatSpan[], trace: TraceView) {
  const errors = spans.filter(({ status }) => status === ERROR).length
  const workNs = spans.reduce((sum, { durationNs = 0 }) => sum + durationNs, 0)
  const envelopeNs = Number(trace.endNs - trace.startNs)
  const [root] = spans
  const shown = {
    rootService: root?.service ?? '',
    rootName: root?.name ?? '',
    spanCount: spans.length,
    errorSpanCount: errors,
    durationMs: ms(envelopeNs),
    sumSpanDurationMs: ms(workNs),
  }
  return { shown, errors, workNs, envelopeNs }
}

function rollupsOf(patch: TracePatch): Rollup[] {
  const rollups = new Map<string, Rollup>()
  const of = ({ service: name }: FlatSpan): Rollup => {
    const known = rollups.get(name)
    if (known !== undefined) return known
    const made = { name, driftNs: 0, baseNs: 0, modified: 0, added: 0, removed: 0, newErrors: 0, resolvedErrors: 0 }
    rollups.set(name, made)
    return made
  }
  for (const span of patch.base) {
    of(span).baseNs += span.durationNs ?? 0
    of(span).driftNs -= span.durationNs ?? 0
  }
  for (const span of patch.compare) of(span).driftNs += span.durationNs ?? 0
  for (const { before, after } of patch.modified) {
    const one = of(after)
    one.modified++
    if (after.status === ERROR && before.status !== ERROR) one.newErrors++
    if (before.status === ERROR && after.status !== ERROR) one.resolvedErrors++
  }
  for (const span of patch.added) {
    of(span).added++
    if (span.status === ERROR) of(span).newErrors++
  }
  for (const span of patch.removed) {
    of(span).removed++
    if (span.status === ERROR) of(span).resolvedErrors++
  }
  return [...rollups.values()]
}

function isDrifted({ driftNs, baseNs }: Rollup): boolean {
  return Math.abs(driftNs) >= DRIFT_FLOOR_NS && Math.abs(driftNs) >= baseNs * DRIFT_SHARE
}

function byDrift(a: Rollup, b: Rollup): number {
  const [left, right] = [Math.abs(ms(a.driftNs)), Math.abs(ms(b.driftNs))]
  return right - left || b.newErrors - a.newErrors || (a.name < b.name ? -1 : 1)
}

/** Services of which not the same spans are below the same parents. */
function restructuredServices({ base, compare }: TracePatch): Set<string> {
  const counts = new Map<string, { readonly service: string; count: number }>()
  const count = (span: FlatSpan, change: number): void => {
    const key = `${span.identity} ${span.parentIdentity ?? ''}`
    const known = counts.get(key) ?? { service: span.service, count: 0 }
    known.count += change
    counts.set(key, known)
  }
  for (const span of base) count(span, 1)
  for (const span of compare) count(span, -1)
  return new Set([...counts.values()].filter((one) => one.count !== 0).map(({ service }) => service))
}

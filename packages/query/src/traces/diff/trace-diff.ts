import { type QueryBudget, unreachable } from '@vantage/model'
import type { TraceView } from '../../traceql/index.ts'
import { type FlatSpan, flatSpans } from './flat-spans.ts'
import { patchOf, type TracePatch } from './patch.ts'
import { summaryOf } from './summary.ts'

export const DIFF_FORMATS = ['trace-patch-v0', 'trace-summary-v0-native', 'trace-summary-v0-composed'] as const
export type DiffFormat = (typeof DIFF_FORMATS)[number]

/** A patch beyond this is not sent along with a summary, bytes of JSON. */
const ATTACHED_PATCH_BYTES = 64 * 1024
/** An id in a name: no other trace has an operation of that name. */
const ID_IN_NAME = /\b(?:[0-9]{6,}|[0-9a-f][0-9a-f-]{7,})\b/i

/** One of the traces that are compared. */
export interface DiffSide {
  readonly traceId: string
  readonly trace: TraceView
}

interface Warning {
  readonly code: string
  readonly message: string
}

/**
 * Compares two traces span by span, as documents for JSON. Source: grafana/tempo pkg/model/tracediff, its types.
 */
export function traceDiff(base: DiffSide, compare: DiffSide, format: DiffFormat, budget: QueryBudget): unknown {
  const patch = patchOf(flatSpans(base.trace, budget), flatSpans(compare.trace, budget))
  const warnings = warningsOf(patch)
  switch (format) {
    case 'trace-patch-v0':
      return patchDocument(base, compare, patch, warnings)
    case 'trace-summary-v0-native':
      return summaryDocument(base, compare, patch, warnings)
    case 'trace-summary-v0-composed': {
      const whole = patchDocument(base, compare, patch, warnings)
      const bytes = Buffer.byteLength(JSON.stringify(whole))
      const summary = summaryDocument(base, compare, patch, warnings)
      const attached = bytes <= ATTACHED_PATCH_BYTES
      const rest = attached ? { patch: whole } : { patchOmitted: { bytes, reason: 'over_budget' } }
      return { version: format, summary, ...rest }
    }
    default:
      return unreachable(format)
  }
}

function patchDocument(base: DiffSide, compare: DiffSide, patch: TracePatch, warnings: readonly Warning[]): unknown {
  return {
    version: 'trace-patch-v0',
    base: { traceId: base.traceId, spanCount: patch.base.length },
    compare: { traceId: compare.traceId, spanCount: patch.compare.length },
    stats: {
      spanCountA: patch.base.length,
      spanCountB: patch.compare.length,
      ...countsOf(patch),
      eventChanges: 0,
      truncated: false,
    },
    modified: patch.modified.map(({ after: { path, service, name, kind }, changes }) => ({
      span: { path, service, name, kind },
      changes,
    })),
    added: patch.added.map((span) => ({
      target: { type: 'span', parentPath: span.path.slice(0, -1), index: span.path.at(-1) },
      span: snapshotOf(span),
    })),
    removed: patch.removed.map((span) => ({ target: { type: 'span', path: span.path }, span: snapshotOf(span) })),
    warnings,
  }
}

function summaryDocument(base: DiffSide, compare: DiffSide, patch: TracePatch, warnings: readonly Warning[]): unknown {
  const summary = summaryOf(patch, base.trace, compare.trace)
  return {
    ...summary,
    version: 'trace-summary-v0-native',
    base: { traceId: base.traceId, ...(summary['base'] as object) },
    compare: { traceId: compare.traceId, ...(summary['compare'] as object) },
    stats: { ...(summary['stats'] as object), ...countsOf(patch) },
    ...(warnings.length === 0 ? {} : { warnings }),
  }
}

function countsOf({ matched, modified, added, removed }: TracePatch) {
  const changes = modified.flatMap((one) => one.changes)
  const fieldChanges = changes.filter(({ target }) => target.type === 'field').length
  return {
    matchedSpans: matched,
    modifiedSpans: modified.length,
    addedSpans: added.length,
    removedSpans: removed.length,
    fieldChanges,
    attributeChanges: changes.length - fieldChanges,
  }
}

function snapshotOf({ path, service, name, kind, durationNs = 0, status }: FlatSpan): unknown {
  return { path, service, name, kind, duration_nanos: durationNs, status }
}

function warningsOf({ base, compare }: TracePatch): Warning[] {
  const spans = [...base, ...compare]
  const warnings: Warning[] = []
  const withId = spans.find(({ name }) => ID_IN_NAME.test(name))
  if (withId !== undefined) {
    const message = `the name ${JSON.stringify(withId.name)} seems to hold an id: such spans have no counterpart`
    warnings.push({ code: 'high_cardinality_span_name', message })
  }
  const untimed = spans.filter(({ durationNs }) => durationNs === undefined).length
  if (untimed > 0) {
    const message = `${untimed} spans have no duration that can be: it is null in changes`
    warnings.push({ code: 'invalid_duration', message })
  }
  return warnings
}

import { EMPTY_LABELS, type Labels, type Matcher, METRIC_NAME } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { hasPoints, newRow, type Row, type Value, withLabel } from '../evaluate/rows.ts'
import type { Plan } from '../plan/plan.ts'
import { type FunctionCall, type FunctionImplementation, rowsOf } from './function.ts'

export type AbsentName = 'absent'

export const ABSENT_FUNCTIONS: Readonly<Record<AbsentName, FunctionImplementation>> = {
  absent: { kind: 'vector', evaluate: absent },
}

function absent(call: FunctionCall): Value {
  const seen = new Uint8Array(call.grid.steps)
  for (const row of rowsOf(call, 0)) markPresent(row.present, seen)
  return { kind: 'vector', rows: absentRows(call.context, seen, call.plan.args[0]) }
}

export function markPresent(present: Uint8Array, seen: Uint8Array): void {
  for (let i = 0; i < seen.length; i++) if (present[i] === 1) seen[i] = 1
}

/** 1 at the steps where nothing was seen, with the labels that the selector pins down. */
export function absentRows(context: EvaluationContext, seen: Uint8Array, plan: Plan | undefined): Row[] {
  const row = newRow(context, pinnedLabels(plan), false, seen.length)
  for (let i = 0; i < seen.length; i++) {
    row.values[i] = 1
    row.present[i] = seen[i] === 1 ? 0 : 1
  }
  return hasPoints(row.present) ? [row] : []
}

/** Labels with exactly one matcher, an equality. */
function pinnedLabels(plan: Plan | undefined): Labels {
  let labels = EMPTY_LABELS
  const matched = new Set<string>()
  for (const { name, op, value } of matchersOf(plan)) {
    if (name === METRIC_NAME) continue
    labels = withLabel(labels, name, op === '=' && !matched.has(name) ? value : '')
    if (op === '=') matched.add(name)
  }
  return labels
}

function matchersOf(plan: Plan | undefined): readonly Matcher[] {
  if (plan?.kind === 'select') return plan.matchers
  return plan?.kind === 'range' ? plan.select.matchers : []
}

import type { EvaluationContext } from '../evaluate/context.ts'
import { mergeRows, type Row, withoutEmpty } from '../evaluate/rows.ts'
import type { Matching } from '../language/ast.ts'
import type { SetOp } from '../language/operators.ts'
import { groupByMatch, type MatchGroup } from './matching.ts'

/** `and`, `or`, `unless`, step by step; rows are changed in place. */
export function setBinary(
  context: EvaluationContext,
  op: SetOp,
  left: Row[],
  right: Row[],
  matching: Matching,
  steps: number,
): Row[] {
  const groups = groupByMatch(left, right, matching)
  const seen = new Uint8Array(steps)
  for (const group of groups) {
    context.tick(steps * (group.left.length + group.right.length))
    applyTo(op, group, left, right, seen)
  }
  if (op !== 'or') return withoutEmpty(left)
  return mergeRows([...left, ...withoutEmpty(right)])
}

function applyTo(op: SetOp, group: MatchGroup, left: readonly Row[], right: readonly Row[], seen: Uint8Array): void {
  if (op === 'or') {
    markAll(group.left, left, seen)
    keepWhere(group.right, right, seen, 0)
    return
  }
  markAll(group.right, right, seen)
  keepWhere(group.left, left, seen, op === 'and' ? 1 : 0)
}

function markAll(members: readonly number[], rows: readonly Row[], seen: Uint8Array): void {
  seen.fill(0)
  for (const member of members) {
    const { present } = rows[member] as Row
    for (let i = 0; i < seen.length; i++) if (present[i] === 1) seen[i] = 1
  }
}

function keepWhere(members: readonly number[], rows: readonly Row[], seen: Uint8Array, wanted: 0 | 1): void {
  for (const member of members) {
    const { present } = rows[member] as Row
    for (let i = 0; i < seen.length; i++) if (seen[i] !== wanted) present[i] = 0
  }
}

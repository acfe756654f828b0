import { unreachable } from '@vantage/model'
import type { SpansetOp } from '../language/syntax.ts'
import { NO_PARENT, type TraceView } from './trace-view.ts'

type Relation = '>' | '>>' | '<' | '<<' | '~'

/**
 * Joins two sets of spans of a trace. `A > B` gives the spans of B that are children of one in A, `>>` descendants, `<`
 * parents, `<<` ancestors, `~` siblings; `!…` those of B that are not; `&…` those of both sides that stand in the
 * relation. `A && B` is both together, where neither is empty.
 * @returns places, ascending; empty = no match
 * Source: grafana/tempo docs/sources/tempo/traceql/construct-traceql-queries, "Structural".
 */
export function relate(op: SpansetOp, trace: TraceView, left: readonly number[], right: readonly number[]): number[] {
  switch (op) {
    case '&&':
      return left.length > 0 && right.length > 0 ? union(left, right) : []
    case '||':
      return union(left, right)
    case '>':
    case '>>':
    case '<':
    case '<<':
    case '~':
      return related(op, trace, left, right, true)
    case '!>':
    case '!>>':
    case '!<':
    case '!<<':
    case '!~':
      return related(op.slice(1) as Relation, trace, left, right, false)
    case '&>':
    case '&>>':
    case '&<':
    case '&<<':
    case '&~': {
      const relation = op.slice(1) as Relation
      const ends = related(relation, trace, left, right, true)
      return union(ends, related(OPPOSITE[relation], trace, right, left, true))
    }
    default:
      return unreachable(op)
  }
}

const OPPOSITE: Readonly<Record<Relation, Relation>> = { '>': '<', '>>': '<<', '<': '>', '<<': '>>', '~': '~' }

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y)
}

/** Places of `right` that stand in the relation to one of `left`, or those that do not. One pass over the trace. */
function related(
  relation: Relation,
  trace: TraceView,
  left: readonly number[],
  right: readonly number[],
  isWanted: boolean,
): number[] {
  const marks = marksOf(relation, trace, left)
  return right.filter((place) => (marks[place] === 1) === isWanted)
}

/** 1 for each span that has one of `left` as its parent, ancestor, child, descendant or sibling. */
function marksOf(relation: Relation, trace: TraceView, left: readonly number[]): Uint8Array {
  const { parents, order } = trace
  const marks = new Uint8Array(parents.length)
  const isLeft = new Uint8Array(parents.length)
  for (const place of left) isLeft[place] = 1
  switch (relation) {
    case '>':
      for (const [place, parent] of parents.entries()) if (parent !== NO_PARENT) marks[place] = isLeft[parent] as number
      return marks
    case '>>':
      for (const place of order) {
        const parent = parents[place] as number
        if (parent !== NO_PARENT) marks[place] = (isLeft[parent] as number) | (marks[parent] as number)
      }
      return marks
    case '<':
      for (const place of left) if (parents[place] !== NO_PARENT) marks[parents[place] as number] = 1
      return marks
    case '<<':
      for (let i = order.length - 1; i >= 0; i--) {
        const place = order[i] as number
        const parent = parents[place] as number
        if (parent !== NO_PARENT && (isLeft[place] === 1 || marks[place] === 1)) marks[parent] = 1
      }
      return marks
    case '~':
      return siblingMarks(trace, left, isLeft)
    default:
      return unreachable(relation)
  }
}

function siblingMarks({ parents }: TraceView, left: readonly number[], isLeft: Uint8Array): Uint8Array {
  const marks = new Uint8Array(parents.length)
  const counts = new Int32Array(parents.length)
  for (const place of left) {
    const parent = parents[place] as number
    if (parent !== NO_PARENT) counts[parent] = (counts[parent] as number) + 1
  }
  for (const [place, parent] of parents.entries()) {
    if (parent !== NO_PARENT && (counts[parent] as number) > (isLeft[place] as number)) marks[place] = 1
  }
  return marks
}

import { compareLabels, labelValue } from '@vantage/model'
import { floatsOnly, type Row, type Value } from '../evaluate/rows.ts'
import { type FunctionCall, type FunctionImplementation, rowsOf, textOf } from './function.ts'

export type SortName = 'sort' | 'sort_by_label' | 'sort_by_label_desc' | 'sort_desc'

/** Orders of instant vectors; answers of range queries are always ordered by labels. */
export const SORT_FUNCTIONS: Readonly<Record<SortName, FunctionImplementation>> = {
  sort: { kind: 'vector', evaluate: (call) => sortedFloats(call, 1) },
  sort_desc: { kind: 'vector', evaluate: (call) => sortedFloats(call, -1) },
  sort_by_label: { kind: 'vector', evaluate: (call) => sorted(call, rowsOf(call, 0), labelOrder(call, 1)) },
  sort_by_label_desc: { kind: 'vector', evaluate: (call) => sorted(call, rowsOf(call, 0), labelOrder(call, -1)) },
}

/** Histograms have no order and are left out. */
function sortedFloats(call: FunctionCall, direction: 1 | -1): Value {
  return sorted(call, floatsOnly(rowsOf(call, 0)), (a, b) => byValue(a, b, direction))
}

function sorted(call: FunctionCall, rows: Row[], order: (a: Row, b: Row) => number): Value {
  if (call.grid.steps === 1) rows.sort(order)
  else call.context.annotations.sortIneffective(call.plan.expr)
  return { kind: 'vector', rows }
}

/** NaN last in both directions. */
function byValue(a: Row, b: Row, direction: 1 | -1): number {
  const x = a.values[0] as number
  const y = b.values[0] as number
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
  return (x < y ? -1 : x > y ? 1 : 0) * direction
}

function labelOrder(call: FunctionCall, direction: 1 | -1): (a: Row, b: Row) => number {
  const names = call.args.slice(1).map((_, i) => textOf(call, i + 1))
  return (a, b) => {
    for (const name of names) {
      const order = naturalCompare(labelValue(a.labels, name), labelValue(b.labels, name))
      if (order !== 0) return order * direction
    }
    return compareLabels(a.labels, b.labels) * direction
  }
}

const CHUNKS = /\d+|\D+/g

/** Runs of digits compare as numbers, everything else as text: `x9` before `x10`. */
function naturalCompare(a: string, b: string): number {
  if (a === b) return 0
  const left = a.match(CHUNKS) ?? []
  const right = b.match(CHUNKS) ?? []
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] as string
    const y = right[i] as string
    if (x === y) continue
    const areNumbers = /^\d/.test(x) && /^\d/.test(y)
    if (areNumbers && Number(x) !== Number(y)) return Number(x) - Number(y)
    return x < y ? -1 : 1
  }
  return left.length - right.length
}

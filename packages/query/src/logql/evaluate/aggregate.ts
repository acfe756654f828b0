import { assert, compareLabels, type Labels, labelsKey, unreachable } from '@vantage/model'
import { executionFault } from '../language/fault.ts'
import type { Grouping, VectorAggregation, VectorOperation } from '../language/plan.ts'
import { emptySeries, hasPoints, projected, type StepSeries } from './vector.ts'

/** Series that are aggregated together. */
interface Group {
  readonly labels: Labels
  readonly members: StepSeries[]
}

/** Sorted by labels; `sort` and `sort_desc` by value, where there is one step. */
export function aggregate(plan: VectorAggregation, input: readonly StepSeries[], steps: number): StepSeries[] {
  const { operation, count, grouping } = plan
  switch (operation) {
    case 'sort':
    case 'sort_desc':
      return steps === 1 ? sorted(input, operation === 'sort_desc') : [...input]
    case 'approx_topk':
      if (steps > 1) throw executionFault('approx_topk is only supported on instant queries')
      return ranked(input, undefined, count as number, false, steps)
    case 'topk':
    case 'bottomk':
      return ranked(input, grouping, count as number, operation === 'bottomk', steps)
    default:
      return groupsOf(input, grouping)
        .map((group) => folded(group, operation, steps))
        .filter(hasPoints)
  }
}

function groupsOf(input: readonly StepSeries[], grouping: Grouping | undefined): Group[] {
  const groups = new Map<string, Group>()
  for (const series of input) {
    const labels = grouping === undefined ? [] : projected(series.labels, grouping.names, grouping.isWithout)
    const key = labelsKey(labels)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { labels, members: [series] })
    else group.members.push(series)
  }
  return [...groups.values()].sort((a, b) => compareLabels(a.labels, b.labels))
}

type Folding = Exclude<VectorOperation, 'sort' | 'sort_desc' | 'topk' | 'bottomk' | 'approx_topk'>

function folded({ labels, members }: Group, operation: Folding, steps: number): StepSeries {
  const out = emptySeries(labels, steps)
  const column = new Float64Array(members.length)
  for (let step = 0; step < steps; step++) {
    let count = 0
    for (const { values, present } of members) if (present[step] === 1) column[count++] = values[step] as number
    if (count === 0) continue
    out.present[step] = 1
    out.values[step] = fold(operation, column, count)
  }
  return out
}

function fold(operation: Folding, column: Float64Array, count: number): number {
  switch (operation) {
    case 'count':
      return count
    case 'sum': {
      let total = 0
      for (let i = 0; i < count; i++) total += column[i] as number
      return total
    }
    case 'avg':
      return mean(column, count)
    case 'max':
      return extreme(column, count, 1)
    case 'min':
      return extreme(column, count, -1)
    case 'stdvar':
      return variance(column, count)
    case 'stddev':
      return Math.sqrt(variance(column, count))
    default:
      return unreachable(operation)
  }
}

/** A running mean, so that sums beyond the range of floats do not spoil it. */
function mean(column: Float64Array, count: number): number {
  let result = 0
  for (let i = 0; i < count; i++) {
    const value = column[i] as number
    const stays = Math.abs(result) === Number.POSITIVE_INFINITY && (result === value || Number.isFinite(value))
    if (!stays) result += value / (i + 1) - result / (i + 1)
  }
  return result
}

/** NaN counts only where nothing else is there. */
function extreme(column: Float64Array, count: number, sign: 1 | -1): number {
  let best = column[0] as number
  for (let i = 1; i < count; i++) {
    const value = column[i] as number
    if (Number.isNaN(best) || (value - best) * sign > 0) best = value
  }
  return best
}

function variance(column: Float64Array, count: number): number {
  let average = 0
  let squares = 0
  for (let i = 0; i < count; i++) {
    const delta = (column[i] as number) - average
    average += delta / (i + 1)
    squares += delta * ((column[i] as number) - average)
  }
  return squares / count
}

/** NaN goes last in either direction; equal values stay in the order of their labels. */
function byValue(step: number, isDescending: boolean): (a: StepSeries, b: StepSeries) => number {
  return (a, b) => {
    const x = a.values[step] as number
    const y = b.values[step] as number
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    if (x === y) return 0
    return x < y === isDescending ? 1 : -1
  }
}

function sorted(input: readonly StepSeries[], isDescending: boolean): StepSeries[] {
  return input.filter(({ present }) => present[0] === 1).sort(byValue(0, isDescending))
}

/** The largest (or smallest) of each group at each step, as themselves. */
function ranked(
  input: readonly StepSeries[],
  grouping: Grouping | undefined,
  count: number,
  isBottom: boolean,
  steps: number,
): StepSeries[] {
  assert(count > 0, 'topk of nothing')
  const out = new Map<StepSeries, StepSeries>()
  // `without ()` leaves every series a group of its own.
  for (const { members } of groupsOf(input, grouping)) {
    for (let step = 0; step < steps; step++) {
      const there = members.filter(({ present }) => present[step] === 1)
      for (const series of there.sort(byValue(step, !isBottom)).slice(0, count)) {
        const kept = out.get(series) ?? emptySeries(series.labels, steps)
        out.set(series, kept)
        kept.present[step] = 1
        kept.values[step] = series.values[step] as number
      }
    }
  }
  const chosen = [...out.values()]
  return steps === 1 ? sorted(chosen, !isBottom) : chosen.sort((a, b) => compareLabels(a.labels, b.labels))
}

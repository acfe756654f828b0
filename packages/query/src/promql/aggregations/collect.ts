import { labelsKey } from '@vantage/model'
import { quoteText } from '../../quote-text.ts'
import type { EvaluationContext } from '../evaluate/context.ts'
import { floatsOnly, newRow, type Row, withLabel } from '../evaluate/rows.ts'
import { quantileOf } from '../functions/quantile.ts'
import { histogramText } from '../histogram/text.ts'
import { executionFault } from '../language/fault.ts'
import { formatDecimal } from '../language/number.ts'
import { isValidLabelName } from '../language/text.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { groupingOf } from './grouping.ts'

/** `quantile`: needs all values of a group and step at once. */
export function aggregateQuantile(
  context: EvaluationContext,
  plan: AggregatePlan,
  rows: Row[],
  params: Float64Array,
): Row[] {
  warnQuantiles(context, plan, params)
  const floats = floatsOnly(rows, () => context.annotations.ignoredInAggregation(plan.op, plan.input.expr))
  const grouping = groupingOf(plan.grouping, plan.isWithout)
  const groups = new Map<string, { readonly out: Row; readonly members: Row[] }>()
  for (const row of floats) {
    const key = grouping.key(row.labels)
    let group = groups.get(key)
    if (group === undefined) {
      const out = newRow(context, grouping.labels(row.labels), row.dropName, params.length)
      group = { out, members: [] }
      groups.set(key, group)
    }
    group.out.dropName ||= row.dropName
    group.members.push(row)
  }
  return [...groups.values()].map(({ out, members }) => {
    const values = new Float64Array(members.length)
    for (let step = 0; step < params.length; step++) {
      context.tick(members.length)
      let count = 0
      for (const row of members) if (row.present[step] === 1) values[count++] = row.values[step] as number
      if (count === 0) continue
      out.present[step] = 1
      out.values[step] = quantileOf(params[step] as number, values.subarray(0, count))
    }
    return out
  })
}

function warnQuantiles(context: EvaluationContext, plan: AggregatePlan, params: Float64Array): void {
  const span = plan.param?.expr ?? plan.expr
  let low = Infinity
  let high = -Infinity
  let hasNaN = false
  for (const value of params) {
    if (Number.isNaN(value)) hasNaN = true
    low = Math.min(low, Number.isNaN(value) ? low : value)
    high = Math.max(high, Number.isNaN(value) ? high : value)
  }
  if (hasNaN) context.annotations.invalidQuantile(Number.NaN, span)
  if (high > 1) context.annotations.invalidQuantile(high, span)
  if (low < 0) context.annotations.invalidQuantile(low, span)
}

/** `count_values`: one series per group and distinct value, the value in a label. */
export function aggregateCountValues(
  context: EvaluationContext,
  plan: AggregatePlan,
  rows: readonly Row[],
  label: string,
  steps: number,
): Row[] {
  if (!isValidLabelName(label)) throw executionFault(`invalid label name ${quoteText(label)}`)
  const names = plan.isWithout ? plan.grouping : [...plan.grouping, label]
  const grouping = groupingOf(names, plan.isWithout)
  const byKey = new Map<string, Row>()
  for (const row of rows) {
    const byValue = new Map<number | string, Row>()
    context.tick(steps)
    for (let step = 0; step < steps; step++) {
      if (row.present[step] === 0) continue
      const histogram = row.histograms?.[step]
      const value = histogram === undefined ? (row.values[step] as number) : histogramText(histogram)
      let out = byValue.get(value)
      if (out === undefined) {
        const text = typeof value === 'number' ? formatDecimal(value) : value
        const labels = grouping.labels(withLabel(row.labels, label, text))
        const key = labelsKey(labels)
        out = byKey.get(key) ?? newRow(context, labels, false, steps)
        byKey.set(key, out)
        byValue.set(value, out)
      }
      out.present[step] = 1
      out.values[step] = (out.values[step] as number) + 1
    }
  }
  return [...byKey.values()]
}

import { compileMatcher, FaultError, fault } from '@vantage/model'
import type { LogqlLimits } from '../limits.ts'
import { checkFilter, checkStage } from '../stages/compile.ts'
import { compileBounded } from '../stages/patterns.ts'
import type { LogRange, MetricPlan, Plan, RangeAggregation, RangeOperation, Selector } from './plan.ts'

const GROUPED: ReadonlySet<RangeOperation> = new Set([
  'avg_over_time',
  'first_over_time',
  'last_over_time',
  'max_over_time',
  'min_over_time',
  'quantile_over_time',
  'stddev_over_time',
  'stdvar_over_time',
])
/** Without a number of their own: they count rows or the bytes of lines. */
const OF_LINES: ReadonlySet<RangeOperation> = new Set([
  'absent_over_time',
  'bytes_over_time',
  'bytes_rate',
  'count_over_time',
  'rate',
])
const NEVER_UNWRAPPED: ReadonlySet<RangeOperation> = new Set(['bytes_over_time', 'bytes_rate', 'count_over_time'])
const SORTS: ReadonlySet<string> = new Set(['sort', 'sort_desc'])

function refused(message: string): FaultError {
  return new FaultError(fault('bad_request', `parse error: ${message}`, { reason: 'bad_data' }))
}

/**
 * Refuses what the grammar lets through: empty selectors, operations on the wrong kind of range, and stages whose
 * patterns, templates or paths are not well formed.
 * @throws FaultError
 */
export function checkPlan(plan: Plan, limits: LogqlLimits): void {
  if (plan.kind === 'selector') checkSelector(plan, limits)
  else checkMetric(plan, limits)
}

function checkSelector({ matchers, stages }: Selector, limits: LogqlLimits): void {
  const isSelective = matchers.some((matcher) => {
    const compiled = compileMatcher(matcher)
    return compiled.ok && !compiled.value.matchesEmpty
  })
  if (!isSelective) {
    throw refused(
      'queries require at least one regexp or equality matcher that does not have an empty-compatible value. ' +
        'For instance, app=~".*" does not meet this requirement, but app=~".+" will',
    )
  }
  for (const stage of stages) checkStage(stage, limits)
}

function checkMetric(plan: MetricPlan, limits: LogqlLimits): void {
  switch (plan.kind) {
    case 'literal':
    case 'vector':
      return
    case 'rangeAggregation':
      checkRangeAggregation(plan)
      checkRange(plan.range, limits)
      return
    case 'vectorAggregation':
      if (SORTS.has(plan.operation) && plan.grouping !== undefined) throw refused('sort and sort_desc take no grouping')
      checkMetric(plan.input, limits)
      return
    case 'labelReplace':
      checkMetric(plan.input, limits)
      compileBounded(plan.pattern, limits)
      return
    case 'variants':
      for (const variant of plan.variants) checkMetric(variant, limits)
      checkRange(plan.range, limits)
      return
    case 'binary':
      checkMetric(plan.left, limits)
      checkMetric(plan.right, limits)
  }
}

function checkRange({ selector, unwrap }: LogRange, limits: LogqlLimits): void {
  checkSelector(selector, limits)
  for (const filter of unwrap?.filters ?? []) checkFilter(filter)
}

function checkRangeAggregation({ operation, range, grouping }: RangeAggregation): void {
  if (grouping !== undefined && !GROUPED.has(operation)) {
    throw refused(`grouping not allowed for ${operation} aggregation`)
  }
  if (range.unwrap !== undefined && NEVER_UNWRAPPED.has(operation)) {
    throw refused(`invalid aggregation ${operation} with unwrap`)
  }
  if (range.unwrap === undefined && !OF_LINES.has(operation)) {
    throw refused(`invalid aggregation ${operation} without unwrap`)
  }
}

import type { Plan, SelectPlan, TimeShift } from './plan.ts'
import { planChildren } from './plan.ts'

/**
 * How far back before a step its value looks, in ms, where it depends on the data of that past and on nothing else:
 * not on other steps, not on where the query starts or ends, not on what comes later. Such values may be kept while
 * that data stands.
 * @returns undefined where a value depends on more
 */
export function reachOf(plan: Plan, lookbackMs: number): number | undefined {
  switch (plan.kind) {
    case 'select':
      return selectorReach(plan, lookbackMs)
    case 'range':
      return selectorReach(plan.select, plan.rangeMs)
    case 'subquery':
      // Its steps are multiples of its own step: up to one more lies before the window's start.
      return shifted(plan.shift, sum(reachOf(plan.input, lookbackMs), plan.rangeMs + plan.stepMs))
    case 'info':
      return undefined
    case 'aggregate':
      // Which series are taken depends on which others the whole query meets.
      if (plan.op === 'limitk' || plan.op === 'limit_ratio') return undefined
      return childrenReach(plan, lookbackMs)
    default:
      return childrenReach(plan, lookbackMs)
  }
}

function childrenReach(plan: Plan, lookbackMs: number): number | undefined {
  let furthest: number | undefined = 0
  for (const child of planChildren(plan)) {
    const reach = reachOf(child, lookbackMs)
    furthest = furthest === undefined || reach === undefined ? undefined : Math.max(furthest, reach)
  }
  return furthest
}

function selectorReach({ shift, extended }: SelectPlan, reachMs: number): number | undefined {
  return extended === undefined ? shifted(shift, reachMs) : undefined
}

function shifted({ atMs, offsetMs }: TimeShift, reachMs: number | undefined): number | undefined {
  return atMs === undefined && offsetMs >= 0 ? sum(reachMs, offsetMs) : undefined
}

function sum(reachMs: number | undefined, moreMs: number): number | undefined {
  return reachMs === undefined ? undefined : reachMs + moreMs
}

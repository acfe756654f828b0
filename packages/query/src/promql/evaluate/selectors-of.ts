import { err, type Fault, FaultError, ok, type Result, type SeriesScan } from '@vantage/model'
import type { Expr } from '../language/ast.ts'
import type { EngineOptions } from '../options.ts'
import { bind, type QueryRange } from '../plan/bind.ts'
import { type Plan, planChildren, type SelectPlan } from '../plan/plan.ts'
import { type Grid, lastTimeMs, shifted } from './grid.ts'
import { subqueryGrid, windowEnds } from './range-source.ts'

/**
 * The scans that a query will make, in the order of the text; used to send small queries and heavy ones different
 * ways before they run. The scan of `info()` depends on data and is not among them.
 */
export function selectorsOf(
  expr: Expr,
  range: QueryRange,
  lookbackMs: number,
  options: EngineOptions,
): Result<SeriesScan[], Fault> {
  try {
    const { startMs, endMs, stepMs } = range
    const steps = stepMs === 0 ? 1 : Math.floor((endMs - startMs) / stepMs) + 1
    const scans: SeriesScan[] = []
    collect(bind(expr, range, options), { startMs, stepMs, steps }, lookbackMs, scans)
    return ok(scans)
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

function collect(plan: Plan, grid: Grid, lookbackMs: number, scans: SeriesScan[]): void {
  if (plan.kind === 'range') {
    const ends = windowEnds(plan, grid)
    const reachMs = plan.select.extended === undefined ? 0 : lookbackMs
    scans.push(scanOf(plan.select, ends, plan.rangeMs + reachMs, lookbackMs))
    return
  }
  if (plan.kind === 'select') {
    scans.push(scanOf(plan, shifted(grid, plan.shift), lookbackMs, lookbackMs))
    return
  }
  const inner = plan.kind === 'subquery' ? subqueryGrid(plan, windowEnds(plan, grid)) : grid
  if (inner === undefined) return
  for (const child of planChildren(plan)) collect(child, inner, lookbackMs, scans)
}

function scanOf(select: SelectPlan, ends: Grid, reachMs: number, lookbackMs: number): SeriesScan {
  const afterMs = select.extended === 'smoothed' ? lookbackMs : 0
  return { matchers: select.matchers, startMs: ends.startMs - reachMs + 1, endMs: lastTimeMs(ends) + afterMs }
}

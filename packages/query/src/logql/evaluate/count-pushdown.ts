import { type LogCounts, labelsKey, labelValue } from '@vantage/model'
import type { Context, Grid } from './context.ts'
import { isPushedWhole } from './pipeline.ts'
import type { RangeTask } from './range.ts'
import { emptySeries, type StepSeries } from './vector.ts'

/** Cells that one count may be asked for. */
const CELLS_MAX = 200_000

/** Cells of equal width that windows are put together from. */
interface Cells {
  readonly unitNs: bigint
  readonly count: number
  /** Cells of a window, and from one window to the next. */
  readonly perWindow: number
  readonly perStep: number
}

/**
 * Counts rows or bytes without reading rows: where the store can tell all that the query asks for, which are filters by
 * text and grouping by labels that all streams have.
 * @returns undefined where it cannot
 */
export function countWithoutRows(task: RangeTask, grid: Grid, context: Context): StepSeries[] | undefined {
  const { plan, grouping, needsNoLabels, scan } = task
  if (plan.range.unwrap !== undefined || grouping === undefined || grouping.isWithout) return undefined
  // To the store this name means the severity of rows, not a label.
  if (grouping.names.includes('severity')) return undefined
  if (!isPushedWhole(plan.range.selector.stages, needsNoLabels)) return undefined
  const cells = cellsOf(grid, BigInt(plan.range.rangeNs))
  if (cells === undefined) return undefined
  const { reader, tenant, budget } = context
  if (grouping.names.length > 0) {
    const streams = reader.streams(tenant, [scan.matchers], scan, budget)
    if (!streams.every((labels) => grouping.names.every((name) => labelValue(labels, name) !== ''))) return undefined
  }
  const isBytes = plan.operation === 'bytes_over_time' || plan.operation === 'bytes_rate'
  const startNs = grid.startNs - BigInt(plan.range.offsetNs + plan.range.rangeNs) + cells.unitNs
  const cellGrid = { startNs, stepNs: cells.unitNs, steps: cells.count }
  const rows = reader.count(tenant, scan, 'rows', grouping.names, cellGrid, budget)
  const sums = isBytes ? reader.count(tenant, scan, 'bytes', grouping.names, cellGrid, budget) : rows
  const isRate = plan.operation === 'rate' || plan.operation === 'bytes_rate'
  const divisor = isRate ? plan.range.rangeNs / 1e9 : 1
  const sumsByGroup = new Map(sums.map((one) => [labelsKey(one.labels), one]))
  return rows.map((one) => windowsOf(one, sumsByGroup.get(labelsKey(one.labels)) ?? one, cells, grid.steps, divisor))
}

function cellsOf(grid: Grid, rangeNs: bigint): Cells | undefined {
  const unitNs = grid.stepNs === 0n ? rangeNs : greatestDivisor(rangeNs, grid.stepNs)
  const perWindow = Number(rangeNs / unitNs)
  const perStep = Number(grid.stepNs / unitNs)
  const count = perWindow + perStep * (grid.steps - 1)
  return count > CELLS_MAX ? undefined : { unitNs, count, perWindow, perStep }
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b]
  while (small > 0n) [large, small] = [small, large % small]
  return large
}

/** Sums of cells; both counts are of the same group. */
function windowsOf(rows: LogCounts, sums: LogCounts, cells: Cells, steps: number, divisor: number): StepSeries {
  const series = emptySeries(rows.labels, steps)
  let from = 0
  let to = 0
  let count = 0
  let total = 0
  for (let i = 0; i < steps; i++) {
    const end = i * cells.perStep + cells.perWindow
    for (; to < end; to++) {
      count += rows.values[to] as number
      total += sums.values[to] as number
    }
    for (; from < end - cells.perWindow; from++) {
      count -= rows.values[from] as number
      total -= sums.values[from] as number
    }
    if (count === 0) continue
    series.present[i] = 1
    series.values[i] = total / divisor
  }
  return series
}

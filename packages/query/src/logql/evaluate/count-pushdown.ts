import { compareLabels, labelsKey, labelValue, type NsRange } from '@vantage/model'
import type { Context, Grid } from './context.ts'
import { isPushedWhole } from './pipeline.ts'
import type { RangeTask } from './range.ts'
import type { CountPart } from './share.ts'
import { emptySeries, type StepSeries } from './vector.ts'

/** Cells that one count may be asked for. */
const CELLS_MAX = 200_000

/** Cells of equal width that windows are put together from. */
export interface Cells {
  readonly unitNs: bigint
  readonly count: number
  /** Cells of a window, and from one window to the next. */
  readonly perWindow: number
  readonly perStep: number
}

/**
 * Cells that the store can fill without giving out rows: where it can tell all that the query asks for, which are filters
 * of lines and grouping by labels that all streams have.
 * @returns undefined where it cannot
 */
export function pushedCells(task: RangeTask, grid: Grid, context: Context): Cells | undefined {
  const { plan, grouping, needsNoLabels, scan } = task
  if (plan.range.unwrap !== undefined || grouping === undefined || grouping.isWithout) return undefined
  // To the store this name means the severity of rows, not a label.
  if (grouping.names.includes('severity')) return undefined
  if (!isPushedWhole(plan.range.selector.stages, needsNoLabels)) return undefined
  const cells = cellsOf(grid, BigInt(plan.range.rangeNs))
  if (cells === undefined || grouping.names.length === 0) return cells
  const { reader, tenant, budget } = context
  const streams = reader.streams(tenant, [scan.matchers], scan, budget)
  return streams.every((labels) => grouping.names.every((name) => labelValue(labels, name) !== '')) ? cells : undefined
}

/** Rows of one run of the task's range, and their bytes where the query sums those. */
export function countCells(task: RangeTask, cells: Cells, run: NsRange, grid: Grid, context: Context): CountPart[] {
  const { plan, grouping } = task
  const { reader, tenant, budget } = context
  const startNs = grid.startNs - BigInt(plan.range.offsetNs + plan.range.rangeNs) + cells.unitNs
  const cellGrid = { startNs, stepNs: cells.unitNs, steps: cells.count }
  const scan = { ...task.scan, ...run }
  const names = grouping?.names ?? []
  const rows = reader.count(tenant, scan, 'rows', names, cellGrid, budget)
  if (plan.operation !== 'bytes_over_time' && plan.operation !== 'bytes_rate') {
    return rows.map(({ labels, values }) => ({ labels, rows: values, sums: values.slice() }))
  }
  const bytes = reader.count(tenant, scan, 'bytes', names, cellGrid, budget)
  const sums = new Map(bytes.map(({ labels, values }) => [labelsKey(labels), values]))
  return rows.map(({ labels, values }) => ({
    labels,
    rows: values,
    sums: sums.get(labelsKey(labels)) ?? values.slice(),
  }))
}

/** The answer that joined parts make. */
export function seriesOfCells(parts: readonly CountPart[], cells: Cells, task: RangeTask, grid: Grid): StepSeries[] {
  const { operation, range } = task.plan
  const divisor = operation === 'rate' || operation === 'bytes_rate' ? range.rangeNs / 1e9 : 1
  return parts
    .map((part) => windowsOf(part, cells, grid.steps, divisor))
    .sort((a, b) => compareLabels(a.labels, b.labels))
}

function cellsOf(grid: Grid, rangeNs: bigint): Cells | undefined {
  const unitNs = grid.stepNs === 0n ? rangeNs : greatestDivisor(rangeNs, grid.stepNs)
  const perWindow = Number(rangeNs / unitNs)
  const perStep = Number(grid.stepNs / unitNs)
  const count = perWindow + perStep * (grid.steps - 1)
  return count > CELLS_MAX ? undefined : { unitNs, count, perWindow, perStep }
}

export function greatestDivisor(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b]
  while (small > 0n) [large, small] = [small, large % small]
  return large
}

function windowsOf({ labels, rows, sums }: CountPart, cells: Cells, steps: number, divisor: number): StepSeries {
  const series = emptySeries(labels, steps)
  let from = 0
  let to = 0
  let count = 0
  let total = 0
  for (let i = 0; i < steps; i++) {
    const end = i * cells.perStep + cells.perWindow
    for (; to < end; to++) {
      count += rows[to] as number
      total += sums[to] as number
    }
    for (; from < end - cells.perWindow; from++) {
      count -= rows[from] as number
      total -= sums[from] as number
    }
    if (count === 0) continue
    series.present[i] = 1
    series.values[i] = total / divisor
  }
  return series
}

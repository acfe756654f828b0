import {
  assert,
  err,
  type Fault,
  FaultError,
  formatLabels,
  type Labels,
  type LogReader,
  type LogScan,
  labelsKey,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type RowLook,
  type TenantId,
} from '@vantage/model'
import { executionFault } from '../language/fault.ts'
import type { Grouping, LogRange, RangeAggregation, RangeOperation, Unwrap } from '../language/plan.ts'
import { LOGQL_LIMITS } from '../limits.ts'
import { ERROR_LABEL, PRESERVE_ERROR_LABEL, Row } from '../stages/row.ts'
import { unwrapValue } from '../stages/unwrap.ts'
import { BlockRows, lookOf } from './block-rows.ts'
import { type Context, chargeRow, chargeSeries, type Grid, rangeOf } from './context.ts'
import { countCells, pushedCells, seriesOfCells } from './count-pushdown.ts'
import {
  asksForErrors,
  isPushedWhole,
  Pipeline,
  pushedFilters,
  pushedTraceId,
  requiredLabels,
  withConflicts,
} from './pipeline.ts'
import { arePlainNames, countPlainRows, windowMoments } from './plain-rows.ts'
import {
  ALONE,
  CountedSeries,
  firstStep,
  lastStep,
  type Place,
  type RangeSeries,
  SampledSeries,
  windowGrid,
} from './range-series.ts'
import {
  CountingBudget,
  type CountPart,
  inRuns,
  joinParts,
  type LogqlShareAnswer,
  type LogqlShareTask,
  workRuns,
} from './share.ts'
import { emptySeries, projected, type StepSeries } from './vector.ts'
import { WINDOW_KERNELS } from './windows.ts'

/** What a range aggregation needs of its rows, worked out before the first is read. */
export interface RangeTask {
  readonly plan: RangeAggregation
  /** Its own, or that of the sum around it. */
  readonly grouping: Grouping | undefined
  readonly needsNoLabels: boolean
  readonly preservesErrors: boolean
  /** Metadata that somebody looks at; undefined = all. */
  readonly wanted: ReadonlySet<string> | undefined
  /** Nobody looks at lines but filters that the store knows. */
  readonly skipsLines: boolean
  readonly scan: LogScan
}

/**
 * @param outer grouping of a `sum` around an aggregation that may be summed in parts: it is done while rows are read
 */
export function evaluateRange(
  plan: RangeAggregation,
  outer: Grouping | undefined,
  grid: Grid,
  context: Context,
): StepSeries[] {
  const task = rangeTask(plan, outer, grid, context)
  if (plan.operation === 'absent_over_time') return [absent(task, grid, context)]
  const cells = pushedCells(task, grid, context)
  const { scan } = task
  const { detectsLevels, limits, nowNs } = context
  const taskOf = (edgesNs: readonly bigint[], rows: number): LogqlShareTask => {
    return { plan, outer, grid, cells, detectsLevels, limits, nowNs, edgesNs, runs: edgesNs.length - 1, rows }
  }
  if (cells !== undefined) {
    const parts: CountPart[] = []
    const others = inRuns(scan, context, taskOf, (run) => parts.push(...countCells(task, cells, run, grid, context)))
    return seriesOfCells(joinParts([...parts, ...others]), cells, task, grid)
  }
  const series = seriesFor(plan, grid, context)
  if (series instanceof CountedSeries) {
    const collectRun = runCollector(task, grid, context, series)
    series.join(inRuns(scan, context, taskOf, collectRun))
  } else {
    runCollector(task, grid, context, series)(scan)
  }
  return series.finish()
}

/** Helps another thread: counts the runs that it claims. */
export function evaluateLogqlShare(
  task: LogqlShareTask,
  tenant: TenantId,
  reader: LogReader,
  budget: QueryBudget,
  claim: () => number,
): Result<LogqlShareAnswer, Fault> {
  const { plan, outer, grid, cells, edgesNs, detectsLevels, limits, nowNs } = task
  const stats = { rowsRead: 0, bytesRead: 0, rowsKept: 0 }
  const charged = new CountingBudget(budget)
  const context: Context = { tenant, reader, budget: charged, limits, nowNs, detectsLevels, stats }
  try {
    const own = rangeTask(plan, outer, grid, context)
    if (cells !== undefined) {
      const parts: CountPart[] = []
      workRuns(edgesNs, claim, (run) => parts.push(...countCells(own, cells, run, grid, context)))
      return ok({ parts: joinParts(parts), stats, samples: charged.samples })
    }
    const series = seriesFor(plan, grid, context)
    assert(series instanceof CountedSeries, 'a range whose samples stand side by side is not shared')
    workRuns(edgesNs, claim, runCollector(own, grid, context, series))
    return ok({ parts: series.parts, stats, samples: charged.samples })
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

function rangeTask(plan: RangeAggregation, outer: Grouping | undefined, grid: Grid, context: Context): RangeTask {
  const { range, operation } = plan
  const { stages } = range.selector
  const grouping = plan.grouping ?? outer
  const required = requiredLabels(stages, range.unwrap, grouping)
  const isGroupedAway = grouping !== undefined && !grouping.isWithout && grouping.names.length === 0
  const needsNoLabels = required?.size === 0 && (isGroupedAway || operation === 'absent_over_time')
  const isNamed = grouping !== undefined && !grouping.isWithout
  const isNarrow = required !== undefined && (isNamed || operation === 'absent_over_time')
  const wanted = isNarrow ? withConflicts(required) : undefined
  const skipsLines = !isBytes(operation) && isPushedWhole(stages, needsNoLabels)
  return {
    plan,
    grouping,
    needsNoLabels,
    preservesErrors: asksForErrors(required),
    wanted,
    skipsLines,
    scan: scanOf(range, grid, wanted === undefined ? undefined : lookOf(wanted, skipsLines, context.detectsLevels)),
  }
}

function isBytes(operation: RangeOperation): boolean {
  return operation === 'bytes_over_time' || operation === 'bytes_rate'
}

function scanOf(range: LogRange, grid: Grid, looksAt: RowLook | undefined): LogScan {
  const { selector, rangeNs, offsetNs } = range
  const startNs = grid.startNs - BigInt(offsetNs)
  const endNs = startNs + grid.stepNs * BigInt(grid.steps - 1)
  return {
    ...rangeOf(startNs - BigInt(rangeNs), endNs),
    matchers: selector.matchers,
    lineFilters: pushedFilters(selector.stages),
    ownTraceId: pushedTraceId(selector.stages),
    looksAt,
    direction: range.unwrap === undefined ? 'any' : 'forward',
  }
}

function seriesFor({ operation, parameter, range }: RangeAggregation, grid: Grid, context: Context): RangeSeries {
  const windows = windowGrid(grid, range.rangeNs)
  if (range.unwrap === undefined) {
    const isRate = operation === 'rate' || operation === 'bytes_rate'
    return new CountedSeries(windows, isRate ? range.rangeNs / 1e9 : 1)
  }
  const kernel = WINDOW_KERNELS[operation]
  assert(kernel !== undefined, `no kernel for ${operation}`)
  return new SampledSeries(windows, kernel, parameter ?? 0, (bytes) => context.budget.chargeBytes(bytes))
}

/** @returns reads the rows of a run of the range and gives their samples to `series` */
function runCollector(task: RangeTask, grid: Grid, context: Context, series: RangeSeries): (run: NsRange) => void {
  const { range, operation } = task.plan
  const startNs = grid.startNs - BigInt(range.offsetNs)
  const windows = windowGrid(grid, range.rangeNs)
  const sampleOf = sampler(isBytes(operation), range.unwrap, task)
  const places = new SeriesPlaces(task, context)
  const { wanted, skipsLines } = task
  if (skipsLines && series instanceof CountedSeries && arePlainNames(wanted)) {
    const moments = windowMoments(startNs, grid, BigInt(range.rangeNs))
    return (run) => {
      const scan = { ...task.scan, ...run, grid: moments }
      countPlainRows({ scan, wanted, startNs, windows }, context, series, (row) => places.of(row))
    }
  }
  return (run) =>
    forEachRow(task, run, context, (row) => {
      const timeNs = Number(row.timeNs - startNs)
      if (firstStep(windows, timeNs) > lastStep(windows, timeNs)) return
      const value = sampleOf(row)
      if (value === undefined) return
      series.add(places.of(row), timeNs, value)
    })
}

/** The number of a row; undefined where it has none. */
function sampler(countsBytes: boolean, unwrap: Unwrap | undefined, task: RangeTask): (row: Row) => number | undefined {
  if (unwrap === undefined) return countsBytes ? (row) => Buffer.byteLength(row.line) : () => 1
  const filters = new Pipeline(
    unwrap.filters.map((filter) => ({ kind: 'labelFilter', filter })),
    LOGQL_LIMITS,
    { needsNoLabels: false, preservesErrors: task.preservesErrors, nowNs: 0n },
  )
  return (row) => {
    const value = unwrapValue(row, unwrap.label, unwrap.conversion, task.preservesErrors)
    return value !== undefined && filters.run(row) ? value : undefined
  }
}

/** @param take told of each row of the run that passes the pipeline */
function forEachRow(task: RangeTask, { startNs, endNs }: NsRange, context: Context, take: (row: Row) => void): void {
  const { plan, needsNoLabels, preservesErrors, wanted, skipsLines } = task
  const scan = { ...task.scan, startNs, endNs }
  // What the store has filtered by whole needs no pipeline.
  const stages = skipsLines ? [] : plan.range.selector.stages
  const pipeline = new Pipeline(stages, context.limits, { needsNoLabels, preservesErrors, nowNs: context.nowNs })
  const rows = new BlockRows(wanted, context.detectsLevels, skipsLines)
  const row = new Row(wanted)
  for (const block of context.reader.scan(context.tenant, scan, context.budget)) {
    for (let i = 0; i < block.rows.length; i++) {
      const at = block.rows[i] as number
      chargeRow(context, block, at)
      rows.start(row, block, at)
      if (!pipeline.wants(row)) continue
      rows.addMetadata(row, block, at)
      if (pipeline.run(row)) take(row)
    }
  }
}

/** Ways of writing the same labels that are remembered. */
const WAYS_MAX = 100_000

/** Finds the series that rows belong to. */
class SeriesPlaces {
  readonly #task: RangeTask
  readonly #context: Context
  /** Names of the grouping, sorted, where they are what series are told apart by. */
  readonly #names: readonly string[] | undefined
  /** By the labels in the order of their names. */
  readonly #places = new Map<string, Place>()
  /** By the labels as rows have them: nearly all rows are found here, without sorting. */
  readonly #ways = new Map<string, Place>()

  constructor(task: RangeTask, context: Context) {
    this.#task = task
    this.#context = context
    const { grouping } = task
    this.#names = grouping === undefined || grouping.isWithout ? undefined : [...new Set(grouping.names)].sort()
  }

  /** @throws FaultError for a row with an error that nobody asked for */
  of(row: Row): Place {
    const way = this.#names === undefined || row.error !== '' ? row.key() : namedKey(row, this.#names)
    const known = this.#ways.get(way)
    if (known !== undefined) return known
    const labels = this.#labels(row)
    const key = labelsKey(labels)
    let place = this.#places.get(key)
    if (place === undefined) {
      place = { index: this.#places.size, labels }
      this.#places.set(key, place)
      chargeSeries(this.#context, this.#places.size)
    }
    if (this.#ways.size >= WAYS_MAX) this.#ways.clear()
    this.#ways.set(way, place)
    return place
  }

  #labels(row: Row): Labels {
    const { plan, grouping, needsNoLabels } = this.#task
    if (row.error !== '') return erroneousLabels(row)
    if (needsNoLabels) return []
    if (this.#names !== undefined) return namedLabels(row, this.#names)
    const { unwrap } = plan.range
    if (grouping === undefined && unwrap === undefined) return row.labels()
    const unwanted = [...(grouping?.names ?? [])]
    if (unwrap !== undefined) unwanted.push(unwrap.label)
    return projected(row.labels(), unwanted, true)
  }
}

/** Absent labels are told apart from empty ones. */
function namedKey(row: Row, names: readonly string[]): string {
  let key = ''
  for (let i = 0; i < names.length; i++) {
    const value = row.get(names[i] as string)
    key += value === undefined ? '-' : `${value.length}:${value}`
  }
  return key
}

function namedLabels(row: Row, names: readonly string[]): Labels {
  const labels: string[] = []
  for (const name of names) {
    const value = row.get(name)
    if (value !== undefined) labels.push(name, value)
  }
  return labels
}

function erroneousLabels(row: Row): Labels {
  const labels = row.labels()
  if (row.get(PRESERVE_ERROR_LABEL) === 'true') return labels
  throw executionFault(
    `pipeline error: '${row.error}' for series: '${formatLabels(labels)}'.\n` +
      `Use a label filter to intentionally skip this error. (e.g | ${ERROR_LABEL}!="${row.error}").\n` +
      `To skip all potential errors you can match empty errors.(e.g ${ERROR_LABEL}="")\n` +
      `The label filter can also be specified after unwrap. (e.g | unwrap latency | ${ERROR_LABEL}="" )\n`,
  )
}

/** 1 where a window holds no row; labels as far as the selector says them. */
function absent(task: RangeTask, grid: Grid, context: Context): StepSeries {
  const { range } = task.plan
  const windows = windowGrid(grid, range.rangeNs)
  const startNs = grid.startNs - BigInt(range.offsetNs)
  const found = new CountedSeries(windows, 1)
  const sampleOf = sampler(false, range.unwrap, task)
  forEachRow(task, task.scan, context, (row) => {
    const timeNs = Number(row.timeNs - startNs)
    if (firstStep(windows, timeNs) <= lastStep(windows, timeNs) && sampleOf(row) !== undefined)
      found.add(ALONE, timeNs, 1)
  })
  const [series] = found.finish()
  const out = emptySeries(absentLabels(range), grid.steps)
  for (let i = 0; i < grid.steps; i++) {
    if (series?.present[i] === 1) continue
    out.present[i] = 1
    out.values[i] = 1
  }
  return out
}

/** Labels that all rows of the selector would have: of matchers for one value, each name once. */
function absentLabels({ selector }: LogRange): Labels {
  const { matchers } = selector
  const own = matchers.filter(({ name, op, value }) => {
    return op === '=' && value !== '' && matchers.filter((one) => one.name === name).length === 1
  })
  return own.sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap(({ name, value }) => [name, value])
}

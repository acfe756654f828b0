import {
  compareLabels,
  err,
  type Fault,
  FaultError,
  type Histogram,
  type Labels,
  labelsKey,
  ok,
  type Result,
} from '@vantage/model'
import type { Expr } from '../language/ast.ts'
import type { EngineOptions } from '../options.ts'
import { bind, type QueryRange } from '../plan/bind.ts'
import { reachOf } from '../plan/reach.ts'
import type { Grid } from './grid.ts'
import type { PromqlResult, StepSeries } from './query.ts'

/** The answer of a range query at some of its steps, to be kept. Plain data; floats only. */
export interface KnownSteps extends Grid {
  readonly series: readonly KnownSeries[]
}

/** As `StepSeries`, ordered by labels. */
export interface KnownSeries {
  readonly labels: Labels
  readonly values: Float64Array
  readonly present: Uint8Array
}

/**
 * How far back before a step of this query its value looks, where values may be kept while that data stands: see
 * `plan/reach.ts`.
 * @returns undefined where they may not; a fault where the query cannot be bound
 */
export function keepableReach(
  expr: Expr,
  range: QueryRange,
  lookbackMs: number,
  options: EngineOptions,
): Result<number | undefined, Fault> {
  // `range()` and `start()` in durations are numbers in a plan: nothing shows that they belong to one range.
  if (options.durationExpressions) return ok(undefined)
  try {
    return ok(reachOf(bind(expr, range, options), lookbackMs))
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

/** @returns what may be kept of an answer; undefined where it says more than numbers (histograms, warnings, infos) */
export function knownStepsOf({ data, grid, warnings, infos }: PromqlResult): KnownSteps | undefined {
  if (data.kind !== 'matrix' || warnings.length > 0 || infos.length > 0) return undefined
  if (data.series.some((one) => one.histograms !== undefined)) return undefined
  return { ...grid, series: data.series.map(({ labels, values, present }) => ({ labels, values, present })) }
}

/** The steps [from, from + steps) of what is known, in memory of their own. */
export function sliceSteps(known: KnownSteps, from: number, steps: number): KnownSteps {
  const series: KnownSeries[] = []
  for (const { labels, values, present } of known.series) {
    const slice = present.slice(from, from + steps)
    if (slice.includes(1)) series.push({ labels, values: values.slice(from, from + steps), present: slice })
  }
  return { startMs: known.startMs + from * known.stepMs, stepMs: known.stepMs, steps, series }
}

/** Puts the answer at later steps behind the steps that are known; both have the same step. */
export function joinSteps(known: KnownSteps, result: PromqlResult): PromqlResult {
  const { data } = result
  if (data.kind !== 'matrix') throw new Error(`BUG: known steps before a ${data.kind}`)
  const grid: Grid = { startMs: known.startMs, stepMs: known.stepMs, steps: known.steps + result.grid.steps }
  const bySeries = new Map<string, StepSeries>()
  const add = ({ labels, values, present, histograms }: Omit<StepSeries, 'encoded'>, at: number): void => {
    const key = labelsKey(labels)
    let series = bySeries.get(key)
    if (series === undefined) {
      series = {
        labels,
        values: new Float64Array(grid.steps),
        present: new Uint8Array(grid.steps),
        histograms: undefined,
      }
      bySeries.set(key, series)
    }
    series.values.set(values, at)
    series.present.set(present, at)
    if (histograms === undefined) return
    // Known steps hold none.
    const all = new Array<Histogram | undefined>(at).fill(undefined).concat(histograms)
    bySeries.set(key, { ...series, histograms: all })
  }
  for (const one of known.series) add({ ...one, histograms: undefined }, 0)
  for (const one of data.series) add(one, known.steps)
  const series = [...bySeries.values()].sort((a, b) => compareLabels(a.labels, b.labels))
  return { ...result, data: { kind: 'matrix', series }, grid }
}

import { type Labels, labelValue, METRIC_NAME } from '@vantage/model'
import { extendedKernel } from '../functions/extended.ts'
import type { FunctionImplementation, SampleWindow } from '../functions/function.ts'
import { START_TIME_FUNCTIONS } from '../functions/mixed-kernels.ts'
import { type CounterResets, findResets, RateFrames, type RateShape, rateRow } from '../functions/rate.ts'
import type { WindowPlan } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import { type Grid, stepTimeMs } from './grid.ts'
import { MixedRows } from './mixed-rows.ts'
import type { RangeSource, Reach } from './range-source.ts'
import { type Histograms, hasPoints, ROW_STEP_BYTES, withoutMetadata } from './rows.ts'
import { areOverlapping, RunningSums, summarize } from './running-sums.ts'
import type { RowVisitor } from './series.ts'
import type { Turns } from './share.ts'
import { TierWindows } from './tier-windows.ts'
import { WindowBounds } from './windows.ts'

/** What a window function does with one series, already bound to the steps. */
export type WindowFunction =
  | { readonly kind: 'rate'; readonly isCounter: boolean; readonly isPerSecond: boolean }
  | Extract<FunctionImplementation, { kind: 'window' }>

const NO_REACH: Reach = { beforeMs: 0, afterMs: 0 }

export function reachOf(context: EvaluationContext, plan: WindowPlan): Reach {
  const extended = plan.source.kind === 'range' ? plan.source.select.extended : undefined
  if (extended === undefined) return NO_REACH
  return { beforeMs: context.lookbackMs, afterMs: extended === 'smoothed' ? context.lookbackMs : 0 }
}

/**
 * Evaluates a window function series by series, without holding more than one. Series without a result are left out.
 * @param params the scalar arguments at each step
 */
export function visitWindows(
  context: EvaluationContext,
  plan: WindowPlan,
  fn: WindowFunction,
  source: RangeSource,
  turns: Turns,
  ends: Grid,
  params: readonly Float64Array[],
  grid: Grid,
  visit: RowVisitor,
): void {
  const extended = plan.source.kind === 'range' ? plan.source.select.extended : undefined
  const bound: WindowFunction =
    extended === undefined ? fn : { kind: 'window', kernel: extendedKernel(extended, plan.name), keepsName: false }
  const reach = reachOf(context, plan)
  const reachEnds: Grid = { ...ends, startMs: ends.startMs + reach.afterMs }
  // One row of scratch and two bounds a step, for all series together.
  context.budget.chargeBytes(grid.steps * (ROW_STEP_BYTES + 8))
  const bounds = new WindowBounds(reachEnds, plan.source.rangeMs + reach.beforeMs + reach.afterMs, context.budget)
  const evaluate =
    bound.kind === 'rate'
      ? rateEvaluator(context, plan, bound, bounds, ends)
      : kernelEvaluator(context, plan, bound, bounds, ends, params, grid)
  const heedsStartTimes = context.options.startTimes && START_TIME_FUNCTIONS.has(plan.name)
  const keepsName = bound.kind === 'window' && bound.keepsName
  const dropsNow = !keepsName && !context.options.delayedNameRemoval
  const values = new Float64Array(grid.steps)
  const present = new Uint8Array(grid.steps)
  let mixed: MixedRows | undefined
  const tiers = TierWindows.of(context, plan, source, ends)
  for (let i = turns.next(); i >= 0; i = turns.next()) {
    const labels = source.labels(i)
    if (heedsStartTimes) source.loadStartTimes(i)
    const isStarted = heedsStartTimes && context.startTimes.size > 0
    let histograms: Histograms | undefined
    // Fast path: buckets that say the same. They know of no start times.
    if (isStarted || tiers?.evaluate(i, values, present) !== true) {
      const samples = source.load(i)
      bounds.update(samples)
      evaluate(samples, values, present)
      if (context.histograms.count > 0 || isStarted) {
        mixed ??= new MixedRows(context, plan, bounds, reachEnds, ends)
        histograms = mixed.evaluate(labelValue(labels, METRIC_NAME), values, present)
      }
    }
    if (!hasPoints(present)) continue
    if (plan.name === 'rate' || plan.name === 'increase') noteCounter(context, plan, labels, present, histograms)
    const named = dropsNow ? withoutMetadata(labels) : labels
    visit(named, source.dropName(i) || !keepsName, values, present, histograms, i)
  }
}

type SeriesEvaluator = (samples: EvaluationContext['samples'], values: Float64Array, present: Uint8Array) => void

function rateEvaluator(
  context: EvaluationContext,
  plan: WindowPlan,
  fn: Extract<WindowFunction, { kind: 'rate' }>,
  bounds: WindowBounds,
  ends: Grid,
): SeriesEvaluator {
  const resets: CounterResets = { places: new Int32Array(64), count: 0 }
  const { isCounter, isPerSecond } = fn
  const shape: RateShape = {
    ends,
    rangeMs: plan.source.rangeMs,
    isCounter,
    isPerSecond,
    bounds,
    context,
  }
  const frames = new RateFrames(shape)
  return (samples, values, present) => {
    if (isCounter) findResets(samples, resets)
    rateRow(samples, resets, shape, frames.of(samples), values, present)
  }
}

function kernelEvaluator(
  context: EvaluationContext,
  plan: WindowPlan,
  { kernel, summary }: Extract<WindowFunction, { kind: 'window' }>,
  bounds: WindowBounds,
  ends: Grid,
  params: readonly Float64Array[],
  grid: Grid,
): SeriesEvaluator {
  const { rangeMs } = plan.source
  const empty = new Float64Array(0)
  const window: SampleWindow = {
    times: empty,
    values: empty,
    evalMs: 0,
    startMs: 0,
    endMs: 0,
    rangeMs,
    param0: 0,
    param1: 0,
    isEmpty: false,
  }
  const [first, second] = params
  const running = new RunningSums()
  return (samples, values, present) => {
    const { from: starts, to: stops } = bounds
    if (summary !== undefined && areOverlapping(starts, stops, samples.count)) {
      context.tick(samples.count)
      // Fast path: whole numbers.
      const sums = running.of(samples)
      if (sums !== undefined) return summarize(sums, summary, starts, stops, values, present)
    }
    window.times = samples.times
    window.values = samples.values
    for (let step = 0; step < grid.steps; step++) {
      const from = starts[step] as number
      const to = stops[step] as number
      present[step] = 0
      if (from === to) continue
      context.tick(to - from)
      window.evalMs = stepTimeMs(grid, step)
      window.endMs = stepTimeMs(ends, step)
      window.startMs = window.endMs - rangeMs
      if (first !== undefined) window.param0 = first[step] as number
      if (second !== undefined) window.param1 = second[step] as number
      window.isEmpty = false
      values[step] = kernel(window, from, to)
      present[step] = window.isEmpty ? 0 : 1
    }
  }
}

const COUNTER_NAME = /(?:_total|_sum|_count|_bucket)$/

/** Says so where a rate is taken of what looks like no counter; histograms need no suffix. */
function noteCounter(
  context: EvaluationContext,
  plan: WindowPlan,
  labels: Labels,
  present: Uint8Array,
  histograms: Histograms | undefined,
): void {
  const metric = labelValue(labels, METRIC_NAME)
  if (metric === '') return
  if (histograms !== undefined && !present.some((one, i) => one === 1 && histograms[i] === undefined)) return
  const span = plan.source.expr
  if (context.options.typeAndUnitLabels) {
    const type = labelValue(labels, '__type__')
    if (type !== 'counter' && type !== 'histogram') context.annotations.possibleNonCounterType(metric, type, span)
  } else if (!COUNTER_NAME.test(metric)) {
    context.annotations.possibleNonCounter(metric, span)
  }
}

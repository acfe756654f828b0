import {
  type Histogram,
  type HistogramColumns,
  isStaleAt,
  type Labels,
  RESET_HINT,
  type SampleColumns,
  type SeriesSelection,
} from '@vantage/model'
import { withHint } from '@vantage/model/histograms'
import { isReset } from '../histogram/reset.ts'
import type { SelectPlan } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import { type Grid, lastTimeMs, shifted, stepTimeMs } from './grid.ts'
import { copyRow, type Histograms, hasPoints, newHistograms, ROW_STEP_BYTES, type Row } from './rows.ts'
import type { Turns } from './share.ts'
import { smoothHistograms } from './smoothed.ts'
import { LatestPicks, removeStale } from './windows.ts'

/** Gets one series after the other; arrays are borrowed and valid until the callback returns. */
export type RowVisitor = (
  labels: Labels,
  dropName: boolean,
  values: Float64Array,
  present: Uint8Array,
  histograms: Histograms | undefined,
  /** Place of the series in the selection. */
  index: number,
) => void

/** What a selector reads for all steps together. */
function scanOf(context: EvaluationContext, plan: SelectPlan, grid: Grid): { startMs: number; endMs: number } {
  const moments = shifted(grid, plan.shift)
  const { lookbackMs } = context
  const endMs = lastTimeMs(moments) + (plan.extended === 'smoothed' ? lookbackMs : 0)
  return { startMs: moments.startMs - lookbackMs + 1, endMs }
}

export function selectForSteps(context: EvaluationContext, plan: SelectPlan, grid: Grid): SeriesSelection {
  const { startMs, endMs } = scanOf(context, plan, grid)
  return selectSeries(context, plan, startMs, endMs)
}

/** Evaluates a selector series by series, without holding more than one. Series without a point are left out. */
export function visitSelected(
  context: EvaluationContext,
  plan: SelectPlan,
  grid: Grid,
  selection: SeriesSelection,
  turns: Turns,
  visit: RowVisitor,
): void {
  const moments = shifted(grid, plan.shift)
  const { lookbackMs } = context
  const isSmoothed = plan.extended === 'smoothed'
  const { startMs, endMs } = scanOf(context, plan, grid)
  context.budget.chargeBytes(grid.steps * ROW_STEP_BYTES)
  const values = new Float64Array(grid.steps)
  const present = new Uint8Array(grid.steps)
  const picks = new LatestPicks(moments, lookbackMs, context.budget)
  const looksAt = isSmoothed || moments.stepMs === 0 ? undefined : moments
  for (let i = turns.next(); i >= 0; i = turns.next()) {
    context.readSeries(selection, i, startMs, endMs, looksAt)
    if (isSmoothed) interpolate(context.samples, moments, lookbackMs, values, present)
    else pickLatest(context.samples, picks, values, present)
    let histograms: Histograms | undefined
    if (context.histograms.count > 0) {
      if (plan.detectsResets) detectResets(context.histograms)
      histograms = newHistograms(context, grid.steps)
      if (isSmoothed) smoothHistograms(context, plan, selection.labels(i), moments, present, histograms)
      else pickLatestHistogram(context, moments, lookbackMs, present, histograms)
    }
    if (hasPoints(present)) visit(selection.labels(i), false, values, present, histograms, i)
  }
}

export function selectSeries(
  context: EvaluationContext,
  plan: SelectPlan,
  startMs: number,
  endMs: number,
): SeriesSelection {
  const selection = context.reader.select(context.tenant, { matchers: plan.matchers, startMs, endMs }, context.budget)
  const { reducedToMs } = selection
  if (reducedToMs !== undefined && reducedToMs >= startMs) context.annotations.reduced(reducedToMs, plan.expr)
  return selection
}

/** Says of each histogram that does not whether its counter was reset since the one before. */
export function detectResets(columns: HistogramColumns): void {
  const { histograms } = columns
  let before: Histogram | undefined
  for (let i = 0; i < histograms.length; i++) {
    const now = histograms[i] as Histogram
    if (now.resetHint === RESET_HINT.unknown && before !== undefined) {
      histograms[i] = withHint(now, isReset(now, before) ? RESET_HINT.reset : RESET_HINT.notReset)
    }
    before = now
  }
}

/** The newest sample of each step; a staleness marker hides the series. */
function pickLatest(samples: SampleColumns, picks: LatestPicks, values: Float64Array, present: Uint8Array): void {
  const at = picks.of(samples)
  const { halves, isFreeOfMarkers } = samples
  const sampleValues = samples.values
  for (let step = 0; step < at.length; step++) {
    const place = at[step] as number
    if (place < 0 || (!isFreeOfMarkers && isStaleAt(halves, place))) {
      present[step] = 0
    } else {
      present[step] = 1
      values[step] = sampleValues[place] as number
    }
  }
}

/** Where a histogram is newer than any float it takes the step; markers are floats, so a newer one hides it. */
function pickLatestHistogram(
  context: EvaluationContext,
  moments: Grid,
  lookbackMs: number,
  present: Uint8Array,
  out: Histograms,
): void {
  const { samples } = context
  const { times, histograms } = context.histograms
  let next = 0
  let nextFloat = 0
  for (let step = 0; step < moments.steps; step++) {
    const momentMs = stepTimeMs(moments, step)
    while (next < times.length && (times[next] as number) <= momentMs) next++
    while (nextFloat < samples.count && (samples.times[nextFloat] as number) <= momentMs) nextFloat++
    const timeMs = next === 0 ? -Infinity : (times[next - 1] as number)
    const floatMs = nextFloat === 0 ? -Infinity : (samples.times[nextFloat - 1] as number)
    if (timeMs <= momentMs - lookbackMs || timeMs < floatMs) continue
    present[step] = 1
    out[step] = histograms[next - 1]
  }
}

/** Like `selectRows`, but the values are the times of the samples in seconds; histograms stay to be seen. */
export function sampleTimeRows(context: EvaluationContext, plan: SelectPlan, grid: Grid): Row[] {
  const moments = shifted(grid, plan.shift)
  const startMs = moments.startMs - context.lookbackMs + 1
  const endMs = lastTimeMs(moments)
  const selection = selectSeries(context, plan, startMs, endMs)
  context.budget.chargeBytes(grid.steps * ROW_STEP_BYTES)
  const values = new Float64Array(grid.steps)
  const present = new Uint8Array(grid.steps)
  const picks = new LatestPicks(moments, context.lookbackMs, context.budget)
  const rows: Row[] = []
  for (let i = 0; i < selection.count; i++) {
    context.readSeries(selection, i, startMs, endMs)
    pickLatestTime(context.samples, picks, values, present)
    let histograms: Histograms | undefined
    if (context.histograms.count > 0) {
      histograms = newHistograms(context, grid.steps)
      pickLatestHistogram(context, moments, context.lookbackMs, present, histograms)
      writeTimes(context.histograms, moments, histograms, values)
    }
    if (hasPoints(present)) rows.push(copyRow(context, selection.labels(i), false, values, present, histograms))
  }
  return rows
}

function pickLatestTime(samples: SampleColumns, picks: LatestPicks, values: Float64Array, present: Uint8Array): void {
  const { times, halves } = samples
  for (const [step, place] of picks.of(samples).entries()) {
    const isFound = place >= 0 && !isStaleAt(halves, place)
    present[step] = isFound ? 1 : 0
    if (isFound) values[step] = (times[place] as number) / 1000
  }
}

function writeTimes({ times }: HistogramColumns, moments: Grid, picked: Histograms, values: Float64Array): void {
  let next = 0
  for (let step = 0; step < moments.steps; step++) {
    const momentMs = stepTimeMs(moments, step)
    while (next < times.length && (times[next] as number) <= momentMs) next++
    if (picked[step] !== undefined) values[step] = (times[next - 1] as number) / 1000
  }
}

/**
 * `smoothed`: a line between the samples around each step, within the lookback on both sides; without a later
 * sample the last one holds. Markers are no samples. Source: prometheus/prometheus promql/engine.go, smoothSeries.
 */
function interpolate(
  samples: SampleColumns,
  moments: Grid,
  lookbackMs: number,
  values: Float64Array,
  present: Uint8Array,
): void {
  removeStale(samples)
  const { times, count } = samples
  const sampleValues = samples.values
  let next = 0
  for (let step = 0; step < moments.steps; step++) {
    const momentMs = moments.startMs + step * moments.stepMs
    while (next < count && (times[next] as number) <= momentMs) next++
    const before = next - 1
    const isFound = before >= 0 && (times[before] as number) > momentMs - lookbackMs
    present[step] = isFound ? 1 : 0
    if (!isFound) continue
    const beforeMs = times[before] as number
    const beforeValue = sampleValues[before] as number
    if (beforeMs === momentMs || next === count || (times[next] as number) > momentMs + lookbackMs) {
      values[step] = beforeValue
      continue
    }
    const slope = ((sampleValues[next] as number) - beforeValue) / ((times[next] as number) - beforeMs)
    values[step] = beforeValue + slope * (momentMs - beforeMs)
  }
}

import { type Histogram, type Labels, labelValue, METRIC_NAME, RESET_HINT } from '@vantage/model'
import { areCompatible } from '@vantage/model/histograms'
import { interpolateHistograms } from '../histogram/interpolate.ts'
import type { SelectPlan } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import { type Grid, stepTimeMs } from './grid.ts'
import type { Histograms } from './rows.ts'

/**
 * `smoothed` over the context's histograms: the one between those around each step, within the lookback on both
 * sides. Steps whose surroundings hold floats as well, or buckets that do not fit, have no point.
 */
export function smoothHistograms(
  context: EvaluationContext,
  plan: SelectPlan,
  labels: Labels,
  moments: Grid,
  present: Uint8Array,
  out: Histograms,
): void {
  const { lookbackMs, samples } = context
  const { times } = context.histograms
  let next = 0
  for (let step = 0; step < moments.steps; step++) {
    const momentMs = stepTimeMs(moments, step)
    while (next < times.length && (times[next] as number) <= momentMs) next++
    const beforeMs = times[next - 1] ?? -Infinity
    const afterMs = times[next] ?? Infinity
    const hasBefore = beforeMs > momentMs - lookbackMs
    const hasAfter = afterMs <= momentMs + lookbackMs
    if (!hasBefore && !hasAfter) continue
    const isMixed = hasTimeIn(samples.times, samples.count, momentMs - lookbackMs, momentMs + lookbackMs)
    present[step] = 0
    if (isMixed) context.annotations.mixedWindow(labelValue(labels, METRIC_NAME), plan.expr)
    if (isMixed || !hasBefore) continue
    const histogram = between(context, plan, labels, next, hasAfter && beforeMs < momentMs, momentMs)
    if (histogram === undefined) continue
    present[step] = 1
    out[step] = histogram
  }
}

/** In (fromMs, toMs]. */
function hasTimeIn(times: Float64Array, count: number, fromMs: number, toMs: number): boolean {
  for (let i = 0; i < count; i++) {
    const timeMs = times[i] as number
    if (timeMs > fromMs && timeMs <= toMs) return true
  }
  return false
}

function between(
  context: EvaluationContext,
  plan: SelectPlan,
  labels: Labels,
  next: number,
  isInside: boolean,
  momentMs: number,
): Histogram | undefined {
  const { annotations } = context
  const { times, histograms } = context.histograms
  const before = histograms[next - 1] as Histogram
  if (!isInside) return before
  const after = histograms[next] as Histogram
  const beforeMs = times[next - 1] as number
  const fraction = (momentMs - beforeMs) / ((times[next] as number) - beforeMs)
  const isCounter = before.resetHint !== RESET_HINT.gauge && after.resetHint !== RESET_HINT.gauge
  // A change of schema is no reset here: what lies between the two is not known.
  const found = areCompatible(before, after) ? interpolateHistograms(before, after, fraction, isCounter) : undefined
  if (found === undefined) annotations.mixedSchemas(labelValue(labels, METRIC_NAME), plan.expr)
  for (const operation of found?.reconciledIn ?? []) annotations.reconciledBounds(operation, plan.expr)
  return found?.histogram
}

import { mixedKernel, START_TIME_FUNCTIONS } from '../functions/mixed-kernels.ts'
import type { MixedKernel, MixedWindow } from '../functions/mixed-window.ts'
import { bucketCountOf, bytesOf } from '../histogram/size.ts'
import type { WindowPlan } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import { type Grid, stepTimeMs } from './grid.ts'
import { type Histograms, newHistograms } from './rows.ts'
import { WindowBounds } from './windows.ts'

/**
 * Evaluates a window function where a series has native histograms or start times: the steps whose windows hold
 * floats alone keep what the function made of them.
 */
export class MixedRows {
  readonly #context: EvaluationContext
  readonly #kernel: MixedKernel
  readonly #floatBounds: WindowBounds
  readonly #bounds: WindowBounds
  readonly #ends: Grid
  readonly #window: MixedWindow
  readonly #usesStartTimes: boolean

  /**
   * @param reachEnds the ends of the windows with what they see beyond, as `floatBounds` has them
   * @param ends the ends of the windows proper
   */
  constructor(context: EvaluationContext, plan: WindowPlan, floatBounds: WindowBounds, reachEnds: Grid, ends: Grid) {
    const extended = plan.source.kind === 'range' ? plan.source.select.extended : undefined
    // Two bounds a step.
    context.budget.chargeBytes(ends.steps * 8)
    this.#context = context
    this.#kernel = mixedKernel(plan.name, extended)
    this.#floatBounds = floatBounds
    this.#bounds = new WindowBounds(reachEnds, floatBounds.rangeMs, context.budget)
    this.#ends = ends
    this.#usesStartTimes = context.options.startTimes && START_TIME_FUNCTIONS.has(plan.name) && extended === undefined
    const isParamFirst = plan.name === 'quantile_over_time'
    this.#window = {
      context,
      span: (isParamFirst ? plan.params[0]?.expr : undefined) ?? plan.source.expr,
      metric: '',
      samples: context.samples,
      floatFrom: 0,
      floatTo: 0,
      times: [],
      histograms: [],
      from: 0,
      to: 0,
      resets: new Uint8Array(0),
      startTimes: context.startTimes,
      startMs: 0,
      endMs: 0,
      rangeMs: plan.source.rangeMs,
      floatResult: undefined,
    }
  }

  /**
   * Evaluates the series that the context holds.
   * @param values with `present` what the function made of the floats; changed to what it makes of all samples
   * @returns the steps that came to histograms
   */
  evaluate(metric: string, values: Float64Array, present: Uint8Array): Histograms | undefined {
    const { samples, histograms, startTimes } = this.#context
    const window = this.#window
    const hasStartTimes = this.#usesStartTimes && startTimes.size > 0
    let out: Histograms | undefined
    this.#bounds.updateTimes(histograms.times)
    window.metric = metric
    window.samples = samples
    window.times = histograms.times
    window.histograms = histograms.histograms
    window.resets = new Uint8Array(histograms.count)
    for (let step = 0; step < this.#ends.steps; step++) {
      window.from = this.#bounds.from[step] as number
      window.to = this.#bounds.to[step] as number
      if (window.from === window.to && !hasStartTimes) continue
      window.floatFrom = this.#floatBounds.from[step] as number
      window.floatTo = this.#floatBounds.to[step] as number
      const first = window.histograms[window.from]
      const work = first === undefined ? 1 : 1 + bucketCountOf(first)
      this.#context.tick((window.to - window.from) * work + window.floatTo - window.floatFrom)
      window.endMs = stepTimeMs(this.#ends, step)
      window.startMs = window.endMs - window.rangeMs
      window.floatResult = present[step] === 1 ? (values[step] as number) : undefined
      const result = this.#kernel(window)
      present[step] = result === undefined ? 0 : 1
      if (result === undefined) continue
      if (typeof result === 'number') {
        values[step] = result
        continue
      }
      out ??= newHistograms(this.#context, this.#ends.steps)
      out[step] = result
      this.#context.budget.chargeBytes(bytesOf(result))
    }
    return out
  }
}

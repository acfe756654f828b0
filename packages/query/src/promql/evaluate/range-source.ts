import { type Labels, type Moments, RESET_HINT, type SampleColumns, type SeriesSelection } from '@vantage/model'
import { withHint } from '@vantage/model/histograms'
import type { WindowSource } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import { type Grid, lastTimeMs, shifted, stepTimeMs } from './grid.ts'
import type { Histograms, Row } from './rows.ts'
import { detectResets, selectSeries } from './series.ts'
import { removeStale } from './windows.ts'

/** Where windows get their samples from: a store or the results of an inner query. */
export interface RangeSource {
  readonly count: number
  labels(index: number): Labels
  dropName(index: number): boolean
  /**
   * Loads one series into the context's columns (samples, histograms), staleness markers taken out.
   * @returns the samples
   */
  load(index: number): SampleColumns
  /** Loads since when the same samples count, for functions that ask. */
  loadStartTimes(index: number): void
}

/** How far `anchored` and `smoothed` look beyond the window. */
export interface Reach {
  readonly beforeMs: number
  readonly afterMs: number
}

/** The ends of each step's window, as the data sees them. */
export function windowEnds(source: WindowSource, grid: Grid): Grid {
  return shifted(grid, source.kind === 'range' ? source.select.shift : source.shift)
}

export class StoredSource implements RangeSource {
  readonly #context: EvaluationContext
  readonly selection: SeriesSelection
  readonly #detectsResets: boolean
  readonly #startMs: number
  readonly #endMs: number
  readonly #looksAt: Moments | undefined

  /**
   * @param looksAtEnds of each window at its first sample and its last, how many it holds, and where values fall
   * @param selection where another thread has made it
   */
  constructor(
    context: EvaluationContext,
    source: Extract<WindowSource, { kind: 'range' }>,
    ends: Grid,
    reach: Reach,
    looksAtEnds: boolean,
    selection?: SeriesSelection,
  ) {
    this.#context = context
    this.#looksAt = looksAtEnds && ends.stepMs > 0 ? { ...ends, windowMs: source.rangeMs } : undefined
    this.#startMs = ends.startMs - source.rangeMs - reach.beforeMs + 1
    this.#endMs = lastTimeMs(ends) + reach.afterMs
    this.selection = selection ?? selectSeries(context, source.select, this.#startMs, this.#endMs)
    this.#detectsResets = source.select.detectsResets
  }

  get count(): number {
    return this.selection.count
  }

  labels(index: number): Labels {
    return this.selection.labels(index)
  }

  dropName(): boolean {
    return false
  }

  load(index: number): SampleColumns {
    const { samples, histograms } = this.#context
    this.#context.readSeries(this.selection, index, this.#startMs, this.#endMs, this.#looksAt)
    removeStale(samples)
    if (this.#detectsResets && histograms.count > 0) detectResets(histograms)
    return samples
  }

  loadStartTimes(index: number): void {
    this.selection.readStartTimes?.(index, this.#startMs, this.#endMs, this.#context.startTimes)
  }
}

/** Points of an inner query become samples at the times of its steps. */
export class EvaluatedSource implements RangeSource {
  readonly #context: EvaluationContext
  readonly #rows: readonly Row[]
  readonly #grid: Grid

  constructor(context: EvaluationContext, rows: readonly Row[], grid: Grid) {
    this.#context = context
    this.#rows = rows
    this.#grid = grid
  }

  get count(): number {
    return this.#rows.length
  }

  labels(index: number): Labels {
    return (this.#rows[index] as Row).labels
  }

  dropName(index: number): boolean {
    return (this.#rows[index] as Row).dropName
  }

  load(index: number): SampleColumns {
    const { values, present, histograms } = this.#rows[index] as Row
    const { samples } = this.#context
    this.#loadHistograms(present, histograms)
    samples.reset()
    samples.reserve(values.length)
    let count = 0
    for (let step = 0; step < values.length; step++) {
      if (present[step] === 0 || histograms?.[step] !== undefined) continue
      samples.times[count] = stepTimeMs(this.#grid, step)
      samples.values[count] = values[step] as number
      count++
    }
    samples.count = count
    this.#context.budget.chargeSamples(count)
    return samples
  }

  loadStartTimes(): void {
    this.#context.startTimes.clear()
  }

  /** Steps may show one sample twice or leave one out, so what it says about resets holds no more. */
  #loadHistograms(present: Uint8Array, histograms: Histograms | undefined): void {
    const out = this.#context.histograms
    out.reset()
    if (histograms === undefined) return
    for (let step = 0; step < present.length; step++) {
      const histogram = histograms[step]
      if (present[step] === 0 || histogram === undefined) continue
      const isGauge = histogram.resetHint === RESET_HINT.gauge
      out.push(stepTimeMs(this.#grid, step), isGauge ? histogram : withHint(histogram, RESET_HINT.unknown))
    }
    this.#context.budget.chargeSamples(out.count)
  }
}

/**
 * The steps of a subquery: multiples of its step, from the first after the earliest window's start to the last
 * window's end. Undefined where no multiple lies inside.
 */
export function subqueryGrid(source: Extract<WindowSource, { kind: 'subquery' }>, ends: Grid): Grid | undefined {
  const { stepMs, rangeMs } = source
  const startMs = (Math.floor((ends.startMs - rangeMs) / stepMs) + 1) * stepMs
  const endMs = lastTimeMs(ends)
  if (startMs > endMs) return undefined
  return { startMs, stepMs, steps: Math.floor((endMs - startMs) / stepMs) + 1 }
}

import { compareLabels, type Labels } from '@vantage/model'
import type { Grid } from './context.ts'
import { type CountPart, joinParts } from './share.ts'
import { emptySeries, type StepSeries } from './vector.ts'
import type { Samples, Window, WindowKernel } from './windows.ts'

/** Windows of a grid: step i looks at (end − rangeNs, end] with end = i · stepNs, all relative to the first step. */
export interface WindowGrid {
  readonly stepNs: number
  readonly steps: number
  readonly rangeNs: number
}

export function windowGrid(grid: Grid, rangeNs: number): WindowGrid {
  return { stepNs: Number(grid.stepNs), steps: grid.steps, rangeNs }
}

/** The first step whose window holds a time. */
export function firstStep({ stepNs }: WindowGrid, timeNs: number): number {
  if (timeNs <= 0) return 0
  return stepNs === 0 ? Number.POSITIVE_INFINITY : Math.ceil(timeNs / stepNs)
}

/** The last step whose window holds a time; less than the first where none does. */
export function lastStep({ stepNs, steps, rangeNs }: WindowGrid, timeNs: number): number {
  if (stepNs === 0) return timeNs > -rangeNs ? 0 : -1
  return Math.min(steps - 1, Math.ceil((timeNs + rangeNs) / stepNs) - 1)
}

/** A series of an answer; places are counted from 0. */
export interface Place {
  readonly index: number
  readonly labels: Labels
}

/** Where there is one series only. */
export const ALONE: Place = { index: 0, labels: [] }

/** Series while rows come in. */
export interface RangeSeries {
  add(place: Place, timeNs: number, value: number): void
  finish(): StepSeries[]
}

/**
 * Sums of whole numbers (rows, bytes): each row is added to the steps of its windows at once, by its first and the step
 * behind its last, so that memory does not grow with rows.
 */
export class CountedSeries implements RangeSeries {
  readonly #grid: WindowGrid
  readonly #divisor: number
  #series: CountPart[] = []

  /** @param divisor what sums are divided by: seconds of a rate, else 1 */
  constructor(grid: WindowGrid, divisor: number) {
    this.#grid = grid
    this.#divisor = divisor
  }

  add(place: Place, timeNs: number, value: number): void {
    this.addTo(place, firstStep(this.#grid, timeNs), lastStep(this.#grid, timeNs), value)
  }

  /** The same, where the steps are known. */
  addTo(place: Place, first: number, last: number, value: number): void {
    this.#add(place, first, last, 1, value)
  }

  /** So many rows of value 1. */
  addRowsTo(place: Place, first: number, last: number, rows: number): void {
    this.#add(place, first, last, rows, rows)
  }

  #add({ index, labels }: Place, first: number, last: number, rows: number, value: number): void {
    let one = this.#series[index]
    if (one === undefined) {
      const { steps } = this.#grid
      one = { labels, rows: new Float64Array(steps + 1), sums: new Float64Array(steps + 1) }
      this.#series[index] = one
    }
    const behind = last + 1
    one.rows[first] = (one.rows[first] as number) + rows
    one.rows[behind] = (one.rows[behind] as number) - rows
    one.sums[first] = (one.sums[first] as number) + value
    one.sums[behind] = (one.sums[behind] as number) - value
  }

  /** What has been counted so far. */
  get parts(): readonly CountPart[] {
    return this.#series
  }

  /** Takes in what others have counted on the same grid; nothing is added after it. */
  join(parts: readonly CountPart[]): void {
    if (parts.length > 0) this.#series = joinParts([...this.#series, ...parts])
  }

  finish(): StepSeries[] {
    const { steps } = this.#grid
    const out: StepSeries[] = []
    for (const { labels, rows, sums } of this.#series) {
      const series = emptySeries(labels, steps)
      let count = 0
      let total = 0
      for (let i = 0; i < steps; i++) {
        count += rows[i] as number
        total += sums[i] as number
        if (count === 0) continue
        series.present[i] = 1
        series.values[i] = total / this.#divisor
      }
      out.push(series)
    }
    return out.sort((a, b) => compareLabels(a.labels, b.labels))
  }
}

interface GrowingSamples {
  readonly labels: Labels
  times: Float64Array
  values: Float64Array
  count: number
}

/** Keeps all samples, for operations that need them side by side. */
export class SampledSeries implements RangeSeries {
  readonly #grid: WindowGrid
  readonly #kernel: WindowKernel
  readonly #parameter: number
  readonly #onGrow: (bytes: number) => void
  readonly #series: GrowingSamples[] = []

  /** @param onGrow told how much more memory is taken; may throw */
  constructor(grid: WindowGrid, kernel: WindowKernel, parameter: number, onGrow: (bytes: number) => void) {
    this.#grid = grid
    this.#kernel = kernel
    this.#parameter = parameter
    this.#onGrow = onGrow
  }

  /** Times come in ascending order. */
  add({ index, labels }: Place, timeNs: number, value: number): void {
    let one = this.#series[index]
    if (one === undefined) {
      one = { labels, times: new Float64Array(16), values: new Float64Array(16), count: 0 }
      this.#series[index] = one
    }
    if (one.count === one.times.length) this.#grow(one)
    one.times[one.count] = timeNs
    one.values[one.count++] = value
  }

  #grow(one: GrowingSamples): void {
    const length = one.times.length * 2
    this.#onGrow(length * 8)
    const times = new Float64Array(length)
    const values = new Float64Array(length)
    times.set(one.times)
    values.set(one.values)
    one.times = times
    one.values = values
  }

  finish(): StepSeries[] {
    const out = this.#series.map((one) => this.#windows(one))
    return out.sort((a, b) => compareLabels(a.labels, b.labels))
  }

  #windows({ labels, times, values, count }: GrowingSamples): StepSeries {
    const { stepNs, steps, rangeNs } = this.#grid
    const series = emptySeries(labels, steps)
    const samples: Samples = { times, values }
    const window: Window = { from: 0, to: 0, startNs: 0, endNs: 0 }
    for (let i = 0; i < steps; i++) {
      window.endNs = i * stepNs
      window.startNs = window.endNs - rangeNs
      while (window.to < count && (times[window.to] as number) <= window.endNs) window.to++
      while (window.from < window.to && (times[window.from] as number) <= window.startNs) window.from++
      if (window.from === window.to) continue
      series.present[i] = 1
      series.values[i] = this.#kernel(samples, window, this.#parameter)
    }
    return series
  }
}

import {
  DEFAULT_TENANT,
  type Fault,
  type Histogram,
  type MetricReader,
  RESET_HINT,
  type Result,
  systemClock,
} from '@vantage/model'
import { withHint } from '@vantage/model/histograms'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import { type Grid, stepTimeMs } from '../promql/evaluate/grid.ts'
import { evaluatePromql, type PromqlResult, type StepSeries } from '../promql/evaluate/query.ts'
import { isReset } from '../promql/histogram/reset.ts'
import { type EngineOptions, EXPERIMENTAL_OPTIONS } from '../promql/options.ts'
import type { AnsweredPoint, LoadedSeries, PointSeries, Target, TargetAnswer, TargetData } from './target.ts'

/** The engine in this process, over the in-memory store. */
export class MemoryTarget implements Target {
  readonly storesHistograms: boolean = true
  readonly storesStartTimes: boolean = true
  readonly #metrics = new MemoryMetrics()
  readonly #options: EngineOptions

  constructor(options: EngineOptions = EXPERIMENTAL_OPTIONS) {
    this.#options = options
  }

  get reader(): MetricReader {
    return this.#metrics
  }

  async clear(): Promise<void> {
    this.#metrics.clear()
  }

  async load(series: readonly LoadedSeries[]): Promise<void> {
    for (const one of series) {
      this.#loadPoints(one)
      this.#loadStartTimes(one)
    }
  }

  /** Histograms in a row without a reset say so, as a scraper stores them. */
  #loadPoints({ labels, stepMs, points }: LoadedSeries): void {
    let before: Histogram | undefined
    points.forEach((point, i) => {
      const timeMs = i * stepMs
      if (point.kind === 'none') return
      if (point.kind === 'value') this.#metrics.append(DEFAULT_TENANT, labels, timeMs, point.value)
      if (point.kind === 'stale') this.#metrics.appendStale(DEFAULT_TENANT, labels, timeMs)
      const now = point.kind === 'histogram' ? point.histogram : undefined
      if (now !== undefined) this.#metrics.appendHistogram(DEFAULT_TENANT, labels, timeMs, hinted(now, before))
      before = now
    })
  }

  #loadStartTimes({ labels, stepMs, startOffsetsMs }: LoadedSeries): void {
    startOffsetsMs?.forEach((offsetMs, i) => {
      const timeMs = i * stepMs
      if (offsetMs !== undefined) this.#metrics.appendStartTime(DEFAULT_TENANT, labels, timeMs, timeMs + offsetMs)
    })
  }

  async instant(query: string, timeMs: number): Promise<TargetAnswer> {
    return this.#ask(query, timeMs, timeMs, 0)
  }

  async range(query: string, startMs: number, endMs: number, stepMs: number): Promise<TargetAnswer> {
    return this.#ask(query, startMs, endMs, stepMs)
  }

  async close(): Promise<void> {}

  #ask(query: string, startMs: number, endMs: number, stepMs: number): TargetAnswer {
    const request = { query, range: { startMs, endMs, stepMs }, options: this.#options }
    return toAnswer(evaluatePromql(request, DEFAULT_TENANT, this.#metrics, unlimitedBudget, systemClock))
  }
}

function hinted(now: Histogram, before: Histogram | undefined): Histogram {
  const isKnown = now.resetHint !== RESET_HINT.unknown
  if (isKnown || before === undefined || before.resetHint === RESET_HINT.gauge || isReset(now, before)) return now
  return withHint(now, RESET_HINT.notReset)
}

/** Turns the engine's columns into points. */
export function toAnswer(result: Result<PromqlResult, Fault>): TargetAnswer {
  if (!result.ok) return { ok: false, message: result.error.message }
  const { warnings, infos } = result.value
  return { ok: true, data: toData(result.value), warnings, infos }
}

function toData({ data, grid }: PromqlResult): TargetData {
  switch (data.kind) {
    case 'string':
      return data
    case 'scalar':
      if (grid.stepMs === 0) return { kind: 'scalar', value: data.values[0] as number }
      return { kind: 'matrix', series: [scalarSeries(data.values, grid)] }
    case 'vector':
    case 'matrix':
      return { kind: data.kind, series: data.series.map((one) => toPoints(one, grid)) }
    case 'samples':
      return {
        kind: 'matrix',
        series: data.series.map(({ labels, times, values, histograms }) => {
          const floats = [...times].map((timeMs, i) => ({ timeMs, value: values[i] as number }))
          const others = histograms.map((one) => ({ ...one, value: 0 }))
          return { labels, points: [...floats, ...others].sort((a, b) => a.timeMs - b.timeMs) }
        }),
      }
  }
}

function scalarSeries(values: Float64Array, grid: Grid): PointSeries {
  return { labels: [], points: [...values].map((value, i) => ({ timeMs: stepTimeMs(grid, i), value })) }
}

function toPoints({ labels, values, present, histograms }: StepSeries, grid: Grid): PointSeries {
  const points: AnsweredPoint[] = []
  for (let i = 0; i < values.length; i++) {
    if (present[i] === 0) continue
    const timeMs = stepTimeMs(grid, i)
    const histogram = histograms?.[i]
    points.push(histogram === undefined ? { timeMs, value: values[i] as number } : { timeMs, value: 0, histogram })
  }
  return { labels, points }
}

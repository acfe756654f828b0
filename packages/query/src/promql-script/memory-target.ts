import { DEFAULT_TENANT, type Fault, type MetricReader, type Result, systemClock } from '@vantage/model'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import { type Grid, stepTimeMs } from '../promql/evaluate/grid.ts'
import { evaluatePromql, type PromqlResult, type StepSeries } from '../promql/evaluate/query.ts'
import { type EngineOptions, EXPERIMENTAL_OPTIONS } from '../promql/options.ts'
import type { LoadedSeries, PointSeries, Target, TargetAnswer, TargetData } from './target.ts'

/** The engine in this process, over the in-memory store. */
export class MemoryTarget implements Target {
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
    for (const { labels, stepMs, points } of series) {
      points.forEach((point, i) => {
        if (point.kind === 'value') this.#metrics.append(DEFAULT_TENANT, labels, i * stepMs, point.value)
        if (point.kind === 'stale') this.#metrics.appendStale(DEFAULT_TENANT, labels, i * stepMs)
      })
    }
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
        series: data.series.map(({ labels, times, values }) => ({
          labels,
          points: [...times].map((timeMs, i) => ({ timeMs, value: values[i] as number })),
        })),
      }
  }
}

function scalarSeries(values: Float64Array, grid: Grid): PointSeries {
  return { labels: [], points: [...values].map((value, i) => ({ timeMs: stepTimeMs(grid, i), value })) }
}

function toPoints({ labels, values, present }: StepSeries, grid: Grid): PointSeries {
  const points: { timeMs: number; value: number }[] = []
  for (let i = 0; i < values.length; i++) {
    if (present[i] === 1) points.push({ timeMs: stepTimeMs(grid, i), value: values[i] as number })
  }
  return { labels, points }
}

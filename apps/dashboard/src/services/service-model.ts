import type { ChangeEvent, QueryAnswer, VectorSample } from '@vantage/api/client'
import type { TimeRange } from '@vantage/model'
import { FIGURES, type Figure } from './service-queries.ts'

type MatrixData = Extract<QueryAnswer['data'], { readonly kind: 'matrix' }>

export interface Red {
  /** Requests a second. */
  readonly rate: number
  /** Of all requests; NaN without any. */
  readonly errorShare: number
  /** Seconds; NaN without requests. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export const NO_RED: Red = { rate: 0, errorShare: Number.NaN, p50: Number.NaN, p95: Number.NaN, p99: Number.NaN }

export type ServiceState = 'failing' | 'degraded' | 'healthy' | 'quiet'

export interface ServiceRow {
  readonly name: string
  readonly now: Red
  /** The time before, just as long; undefined where nothing came. */
  readonly before: Red | undefined
  readonly state: ServiceState
  /** Requests a second over time, NaN where nothing is known. */
  readonly trend: readonly number[]
  readonly lastChange: ChangeEvent | undefined
}

/** What makes a state; the page says it in these words. */
export const FAILING_SHARE = 0.05
export const DEGRADED_SHARE_MORE = 0.01
export const SLOWER_FACTOR = 1.5
export const SLOWER_SECONDS = 0.01
export const STATE_RULE =
  'Failing: at least 5 % of the requests failed. Degraded: errors are up by a percentage point, or p95 is half as long again and 10 ms longer than in the time before, just as long. Quiet: no requests.'

export function stateOf(now: Red, before: Red | undefined): ServiceState {
  if (!(now.rate > 0)) return 'quiet'
  if (now.errorShare >= FAILING_SHARE) return 'failing'
  if (before === undefined || !(before.rate > 0)) return 'healthy'
  const isWorse = now.errorShare - before.errorShare >= DEGRADED_SHARE_MORE
  const isSlower = now.p95 >= before.p95 * SLOWER_FACTOR && now.p95 - before.p95 >= SLOWER_SECONDS
  return isWorse || isSlower ? 'degraded' : 'healthy'
}

function samplesOf(answer: QueryAnswer | undefined): readonly VectorSample[] {
  return answer?.data.kind === 'vector' ? answer.data.samples : []
}

/** Reads what `figuresQuery` asked. @param by the label that names the rows */
export function redBy(answer: QueryAnswer | undefined, by: string): Map<string, Red> {
  const found = new Map<string, Partial<Record<Figure, number>>>()
  for (const { metric, value } of samplesOf(answer)) {
    const name = metric[by] ?? ''
    const figure = FIGURES.find((one) => one === metric['figure'])
    if (figure === undefined) continue
    const figures = found.get(name) ?? {}
    figures[figure] = value
    found.set(name, figures)
  }
  return new Map(
    [...found].map(([name, { rate = 0, errors = 0, p50, p95, p99 }]) => {
      const errorShare = rate > 0 ? errors / rate : Number.NaN
      return [name, { rate, errorShare, p50: p50 ?? Number.NaN, p95: p95 ?? Number.NaN, p99: p99 ?? Number.NaN }]
    }),
  )
}

export interface ServiceAnswers {
  readonly now: QueryAnswer | undefined
  readonly before: QueryAnswer | undefined
  readonly trend: QueryAnswer | undefined
  readonly events: readonly ChangeEvent[]
  readonly range: TimeRange
}

export function serviceRows({ now, before, trend, events, range }: ServiceAnswers): ServiceRow[] {
  const current = redBy(now, 'service')
  const former = redBy(before, 'service')
  const trends = trendBy(trend, 'service', range)
  const names = new Set([...current.keys(), ...trends.keys()])
  return [...names].map((name) => {
    const red = current.get(name) ?? NO_RED
    const earlier = former.get(name)
    return {
      name,
      now: red,
      before: earlier,
      state: stateOf(red, earlier),
      trend: trends.get(name) ?? [],
      lastChange: events.find((event) => event.service === name),
    }
  })
}

/** Values of each series on the grid that all of them have together, from the start of the range on. */
export function trendBy(answer: QueryAnswer | undefined, by: string, { startMs }: TimeRange): Map<string, number[]> {
  if (answer?.data.kind !== 'matrix') return new Map()
  const { series } = answer.data
  const known = [...new Set(series.flatMap((one) => [...one.timesSeconds]))].sort((a, b) => a - b)
  const times = [...stepsBefore(known, startMs / 1000), ...known]
  return new Map(
    series.map(({ metric, timesSeconds, values }) => {
      const valueAt = new Map([...timesSeconds].map((time, i) => [time, values[i] as number]))
      return [metric[by] ?? '', times.map((time) => valueAt.get(time) ?? Number.NaN)]
    }),
  )
}

/** Of a time at whose beginning nothing was known. */
function stepsBefore([first = 0, second = first]: readonly number[], fromSeconds: number): number[] {
  const step = second - first
  const count = step > 0 ? Math.max(0, Math.floor((first - fromSeconds) / step)) : 0
  return Array.from({ length: count }, (_, i) => first - (count - i) * step)
}

/** Each figure over time, NaN where nothing is known. */
export type FigureLines = Readonly<Record<keyof Red, readonly number[]>>

/** Reads what `figureStepsQuery` asked about one service; the part that lies in a range. */
export function figureLines(answer: QueryAnswer | undefined, range: TimeRange): FigureLines {
  const within = answer?.data.kind === 'matrix' ? { ...answer, data: after(answer.data, range.startMs) } : answer
  const lines = trendBy(within, 'figure', range)
  const line = (figure: Figure) => lines.get(figure) ?? []
  const rate = line('rate')
  const errorShare = rate.map((one, i) => (one > 0 ? (line('errors')[i] || 0) / one : Number.NaN))
  return { rate, errorShare, p50: line('p50'), p95: line('p95'), p99: line('p99') }
}

function after(data: MatrixData, startMs: number): MatrixData {
  const series = data.series.map((one) => {
    const from = one.timesSeconds.findIndex((seconds) => seconds * 1000 >= startMs)
    const first = from < 0 ? one.timesSeconds.length : from
    return { ...one, timesSeconds: one.timesSeconds.subarray(first), values: one.values.subarray(first) }
  })
  return { ...data, series }
}

export const SORTS = ['state', 'name', 'rate', 'errors', 'p95'] as const
export type ServiceSort = (typeof SORTS)[number]

/** The worst first. */
export const STATE_ORDER: readonly ServiceState[] = ['failing', 'degraded', 'healthy', 'quiet']

/** The worst, the most or the first on top; equal ones by name. */
export function sortedRows(rows: readonly ServiceRow[], sort: ServiceSort): ServiceRow[] {
  const number = (value: number) => (Number.isNaN(value) ? -1 : value)
  const orders: Readonly<Record<ServiceSort, (a: ServiceRow, b: ServiceRow) => number>> = {
    state: (a, b) => STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state),
    name: () => 0,
    rate: (a, b) => b.now.rate - a.now.rate,
    errors: (a, b) => number(b.now.errorShare) - number(a.now.errorShare),
    p95: (a, b) => number(b.now.p95) - number(a.now.p95),
  }
  return [...rows].sort((a, b) => orders[sort](a, b) || a.name.localeCompare(b.name))
}

/** How much `now` is more than `before`, of 1; undefined where that says nothing. */
export function changeOf(now: number, before: number | undefined): number | undefined {
  if (before === undefined || !(before > 0) || Number.isNaN(now)) return undefined
  return now / before - 1
}

export interface OperationRow {
  readonly name: string
  readonly red: Red
  /** Of the time that all operations took. */
  readonly timeShare: number
  /** Requests a second over time, NaN where nothing is known. */
  readonly trend: readonly number[]
}

/** Operations by the time they take, most first. */
export function operationRows(
  figures: QueryAnswer | undefined,
  time: QueryAnswer | undefined,
  trend: QueryAnswer | undefined,
  range: TimeRange,
): OperationRow[] {
  const trends = trendBy(trend, 'span_name', range)
  const seconds = new Map(samplesOf(time).map(({ metric, value }) => [metric['span_name'] ?? '', value]))
  const total = [...seconds.values()].reduce((sum, one) => sum + one, 0)
  return [...redBy(figures, 'span_name')]
    .map(([name, red]) => {
      const timeShare = total > 0 ? (seconds.get(name) ?? 0) / total : 0
      return { name, red, timeShare, trend: trends.get(name) ?? [] }
    })
    .sort((a, b) => b.timeShare - a.timeShare || a.name.localeCompare(b.name))
}

export interface DependencyRow {
  readonly service: string
  /** `client` calls this service, `server` is called by it. */
  readonly side: string
  readonly rate: number
  readonly errorShare: number
  /** Seconds; NaN where calls were not measured. */
  readonly p95: number
}

export function dependencyRows(answer: QueryAnswer | undefined): DependencyRow[] {
  const found = new Map<string, { service: string; side: string; rate: number; errors: number; p95: number }>()
  for (const { metric, value } of samplesOf(answer)) {
    const { service = '', side = '', figure } = metric
    const key = `${side} ${service}`
    const row = found.get(key) ?? { service, side, rate: 0, errors: 0, p95: Number.NaN }
    if (figure === 'rate') row.rate = value
    if (figure === 'errors') row.errors = value
    if (figure === 'p95') row.p95 = value
    found.set(key, row)
  }
  return [...found.values()]
    .map(({ service, side, rate, errors, p95 }) => ({
      service,
      side,
      rate,
      p95,
      errorShare: rate > 0 ? errors / rate : Number.NaN,
    }))
    .sort((a, b) => a.side.localeCompare(b.side) || b.rate - a.rate)
}

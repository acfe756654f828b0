import type { LabelRecord, MatrixSeries, QueryAnswer } from '@vantage/api/client'
import {
  assignSlots,
  type ChartSeries,
  type DrawMode,
  EMPTY_FRAME,
  gridSeconds,
  onGrid,
  PLAIN,
  type TimeSeriesFrame,
  type Unit,
  type Zone,
} from '@vantage/charts'
import type { SeriesSource, SeriesSources } from '../drill/subject.ts'
import type { CatalogueMetric } from './catalogue.ts'
import { unitOfQuery } from './default-query.ts'
import type { QueryRow } from './explore-url.ts'
import type { SteppedRange } from './range-steps.ts'
import type { RowResult, RowResults } from './run-queries.ts'
import { formatLegend, seriesKey, shortLabels } from './series-label.ts'

export interface FrameChoices {
  readonly mode: DrawMode
  readonly hidden: ReadonlySet<string>
  readonly top: number
  readonly zone: Zone
  readonly nowMs: number
  readonly metrics: readonly CatalogueMetric[]
}

export interface ExploreFrame {
  readonly frame: TimeSeriesFrame
  /** What its series are of. */
  readonly sources: SeriesSources
  /** Series of all answers; more than are drawn where `top` cut them. */
  readonly seriesTotal: number
  readonly histogramSeries: number
}

interface Candidate {
  readonly ref: string
  readonly labels: LabelRecord
  readonly source: SeriesSource
  readonly label: string
  readonly values: (number | null)[]
  readonly last: number
}

/** Joins the answers of all rows into one chart on the grid of the newest answer. */
export function exploreFrame(rows: readonly QueryRow[], results: RowResults, choices: FrameChoices): ExploreFrame {
  const shown = rows.filter((row) => !row.isOff && results[row.ref]?.answer !== undefined)
  const range = shown.map((row) => results[row.ref]!.range).sort((a, b) => b.endMs - a.endMs)[0]
  if (range === undefined) return { frame: EMPTY_FRAME, sources: new Map(), seriesTotal: 0, histogramSeries: 0 }
  const grid = gridSeconds(range.startMs, range.endMs, range.stepMs)
  const candidates = shown.flatMap((row) => candidatesOf(row, results[row.ref]!, grid, range))
  const kept = topByLast(candidates, choices.top)
  const series = chartSeries(kept)
  const answered = shown.map((row) => results[row.ref]!.answeredText)
  const { unit, fromZero } = unitOfTexts(answered, choices.metrics)
  return {
    frame: {
      timesSeconds: grid,
      series,
      ...range,
      unit,
      fromZero,
      mode: choices.mode,
      zone: choices.zone,
      hidden: choices.hidden,
      completeUntilMs:
        choices.nowMs - range.endMs < range.stepMs ? range.endMs - range.stepMs : Number.POSITIVE_INFINITY,
    },
    sources: new Map(series.map(({ key }, i) => [key, (kept[i] as Candidate).source])),
    seriesTotal: candidates.length,
    histogramSeries: shown.reduce((sum, row) => sum + histogramsOf(results[row.ref]!.answer!), 0),
  }
}

function candidatesOf(row: QueryRow, result: RowResult, grid: readonly number[], range: SteppedRange): Candidate[] {
  const query = result.answeredText
  const all = matrixOf(result.answer!, grid)
  const labels = row.legend === '' ? shortLabels(all.map((one) => one.metric)) : undefined
  return all.map((one, i) => {
    const values = onGrid(one.timesSeconds, one.values, grid, range.stepMs)
    const last = one.values.at(-1) ?? Number.NaN
    const label = labels?.[i] ?? formatLegend(row.legend, one.metric)
    const source = { language: 'promql', query, labels: one.metric } as const
    return { ref: row.ref, labels: one.metric, source, label, values, last }
  })
}

/** A scalar is a flat line without labels. */
function matrixOf({ data }: QueryAnswer, grid: readonly number[]): readonly MatrixSeries[] {
  if (data.kind === 'matrix') return data.series
  if (data.kind !== 'scalar') return []
  const values = new Float64Array(grid.length).fill(data.value)
  return [{ metric: {}, timesSeconds: Float64Array.from(grid), values }]
}

function histogramsOf({ data }: QueryAnswer): number {
  return data.kind === 'matrix' || data.kind === 'vector' ? data.histogramSeries : 0
}

function topByLast(candidates: readonly Candidate[], top: number): readonly Candidate[] {
  if (candidates.length <= top) return candidates
  const rank = (one: Candidate) => (Number.isNaN(one.last) ? Number.NEGATIVE_INFINITY : one.last)
  const kept = new Set([...candidates].sort((a, b) => rank(b) - rank(a)).slice(0, top))
  return candidates.filter((one) => kept.has(one))
}

/** A label set keeps its colour in every panel; only the second row that has it too gets another. */
function chartSeries(candidates: readonly Candidate[]): ChartSeries[] {
  const taken = new Set<string>()
  const keys = candidates.map((one) => {
    const plain = seriesKey(one.labels, '')
    const key = taken.has(plain) ? seriesKey(one.labels, `${one.ref} ${taken.size}`) : plain
    taken.add(key)
    return key
  })
  const slots = assignSlots(keys)
  return candidates.map((one, i) => ({
    key: keys[i] as string,
    label: one.label,
    slot: slots[i] as number,
    values: one.values,
  }))
}

/** One unit for the axis: that of all rows where they agree. */
function unitOfTexts(
  texts: readonly string[],
  metrics: readonly CatalogueMetric[],
): { readonly unit: Unit; readonly fromZero: boolean } {
  const units = texts.map((text) => unitOfQuery(text, metrics))
  const first = units[0]
  if (first === undefined) return { unit: PLAIN, fromZero: false }
  const isSame = units.every((one) => JSON.stringify(one.unit) === JSON.stringify(first.unit))
  return { unit: isSame ? first.unit : PLAIN, fromZero: units.every((one) => one.fromZero) }
}

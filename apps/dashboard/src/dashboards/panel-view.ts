import type { Exemplar, FoundTrace, LabelRecord, LogLine, QueryAnswer } from '@vantage/api/client'
import {
  assignSlots,
  gridSeconds,
  onGrid,
  PLAIN_SLOTS,
  STATUS_SLOTS,
  seriesStats,
  type TimeSeriesFrame,
  type Unit,
  type Zone,
} from '@vantage/charts'
import {
  type BarRow,
  barsOf,
  type CumulativeBucket,
  type Gauge,
  type Heatmap,
  type HistogramChart,
  heatmapOf,
  histogramOf,
  type Pie,
  pieOf,
  type StateTimeline,
  stateTimeline,
  toneOf,
} from '@vantage/charts/panels'
import { unreachable } from '@vantage/model'
import type { Panel, PanelQuery, StatPanel, Tone } from '@vantage/model/dashboards'
import type { SeriesSource, SeriesSources } from '../drill/subject.ts'
import { formatLegend, seriesKey, shortLabels } from '../explore/series-label.ts'
import type { PanelAnswer } from './panel-answer.ts'
import { UNITS } from './units.ts'
import { lastValues, type TableSort, type ValueTable, valueTable } from './value-table.ts'

export interface StatItem {
  readonly key: string
  readonly label: string
  readonly value: number
  readonly tone: Tone
  /** NaN where nothing is known. */
  readonly trend: readonly number[]
}

/** What a panel shows, ready to be drawn. */
export type PanelView =
  | {
      readonly kind: 'time-series'
      readonly frame: TimeSeriesFrame
      /** What its series are of. */
      readonly sources: SeriesSources
      readonly others: number
      readonly exemplars: readonly Exemplar[]
    }
  | { readonly kind: 'stat'; readonly items: readonly StatItem[]; readonly others: number; readonly unit: Unit }
  | {
      readonly kind: 'gauge'
      readonly items: readonly (Gauge & { key: string; label: string })[]
      readonly others: number
      readonly unit: Unit
    }
  | { readonly kind: 'bars'; readonly rows: readonly BarRow[]; readonly others: number; readonly unit: Unit }
  | { readonly kind: 'heatmap'; readonly heatmap: Heatmap; readonly sources: readonly SeriesSource[] }
  | { readonly kind: 'histogram'; readonly histogram: HistogramChart }
  | { readonly kind: 'pie'; readonly pie: Pie; readonly unit: Unit }
  | { readonly kind: 'state-timeline'; readonly timeline: StateTimeline }
  | { readonly kind: 'table'; readonly table: ValueTable }
  | { readonly kind: 'logs'; readonly lines: readonly LogLine[]; readonly zone: Zone }
  | { readonly kind: 'traces'; readonly traces: readonly FoundTrace[]; readonly zone: Zone }

export interface ViewChoices {
  readonly zone: Zone
  readonly hidden: ReadonlySet<string>
  readonly nowMs: number
  /** Of a table. */
  readonly sort?: TableSort | undefined
}

/** Series that one chart draws; more are left out and counted. */
const SERIES_MAX = 100
/** Figures beside each other in one panel. */
const ITEMS_MAX = 12

/** A value, or values over time, under its name. */
interface Named {
  readonly key: string
  readonly label: string
  readonly labels: LabelRecord
  readonly tone: Tone
  readonly source: SeriesSource
}
type NamedSeries = Named & { readonly values: (number | null)[] }
type NamedValue = Named & { readonly value: number }

export function panelView(panel: Panel, answer: PanelAnswer, choices: ViewChoices): PanelView {
  const unit = UNITS[panel.unit]
  const { zone } = choices
  const { kind } = panel
  switch (kind) {
    case 'time-series': {
      const all = seriesOf(panel.queries, answer)
      const hasTones = panel.queries.some(({ tone }) => tone !== 'neutral')
      const frame = frameOf(all, panel.draw, unit, answer, { ...choices, hasTones })
      const sources = new Map(all.slice(0, SERIES_MAX).map(({ key, source }) => [key, source]))
      return { kind, frame, sources, others: othersOf(all, SERIES_MAX), exemplars: answer.exemplars }
    }
    case 'stat': {
      const all = seriesOf(panel.queries, answer)
      const items = all.slice(0, ITEMS_MAX).map(({ key, label, values }) => statOf(key, label, values, panel))
      return { kind, unit, items, others: othersOf(all, ITEMS_MAX) }
    }
    case 'gauge': {
      const all = valuesOf(panel.queries, answer)
      const { max, thresholds } = panel
      const items = all.slice(0, ITEMS_MAX).map(({ key, label, value }) => ({ key, label, value, max, thresholds }))
      return { kind, unit, items, others: othersOf(all, ITEMS_MAX) }
    }
    case 'bars': {
      const values = valuesOf(panel.queries, answer).map(({ key, label, value }) => ({ key, label, value }))
      return { kind, unit, ...barsOf(values, panel.max, panel.rows, panel.thresholds) }
    }
    case 'heatmap': {
      const { startMs, endMs } = answer.range
      const timesMs = gridOf(answer).map((seconds) => seconds * 1000)
      const all = seriesOf(panel.queries, answer)
      const heatmap = heatmapOf(bucketsOverTime(all), { startMs, endMs, timesMs, unit, zone })
      return { kind, heatmap, sources: all.map(({ source }) => source) }
    }
    case 'histogram':
      return { kind, histogram: histogramOf(bucketsOf(panel, answer), unit) }
    case 'pie':
      return { kind, unit, pie: pieOf(valuesOf(panel.queries, answer)) }
    case 'state-timeline': {
      const frame = { timesSeconds: gridOf(answer), ...answer.range, zone }
      return { kind, timeline: stateTimeline(seriesOf(panel.queries, answer), panel.states, frame) }
    }
    case 'table':
      return { kind, table: valueTable(panel, answer.metrics, choices.sort) }
    case 'logs':
      return { kind, lines: answer.lines, zone }
    case 'traces':
      return { kind, traces: answer.traces, zone }
    default:
      return unreachable(kind)
  }
}

/** What is left out for want of room; the panel says so. */
function othersOf(all: readonly unknown[], shownMax: number): number {
  return Math.max(0, all.length - shownMax)
}

/** Whether there is nothing to draw. */
export function isEmptyView(view: PanelView): boolean {
  switch (view.kind) {
    case 'time-series':
      return view.frame.series.length === 0
    case 'stat':
    case 'gauge':
      return view.items.length === 0
    case 'bars':
      return view.rows.length === 0
    case 'heatmap':
      return view.heatmap.rows.length === 0
    case 'histogram':
      return view.histogram.bars.length === 0
    case 'pie':
      return view.pie.slices.length === 0
    case 'state-timeline':
      return view.timeline.rows.every(({ runs }) => runs.length === 0)
    case 'table':
      return view.table.rows.length === 0
    case 'logs':
      return view.lines.length === 0
    case 'traces':
      return view.traces.length === 0
    default:
      return unreachable(view)
  }
}

function gridOf({ range }: PanelAnswer): number[] {
  return gridSeconds(range.startMs, range.endMs, range.stepMs)
}

/** Lines that were not written are counted as none; what else is not known stays a gap. */
function seriesOf(queries: readonly PanelQuery[], answer: PanelAnswer): NamedSeries[] {
  const grid = gridOf(answer)
  return named(queries, answer, ({ data }, isCount) => {
    if (data.kind === 'scalar') return [{ labels: {}, values: grid.map(() => data.value) }]
    if (data.kind !== 'matrix') return []
    return data.series.map(({ metric, timesSeconds, values }) => {
      const laid = onGrid(timesSeconds, values, grid, answer.range.stepMs)
      return { labels: metric, values: isCount ? laid.map((one) => one ?? 0) : laid }
    })
  })
}

function valuesOf(queries: readonly PanelQuery[], answer: PanelAnswer): NamedValue[] {
  return named(queries, answer, lastValues)
}

/** What all queries gave, each under a name and a key of its own. */
function named<T extends { readonly labels: LabelRecord }>(
  queries: readonly PanelQuery[],
  { metrics }: PanelAnswer,
  read: (answer: QueryAnswer, isCount: boolean) => T[],
): (T & Named)[] {
  return metrics.flatMap((answer, i) => {
    const isLogql = queries[i]?.language === 'logql'
    const found = read(answer, isLogql)
    const legend = queries[i]?.legend ?? ''
    const short = legend === '' ? shortNames(found.map(({ labels }) => labels)) : []
    return found.map((one, at) => {
      const label = short[at] ?? formatLegend(legend, one.labels)
      const tone = queries[i]?.tone ?? 'neutral'
      const source = {
        language: isLogql ? 'logql' : 'promql',
        query: queries[i]?.text ?? '',
        labels: one.labels,
      } as const
      return { ...one, label, tone, source, key: seriesKey(one.labels, queries.length > 1 ? `${i} ` : '') }
    })
  })
}

/** What tells series apart; a lonely one without labels needs no name beside the panel's. */
function shortNames(all: readonly LabelRecord[]): readonly string[] {
  const [only] = all
  return all.length === 1 && Object.keys(only as LabelRecord).length === 0 ? [''] : shortLabels(all)
}

function statOf(key: string, label: string, values: readonly (number | null)[], panel: StatPanel): StatItem {
  const { last } = seriesStats(values)
  return {
    key,
    label,
    value: last,
    tone: toneOf(last, panel.thresholds),
    trend: values.map((one) => one ?? Number.NaN),
  }
}

function frameOf(
  all: readonly NamedSeries[],
  mode: TimeSeriesFrame['mode'],
  unit: Unit,
  answer: PanelAnswer,
  { zone, hidden, nowMs, hasTones }: ViewChoices & { readonly hasTones: boolean },
): TimeSeriesFrame {
  const shown = all.slice(0, SERIES_MAX)
  const slots = slotsOf(shown, hasTones)
  const { startMs, endMs, stepMs } = answer.range
  return {
    timesSeconds: gridOf(answer),
    series: shown.map(({ key, label, values }, i) => ({
      key,
      label: label || 'value',
      values,
      slot: slots[i] as number,
    })),
    startMs,
    endMs,
    stepMs,
    unit,
    mode,
    zone,
    hidden,
    fromZero: true,
    completeUntilMs: nowMs - endMs < stepMs ? endMs - stepMs : Number.POSITIVE_INFINITY,
  }
}

/** Colours of statuses, where a panel tells them; the others keep away from them, also while there are none. */
function slotsOf(series: readonly NamedSeries[], hasTones: boolean): number[] {
  if (!hasTones) return assignSlots(series.map(({ key }) => key))
  let plain = 0
  return series.map(({ tone }) => {
    return tone === 'neutral' ? (PLAIN_SLOTS[plain++ % PLAIN_SLOTS.length] as number) : STATUS_SLOTS[tone]
  })
}

function bucketsOverTime(all: readonly NamedSeries[]): CumulativeBucket[] {
  return merged(all.map(({ labels, values }) => ({ bound: boundOf(labels), counts: values })))
}

function bucketsOf(panel: Panel, answer: PanelAnswer): CumulativeBucket[] {
  return merged(
    valuesOf(panel.queries, answer).map(({ labels, value }) => ({ bound: boundOf(labels), counts: [value] })),
  )
}

function boundOf({ le = '' }: LabelRecord): number {
  return le === '+Inf' || le === '' ? Number.POSITIVE_INFINITY : Number(le)
}

/** Bounds of several series are one row: they are counts of the same. */
function merged(buckets: readonly CumulativeBucket[]): CumulativeBucket[] {
  const byBound = new Map<number, (number | null)[]>()
  for (const { bound, counts } of buckets) {
    if (Number.isNaN(bound)) continue
    const former = byBound.get(bound)
    byBound.set(bound, former === undefined ? [...counts] : former.map((one, i) => sumOf(one, counts[i] ?? null)))
  }
  return [...byBound].map(([bound, counts]) => ({ bound, counts }))
}

function sumOf(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return a + b
}

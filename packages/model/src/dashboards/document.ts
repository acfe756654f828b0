/**
 * The document form of dashboards: what is provisioned, stored, edited and drawn. Version 1; a reader refuses what it does
 * not know, with the place and what it wanted there. The guide (`docs/guide/dashboards.md`) lists every member.
 */
export const DASHBOARD_VERSION = 1

/** Columns of the grid that panels lie on. */
export const GRID_COLUMNS = 24

/** What numbers of a panel count. */
export const UNIT_NAMES = [
  'none',
  'per-second',
  'seconds',
  'bytes',
  'bytes-per-second',
  'ratio',
  'percent',
  'cores',
] as const
export type UnitName = (typeof UNIT_NAMES)[number]

/** How good or bad a value is; colour never says it alone. */
export const TONES = ['ok', 'warning', 'critical', 'neutral'] as const
export type Tone = (typeof TONES)[number]

export interface Dashboard {
  readonly version: typeof DASHBOARD_VERSION
  /** Part of its address: `/d/host`. */
  readonly id: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly variables: readonly DashboardVariable[]
  readonly panels: readonly Panel[]
}

/** Values that panels are narrowed to: `label=~"$name"` in a query. Nothing chosen means all. */
export interface DashboardVariable {
  readonly name: string
  readonly title: string
  /** PromQL whose series carry the values. */
  readonly query: string
  /** The label that holds them. */
  readonly label: string
}

/** Columns and rows of the grid, from its upper left corner. */
export interface PanelPlace {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const QUERY_LANGUAGES = ['promql', 'logql', 'traceql'] as const
export type QueryLanguage = (typeof QUERY_LANGUAGES)[number]

export interface PanelQuery {
  readonly language: QueryLanguage
  /** `$name` of a variable, `$window` for rates, `$step` and `$range` are filled in. */
  readonly text: string
  /** `{{label}}` names series; '' names them by what tells them apart. */
  readonly legend: string
  /** Of its series, where they are a status: failed requests, say. */
  readonly tone: Tone
}

/** From this value upwards the tone holds, until the next one. */
export interface Threshold {
  readonly from: number
  readonly tone: Tone
}

/** A value from here upwards is this state, until the next one. */
export interface NamedState extends Threshold {
  readonly name: string
}

export interface PanelBase {
  /** Unique within the dashboard; part of addresses. */
  readonly id: string
  readonly title: string
  readonly description: string
  readonly place: PanelPlace
  readonly unit: UnitName
  readonly queries: readonly PanelQuery[]
  /** What it says where its queries find nothing; '' = that there is nothing. */
  readonly empty: string
}

export const DRAW_NAMES = ['line', 'area', 'bars', 'stacked', 'stacked-bars'] as const

export interface TimeSeriesPanel extends PanelBase {
  readonly kind: 'time-series'
  readonly draw: (typeof DRAW_NAMES)[number]
}

/** The last value of each series, large, with its line over time. */
export interface StatPanel extends PanelBase {
  readonly kind: 'stat'
  readonly thresholds: readonly Threshold[]
}

/** The last value of each series between 0 and `max`. */
export interface GaugePanel extends PanelBase {
  readonly kind: 'gauge'
  readonly max: number
  readonly thresholds: readonly Threshold[]
}

/** The last value of each series, the largest first. */
export interface BarsPanel extends PanelBase {
  readonly kind: 'bars'
  /** The end of the bars; 0 = the largest value. */
  readonly max: number
  readonly rows: number
  readonly thresholds: readonly Threshold[]
}

/** Counts of buckets (`le`) over time. */
export interface HeatmapPanel extends PanelBase {
  readonly kind: 'heatmap'
}

/** Counts of buckets (`le`) of the whole time. */
export interface HistogramPanel extends PanelBase {
  readonly kind: 'histogram'
}

/** Parts of a whole, at most six. */
export interface PiePanel extends PanelBase {
  readonly kind: 'pie'
}

/** States of each series over time. */
export interface StateTimelinePanel extends PanelBase {
  readonly kind: 'state-timeline'
  readonly states: readonly NamedState[]
}

/** The last values of all queries, one row for each set of labels. */
export interface TablePanel extends PanelBase {
  readonly kind: 'table'
  readonly rows: number
  /** Of the column of each query, in their order; a query without one has the panel's. */
  readonly units: readonly UnitName[]
}

/** The newest lines of a LogQL query. */
export interface LogsPanel extends PanelBase {
  readonly kind: 'logs'
  readonly rows: number
}

/** The newest traces of a TraceQL query. */
export interface TracesPanel extends PanelBase {
  readonly kind: 'traces'
  readonly rows: number
}

export type Panel =
  | TimeSeriesPanel
  | StatPanel
  | GaugePanel
  | BarsPanel
  | HeatmapPanel
  | HistogramPanel
  | PiePanel
  | StateTimelinePanel
  | TablePanel
  | LogsPanel
  | TracesPanel

export type PanelKind = Panel['kind']

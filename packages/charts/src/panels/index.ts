// A door of its own: what dashboards draw beside time series.
export { type BarRow, barsOf } from '../bars/bars.ts'
export { bucketName, type CumulativeBucket } from '../buckets.ts'
export { type Gauge, gaugeShare, paintGauge } from '../gauge/gauge.ts'
export {
  type Heatmap,
  type HeatmapCell,
  heatmapCell,
  heatmapCellAt,
  heatmapCorners,
  heatmapOf,
  heatmapRegion,
  heatmapStepAt,
  heatmapSummary,
  paintHeatmap,
} from '../heatmap/heatmap.ts'
export {
  type HistogramChart,
  histogramBarAt,
  histogramOf,
  histogramSummary,
  paintHistogram,
} from '../histogram/histogram.ts'
export { type Pie, paintPie, pieOf, pieSummary } from '../pie/pie.ts'
export {
  paintStateTimeline,
  type StateTimeline,
  stateSummary,
  statesAt,
  stateTimeAt,
  stateTimeline,
} from '../state-timeline/state-timeline.ts'
export { toneOf } from '../tone.ts'

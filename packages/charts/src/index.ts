export { valueAt } from './live/legend.ts'
export { STRIP_SERIES_MAX } from './live/limits.ts'
export { SampleRing } from './live/ring.ts'
export { LiveStage, type StageFigures } from './live/stage.ts'
export { LiveStrip, PLOT_LEFT_PX, PLOT_RIGHT_PX, type StripSeries } from './live/strip.ts'
export {
  assignSlots,
  CHART_THEMES,
  type ChartTheme,
  COLOUR_COUNT,
  PLAIN_SLOTS,
  STATUS_SLOTS,
  slotColour,
  slotLine,
  type ThemeName,
} from './palette.ts'
export { type SeriesStats, seriesStats } from './series-stats.ts'
export {
  drawServiceMap,
  type MapArrowLook,
  type MapNodeLook,
  type MapScene,
  type MapState,
  markPath,
} from './service-map/canvas.ts'
export { layoutMap, type MapGraph, type Place } from './service-map/layout.ts'
export {
  arrowWidth,
  fittingName,
  type MapStep,
  mapArrow,
  mapGround,
  NODE_HEIGHT,
  NODE_WIDTH,
  nodeAt,
  nodeBeside,
} from './service-map/scene.ts'
export { shownText } from './shown-text.ts'
export { sparklineArea, sparklinePath } from './sparkline.ts'
export { formatInstant, formatTick, timeTicks, valueTicks } from './ticks.ts'
export {
  type ChartSeries,
  type DataView,
  DRAW_MODES,
  type DrawMode,
  dataView,
  EMPTY_FRAME,
  frameSummary,
  gridSeconds,
  type LegendRow,
  legendRows,
  onGrid,
  seriesAt,
  type TimeMark,
  type TimeSeriesFrame,
  type TimeSpan,
} from './time-series/model.ts'
export {
  formatExact,
  formatFactor,
  formatMs,
  formatScaled,
  formatValue,
  NO_DATA,
  PLAIN,
  scaleFor,
  type Unit,
  unitOf,
} from './units.ts'
export { clockInstantMs, isZone, type Zone, zoneOffsetMs } from './zone.ts'

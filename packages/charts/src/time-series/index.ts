// A door of its own: pages that draw no time series do not load uPlot.

export { apart } from './apart.ts'
export { type ChartPick, type ChartPlace, TimeSeriesChart } from './chart.ts'

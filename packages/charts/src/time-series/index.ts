// A door of its own: pages that draw no time series do not load uPlot.
export { TimeSeriesChart } from './chart.ts'

/** Limits of one answer about a trace, a service or a window. What is beyond is left out, and the answer says so. */
export const ABOUT_LIMITS = {
  /** Spans that figures are made of, newest first. */
  spansMax: 300_000,
  operationsMax: 200,
  dependenciesMax: 500,
  /** Rows of each list of traces. */
  tracesMax: 20,
  /** Names of metrics, series that are read of each, series that are looked at. */
  metricsMax: 200,
  seriesPerMetricMax: 5,
  seriesMax: 5_000,
  exemplarsMax: 50,
  changesMax: 50,
  servicesMax: 50,
} as const

/** How far around a trace figures, metrics and changes are looked for. */
export const AROUND_TRACE_NS = 300_000_000_000n
/** How far from a trace its log lines may be. */
export const LINES_REACH_NS = 3_600_000_000_000n

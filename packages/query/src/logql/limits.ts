/**
 * Limits of one query. Keys are the configuration keys that a fault names, where there is one; defaults are the product's.
 * Rows, bytes, series and the deadline are the business of the caller's `QueryBudget`.
 */
export interface LogqlLimits {
  /** `query.maxTextBytes`: UTF-8 bytes of the query text. */
  readonly textBytesMax: number
  /** `query.maxNesting`: parentheses, calls and templates inside each other. */
  readonly nestingMax: number
  /** Operators of a metric query and conditions of its label filters; bounds the stack of whoever walks the plan. */
  readonly nodesMax: number
  /** Stages of one pipeline. */
  readonly stagesMax: number
  /** `query.maxRegexBytes`: one pattern, in characters. */
  readonly regexCharsMax: number
  /** `query.maxPoints`: steps of the query, so points per series of the answer. */
  readonly pointsMax: number
  /** `query.maxLogSeries`: series or streams of one answer. */
  readonly seriesMax: number
  /** `query.maxLogRows`: rows of one answer. */
  readonly rowsMax: number
}

export const LOGQL_LIMITS: LogqlLimits = {
  textBytesMax: 64 * 1024,
  nestingMax: 64,
  nodesMax: 640,
  stagesMax: 100,
  regexCharsMax: 4 * 1024,
  pointsMax: 11_000,
  seriesMax: 10_000,
  rowsMax: 5_000,
}

/** Rows between two looks at the budget. */
export const CHECK_EVERY_ROWS = 1_000

/** Labels that the parsers may add to one row: a line may hold any number of names. */
export const ROW_LABELS_MAX = 1_000

/** Characters that a template may write for one row. */
export const TEMPLATE_CHARS_MAX = 1024 * 1024

/** Nodes that a template may run for one row: ranges inside each other multiply. */
export const TEMPLATE_STEPS_MAX = 100_000

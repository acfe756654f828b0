/**
 * Limits of one TraceQL query; a fault names the configuration key beside them. Bytes, samples, series and the deadline
 * are the business of the caller's `QueryBudget`.
 */
export interface TraceqlLimits {
  /** `query.maxTextBytes`: characters of the query. */
  readonly textCharsMax: number
  /** `query.maxNesting`: brackets, unary operators and right-leaning operators inside each other. */
  readonly nestingMax: number
  /** `query.maxNodes`: operands and operators of a query; chains lean left, so this bounds the evaluator's stack. */
  readonly nodesMax: number
  /** `query.maxRegexBytes`: a regular expression, in characters. */
  readonly regexCharsMax: number
  /** `query.maxGroupBys`: fields in one `by (…)`. */
  readonly groupBysMax: number
  /** `query.maxTraceBytes`: bytes of one trace that is read whole. */
  readonly traceBytesMax: number
  /** `query.maxTraceSpans`: spans of one trace that is read whole. */
  readonly traceSpansMax: number
  /** `query.maxTraces`: traces that one query may read whole. */
  readonly tracesMax: number
  /** `query.maxPoints`: steps of a metrics query. */
  readonly pointsMax: number
}

export const TRACEQL_LIMITS: TraceqlLimits = {
  textCharsMax: 64 * 1024,
  nestingMax: 128,
  nodesMax: 2_000,
  regexCharsMax: 4 * 1024,
  groupBysMax: 10,
  traceBytesMax: 64 * 1024 * 1024,
  traceSpansMax: 200_000,
  tracesMax: 100_000,
  pointsMax: 11_000,
}

/** Rows between two looks at the budget. */
export const CHECK_EVERY_ROWS = 8_192

/**
 * Limits of one query. Keys are the configuration keys that a fault names; defaults are the product's.
 * Samples, bytes, series and the deadline are the business of the caller's `QueryBudget`.
 */
export interface PromqlLimits {
  /** `query.maxTextBytes`: UTF-8 bytes of the query text; characters of a label value that a query makes. */
  readonly textBytesMax: number
  /** `query.maxNesting`: parentheses, calls, brackets and unary operators inside each other. */
  readonly nestingMax: number
  /** Levels of the tree. A chain (`a or b or c …`) leans left, one level per operator; bounds the evaluator's stack. */
  readonly treeDepthMax: number
  /** `query.maxRegexBytes`: pattern of a matcher or of `label_replace`, in characters. */
  readonly regexCharsMax: number
  /** `query.maxPoints`: steps of the query, so points per series of the answer. */
  readonly pointsMax: number
  /** Steps that one subquery may evaluate; above it a column alone would take 45 MB. */
  readonly subqueryPointsMax: number
}

export const PROMQL_LIMITS: PromqlLimits = {
  textBytesMax: 64 * 1024,
  nestingMax: 128,
  treeDepthMax: 640,
  regexCharsMax: 4 * 1024,
  pointsMax: 11_000,
  subqueryPointsMax: 5_000_000,
}

/** Distinct warnings and infos that one query keeps of each kind. */
export const ANNOTATIONS_MAX = 1_000

/** Steps of loops between two looks at the budget. */
export const CHECK_EVERY_STEPS = 10_000

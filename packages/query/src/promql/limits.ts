/**
 * Limits of one query. Keys are the configuration keys that a fault names; defaults are the product's.
 * Samples, bytes, series and the deadline are the business of the caller's `QueryBudget`.
 */
export interface PromqlLimits {
  /** `query.maxTextBytes`: UTF-8 bytes of the query text. */
  readonly textBytesMax: number
  /** `query.maxNesting`: parentheses, calls, brackets and unary operators inside each other. */
  readonly nestingMax: number
  /** Operators in one chain (`a or b or c …`): the tree leans left, so this bounds the evaluator's stack. */
  readonly chainMax: number
  /** `query.maxPoints`: steps of the query, so points per series of the answer. */
  readonly pointsMax: number
  /** Steps that one subquery may evaluate; above it a column alone would take 45 MB. */
  readonly subqueryPointsMax: number
}

export const PROMQL_LIMITS: PromqlLimits = {
  textBytesMax: 64 * 1024,
  nestingMax: 128,
  chainMax: 512,
  pointsMax: 11_000,
  subqueryPointsMax: 5_000_000,
}

/** Distinct warnings and infos that one query keeps of each kind. */
export const ANNOTATIONS_MAX = 1_000

/** Series or steps between two looks at the budget's clock. */
export const CHECK_EVERY_STEPS = 10_000

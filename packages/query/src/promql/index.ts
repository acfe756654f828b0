export type { Explanation } from './evaluate/explain.ts'
export type { Grid } from './evaluate/grid.ts'
export { joinSteps, type KnownSteps, keepableReach, knownStepsOf, sliceSteps } from './evaluate/known-steps.ts'
export type {
  PromqlData,
  PromqlRequest,
  PromqlResult,
  SampleSeries,
  StepSeries,
  TimedHistogram,
} from './evaluate/query.ts'
export { evaluatePromql, evaluateShare, LOOKBACK_MS } from './evaluate/query.ts'
export { selectorsOf } from './evaluate/selectors-of.ts'
export type { Helpers, Offer, RowEncoder, ShareAnswer, ShareTask } from './evaluate/share.ts'
export { type PromqlFeatures, promqlFeatures } from './features.ts'
export type { Expr, ValueType } from './language/ast.ts'
export type { PromqlFault } from './language/fault.ts'
export { exprToJson } from './language/json.ts'
export { formatApiFloat, formatDecimal } from './language/number.ts'
export { parsePromql } from './language/parser.ts'
export { formatExpr, prettyExpr } from './language/print.ts'
export { typeOf } from './language/types.ts'
export { PROMQL_LIMITS, type PromqlLimits } from './limits.ts'
export { nativePoints, type PointHeads } from './native-points.ts'
export { DEFAULT_OPTIONS, type EngineOptions, EXPERIMENTAL_OPTIONS, type ParseOptions } from './options.ts'
export type { QueryRange } from './plan/bind.ts'

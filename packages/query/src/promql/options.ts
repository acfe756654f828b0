import { PROMQL_LIMITS, type PromqlLimits } from './limits.ts'

/** What the parser accepts beyond the stable language. */
export interface ParseOptions {
  /** Functions and aggregations that Prometheus hides behind `promql-experimental-functions`. */
  readonly experimentalFunctions: boolean
  /** Arithmetic in durations: `[5m * 2]`, `offset step()`. */
  readonly durationExpressions: boolean
  /** The selector modifiers `anchored` and `smoothed`. */
  readonly extendedSelectors: boolean
  /** `fill`, `fill_left` and `fill_right` between vectors. */
  readonly fillModifiers: boolean
  readonly limits: PromqlLimits
}

/** How the engine evaluates. */
export interface EngineOptions extends ParseOptions {
  /** Metric names are dropped from the final answer instead of at each operator. */
  readonly delayedNameRemoval: boolean
  /** `__type__` decides whether a metric is a counter, instead of its name. */
  readonly typeAndUnitLabels: boolean
  /** `rate` and its kin heed since when counters count, where samples say so. */
  readonly startTimes: boolean
  /** Step of subqueries that name none. */
  readonly subqueryStepMs: number
  /** Aggregations over selectors and range functions run without holding each series. */
  readonly fusedAggregations: boolean
}

/** As Prometheus ships: nothing experimental. */
export const DEFAULT_OPTIONS: EngineOptions = {
  experimentalFunctions: false,
  durationExpressions: false,
  extendedSelectors: false,
  fillModifiers: false,
  delayedNameRemoval: false,
  typeAndUnitLabels: false,
  startTimes: false,
  subqueryStepMs: 60_000,
  fusedAggregations: true,
  limits: PROMQL_LIMITS,
}

/** Everything the engine can do; what the public test scripts assume. */
export const EXPERIMENTAL_OPTIONS: EngineOptions = {
  ...DEFAULT_OPTIONS,
  experimentalFunctions: true,
  durationExpressions: true,
  extendedSelectors: true,
  fillModifiers: true,
  delayedNameRemoval: true,
  startTimes: true,
}

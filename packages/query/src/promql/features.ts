import { AGGREGATE_NAMES, type AggregateSignature, aggregateSignature } from './language/aggregates.ts'
import { OPERATORS } from './language/operators.ts'
import { MATCH_OPS } from './language/parse-selector.ts'
import { FUNCTION_NAMES, signatureOf } from './language/signatures.ts'
import type { EngineOptions } from './options.ts'

/** True for what queries may use, false for what the engine has and the options switch off. */
type Switches = Readonly<Record<string, boolean>>

export interface PromqlFeatures {
  readonly language: Switches
  readonly functions: Switches
  /** Between vectors, of matchers, and aggregations. */
  readonly operators: Switches
}

/** What the engine reads, as its own tables and options say it. */
export function promqlFeatures(options: EngineOptions): PromqlFeatures {
  const isOn = (isExperimental: boolean | undefined): boolean =>
    isExperimental !== true || options.experimentalFunctions
  const always = [...Object.keys(OPERATORS), ...Object.keys(MATCH_OPS), '@'].map((name) => [name, true] as const)
  const aggregates = AGGREGATE_NAMES.map((name) => {
    const { isExperimental }: AggregateSignature = aggregateSignature(name)
    return [name, isOn(isExperimental)] as const
  })
  return {
    language: languageOf(options),
    functions: Object.fromEntries(FUNCTION_NAMES.map((name) => [name, isOn(signatureOf(name).isExperimental)])),
    operators: Object.fromEntries([...always, ...aggregates].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** The grammar's clauses by the names that `/api/v1/features` of Prometheus gives them. */
function languageOf(options: EngineOptions): Switches {
  return {
    anchored: options.extendedSelectors,
    at_modifier: true,
    bool: true,
    by: true,
    delayed_name_removal: options.delayedNameRemoval,
    duration_expr: options.durationExpressions,
    fill: options.fillModifiers,
    fill_left: options.fillModifiers,
    fill_right: options.fillModifiers,
    group_left: true,
    group_right: true,
    ignoring: true,
    negative_offset: true,
    offset: true,
    on: true,
    per_query_lookback_delta: true,
    per_step_stats: false,
    smoothed: options.extendedSelectors,
    subqueries: true,
    type_and_unit_labels: options.typeAndUnitLabels,
    without: true,
  }
}

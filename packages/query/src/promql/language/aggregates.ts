import type { ValueType } from './ast.ts'

export interface AggregateSignature {
  /** Type of the parameter in front of the vector; absent: there is none. */
  readonly param?: ValueType
  readonly isExperimental?: boolean
}

/** Aggregation operators and their parameter. */
const AGGREGATES = {
  sum: {},
  avg: {},
  min: {},
  max: {},
  count: {},
  group: {},
  stddev: {},
  stdvar: {},
  topk: { param: 'scalar' },
  bottomk: { param: 'scalar' },
  quantile: { param: 'scalar' },
  count_values: { param: 'string' },
  limitk: { param: 'scalar', isExperimental: true },
  limit_ratio: { param: 'scalar', isExperimental: true },
} as const satisfies Readonly<Record<string, AggregateSignature>>

export type AggregateName = keyof typeof AGGREGATES

export const AGGREGATE_NAMES = Object.keys(AGGREGATES) as readonly AggregateName[]

export function isAggregateName(name: string): name is AggregateName {
  return Object.hasOwn(AGGREGATES, name)
}

export function aggregateSignature(name: AggregateName): AggregateSignature {
  return AGGREGATES[name]
}

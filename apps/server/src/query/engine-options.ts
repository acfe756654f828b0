import { DEFAULT_OPTIONS, type EngineOptions, EXPERIMENTAL_OPTIONS, PROMQL_LIMITS } from '@vantage/query/promql'
import type { Config } from '../config/schema.ts'

/** How PromQL is read and evaluated, by the keys `query.*`. */
export function engineOptions({ query }: Config): EngineOptions {
  return {
    ...(query.experimental ? EXPERIMENTAL_OPTIONS : DEFAULT_OPTIONS),
    limits: {
      ...PROMQL_LIMITS,
      pointsMax: query.maxPoints,
      textBytesMax: query.maxTextBytes,
      nestingMax: query.maxNesting,
      regexCharsMax: query.maxRegexBytes,
    },
  }
}

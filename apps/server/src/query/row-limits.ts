import { LOGQL_LIMITS, type LogqlLimits } from '@vantage/query/logql'
import { TRACEQL_LIMITS, type TraceqlLimits } from '@vantage/query/traceql'
import type { Config } from '../config/schema.ts'

/** Limits of LogQL, as the configuration has them. */
export function logqlLimits({ query }: Config): LogqlLimits {
  return {
    ...LOGQL_LIMITS,
    textBytesMax: query.maxTextBytes,
    nestingMax: Math.min(query.maxNesting, LOGQL_LIMITS.nestingMax),
    nodesMax: query.maxNodes ?? LOGQL_LIMITS.nodesMax,
    regexCharsMax: query.maxRegexBytes,
    pointsMax: query.maxPoints,
    seriesMax: query.maxLogSeries,
    rowsMax: query.maxLogRows,
  }
}

/** Limits of TraceQL, as the configuration has them. */
export function traceqlLimits({ query }: Config): TraceqlLimits {
  return {
    textCharsMax: query.maxTextBytes,
    nestingMax: query.maxNesting,
    nodesMax: query.maxNodes ?? TRACEQL_LIMITS.nodesMax,
    regexCharsMax: query.maxRegexBytes,
    groupBysMax: query.maxGroupBys,
    traceBytesMax: query.maxTraceBytes,
    traceSpansMax: query.maxTraceSpans,
    tracesMax: query.maxTraces,
    pointsMax: query.maxPoints,
  }
}

export { readTrace, spanSetsOf, tracesOf } from './evaluate/read-trace.ts'
export {
  type FoundSet,
  type FoundSpan,
  type FoundTrace,
  findTraces,
  type NamedValue,
  planTraceql,
  type SearchRequest,
  type SearchResult,
  searchTraces,
} from './evaluate/search.ts'
export { shownFields } from './evaluate/shown-fields.ts'
export { SpanView } from './evaluate/span-view.ts'
export { parseFieldName, type TagValuesRequest, tagValues } from './evaluate/tag-values.ts'
export type { TraceView } from './evaluate/trace-view.ts'
export { plainText } from './evaluate/value-text.ts'
export { checkQuery } from './language/check.ts'
export { parseLenient } from './language/lenient.ts'
export { parseTraceql } from './language/parser.ts'
export { printField, printQuery } from './language/print.ts'
export { type Field, INTRINSICS, type Query } from './language/syntax.ts'
export { TRACEQL_LIMITS, type TraceqlLimits } from './limits.ts'
export { type SpanGrid, spanGrid, stepTimeMs } from './metrics/grid.ts'
export { type MetricsRequest, type MetricsResult, traceMetrics } from './metrics/query.ts'
export type { Exemplar, MetricSeries } from './metrics/series.ts'
export type { Progress } from './progress.ts'
export type { Value } from './value.ts'

export type { Grid, LogqlStats } from './evaluate/context.ts'
export { wholeLineFilters } from './evaluate/pipeline.ts'
export { type PlainRow, scanRows } from './evaluate/plain-scan.ts'
export { evaluateLogql, type LogqlData, type LogqlRequest, type LogqlResult } from './evaluate/query.ts'
export { evaluateLogqlShare } from './evaluate/range.ts'
export {
  type DetectedField,
  detectFields,
  type LevelTemplates,
  minePatterns,
  type SampleRequest,
} from './evaluate/sample.ts'
export type { LogqlHelpers, LogqlShareAnswer, LogqlShareTask } from './evaluate/share.ts'
export type { Stream, StreamEntry } from './evaluate/streams.ts'
export { followLogql, type Tail } from './evaluate/tail.ts'
export type { StepSeries } from './evaluate/vector.ts'
export type { LogqlFault } from './language/fault.ts'
export { parseLogql, parseMatchers } from './language/parser.ts'
export type { Plan, Selector } from './language/plan.ts'
export { formatPlan } from './language/print.ts'
export { LOGQL_LIMITS, type LogqlLimits } from './limits.ts'
export type { Template } from './patterns/miner.ts'

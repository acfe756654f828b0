export { checkQuery } from './language/check.ts'
export { parseTraceql } from './language/parser.ts'
export { printQuery } from './language/print.ts'
export { TRACEQL_LIMITS, type TraceqlLimits } from './limits.ts'

import { err, FaultError, ok, type Result } from '@vantage/model'
import { LOGQL_LIMITS, type LogqlLimits } from '../limits.ts'
import { checkPlan } from './check.ts'
import { type LogqlFault, limitFault, ParseFault } from './fault.ts'
import { parseMetric } from './parse-metric.ts'
import { parseSelector } from './parse-selector.ts'
import type { Plan, Selector } from './plan.ts'
import { TokenReader } from './token-reader.ts'

const encoder = new TextEncoder()

/**
 * Reads a query: a log selector with its pipeline, or a metric query over one.
 * Source: grafana/loki docs/sources/query, pkg/logql/syntax.
 */
export function parseLogql(text: string, limits: LogqlLimits = LOGQL_LIMITS): Result<Plan, LogqlFault> {
  return guarded(text, () => {
    const bytes = text.length > limits.textBytesMax ? text.length : encoder.encode(text).length
    const max = limits.textBytesMax
    if (bytes > max) throw limitFault(`query text: want at most ${max} bytes, got ${bytes}`, 'query.maxTextBytes')
    const reader = new TokenReader(text, limits)
    const plan = parseMetric(reader)
    if (!reader.isKind('end')) throw reader.unexpected()
    checkPlan(plan, limits)
    return plan
  })
}

/** Reads matchers in braces, as the API's `match[]` and `query` of label questions have them: no pipeline. */
export function parseMatchers(text: string, limits: LogqlLimits = LOGQL_LIMITS): Result<Selector, LogqlFault> {
  return guarded(text, () => {
    const reader = new TokenReader(text, limits)
    const selector = parseSelector(reader)
    if (!reader.isKind('end')) throw reader.unexpected()
    return selector
  })
}

function guarded<T>(text: string, read: () => T): Result<T, LogqlFault> {
  try {
    return ok(read())
  } catch (error) {
    if (error instanceof ParseFault) return err(error.fault)
    if (error instanceof FaultError) return err({ ...error.fault, startOffset: 0, endOffset: text.length })
    throw error
  }
}

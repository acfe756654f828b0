import { hexText, type QueryBudget, type SpanBlock, type SpanReader, type TenantId } from '@vantage/model'
import type { Stage } from '../language/syntax.ts'
import type { TraceqlLimits } from '../limits.ts'
import { compileStages, type SpanSet, wholeTrace } from './pipeline.ts'
import { ByteMeter, TraceCollector, type TraceView } from './trace-view.ts'

/**
 * Reads one trace whole, whenever its spans began.
 * @param traceId 16 bytes
 * @returns undefined where nothing of it is stored
 * @throws FaultError where it is beyond `query.maxTraceBytes` or `query.maxTraceSpans`
 */
export function readTrace(
  traceId: Uint8Array,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
): TraceView | undefined {
  const collector = new TraceCollector(limits, new ByteMeter(budget))
  for (const block of reader.trace(tenant, traceId, budget)) {
    budget.check()
    collector.add(block)
  }
  return collector.finish().get(hexText(traceId, 0, 16))
}

/**
 * The traces of spans that are not stored, by their ids.
 * @throws FaultError where one is beyond `query.maxTraceBytes` or `query.maxTraceSpans`
 */
export function tracesOf(block: SpanBlock, budget: QueryBudget, limits: TraceqlLimits): Map<string, TraceView> {
  const collector = new TraceCollector(limits, new ByteMeter(budget))
  collector.add(block)
  return collector.finish()
}

/** What a pipeline makes of one trace; the stages need not have been checked. */
export function spanSetsOf(stages: readonly Stage[], trace: TraceView, limits: TraceqlLimits): readonly SpanSet[] {
  return compileStages(stages, limits)(trace, wholeTrace(trace))
}

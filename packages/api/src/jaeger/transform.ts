import { err, type Fault, FaultError, ok, type QueryBudget, type Result, type SpanBlock } from '@vantage/model'
import { type TraceqlLimits, tracesOf } from '@vantage/query/traceql'
import { AnswerWriter } from '../answer-writer.ts'
import { ANSWER_FACTOR } from '../traces/face-job.ts'
import { jaegerBody, jaegerTrace } from './answers.ts'

/** Spans that are not stored, as Jaeger's interface reads traces. Synchronous: the caller's thread waits. */
export function transformedBody(
  spans: SpanBlock,
  budget: QueryBudget,
  limits: TraceqlLimits,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  try {
    const traces = [...tracesOf(spans, budget, limits)].map(([id, trace]) => {
      budget.chargeBytes(trace.bytes * ANSWER_FACTOR)
      return jaegerTrace(id, trace)
    })
    const out = new AnswerWriter((bytes) => budget.chargeBytes(bytes))
    out.text(JSON.stringify(jaegerBody(traces)))
    return ok(out.finish())
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

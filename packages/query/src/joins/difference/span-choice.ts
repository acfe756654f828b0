import {
  err,
  type Fault,
  FaultError,
  fault,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  type TenantId,
} from '@vantage/model'
import { compileCondition } from '../../traceql/evaluate/compile.ts'
import { candidatesOf } from '../../traceql/evaluate/pushdown.ts'
import { findTraces, planTraceql } from '../../traceql/evaluate/search.ts'
import { fieldsOf } from '../../traceql/evaluate/shown-fields.ts'
import type { SpanView } from '../../traceql/evaluate/span-view.ts'
import { printField } from '../../traceql/language/print.ts'
import type { Stage } from '../../traceql/language/syntax.ts'
import type { TraceqlLimits } from '../../traceql/limits.ts'
import { DIFFERENCE_LIMITS } from './limits.ts'

/** Tells which spans a TraceQL query selects, while a scan goes by. */
export class SpanChoice {
  readonly #text: string
  readonly #stages: readonly Stage[]
  readonly #limits: TraceqlLimits

  private constructor(text: string, stages: readonly Stage[], limits: TraceqlLimits) {
    this.#text = text
    this.#stages = stages
    this.#limits = limits
  }

  static parse(text: string, limits: TraceqlLimits): Result<SpanChoice, Fault> {
    const query = planTraceql(text, limits)
    if (!query.ok) return query
    if (query.value.kind === 'search') return ok(new SpanChoice(text, query.value.pipeline.stages, limits))
    return err(fault('bad_request', 'TraceQL: want a query that selects spans, got one that makes series'))
  }

  /** Attributes that the query speaks of, as TraceQL prints them. */
  get fields(): string[] {
    return fieldsOf(this.#stages).map(printField)
  }

  /** @returns the test of a span that began in the range; and the limit that left some out */
  ready(
    range: NsRange,
    tenant: TenantId,
    reader: SpanReader,
    budget: QueryBudget,
  ): { readonly isWanted: (span: SpanView) => boolean; readonly isCut: boolean } {
    const { conditions, isExact } = candidatesOf(this.#stages)
    if (isExact) {
      const tests = conditions.map((condition) => compileCondition(condition, this.#limits.regexCharsMax))
      return { isWanted: (span) => tests.every((test) => test(span)), isCut: false }
    }
    // Slow path: what only whole traces can tell is found beforehand.
    const wanted = new Set<string>()
    const limit = DIFFERENCE_LIMITS.tracesMax
    let traces = 0
    const request = { ...range, query: this.#text, limit }
    const found = findTraces(request, tenant, reader, budget, this.#limits, (id, trace, sets) => {
      traces++
      for (const { places } of sets) {
        budget.chargeBytes(places.length * KEY_BYTES)
        for (const place of places) wanted.add(id + (trace.spans[place] as SpanView).spanId)
      }
    })
    if (!found.ok) throw new FaultError(found.error)
    return { isWanted: (span) => wanted.has(span.traceId + span.spanId), isCut: traces >= limit }
  }
}

/** Of a trace and a span id in a set, about. */
const KEY_BYTES = 120

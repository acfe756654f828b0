import {
  err,
  type Fault,
  fault,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  type TenantId,
} from '@vantage/model'
import { compileCondition } from '../../traceql/evaluate/compile.ts'
import { compileStages, wholeTrace } from '../../traceql/evaluate/pipeline.ts'
import { candidatesOf } from '../../traceql/evaluate/pushdown.ts'
import { planTraceql } from '../../traceql/evaluate/search.ts'
import { fieldsOf } from '../../traceql/evaluate/shown-fields.ts'
import type { SpanView } from '../../traceql/evaluate/span-view.ts'
import { ByteMeter, TraceCollector } from '../../traceql/evaluate/trace-view.ts'
import { printField } from '../../traceql/language/print.ts'
import type { Stage } from '../../traceql/language/syntax.ts'
import type { TraceqlLimits } from '../../traceql/limits.ts'
import { DIFFERENCE_LIMITS } from './limits.ts'

/** Tells which spans a TraceQL query selects, while a scan goes by. */
export class SpanChoice {
  readonly #stages: readonly Stage[]
  readonly #limits: TraceqlLimits

  private constructor(stages: readonly Stage[], limits: TraceqlLimits) {
    this.#stages = stages
    this.#limits = limits
  }

  static parse(text: string, limits: TraceqlLimits): Result<SpanChoice, Fault> {
    const query = planTraceql(text, limits)
    if (!query.ok) return query
    if (query.value.kind === 'search') return ok(new SpanChoice(query.value.pipeline.stages, limits))
    return err(fault('bad_request', 'TraceQL: want a query that selects spans, got one that makes series'))
  }

  /** Attributes that the query speaks of, as TraceQL prints them. */
  get fields(): string[] {
    return fieldsOf(this.#stages).map(printField)
  }

  /** @returns the test of a span that began in the range, newest spans first as far as `rowsMax` goes */
  ready(range: NsRange, tenant: TenantId, reader: SpanReader, budget: QueryBudget): (span: SpanView) => boolean {
    const { conditions, isExact } = candidatesOf(this.#stages)
    if (isExact) {
      const tests = conditions.map((condition) => compileCondition(condition, this.#limits.regexCharsMax))
      return (span) => tests.every((test) => test(span))
    }
    // Slow path: what only whole traces can tell is found beforehand.
    const wanted = new Set<string>()
    const run = compileStages(this.#stages, this.#limits)
    const collector = new TraceCollector(this.#limits, new ByteMeter(budget))
    const scan = { ...range, conditions: [], isAll: true, direction: 'backward' as const }
    let rows = 0
    for (const block of reader.scan(tenant, scan, budget)) {
      if (rows >= DIFFERENCE_LIMITS.rowsMax) break
      budget.check()
      collector.add(block)
      rows += block.rows.length
    }
    for (const [id, trace] of collector.finish()) {
      budget.check()
      for (const { places } of run(trace, wholeTrace(trace))) {
        budget.chargeBytes(places.length * KEY_BYTES)
        for (const place of places) wanted.add(id + (trace.spans[place] as SpanView).spanId)
      }
    }
    return (span) => wanted.has(span.traceId + span.spanId)
  }
}

/** Of a trace and a span id in a set, about. */
const KEY_BYTES = 120

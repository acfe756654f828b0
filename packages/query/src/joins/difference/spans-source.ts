import {
  type Fault,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  type TenantId,
} from '@vantage/model'
import { forEachField } from '../../traceql/evaluate/span-fields.ts'
import { SpanView } from '../../traceql/evaluate/span-view.ts'
import type { TraceqlLimits } from '../../traceql/limits.ts'
import { cutText } from '../sections.ts'
import { type DifferenceCounter, SIDE } from './counter.ts'
import type { DifferenceRequest, DifferenceSource, ReadOutcome, Sides } from './difference.ts'
import { DIFFERENCE_LIMITS } from './limits.ts'
import { SpanChoice } from './span-choice.ts'

const CHECK_EVERY_ROWS = 1_024

/** Compares spans, or the traces that they belong to. */
export class SpansSource implements DifferenceSource {
  readonly #choice: SpanChoice
  readonly #scope: SpanChoice
  readonly #unit: DifferenceRequest['unit']
  readonly #tenant: TenantId
  readonly #reader: SpanReader
  readonly #named: ReadonlySet<string>

  private constructor(
    choice: SpanChoice,
    scope: SpanChoice,
    unit: DifferenceRequest['unit'],
    tenant: TenantId,
    reader: SpanReader,
  ) {
    this.#choice = choice
    this.#scope = scope
    this.#unit = unit
    this.#tenant = tenant
    this.#reader = reader
    this.#named = new Set([...choice.fields, ...scope.fields].flatMap(namesOf))
  }

  static open(
    { query, scope, unit }: DifferenceRequest,
    tenant: TenantId,
    reader: SpanReader,
    limits: TraceqlLimits,
  ): Result<SpansSource, Fault> {
    const choice = SpanChoice.parse(query === '' ? '{ }' : query, limits)
    if (!choice.ok) return choice
    const within = SpanChoice.parse(scope === '' ? '{ }' : scope, limits)
    if (!within.ok) return within
    return ok(new SpansSource(choice.value, within.value, unit, tenant, reader))
  }

  isNamed(attribute: string): boolean {
    return this.#named.has(attribute)
  }

  /** Newest first. A trace counts as wanted, and as in scope, with its first span that is. */
  read(range: NsRange, sides: Sides, counter: DifferenceCounter, budget: QueryBudget): ReadOutcome {
    const isWanted = this.#choice.ready(range, this.#tenant, this.#reader, budget)
    const isInScope = this.#scope.ready(range, this.#tenant, this.#reader, budget)
    const units = this.#unit === 'trace' ? new TraceUnits(sides, counter) : new SpanUnits(sides, counter)
    const view = new SpanView()
    const scan = { ...range, conditions: [], isAll: true, direction: 'backward' as const }
    let rows = 0
    let isCut = false
    for (const block of this.#reader.scan(this.#tenant, scan, budget)) {
      for (const row of block.rows) {
        isCut = rows >= DIFFERENCE_LIMITS.rowsMax
        if (isCut) break
        if (rows++ % CHECK_EVERY_ROWS === 0) budget.check()
        view.moveTo(block.columns, block.origins, row)
        const unit = units.of(view, isWanted(view), isInScope(view))
        if (unit !== undefined) addFields(view, unit, counter)
      }
      if (isCut) break
    }
    units.finish()
    const cuts = []
    if (isCut) cuts.push({ limit: 'rowsMax', message: cutText('newest', rows, 'spans') })
    if (units.isCut) {
      cuts.push({ limit: 'tracesMax', message: cutText('newest', DIFFERENCE_LIMITS.tracesMax, 'traces') })
    }
    return { rows, cuts }
  }
}

function addFields(view: SpanView, unit: number, counter: DifferenceCounter): void {
  forEachField(view, (name, value) => counter.add(unit, name, value))
  const { from, to } = view.columns.events
  if (from[view.row] === to[view.row]) return
  for (const event of view.events) {
    counter.add(unit, 'event:name', { kind: 'string', value: event.name })
    for (const { key, value } of event.attributes) counter.add(unit, `event.${key}`, value)
  }
}

/** `.a` means the span's and the resource's. */
function namesOf(field: string): string[] {
  return field.startsWith('.') ? [`span${field}`, `resource${field}`] : [field]
}

/** Each span that is in scope is a unit. */
class SpanUnits {
  readonly isCut = false
  readonly #sides: Sides
  readonly #counter: DifferenceCounter

  constructor(sides: Sides, counter: DifferenceCounter) {
    this.#sides = sides
    this.#counter = counter
  }

  of(_span: SpanView, isWanted: boolean, isInScope: boolean): number | undefined {
    const side = !isInScope ? SIDE.none : isWanted ? this.#sides.wanted : this.#sides.other
    return side === SIDE.none ? undefined : this.#counter.addUnit(side)
  }

  finish(): void {}
}

/** Each trace is a unit; on which side it is stands only at the end. */
class TraceUnits {
  isCut = false
  readonly #sides: Sides
  readonly #counter: DifferenceCounter
  readonly #traces = new Map<string, { readonly unit: number; isWanted: boolean; isInScope: boolean }>()

  constructor(sides: Sides, counter: DifferenceCounter) {
    this.#sides = sides
    this.#counter = counter
  }

  of(span: SpanView, isWanted: boolean, isInScope: boolean): number | undefined {
    const { traceId } = span
    let trace = this.#traces.get(traceId)
    if (trace === undefined) {
      if (this.#traces.size >= DIFFERENCE_LIMITS.tracesMax) {
        this.isCut = true
        return undefined
      }
      trace = { unit: this.#counter.addUnit(SIDE.none), isWanted: false, isInScope: false }
      this.#traces.set(traceId, trace)
    }
    trace.isWanted ||= isWanted
    trace.isInScope ||= isInScope
    return trace.unit
  }

  finish(): void {
    for (const { unit, isWanted, isInScope } of this.#traces.values()) {
      if (isInScope) this.#counter.setSide(unit, isWanted ? this.#sides.wanted : this.#sides.other)
    }
  }
}

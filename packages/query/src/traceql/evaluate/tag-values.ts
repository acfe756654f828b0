import {
  err,
  type Fault,
  FaultError,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  SPAN_KINDS,
  type SpanReader,
  STATUS_CODES,
  serviceOf,
  type TenantId,
} from '@vantage/model'
import { TraceqlRefusal } from '../language/fault.ts'
import { parseLenient } from '../language/lenient.ts'
import { parseField } from '../language/parse-field.ts'
import type { Field, Stage } from '../language/syntax.ts'
import { TokenReader } from '../language/token-reader.ts'
import { CHECK_EVERY_ROWS, type TraceqlLimits } from '../limits.ts'
import { TRUE, type Value } from '../value.ts'
import { compileCondition } from './compile.ts'
import { type ReadValue, readerOf } from './fields.ts'
import { candidatesOf } from './pushdown.ts'
import { SpanView } from './span-view.ts'
import { valueKey } from './value-text.ts'

export interface TagValuesRequest extends NsRange {
  /** A field as TraceQL writes it. */
  readonly tag: string
  /** Only spans that this filter selects; '' and what cannot be read = all. Half-typed queries are completed. */
  readonly query: string
  readonly limit: number
}

/** Reads one field as TraceQL writes it: `resource.service.name`, `.a`, `name`, `span:kind`. */
export function parseFieldName(text: string, limits: TraceqlLimits): Result<Field, Fault> {
  try {
    const reader = new TokenReader(text, limits)
    const field = parseField(reader)
    if (reader.token.kind !== 'end') throw reader.unexpected('the end of the name')
    return ok(field)
  } catch (error) {
    if (error instanceof TraceqlRefusal) return err(error.toFault())
    throw error
  }
}

/** @returns values of a field, each once, in no order; none of numbers without names, such as durations */
export function tagValues(
  request: TagValuesRequest,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
): Result<Value[], Fault> {
  const field = parseFieldName(request.tag, limits)
  if (!field.ok) return field
  const stages = filterOf(request.query, limits)
  try {
    const known = stages.length === 0 ? knownValues(field.value, request, tenant, reader, budget) : undefined
    return ok(known ?? scannedValues(field.value, stages, request, tenant, reader, budget, limits))
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

/** A single filter; anything more would need whole traces. `{ }` is none. */
function filterOf(text: string, limits: TraceqlLimits): readonly Stage[] {
  const query = parseLenient(text, limits)
  if (!query.ok || query.value.kind !== 'search') return []
  const { stages } = query.value.pipeline
  const [first] = stages
  if (stages.length !== 1 || first?.kind !== 'filter') return []
  return first.condition.kind === 'static' && first.condition.value === TRUE ? [] : stages
}

/** What needs no scan of spans. */
function knownValues(
  field: Field,
  request: TagValuesRequest,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
): Value[] | undefined {
  if (field.isParent) return undefined
  if (field.kind === 'attribute') {
    const values = reader.values(tenant, { scope: field.scope, name: field.name }, request, request.limit, budget)
    const found = new Map(values.flatMap(elements).map((value) => [valueKey(value), value]))
    return [...found.values()].slice(0, request.limit)
  }
  switch (field.name) {
    case 'name':
    case 'statusMessage':
      return reader.values(tenant, { scope: 'intrinsic', name: field.name }, request, request.limit, budget)
    case 'status':
      return STATUS_CODES.map((_, value) => ({ kind: 'status', value }))
    case 'kind':
      return SPAN_KINDS.map((_, value) => ({ kind: 'spanKind', value }))
    default:
      return undefined
  }
}

function scannedValues(
  field: Field,
  stages: readonly Stage[],
  request: TagValuesRequest,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
): Value[] {
  const read = valueReader(field)
  if (read === undefined) return []
  const { conditions, hints, isAll, traceIds } = candidatesOf(stages)
  const tests = conditions.map((condition) => compileCondition(condition, limits.regexCharsMax))
  const { startNs, endNs, limit } = request
  const found = new Map<string, Value>()
  const view = new SpanView()
  const scan = { startNs, endNs, conditions: hints, isAll, direction: 'backward' as const, traceIds }
  for (const { columns, rows, origins } of reader.scan(tenant, scan, budget)) {
    for (let i = 0; i < rows.length; i++) {
      if (i % CHECK_EVERY_ROWS === 0) budget.check()
      view.moveTo(columns, origins, rows[i] as number)
      if (!tests.every((test) => test(view))) continue
      for (const value of elements(read(view))) found.set(valueKey(value), value)
      if (found.size >= limit) return [...found.values()].slice(0, limit)
    }
  }
  return [...found.values()]
}

/** Fields of the root are those of spans without a parent; numbers of places in a trace have no list of values. */
function valueReader(field: Field): ReadValue | undefined {
  if (field.isParent) return undefined
  if (field.kind === 'attribute') return readerOf(field)
  switch (field.name) {
    case 'rootName':
      return (span) => ifRoot(span, span.name)
    case 'rootServiceName':
      return (span) => ifRoot(span, serviceOf(span.origin))
    case 'duration':
    case 'traceDuration':
    case 'nestedSetLeft':
    case 'nestedSetRight':
    case 'nestedSetParent':
    case 'span:childCount':
    case 'event:timeSinceStart':
    case 'parent':
      return undefined
    default:
      return readerOf(field)
  }
}

function ifRoot(span: SpanView, text: string): Value {
  return span.parentSpanId === '' ? { kind: 'string', value: text } : { kind: 'empty' }
}

function elements(value: Value): readonly Value[] {
  if (value.kind === 'array') return value.values
  return value.kind === 'empty' || value.kind === 'map' || value.kind === 'bytes' ? [] : [value]
}

import { type AnyValue, type QueryBudget, SPAN_KINDS, STATUS_CODES, serviceOf, valueJson } from '@vantage/model'
import type { SpanView, TraceView } from '../../traceql/index.ts'

/** What an array of a path takes for each of its numbers, bytes: ladders of many spans make long ones. */
const PATH_NUMBER_BYTES = 8

/** One span as two traces are compared by. */
export interface FlatSpan {
  /** Places among siblings, from the root to the span. */
  readonly path: readonly number[]
  readonly service: string
  readonly name: string
  readonly kind: string
  /** What it is in any trace: service, name and kind. */
  readonly identity: string
  /** Of its parent; undefined for roots. */
  readonly parentIdentity: string | undefined
  /** Undefined where its times cannot be. */
  readonly durationNs: number | undefined
  readonly status: string
  readonly attributes: ReadonlyMap<string, AnyValue>
}

/** The spans of a trace, parents before their children, siblings by their begin. */
export function flatSpans(trace: TraceView, budget: QueryBudget): FlatSpan[] {
  const { spans, parents } = trace
  const ordered = spans.map((_, place) => place).sort((a, b) => compareBegin(spans, a, b))
  const children = Map.groupBy(ordered, (place) => parents[place] as number)
  const flat: FlatSpan[] = []
  const open: { readonly place: number; readonly path: readonly number[]; readonly parent: string | undefined }[] = []
  const push = (of: number, path: readonly number[], parent: string | undefined): void => {
    const own = children.get(of) ?? []
    for (let i = own.length - 1; i >= 0; i--) open.push({ place: own[i] as number, path: [...path, i], parent })
  }
  push(-1, [], undefined)
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    budget.chargeBytes(next.path.length * PATH_NUMBER_BYTES)
    const span = flatSpan(spans[next.place] as SpanView, next.path, next.parent)
    flat.push(span)
    push(next.place, span.path, span.identity)
  }
  return flat
}

function compareBegin(spans: readonly SpanView[], a: number, b: number): number {
  const [left, right] = [spans[a] as SpanView, spans[b] as SpanView]
  if (left.startNs !== right.startNs) return left.startNs < right.startNs ? -1 : 1
  return left.spanId < right.spanId ? -1 : 1
}

function flatSpan(span: SpanView, path: readonly number[], parentIdentity: string | undefined): FlatSpan {
  const attributes = new Map(span.attributes.map(({ key, value }) => [key, value]))
  const own = attributes.get('service.name')
  const service = own?.kind === 'string' && own.value !== '' ? own.value : serviceOf(span.origin)
  const { name } = span
  const kind = SPAN_KINDS[span.kind] ?? 'unspecified'
  return {
    path,
    service,
    name,
    kind,
    identity: JSON.stringify([service, name, kind]),
    parentIdentity,
    durationNs: span.startNs > 0n && span.endNs >= span.startNs ? span.durationNs : undefined,
    status: STATUS_CODES[span.statusCode] ?? 'unset',
    attributes,
  }
}

/** Two values with equal keys are equal, types included. */
export function valueKey(value: AnyValue): string {
  switch (value.kind) {
    case 'array':
      return `[${value.values.map(valueKey).join()}]`
    case 'map':
      return `{${value.entries.map((entry) => `${JSON.stringify(entry.key)}:${valueKey(entry.value)}`).join()}}`
    default:
      return JSON.stringify([value.kind, valueJson(value)])
  }
}

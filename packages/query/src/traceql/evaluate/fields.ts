import { type AnyValue, type Attributes, attribute, serviceOf, UNKNOWN_SERVICE, unreachable } from '@vantage/model'
import type { Field, Intrinsic, Scope } from '../language/syntax.ts'
import { NIL, type Value } from '../value.ts'
import type { SpanView } from './span-view.ts'

export type ReadValue = (span: SpanView) => Value

const encoder = new TextEncoder()

/**
 * How to read a field. Several events or links give an array of what they hold, so that a comparison holds where one
 * element fulfils it.
 */
export function readerOf(field: Field): ReadValue {
  const read = field.kind === 'attribute' ? attributeReader(field.scope, field.name) : intrinsicReader(field.name)
  if (!field.isParent) return read
  return (span) => {
    const parent = span.trace?.parentOf(span)
    return parent === undefined ? NIL : read(parent)
  }
}

/** Fields that only a whole trace can tell. */
export function needsTrace(field: Field): boolean {
  if (field.isParent) return true
  if (field.kind === 'attribute') return false
  return TRACE_INTRINSICS.has(field.name)
}

const TRACE_INTRINSICS: ReadonlySet<Intrinsic> = new Set<Intrinsic>([
  'traceDuration',
  'rootName',
  'rootServiceName',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
  'span:childCount',
])

function attributeReader(scope: Scope, name: string): ReadValue {
  const key = encoder.encode(name)
  switch (scope) {
    case 'span':
      return (span) => span.attribute(key) ?? NIL
    case 'resource':
      return (span) => attribute(span.origin.resource, name) ?? NIL
    case 'any':
      return (span) => span.attribute(key) ?? attribute(span.origin.resource, name) ?? NIL
    case 'instrumentation':
      return (span) => attribute(span.origin.scope, name) ?? NIL
    case 'event':
      return (span) => gathered(span.events, name)
    case 'link':
      return (span) => gathered(span.links, name)
    default:
      return unreachable(scope)
  }
}

function gathered(parts: readonly { readonly attributes: Attributes }[], name: string): Value {
  const values: AnyValue[] = []
  for (const part of parts) {
    const value = attribute(part.attributes, name)
    if (value === undefined) continue
    if (value.kind === 'array') values.push(...value.values)
    else values.push(value)
  }
  return oneOrArray(values)
}

function oneOrArray(values: readonly AnyValue[]): Value {
  return values.length === 0 ? NIL : values.length === 1 ? (values[0] as AnyValue) : { kind: 'array', values }
}

function text(value: string): Value {
  return { kind: 'string', value }
}

function texts(values: readonly string[]): Value {
  return oneOrArray(values.map((value) => ({ kind: 'string', value })))
}

function int(value: number): Value {
  return { kind: 'int', value: BigInt(value) }
}

const INTRINSIC_READERS: Readonly<Record<Intrinsic, ReadValue>> = {
  duration: (span) => ({ kind: 'duration', value: span.durationNs }),
  name: (span) => text(span.name),
  status: (span) => ({ kind: 'status', value: span.statusCode }),
  statusMessage: (span) => text(span.statusMessage),
  kind: (span) => ({ kind: 'spanKind', value: span.kind }),
  parent: () => NIL,
  traceDuration: ({ trace }) =>
    trace === undefined ? NIL : { kind: 'duration', value: Number(trace.endNs - trace.startNs) },
  rootName: ({ trace }) => (trace === undefined ? NIL : text(trace.root?.name ?? '')),
  rootServiceName: ({ trace }) => (trace === undefined ? NIL : text(serviceName(trace.root))),
  nestedSetLeft: ({ trace, place }) => (trace === undefined ? NIL : int(trace.left[place] as number)),
  nestedSetRight: ({ trace, place }) => (trace === undefined ? NIL : int(trace.right[place] as number)),
  nestedSetParent: (span) => {
    const { trace } = span
    if (trace === undefined) return NIL
    const parent = trace.parentOf(span)
    // −1 tells a root from a span whose parent is missing.
    return int(parent !== undefined ? (trace.left[parent.place] as number) : span.parentSpanId === '' ? -1 : 0)
  },
  'span:id': (span) => text(span.spanId),
  'span:parentID': (span) => text(span.parentSpanId),
  'span:childCount': ({ trace, place }) => (trace === undefined ? NIL : int(trace.childCounts[place] as number)),
  'trace:id': (span) => text(span.traceId),
  'event:name': (span) => texts(span.events.map((event) => event.name)),
  'event:timeSinceStart': (span) => {
    const { startNs } = span
    return oneOrArray(span.events.map((event) => ({ kind: 'int', value: event.timeUnixNs - startNs })))
  },
  'link:traceID': (span) => texts(span.links.map((link) => link.traceId)),
  'link:spanID': (span) => texts(span.links.map((link) => link.spanId)),
  'instrumentation:name': (span) => text(span.origin.scopeName),
  'instrumentation:version': (span) => text(span.origin.scopeVersion),
}

function serviceName(root: SpanView | undefined): string {
  if (root === undefined) return ''
  const name = serviceOf(root.origin)
  return name === UNKNOWN_SERVICE ? '' : name
}

function intrinsicReader(name: Intrinsic): ReadValue {
  return INTRINSIC_READERS[name]
}

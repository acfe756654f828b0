import { type AnyValue, type Attributes, hexBytes, NO_ORIGIN, type Origin } from '@vantage/model'
import { MemorySpans, type SpanRecord, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { parseTraceql } from '../language/parser.ts'
import { TRACEQL_LIMITS } from '../limits.ts'
import { readTrace, spanSetsOf } from './read-trace.ts'
import { searchTraces } from './search.ts'
import { plainText } from './value-text.ts'

const T = 'default'
const S = 1_000_000_000n
const A = 'a'.repeat(32)
const B = `0${'b'.repeat(31)}`

function id(n: number): string {
  return n.toString(16).padStart(16, '0')
}

function attributes(record: Readonly<Record<string, AnyValue | string | number | boolean>>): Attributes {
  return Object.entries(record).map(([key, value]) => ({ key, value: toValue(value) }))
}

function toValue(value: AnyValue | string | number | boolean): AnyValue {
  if (typeof value === 'string') return { kind: 'string', value }
  if (typeof value === 'boolean') return { kind: 'bool', value }
  if (typeof value === 'number')
    return Number.isInteger(value) ? { kind: 'int', value: BigInt(value) } : { kind: 'double', value }
  return value
}

function service(name: string): Origin {
  return {
    ...NO_ORIGIN,
    resource: attributes({ 'service.name': name, zone: 'eu' }),
    scopeName: 'lib',
    scopeVersion: '1.2',
    scope: attributes({ lang: 'ts' }),
  }
}

const SHOP = service('shop')
const CART = service('cart')

/**
 * Trace A, in seconds:
 *
 *     1 GET /            shop  server  10 … 20
 *     ├─ 2 auth          shop          11 … 12   error
 *     ├─ 3 call cart     shop  client  12 … 18
 *     │  └─ 4 add item   cart  server  13 … 17
 *     │     └─ 5 insert  cart  client  14 … 16
 *     └─ 6 render        shop          18 … 19
 *
 * Trace B: 7, a span whose parent 99 is missing, and 8 below it.
 */
const SPANS: readonly SpanRecord[] = [
  {
    traceId: A,
    spanId: id(1),
    name: 'GET /',
    kind: 'server',
    startNs: 10n * S,
    endNs: 20n * S,
    origin: SHOP,
    attributes: attributes({ n: 1, path: '/', ok: true, mixed: 1 }),
  },
  {
    traceId: A,
    spanId: id(2),
    parentSpanId: id(1),
    name: 'auth',
    kind: 'internal',
    startNs: 11n * S,
    endNs: 12n * S,
    origin: SHOP,
    status: 'error',
    statusMessage: 'denied',
    attributes: attributes({ n: 2, mixed: 'one' }),
    events: [
      {
        timeUnixNs: 11n * S + 5n,
        name: 'exception',
        attributes: attributes({ 'exception.type': 'Denied' }),
        droppedAttributes: 0,
      },
      { timeUnixNs: 12n * S, name: 'retry', attributes: [], droppedAttributes: 0 },
    ],
  },
  {
    traceId: A,
    spanId: id(3),
    parentSpanId: id(1),
    name: 'call cart',
    kind: 'client',
    startNs: 12n * S,
    endNs: 18n * S,
    origin: SHOP,
    attributes: attributes({ n: 3.5, list: { kind: 'array', values: [toValue('x'), toValue('y')] } }),
  },
  {
    traceId: A,
    spanId: id(4),
    parentSpanId: id(3),
    name: 'add item',
    kind: 'server',
    startNs: 13n * S,
    endNs: 17n * S,
    origin: CART,
    attributes: attributes({ n: 4, zone: 'us' }),
    links: [
      {
        traceId: B,
        spanId: id(7),
        traceState: '',
        attributes: attributes({ why: 'batch' }),
        droppedAttributes: 0,
        flags: 1,
      },
    ],
  },
  {
    traceId: A,
    spanId: id(5),
    parentSpanId: id(4),
    name: 'insert',
    kind: 'client',
    startNs: 14n * S,
    endNs: 16n * S,
    origin: CART,
    attributes: attributes({ n: 5, 'db system': 'sql' }),
  },
  {
    traceId: A,
    spanId: id(6),
    parentSpanId: id(1),
    name: 'render',
    kind: 'internal',
    startNs: 18n * S,
    endNs: 19n * S,
    origin: SHOP,
    attributes: attributes({ n: 6 }),
  },
  {
    traceId: B,
    spanId: id(7),
    parentSpanId: id(99),
    name: 'orphan',
    kind: 'consumer',
    startNs: 30n * S,
    endNs: 31n * S,
    origin: CART,
  },
  {
    traceId: B,
    spanId: id(8),
    parentSpanId: id(7),
    name: 'below',
    kind: 'internal',
    startNs: 30n * S,
    endNs: 31n * S,
    origin: CART,
    status: 'ok',
  },
]

function store(spans: readonly SpanRecord[] = SPANS): MemorySpans {
  const memory = new MemorySpans()
  for (const span of spans) memory.append(T, span)
  return memory
}

const memory = store()

/** Spansets of the answer: numbers of their spans, in brackets one set each; a message where the query fails. */
function found(query: string, limit = 10): string {
  const request = { query, startNs: 0n, endNs: 100n * S, limit, spansPerSet: 0 }
  const result = searchTraces(request, T, memory, unlimitedBudget, TRACEQL_LIMITS)
  if (!result.ok) return result.error.message
  return result.value.traces
    .flatMap((trace) =>
      trace.sets.map(({ spans }) => `[${spans.map((span) => Number.parseInt(span.spanId, 16)).join(' ')}]`),
    )
    .join(' ')
}

test.each([
  // Fields.
  ['{ }', '[7 8] [1 2 3 4 5 6]'],
  ['{ name = "auth" }', '[2]'],
  ['{ status = error }', '[2]'],
  ['{ status != unset }', '[8] [2]'],
  ['{ statusMessage =~ "den.*" }', '[2]'],
  ['{ kind = client }', '[3 5]'],
  ['{ duration >= 6s }', '[1 3]'],
  ['{ duration = 1000000000 }', '[7 8] [2 6]'],
  ['{ span.zone = "us" }', '[4]'],
  ['{ .zone = "us" }', '[4]'],
  ['{ .zone = "eu" }', '[7 8] [1 2 3 5 6]'],
  ['{ resource.service.name = "cart" }', '[7 8] [4 5]'],
  ['{ span."db system" = "sql" }', '[5]'],
  [
    '{ instrumentation.lang = "ts" && instrumentation:name = "lib" && instrumentation:version = "1.2" && name = "auth" }',
    '[2]',
  ],
  ['{ event:name = "retry" }', '[2]'],
  ['{ event:name = "exception" && event.exception.type =~ "D.*" }', '[2]'],
  ['{ event:timeSinceStart < 10ns }', '[2]'],
  ['{ link.why = "batch" }', '[4]'],
  [`{ link:traceID = "${'b'.repeat(31)}" && link:spanID = "${id(7)}" }`, '[4]'],
  [`{ trace:id = "${'b'.repeat(31)}" }`, '[7 8]'],
  [`{ trace:id = "${B}" || trace:id = "${A}" }`, '[7 8] [1 2 3 4 5 6]'],
  [`{ span:id = "${id(4)}" }`, '[4]'],
  [`{ span:parentID = "${id(3)}" }`, '[4]'],
  ['{ trace:duration > 9s && name = "auth" }', '[2]'],
  [
    '{ rootName = "GET /" && rootServiceName = "shop" && n = 1 }',
    'TraceQL: want an attribute, an intrinsic or a value, got "n" at offset 52',
  ],
  ['{ rootName = "GET /" && rootServiceName = "shop" && .n = 1 }', '[1]'],
  ['{ span:childCount = 3 }', '[1]'],
  ['{ nestedSetParent < 0 }', '[1]'],
  ['{ nestedSetParent = 0 }', '[7]'],
  ['{ nestedSetLeft = 1 && nestedSetRight = 12 }', '[1]'],
  ['{ parent.name = "call cart" }', '[4]'],
  ['{ parent.span.n = 4 }', '[5]'],
  ['{ parent.resource.service.name != resource.service.name }', '[4]'],
  // Kinds of values.
  ['{ .n = 3.5 || .n = 4.0 }', '[3 4]'],
  ['{ .n > 3 && .n < 5 }', '[3 4]'],
  ['{ .n = "1" }', ''],
  ['{ .mixed = 1 }', '[1]'],
  ['{ .mixed != 1 }', ''],
  ['{ .mixed != "two" }', '[2]'],
  ['{ .missing != "x" }', ''],
  ['{ .missing = nil && .n = 1 }', '[1]'],
  ['{ .list != nil }', '[3]'],
  ['{ .list = "y" }', '[3]'],
  ['{ .list != "y" }', ''],
  ['{ .list != "z" }', '[3]'],
  ['{ .list =~ "[yz]" && .list !~ "z" }', '[3]'],
  ['{ .ok }', '[1]'],
  ['{ !.ok }', ''],
  ['{ .ok || .n = 2 }', '[1 2]'],
  ['{ .n * 2 + 1 = 9 }', '[4]'],
  ['{ .n / 2 = 1 && .n % 2 = 1 }', ''],
  ['{ .n / 4 = 1 && -.n < 0 }', '[4 5 6]'],
  ['{ "x" = .list }', '[3]'],
  ['{ .n ^ 2 = 25 }', '[5]'],
  ['{ name =~ "a.*" && name !~ ".*item" }', '[2]'],
  // Relations.
  ['{ name = "GET /" } > { }', '[2 3 6]'],
  ['{ name = "GET /" } >> { kind = client }', '[3 5]'],
  ['{ name = "add item" } < { }', '[3]'],
  ['{ name = "insert" } << { }', '[1 3 4]'],
  ['{ name = "auth" } ~ { }', '[3 6]'],
  ['{ } ~ { name = "auth" }', '[2]'],
  ['{ name = "call cart" } !> { .n > 3 }', '[3 5 6]'],
  ['{ name = "call cart" } !>> { .n > 3 }', '[3 6]'],
  ['{ name = "insert" } !< { .n > 3 }', '[3 5 6]'],
  ['{ name = "insert" } !<< { .n > 3 }', '[5 6]'],
  ['{ name = "auth" } !~ { .n > 4 }', '[5]'],
  ['{ name = "nothing" } !> { name = "auth" }', '[2]'],
  ['{ name = "GET /" } &> { name = "auth" }', '[1 2]'],
  ['{ name = "GET /" } &>> { kind = client }', '[1 3 5]'],
  ['{ kind = client } &< { kind = server }', '[1 3 4 5]'],
  ['{ name = "insert" } &<< { kind = server }', '[1 4 5]'],
  ['{ name = "auth" } &~ { name = "render" }', '[2 6]'],
  ['{ name = "auth" } && { name = "render" }', '[2 6]'],
  ['{ name = "auth" } && { name = "nothing" }', ''],
  ['{ name = "auth" } || { name = "orphan" }', '[7] [2]'],
  ['{ name = "orphan" } > { }', '[8]'],
  ['({ .n > 1 } | { .n < 3 }) && ({ .n = 5 })', '[2 5]'],
  // Pipelines.
  ['{ .n > 1 } | { .n < 4 }', '[2 3]'],
  ['{ } | count() > 2', '[1 2 3 4 5 6]'],
  ['count() = 2', '[7 8]'],
  ['{ .n > 2 } | avg(.n) > 4.6', '[3 4 5 6]'],
  ['{ } | max(duration) = 10s', '[1 2 3 4 5 6]'],
  ['{ } | min(duration) = 1s | sum(.n) = 21.5', '[1 2 3 4 5 6]'],
  ['{ } | avg(.missing) > 0', ''],
  ['{ } | min(.n) < max(.n) - 4', '[1 2 3 4 5 6]'],
  ['{ } | by(resource.service.name)', '[7 8] [1 2 3 6] [4 5]'],
  ['{ } | by(kind) | count() = 2', '[2 6] [1 4] [3 5]'],
  ['{ } | by(.n > 3) | by(resource.service.name) | count() = 2', '[7 8] [1 2] [3 6] [4 5]'],
  ['{ .n > 4 } | by(.n) | coalesce()', '[5 6]'],
  ['{ name = "auth" } | select(span.n, resource.zone)', '[2]'],
  ['({ kind = client } | count()) > ({ status = error } | count())', '[2 3 5]'],
  ['({ kind = client } | count()) = 2', '[3 5]'],
])('%s finds %s', (query, want) => {
  const sorted = (text: string): string =>
    text.startsWith('[')
      ? text
          .split(/(?<=\]) /)
          .sort()
          .join(' ')
      : text
  expect(sorted(found(query))).toBe(sorted(want))
})

test('an answer tells of the trace, its services, the fields that were asked for and what stages found', () => {
  const request = {
    query: '{ .n > 2 } | by(resource.service.name) | count() > 1 | select(.list)',
    startNs: 0n,
    endNs: 100n * S,
    limit: 1,
    spansPerSet: 1,
  }
  const result = searchTraces(request, T, memory, unlimitedBudget, TRACEQL_LIMITS)
  if (!result.ok) throw new Error(result.error.message)
  const [trace] = result.value.traces
  expect(trace).toMatchObject({
    traceId: A,
    rootServiceName: 'shop',
    rootTraceName: 'GET /',
    startNs: 10n * S,
    durationNs: 10e9,
  })
  expect([...(trace?.services ?? [])]).toEqual([
    ['shop', { spanCount: 4, errorCount: 1 }],
    ['cart', { spanCount: 2, errorCount: 0 }],
  ])
  const shown = trace?.sets.map(({ matched, attributes: facts, spans }) => [
    matched,
    facts.map(({ name, value }) => `${name}=${plainText(value)}`),
    spans.map((span) => [span.name, span.attributes.map(({ name, value }) => `${name}=${plainText(value)}`)]),
  ])
  expect(shown).toEqual([
    [
      2,
      ['by(resource.service.name)=shop', 'count()=2'],
      [['call cart', ['.n=3.5', 'resource.service.name=shop', '.list=["x","y"]']]],
    ],
    [2, ['by(resource.service.name)=cart', 'count()=2'], [['add item', ['.n=4', 'resource.service.name=cart']]]],
  ])
})

test('the newest traces come first and the search stops at its limit', () => {
  const many = store(
    Array.from(
      { length: 200 },
      (_, i): SpanRecord => ({
        traceId: (i + 1).toString(16).padStart(32, '0'),
        spanId: id(1),
        name: 'x',
        startNs: BigInt(i) * S,
        endNs: BigInt(i + 1) * S,
      }),
    ),
  )
  const request = { query: '{ }', startNs: 0n, endNs: 150n * S, limit: 3, spansPerSet: 3 }
  const result = searchTraces(request, T, many, unlimitedBudget, TRACEQL_LIMITS)
  expect(result.ok && result.value.traces.map((trace) => Number.parseInt(trace.traceId, 16))).toEqual([150, 149, 148])
  expect(result.ok && result.value.inspectedTraces).toBeLessThan(64)
})

test('a pattern out of another field matches where it comes unchecked', () => {
  const trace = readTrace(hexBytes(A, 16) as Uint8Array, T, memory, unlimitedBudget, TRACEQL_LIMITS)
  const sets = (text: string): unknown => {
    const query = parseTraceql(text, TRACEQL_LIMITS)
    if (!query.ok || query.value.kind !== 'search' || trace === undefined) throw new Error(text)
    return spanSetsOf(query.value.pipeline.stages, trace, TRACEQL_LIMITS).map(({ places }) => places.length)
  }
  expect(sets('{ rootName =~ name }')).toEqual([1])
  expect(sets('{ name !~ resource.zone }')).toEqual([6])
  expect(sets('{ name =~ .n }')).toEqual([])
})

test('spans stored twice count once, and rings of parents end', () => {
  const ring = store([
    { traceId: A, spanId: id(1), parentSpanId: id(2), startNs: 1n, endNs: 2n },
    { traceId: A, spanId: id(2), parentSpanId: id(1), startNs: 1n, endNs: 2n },
    { traceId: A, spanId: id(2), parentSpanId: id(1), startNs: 1n, endNs: 2n },
  ])
  const request = { query: '{ } >> { } | count() = 1', startNs: 0n, endNs: 10n, limit: 3, spansPerSet: 3 }
  const result = searchTraces(request, T, ring, unlimitedBudget, TRACEQL_LIMITS)
  expect(result.ok && result.value.traces.length).toBe(1)
})

test.each([
  [{ ...TRACEQL_LIMITS, traceSpansMax: 3 }, 'query.maxTraceSpans'],
  [{ ...TRACEQL_LIMITS, traceBytesMax: 300 }, 'query.maxTraceBytes'],
  [{ ...TRACEQL_LIMITS, tracesMax: 1 }, 'query.maxTraces'],
])('a limit names itself', (limits, key) => {
  const result = searchTraces(
    { query: '{ } >> { }', startNs: 0n, endNs: 100n * S, limit: 10, spansPerSet: 3 },
    T,
    memory,
    unlimitedBudget,
    limits,
  )
  expect(result.ok ? '' : result.error.limit).toBe(key)
})

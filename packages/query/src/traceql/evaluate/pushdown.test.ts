import { type Attributes, NO_ORIGIN, type SpanReader } from '@vantage/model'
import { MemorySpans, seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { parseTraceql } from '../language/parser.ts'
import { TRACEQL_LIMITS } from '../limits.ts'
import { candidatesOf } from './pushdown.ts'
import { searchTraces } from './search.ts'

function hints(text: string): string {
  const query = parseTraceql(text, TRACEQL_LIMITS)
  if (!query.ok || query.value.kind !== 'search') return 'no search'
  const { hints: found, isAll, isExact, traceIds } = candidatesOf(query.value.pipeline.stages)
  const list = found.map(
    ({ field, op, value }) => `${field.scope} ${field.name} ${op}${'value' in value ? ` ${value.value}` : ''}`,
  )
  const ids = traceIds === undefined ? '' : ` ids ${traceIds.length}`
  return `${list.join(', ')}${isAll ? ' all' : ' any'}${isExact ? ' exact' : ''}${ids}`
}

test.each([
  ['{ }', ' all exact'],
  [
    '{ span.a = 1 && resource.b != "x" && 2s < duration }',
    'span a = 1, resource b != x, intrinsic duration > 2000000000 all exact',
  ],
  ['{ .a || .b = 1 }', ' all exact'],
  ['{ .a } || { .b = 1 }', 'any a exists, any b = 1 any'],
  ['{ .a } || { !.b }', ' any'],
  [
    '{ .a != nil && .b = nil && status = error && kind != server }',
    'any a exists, intrinsic status = error, intrinsic kind != server all exact',
  ],
  ['{ name =~ "x" && traceDuration > 1s && parent.a = 1 }', 'intrinsic name =~ x all'],
  ['{ .a = 1 } >> { .b = 2 }', 'any b = 2 all'],
  ['{ .a = 1 } && { .b = 2 }', 'any b = 2 all'],
  ['{ .a = 1 } | { .b = 2 } | { traceDuration > 1s }', 'any a = 1, any b = 2 all'],
  ['{ .a = 1 } | { .b = 2 }', 'any a = 1, any b = 2 all exact'],
  ['{ .a = 1 } | count() > 1', 'any a = 1 all'],
  [
    '{ duration >= 0s && duration > 1s && duration < 2s && 0 = duration }',
    'intrinsic duration >= 0, intrinsic duration > 1000000000, intrinsic duration < 2000000000, intrinsic duration = 0 all exact',
  ],
  ['count() > 1', ' all'],
  ['{ trace:id = "1" && .a = 1 } || { trace:id = "2" }', ' any ids 2'],
  ['{ trace:id = "1" } || { .a = 1 }', ' any'],
])('%s gives the hints %s', (query, want) => {
  expect(hints(query)).toBe(want)
})

/** A reader that heeds no hints. */
function heedless(memory: MemorySpans): SpanReader {
  return {
    scan: (tenant, scan, budget) => memory.scan(tenant, { ...scan, conditions: [] }, budget),
    trace: (tenant, id, budget) => memory.trace(tenant, id, budget),
    attributeNames: (tenant, range) => memory.attributeNames(tenant, range),
    values: (tenant, field, range, limit) => memory.values(tenant, field, range, limit),
  }
}

const VALUES = ['1', '2', '"x"', '"y"', 'true', '1.5', '2s', 'nil']
const FIELDS = [
  '.a',
  'span.a',
  'resource.a',
  '.b',
  'event.a',
  'name',
  'duration',
  'status',
  'parent.a',
  'nestedSetParent',
]
const OPS = ['=', '!=', '<', '>=', '=~', '!~']

test('hints never change an answer', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const attributes = (): Attributes =>
    ['a', 'b'].flatMap((key) => {
      const value = pick([
        { kind: 'int', value: 1n },
        { kind: 'double', value: 1.5 },
        { kind: 'string', value: 'x' },
        { kind: 'bool', value: true },
        {
          kind: 'array',
          values: [
            { kind: 'string', value: 'x' },
            { kind: 'string', value: 'y' },
          ],
        },
        undefined,
      ] as const)
      return value === undefined ? [] : [{ key, value }]
    })
  const memory = new MemorySpans()
  for (let n = 1; n <= 60; n++) {
    memory.append('t', {
      traceId: pick(['1', '2', '3', '4', '5']).padStart(32, '0'),
      spanId: n.toString(16).padStart(16, '0'),
      ...(random() < 0.4 ? {} : { parentSpanId: (1 + Math.floor(random() * 60)).toString(16).padStart(16, '0') }),
      name: pick(['x', 'y']),
      status: pick(['unset', 'ok', 'error'] as const),
      startNs: BigInt(n),
      endNs: BigInt(n) + BigInt(Math.floor(random() * 4)) * 1_000_000_000n,
      attributes: attributes(),
      origin: { ...NO_ORIGIN, resource: attributes() },
      events:
        random() < 0.5
          ? []
          : [attributes(), attributes()].map((list) => ({
              timeUnixNs: 1n,
              name: 'e',
              attributes: list,
              droppedAttributes: 0,
            })),
    })
  }
  const comparison = (): string => {
    const [field, op, value] = [pick(FIELDS), pick(OPS), pick(VALUES)]
    if (value === 'nil') return `${field} ${pick(['=', '!='])} nil`
    return random() < 0.2 && !op.includes('~') ? `${value} ${op} ${field}` : `${field} ${op} ${value}`
  }
  const filter = (): string => `{ ${comparison()} ${pick(['&&', '||'])} ${pick(['', '!'])}(${comparison()}) }`
  const query = (): string =>
    pick([
      filter,
      () => `${filter()} ${pick(['>', '>>', '!>>', '&&', '||', '&~', '<<'])} ${filter()}`,
      () => `${filter()} | ${filter()}`,
    ])()
  let answered = 0
  for (let round = 0; round < 2_000; round++) {
    const text = query()
    const request = { query: text, startNs: 0n, endNs: 100n, limit: 100, spansPerSet: 0 }
    const [heeding, all] = [memory, heedless(memory)].map((reader) =>
      searchTraces(request, 't', reader, unlimitedBudget, TRACEQL_LIMITS),
    )
    if (heeding === undefined || all === undefined || !heeding.ok || !all.ok) continue
    answered++
    expect(heeding.value.traces, `seed ${seed}: ${text}`).toEqual(all.value.traces)
  }
  expect(answered).toBeGreaterThan(300)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TRACEQL_LIMITS } from '../limits.ts'
import type { Value } from '../value.ts'
import { checkQuery } from './check.ts'
import { binaryOf, unaryOf } from './fold.ts'
import { parseTraceql } from './parser.ts'
import { printQuery } from './print.ts'
import {
  type Field,
  type FieldExpression,
  type FieldOp,
  type Hint,
  INTRINSICS,
  type Metrics,
  type Query,
  type Scalar,
  type SecondStage,
  SPANSET_OPS,
  type Spanset,
  type Stage,
} from './syntax.ts'

function printed(text: string): string {
  const query = parseTraceql(text, TRACEQL_LIMITS)
  return query.ok ? printQuery(query.value) : query.error.message
}

/** `valid`, or the gate that refuses the text. */
function verdict(text: string): string {
  const parsed = parseTraceql(text, TRACEQL_LIMITS)
  if (!parsed.ok) return parsed.error.reason ?? ''
  const checked = checkQuery(parsed.value, TRACEQL_LIMITS)
  return checked.ok ? 'valid' : (checked.error.reason ?? '')
}

test.each([
  // Strength and leaning of operators.
  ['{.a+.b*.c}', '{ .a+.b*.c }'],
  ['{ .a + .b * .c }', '{ .a + (.b * .c) }'],
  ['{ .a ^ .b ^ .c }', '{ .a ^ (.b ^ .c) }'],
  ['{ .a || .b && .c }', '{ (.a || .b) && .c }'],
  ['{ !.a = .b }', '{ (!.a) = .b }'],
  ['{ -.a * .b > 0 }', '{ (-(.a * .b)) > 0 }'],
  ['{ .a = nil && nil != .b }', '{ (.a = nil) && (.b != nil) }'],
  ['{ true } && { false } >> { .x }', '({ true }) && (({ false }) >> ({ .x }))'],
  ['{.x} !>> {.y} &<< {.z}', '(({ .x }) !>> ({ .y })) &<< ({ .z })'],
  [
    '({.a} | count()) + ({.b} | count()) * ({.c} | count()) > 1',
    '(({ .a }|count()) + (({ .b }|count()) * ({ .c }|count()))) > 1',
  ],
  // Constants are worked out.
  ['{ 1 + 2 * 3 = 7 }', '{ true }'],
  ['{ .a > 7 / 2 }', '{ .a > 3 }'],
  ['{ duration > 1m + 1s }', '{ duration > 1m1s }'],
  // Names.
  ['{ span."a b".c = 1 }', '{ span."a b.c" = 1 }'],
  ['{ parent.resource.a = parent.duration }', '{ parent.resource.a = parent.duration }'],
  ['{ parent."duration" = 1 }', '{ parent."duration" = 1 }'],
  ['{ trace:rootService = span:name }', '{ rootServiceName = name }'],
  ['{ /* why */ .a // and how\n }', '{ .a }'],
  // Literals.
  ['{ .a = "\\u00e9\\n`" }', '{ .a = "\\U000000e9\\U0000000a`" }'],
  ['{ .a = 1.5h || .a = 90us || .a = 1d }', '{ ((.a = 1h30m0s) || (.a = 90µs)) || (.a = 24h0m0s) }'],
  ['{ .a = minInt || .a = 1e3 }', '{ (.a = minInt) || (.a = 1000.0) }'],
  ['{} | count() + minInt = maxInt', '{ true }|((count()) + minInt) = 9223372036854775807'],
  // Pipelines and series.
  ['{ } | by(.a) | coalesce() | select(.b, name)', '{ true }|by(.a)|coalesce()|select(.b,name)'],
  [
    '{ } | rate() by (name) > -1.5 | topk(3) with(a=1, b="x")',
    '{ true } | rate()by(name) > -1.5 | topk(3) with(a=1,b=`x`)',
  ],
  ['({ } | rate()) > 10s', '{ true } | rate() > 10'],
  ['60 * ({ } | rate()) / ({ } | count_over_time())', '(60 * ({ true } | rate())) / ({ true } | count_over_time())'],
  ['{} | compare({.a}, 5, 1, 2)', '{ true } | compare({ .a },5,1,2)'],
])('%s reads as %s', (text, want) => {
  expect(printed(text)).toBe(want)
  expect(printed(want)).toBe(want)
})

test.each([
  ['', 'syntax'],
  ['{ .a ', 'syntax'],
  ['{ .a == 1 }', 'syntax'],
  ['{ . a }', 'syntax'],
  ['{ nil }', 'syntax'],
  ['{ .a > nil }', 'syntax'],
  ['{ .a = "x }', 'syntax'],
  ['{ .a = 9223372036854775808 }', 'syntax'],
  ['{} | count()', 'syntax'],
  ['{} * {}', 'syntax'],
  ['({} | {}) && {}', 'syntax'],
  ['coalesce() | {}', 'syntax'],
  ['{} | rate() + 1', 'syntax'],
  ['({} | rate()) * 1s', 'syntax'],
  ['({} | rate()) % 2', 'syntax'],
  ['{} | topk(1)', 'syntax'],
  ['{} with(a)', 'syntax'],
  ['{ span:rootName = "a" }', 'syntax'],
  ['{ name }', 'validation'],
  ['{ name > 1 }', 'validation'],
  ['{ .a =~ .b }', 'validation'],
  ['{ .a =~ "(" }', 'validation'],
  ['{ duration = nil }', 'validation'],
  ['{} | by(1)', 'validation'],
  ['sum(1) > 2', 'validation'],
  ['{} | rate() | topk(0)', 'validation'],
  ['{} | quantile_over_time(duration, 1.5)', 'validation'],
  ['{} | avg_over_time(name)', 'validation'],
  ['{} | compare({.a}) > 1', 'validation'],
  ['{ parent != nil }', 'unsupported'],
  ['{ parent.a = 1 }', 'valid'],
  ['({.a} | count()) > ok', 'validation'],
  ['({.a} | avg(.x)) > ({.b} | avg(duration))', 'valid'],
])('%s is %s', (text, want) => {
  expect(verdict(text)).toBe(want)
})

test('limits are named', () => {
  const deep = `{ ${'('.repeat(200)}true${')'.repeat(200)} }`
  const long = `{ ${Array.from({ length: 3000 }, () => '.a').join(' || ')} }`
  expect(printed(deep)).toContain('query.maxNesting')
  expect(printed(long)).toContain('query.maxNodes')
  expect(printed(`{ .a = "${'x'.repeat(70_000)}" }`)).toContain('query.maxTextBytes')
})

const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed()),
  fc.constantFrom('a', 'http.status', 'duration', 'span.x', '3', '"', '\\', ' ', '', '} || {true', '`', 'nil'),
)

const value: fc.Arbitrary<Value> = fc.oneof(
  name.map((text): Value => ({ kind: 'string', value: text })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((int): Value => ({ kind: 'int', value: int })),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((double): Value => ({ kind: 'double', value: double + 0 })),
  fc.integer({ min: -(2 ** 50), max: 2 ** 50 }).map((ns): Value => ({ kind: 'duration', value: ns + 0 })),
  fc.boolean().map((bool): Value => ({ kind: 'bool', value: bool })),
  fc.nat(2).map((status): Value => ({ kind: 'status', value: status })),
  fc.nat(5).map((kind): Value => ({ kind: 'spanKind', value: kind })),
)

const PARENT_NAMES = ['duration', 'name', 'status', 'statusMessage', 'kind'] as const

const field: fc.Arbitrary<Field> = fc.oneof(
  fc
    .tuple(fc.constantFrom('any', 'span', 'resource', 'event', 'link', 'instrumentation'), name)
    .map(([scope, text]): Field => ({ kind: 'attribute', scope, isParent: false, name: text })),
  fc
    .tuple(fc.constantFrom('any', 'span', 'resource'), name)
    .map(([scope, text]): Field => ({ kind: 'attribute', scope, isParent: true, name: text })),
  fc.constantFrom(...INTRINSICS).map((text): Field => ({ kind: 'intrinsic', isParent: false, name: text })),
  fc.constantFrom(...PARENT_NAMES).map((text): Field => ({ kind: 'intrinsic', isParent: true, name: text })),
)

const FIELD_OPS = ['+', '-', '*', '/', '%', '^', '=', '!=', '<', '<=', '>', '>=', '=~', '!~', '&&', '||'] as const

const { expression } = fc.letrec<{ expression: FieldExpression }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      field,
      value.map((one): FieldExpression => ({ kind: 'static', value: one })),
    ),
    fc
      .tuple(fc.constantFrom<FieldOp>(...FIELD_OPS), tie('expression'), tie('expression'))
      .map(([op, left, right]) => binaryOf(op, left, right)),
    fc.tuple(fc.constantFrom('-', '!'), tie('expression')).map(([op, operand]) => unaryOf(op, operand)),
    fc
      .tuple(fc.boolean(), tie('expression'))
      .map(([isWanted, operand]): FieldExpression => ({ kind: 'exists', isWanted, operand })),
  ),
}))

const aggregate = fc.oneof(
  fc.constant({ kind: 'aggregate' as const, op: 'count' as const, of: undefined }),
  fc
    .tuple(fc.constantFrom('avg', 'max', 'min', 'sum'), expression)
    .map(([op, of]) => ({ kind: 'aggregate' as const, op, of })),
)

const comparison = fc.constantFrom('=', '!=', '<', '<=', '>', '>=')
const number = value.filter(({ kind }) => kind === 'int' || kind === 'double' || kind === 'duration')

const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  aggregate,
  fc
    .tuple(fc.constantFrom('+', '-', '*', '/', '%', '^'), aggregate, fc.oneof(aggregate, number))
    .map(([op, left, right]): Scalar => {
      const other: Scalar = right.kind === 'aggregate' ? right : { kind: 'static', value: right }
      return { kind: 'scalar-math', op, left, right: other }
    }),
)

const { stage } = fc.letrec<{ spanset: Spanset; stage: Stage }>((tie) => ({
  spanset: fc.oneof(
    { depthSize: 'small' },
    expression.map((condition): Spanset => ({ kind: 'filter', condition })),
    fc
      .tuple(fc.constantFrom(...SPANSET_OPS), tie('spanset'), tie('spanset'))
      .map(([op, left, right]): Spanset => ({ kind: 'relation', op, left, right })),
  ),
  stage: fc.oneof(
    tie('spanset'),
    fc
      .tuple(comparison, scalar, scalar)
      .map(([op, left, right]): Stage => ({ kind: 'scalar-filter', op, left, right })),
    expression.map((by): Stage => ({ kind: 'group', by })),
    fc.array(field, { minLength: 1, maxLength: 3 }).map((fields): Stage => ({ kind: 'select', fields })),
  ),
}))

const stages = fc.tuple(stage, fc.array(stage, { maxLength: 2 })).map(([first, rest]) => [first, ...rest])
const plainNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => double + 0)

const second: fc.Arbitrary<SecondStage[]> = fc.array(
  fc.oneof(
    fc
      .tuple(fc.constantFrom('topk', 'bottomk'), fc.nat(100))
      .map(([op, count]): SecondStage => ({ kind: 'top', op, count })),
    fc.tuple(comparison, plainNumber).map(([op, than]): SecondStage => ({ kind: 'keep', op, than })),
  ),
  { maxLength: 2 },
)

const by = fc.array(field, { maxLength: 2 })

const { metrics } = fc.letrec<{ metrics: Metrics }>((tie) => ({
  metrics: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(
        stages,
        second,
        fc.oneof(
          fc
            .tuple(fc.constantFrom('rate', 'count_over_time'), by)
            .map(([op, list]) => ({ kind: 'count' as const, op, by: list })),
          fc
            .tuple(field, fc.array(plainNumber.map(Math.abs), { minLength: 1, maxLength: 3 }), by)
            .map(([of, quantiles, list]) => ({
              kind: 'over-time' as const,
              op: 'quantile_over_time' as const,
              of,
              quantiles,
              by: list,
            })),
          fc
            .tuple(expression, fc.nat(9))
            .map(([selection, top]) => ({ kind: 'compare' as const, selection, top, range: undefined })),
        ),
      )
      .map(([list, then, first]): Metrics => ({ kind: 'series', stages: list, aggregate: first, second: then })),
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/'), tie('metrics'), tie('metrics'))
      .map(([op, left, right]): Metrics => ({ kind: 'math', op, left, right })),
    fc.tuple(fc.constantFrom('+', '-', '*', '/'), tie('metrics'), plainNumber, fc.boolean()).map(
      ([op, input, plain, isNumberLeft]): Metrics => ({
        kind: 'number-math',
        op,
        number: plain,
        isNumberLeft,
        input,
      }),
    ),
  ),
}))

const hints: fc.Arbitrary<Hint[]> = fc.array(
  fc
    .tuple(
      fc.constantFrom('sample', 'exemplars', 'most_recent'),
      value.filter((one) => !isNegative(one)),
    )
    .map(([hint, one]) => ({ name: hint, value: one })),
  { maxLength: 2 },
)

function isNegative(one: Value): boolean {
  return (one.kind === 'int' || one.kind === 'double' || one.kind === 'duration') && one.value < 0
}

const query: fc.Arbitrary<Query> = fc.oneof(
  fc
    .tuple(stages, hints)
    .map(([list, notes]): Query => ({ kind: 'search', pipeline: { kind: 'pipeline', stages: list }, hints: notes })),
  fc.tuple(metrics, hints).map(([series, notes]): Query => ({ kind: 'metrics', metrics: series, hints: notes })),
)

test('what is printed parses to the same query', () => {
  const limits = { ...TRACEQL_LIMITS, nodesMax: 100_000, nestingMax: 1_000, textCharsMax: 10_000_000 }
  fc.assert(
    fc.property(query, (one) => {
      const text = printQuery(one)
      const parsed = parseTraceql(text, limits)
      if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`)
      expect(parsed.value, text).toEqual(one)
    }),
    { numRuns: 500 },
  )
})

test('names and values never change the plan around them', () => {
  fc.assert(
    fc.property(name, name, (key, text) => {
      const condition: FieldExpression = {
        kind: 'binary',
        op: '=',
        left: { kind: 'attribute', scope: 'span', isParent: false, name: key },
        right: { kind: 'static', value: { kind: 'string', value: text } },
      }
      const one: Query = {
        kind: 'search',
        pipeline: { kind: 'pipeline', stages: [{ kind: 'filter', condition }] },
        hints: [],
      }
      expect(parseTraceql(printQuery(one), TRACEQL_LIMITS)).toEqual({ ok: true, value: one })
    }),
  )
})

test('no text throws', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '(',
    ')',
    '.a',
    'nil',
    '=',
    '!',
    '-',
    '1',
    '1s',
    '"x"',
    '|',
    'rate()',
    'by',
    'count()',
    '>',
    '&&',
    '^',
    'with',
    ',',
    'parent.',
    ' ',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 30 }).map((list) => list.join('')),
      ),
      (text) => {
        const parsed = parseTraceql(text, TRACEQL_LIMITS)
        if (parsed.ok) checkQuery(parsed.value, TRACEQL_LIMITS)
      },
    ),
    { numRuns: 1_000 },
  )
})

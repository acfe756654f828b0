import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS, EXPERIMENTAL_OPTIONS } from '../options.ts'
import { parsePromql } from './parser.ts'
import { formatExpr } from './print.ts'

/** `SEED=` repeats a failed run; fast-check prints it. */
const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }

/** What the printer makes of a query shows how it was read. */
function reads(query: string, printed: string) {
  const parsed = parsePromql(query, EXPERIMENTAL_OPTIONS)
  expect(parsed.ok ? formatExpr(parsed.value) : parsed.error.message).toBe(printed)
}

function refuses(query: string, message: string, options = EXPERIMENTAL_OPTIONS) {
  const parsed = parsePromql(query, options)
  expect(parsed.ok ? formatExpr(parsed.value) : parsed.error.message).toBe(message)
}

test('literals', () => {
  reads('1', '1')
  reads('0x1F', '31')
  reads('0755', '493')
  reads('1_000.5', '1000.5')
  reads('1e-7', '0.0000001')
  reads('1e21', '1000000000000000000000')
  reads('-Inf', '-Inf')
  reads('nan', 'NaN')
  reads('1h30m', '1h30m')
  reads('"a\\nb\\u263a\\x41"', '"a\\nb☺A"')
  reads('"\\xc5z"', '"\\xc5z"')
  reads("'it''s'", `1:5: parse error: unexpected string "s"`)
  reads('`raw\\n`', '"raw\\\\n"')
})

test('operators by strength', () => {
  reads('a+b*c^d', 'a + b * c ^ d')
  reads('-a^b', '-a ^ b')
  reads('a or b and c unless d', 'a or b and c unless d')
  reads('a == bool 1', 'a == bool 1')
  reads('a ATAN2 b', 'a atan2 b')
  reads('a + ON (x, y) GROUP_LEFT b', 'a + on (x, y) group_left () b')
  reads('a * ignoring() group_right(z) b', 'a * ignoring () group_right (z) b')
  reads('a + fill_left(1) fill_right(-2) b', 'a + fill_left (1) fill_right (-2) b')
  reads('a + fill(0) b', 'a + fill (0) b')
  reads('sum + fill', 'sum + fill')
})

test('selectors and modifiers', () => {
  reads('x{b="1",a!~"2|3"}', 'x{a!~"2|3",b="1"}')
  reads('{"my.metric", "label name"=\'v\'}', '{"label name"="v",__name__="my.metric"}')
  reads('x[5m] offset -1h @ start()', 'x[5m] @ start() offset -1h')
  reads('x @ 1.5 offset 1m', 'x @ 1.500 offset 1m')
  reads('rate(x[1m])[1h:5m] @ end()', 'rate(x[1m])[1h:5m] @ end()')
  reads('x[30m:]', 'x[30m:]')
  reads('x smoothed offset 5', 'x smoothed offset 5s')
  reads('x[2*step() + 1m]', 'x[2s * step() + 1m]')
  reads('x offset 1m + 2', 'x offset 1m + 2')
  reads('x offset -min_of(step(), 1s)^2', 'x offset -min_of(step(), 1s) ^ 2')
})

test('aggregations and calls', () => {
  reads('SUM(x) BY (a, "b c")', 'sum by (a, "b c") (x)')
  reads('topk without (a) (3, x)', 'topk without (a) (3, x)')
  reads('count_values("v", x)', 'count_values("v", x)')
  reads('round(x, 5)', 'round(x, 5)')
  reads('start() + STEP()', 'start() + step()')
  reads('# first\nsum(x) # last', 'sum(x)')
})

test('what is no PromQL', () => {
  refuses('', '1:1: parse error: no expression found in input')
  refuses('1 +', '1:4: parse error: unexpected end of input')
  refuses('sum(x', '1:6: parse error: unclosed left parenthesis')
  refuses('x{a=}', '1:5: parse error: unexpected "}" in label matching, expected string')
  refuses('x{a=~"("}', '1:6: parse error: regular expression "(": error parsing regexp: missing closing ): `^(?s:()$`')
  refuses('rate(x)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector')
  refuses('1 and 1', '1:1: parse error: set operator "and" not allowed in binary scalar expression')
  refuses('1 > 2', '1:1: parse error: comparisons between scalars must use BOOL modifier')
  refuses('nope(x)', '1:1: parse error: unknown function with name "nope"')
  refuses('{a=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher')
  refuses('a\n+ rate(x[0s])', '2:10: parse error: duration must be greater than 0')
  refuses('x y', '1:3: parse error: unexpected identifier "y"')
  refuses('x ; y', "1:3: parse error: unexpected character: ';'")
})

test('what must be switched on', () => {
  refuses('limitk(1, x)', '1:1: parse error: limitk() is experimental and must be enabled', DEFAULT_OPTIONS)
  refuses('mad_over_time(x[5m])', '1:1: parse error: function "mad_over_time" is not enabled', DEFAULT_OPTIONS)
  refuses('x[step()]', '1:3: parse error: experimental duration expression is not enabled', DEFAULT_OPTIONS)
  refuses('x smoothed', '1:3: parse error: smoothed modifier is experimental and not enabled', DEFAULT_OPTIONS)
  refuses('a + fill(0) b', '1:5: parse error: fill modifier is experimental and not enabled', DEFAULT_OPTIONS)
})

test('limits name their key', () => {
  const limitOf = (query: string) => {
    const parsed = parsePromql(query, DEFAULT_OPTIONS)
    return parsed.ok ? 'accepted' : parsed.error.limit
  }
  expect(limitOf(`${'('.repeat(128)}1${')'.repeat(128)}`)).toBe('accepted')
  expect(limitOf(`${'('.repeat(129)}1${')'.repeat(129)}`)).toBe('query.maxNesting')
  expect(limitOf(Array(640).fill('a').join(' or '))).toBe('accepted')
  expect(limitOf(Array(700).fill('a').join(' or '))).toBe('query.maxNesting')
  expect(limitOf(`"${'x'.repeat(64 * 1024 - 2)}"`)).toBe('accepted')
  expect(limitOf(`"${'x'.repeat(64 * 1024 - 1)}"`)).toBe('query.maxTextBytes')
  expect(limitOf(`"${'☃'.repeat(64 * 1024 - 2)}"`)).toBe('query.maxTextBytes')
  expect(limitOf(`x{a=~".${'b'.repeat(4096)}"}`)).toBe('query.maxRegexBytes')
})

test('no text makes the parser throw, and what it accepts it reads again', () => {
  const word = fc.constantFrom(
    ...'sum by ( ) { } [ ] , : @ - + * / ^ == != =~ offset bool on ignoring group_left fill and or unless'.split(' '),
    ...'x rate "s" 5m 1 0x 1e start() step() 1..2 # \n smoothed le="1" topk quantile nan ` \\'.split(' '),
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
  )
  fc.assert(
    fc.property(text, (query) => {
      const parsed = parsePromql(query, EXPERIMENTAL_OPTIONS)
      if (!parsed.ok) return
      const printed = formatExpr(parsed.value)
      const again = parsePromql(printed, EXPERIMENTAL_OPTIONS)
      expect(again.ok ? formatExpr(again.value) : again.error.message).toBe(printed)
    }),
    { numRuns: 5_000, ...SEED },
  )
})

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { describe, expect, test } from 'vitest'
import type { Chain, Step } from './chain.ts'
import { LOGQL, PROMQL } from './lexicons.ts'
import { printLogql, readLogql } from './logql.ts'
import { literalOf, textOf } from './matchers.ts'
import { printPromql, readPromql, type Selector } from './promql.ts'
import { type Lexicon, type Shown, sameTokens, withComments } from './tokens.ts'
import { printTraceql, readTraceql, TRACEQL } from './traceql.ts'

interface Language {
  readonly read: (text: string) => Shown<unknown>
  readonly print: (model: never) => string
  readonly lexicon: Lexicon
}

const LANGUAGES = {
  promql: { read: readPromql, print: printPromql, lexicon: PROMQL },
  logql: { read: readLogql, print: printLogql, lexicon: LOGQL },
  traceql: { read: readTraceql, print: printTraceql, lexicon: TRACEQL },
} as const satisfies Readonly<Record<string, Language>>
type Name = keyof typeof LANGUAGES

/** Shown and written again it is the same query but for its spaces, and shown once more the same fields. */
function expectRoundTrip(name: Name, query: string): void {
  const { read, print, lexicon }: Language = LANGUAGES[name]
  const shown = read(query)
  if (!shown.ok) throw new Error(`${query} is not shown: ${shown.reason}`)
  const printed = withComments(query, print(shown.value as never), lexicon)
  expect(sameTokens(query, printed, lexicon), `${query} came back as ${printed}`).toBe(true)
  expect(read(printed)).toEqual(shown)
}

function reason(name: Name, query: string): string {
  const shown = LANGUAGES[name].read(query)
  return shown.ok ? '' : shown.reason
}

describe('what is shown comes back as it was', () => {
  const cases: readonly (readonly [Name, string])[] = [
    ['promql', ''],
    ['promql', 'up'],
    ['promql', 'up{}'],
    ['promql', '{__name__=~"a.*",job="x",}'],
    ['promql', '{"with.dots", "label.too"=\'y\'}'],
    ['promql', 'rate(http_requests_total{route=~`/a|b`}[5m])'],
    ['promql', 'rate(x[5m] offset -1h @ end())'],
    ['promql', 'sum by (le, route) (rate(x_bucket[5m]))'],
    ['promql', 'SUM(x) WITHOUT (instance,)'],
    ['promql', 'topk(5, sum(rate(x[1h30m])) by (job))'],
    ['promql', 'histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m]))) * 1e3'],
    ['promql', '(x + 1) * 2 > bool 3'],
    ['promql', 'x * -1'],
    ['promql', 'label_replace(up, "a", "$1", "b", "(.*)")'],
    ['promql', 'count_values("version", build_info)'],
    ['promql', 'x > +Inf'],
    ['promql', 'a / b'],
    ['promql', 'a + b * c ^ 2 ^ d - (e or f)'],
    ['promql', '1 - a / on (x, y,) group_left (z) b > bool 0.5'],
    ['promql', 'a AND ON() b unless ignoring (x) c or d'],
    ['promql', 'a * on (x) group_right b'],
    ['promql', 'x + 1 * 2'],
    ['promql', 'max_over_time(rate(x[5m])[1h:1m] offset 5m)'],
    ['promql', 'avg_over_time((a / b)[30m:])'],
    ['promql', 'max_over_time(x[5m:1m] @ end())[1h:5m]'],
    ['promql', 'time() - timestamp(x)'],
    ['promql', 'vector(1)'],
    ['promql', 'h >/ 0 </ 1.5'],
    ['promql', '-x'],
    ['promql', 'a - -b * +c'],
    ['promql', '- -sum by (job) (x) ^ -y ^ 2'],
    ['promql', '-10 ^ 3 * -sum(x) ^ -1'],
    ['promql', '2 ^ -1 ^ 2'],
    ['promql', 'quantile without (p) (scalar(foo), x)'],
    ['promql', 'histogram_quantile(1. / 6., rate(x_bucket[5m]))'],
    ['promql', 'info(rate(x[5m]), {zone=~".+", __name__="target_info"})'],
    ['promql', 'clamp_max(x, scalar(max(y)))'],
    ['promql', 'rate(x[5m] smoothed offset -(2 * step()))'],
    ['promql', '# first\nsum by (job) (\n  # of all\n  rate(x[5m]) # a second\n) # last'],
    ['promql', 'up{a="#"} # not within a text'],
    ['promql', 'sum(rate(x{code=~"5.."}[5m])) by (job) / sum(rate(x[5m])) by (job) * 100'],
    ['logql', 'sum(rate({a="b"}[1m])) / on (x) sum(rate({a="c"} |= "d" [1m])) > 0.1'],
    ['logql', '{app="shop"}'],
    ['logql', '{app="shop"} # whose\n|= "x" # |= "y"\n| json'],
    ['logql', '-count_over_time({a="b"}[1m])'],
    ['logql', '{app="shop", env=~"a|b"} |= "x" != `y` |~ "z" | json | level="error" | took > 1.5s'],
    ['logql', '{app="shop"} | logfmt --strict a, b | line_format `{{.a}}`'],
    ['logql', '{a="b"} |= "x" or "y" | decolorize'],
    ['logql', '{a="b"} | x="1" or y!="2" != "line"'],
    ['logql', 'sum by (level) (count_over_time({a="b"} | json [5m] offset 1h)) > 2'],
    ['logql', 'rate({a="b"}[1m] |= "x")'],
    ['logql', 'quantile_over_time(0.9, {a="b"} | json | unwrap took [5m]) by (app)'],
    ['traceql', '{}'],
    ['traceql', '{ resource.service.name = "shop" && duration > 100ms }'],
    ['traceql', '{ .a = 1 || span."with space" =~ "x" }'],
    ['traceql', '{ (.a = 1 || .b = 2) && status = error } >> { name = "x" } | count() > 2 | by(.a)'],
    ['traceql', '{ kind = server } | quantile_over_time(duration, .5, .9) by (resource.service.name)'],
  ]
  for (const [name, query] of cases) test(`${name}: ${query}`, () => expectRoundTrip(name, query))
})

describe('what is not shown says why', () => {
  const cases: readonly (readonly [Name, string, string])[] = [
    ['promql', 'a / ', 'a metric is expected, not the end'],
    ['promql', 'x offset (5m', '“)” is expected, not the end'],
    ['promql', 'sum(1)', 'sum() asks for no series'],
    ['promql', 'up{job="x', 'a text in it has no end'],
    ['promql', 'up{job=}', 'a text in quotes is expected, not “}”'],
    ['promql', 'up{a="b" or c="d"}', 'it has alternatives in its braces'],
    ['logql', '{a="b"} | ', 'a stage is expected, not the end'],
    ['logql', 'rate({a="b"}[1m])[5m:1m]', '“[” is not expected where it stands'],
    ['traceql', '({ .a = 1 } && { .b = 2 }) >> { .c = 3 }', 'it has groups in parentheses'],
    ['traceql', '{ .a = 1 && .b = 2 || .c = 3 }', 'it mixes && and ||'],
    ['traceql', '{ .a = 1 && }', 'a condition is expected, not “}”'],
  ]
  for (const [name, query, want] of cases) test(`${name}: ${query}`, () => expect(reason(name, query)).toBe(want))
})

test('every query of the scripts of the engines that is shown comes back as it was, and most are shown', () => {
  const engines = resolve(import.meta.dirname, '../../../../packages/query/src')
  const folders: readonly (readonly [Name, string])[] = [
    ['promql', 'promql-script/testdata'],
    ['logql', 'logql/testdata'],
  ]
  for (const [name, folder] of folders) {
    const texts = readdirSync(join(engines, folder)).map((file) => readFileSync(join(engines, folder, file), 'utf8'))
    const evals = texts.flatMap((text) => [
      ...text.matchAll(/^eval(?:_\w+)? (?:instant at \S+|range from \S+ to \S+ step \S+) (.+)$/gm),
    ])
    const queries = [...new Set(evals.map(([, query = '']) => query.trim()))]
    const shown = queries.filter((query) => LANGUAGES[name].read(query).ok)
    for (const query of shown) expectRoundTrip(name, query)
    expect(shown.length / queries.length, `${shown.length} of ${queries.length} ${name}`).toBeGreaterThan(0.9)
  }
})

const selector = (metric: string, range = ''): Chain<Selector> => ({
  leaf: { metric, braces: undefined, range, modifiers: '' },
  steps: [],
})
const binary = (sign: string, right: Chain<Selector>): Step<Selector> => {
  return { kind: 'binary', sign, isBool: false, matching: undefined, right }
}
const number = (literal: string): Chain<Selector> => ({ leaf: { literal }, steps: [] })

describe('what binds less tightly than the operation put around it gets parentheses', () => {
  const check = (text: string, ...steps: Step<Selector>[]) =>
    test(text, () => expect(printPromql({ ...selector('x'), steps })).toBe(text))
  const sum = { ...selector('a'), steps: [binary('+', selector('b'))] }
  const subquery = { kind: 'subquery', range: '1h:1m', modifiers: '' } as const
  check('(x + 1) * 2', binary('+', number('1')), binary('*', number('2')))
  check('x * 2 + 1', binary('*', number('2')), binary('+', number('1')))
  check('x / (a + b)', binary('/', sum))
  check('x - (a + b)', binary('-', sum))
  check('x or a + b', binary('or', sum))
  check('(x ^ 2) ^ 3', binary('^', number('2')), binary('^', number('3')))
  check('x ^ 2 ^ 3', binary('^', { ...number('2'), steps: [binary('^', number('3'))] }))
  check('(x / a)[1h:1m]', binary('/', selector('a')), subquery)
  check('x * -1', binary('*', number('-1')))
  const sign = { kind: 'sign', sign: '-' } as const
  check('-x', sign)
  check('- -x', sign, sign)
  check('-(x + a)', binary('+', selector('a')), sign)
  check('-x ^ a', binary('^', selector('a')), sign)
  check('(-x) ^ a', sign, binary('^', selector('a')))
  check('x ^ -a', binary('^', { ...selector('a'), steps: [sign] }))
  // The other side is not chosen yet.
  check('x', binary('/', selector('')))
})

/** Without parentheses; what is left is how the query is put together. */
function bare({ leaf, steps }: Chain<Selector>): Chain<Selector> {
  const kept = steps.filter(({ kind }) => kind !== 'parentheses')
  return {
    leaf,
    steps: kept.map((step) => {
      if (step.kind !== 'binary') return step
      const { matching, right } = step
      // Before parentheses a side without labels has empty ones.
      const group = matching?.group && { ...matching.group, labels: matching.group.labels ?? [] }
      return { ...step, matching: matching && { ...matching, group }, right: bare(right) }
    }),
  }
}

const SEED = testSeed()
const random = seededRandom(SEED)
const RUNS = 1_000
const below = (count: number) => Math.floor(random() * count)
const drawn = <T>(list: readonly T[]): T => list[below(list.length)] as T
const several = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make)

/** A chain as it comes about by pressing things in the builder. */
function drawnChain(depth: number): Chain<Selector> {
  const isNumber = random() < 0.3
  const leaf = isNumber
    ? { literal: drawn(['1', '0.5', '1e3', '-2', 'time()']) }
    : selector(drawn(['a', 'b:c', 'up'])).leaf
  const steps = several(3, () => drawnStep(depth))
  // A call of a number alone is a number to the reader.
  return { leaf, steps: isNumber && steps[0]?.kind !== 'binary' ? [] : steps }
}

function drawnStep(depth: number): Step<Selector> {
  const others: Step<Selector>[] = [
    { kind: 'call', name: 'abs', before: [], after: [] },
    { kind: 'call', name: 'clamp', before: [], after: ['-1', '1'] },
    { kind: 'aggregate', name: 'topk', parameter: '5', grouping: undefined },
    { kind: 'subquery', range: '1h:', modifiers: 'offset 5m' },
    { kind: 'sign', sign: '-' },
  ]
  if (depth === 0 || random() < 0.4) return drawn(others)
  const labels = (...words: string[]) => {
    return { word: drawn(words), labels: several(2, () => drawn(['job', 'le', '"with.dots"'])), hasLastComma: false }
  }
  const side = labels('group_left', 'group_right')
  const group = drawn([undefined, side, { ...side, labels: undefined }])
  return {
    kind: 'binary',
    sign: drawn(['+', '-', '*', '/', '%', '^', 'atan2', '==', '>', 'and', 'or', 'unless']),
    isBool: random() < 0.2,
    matching: random() < 0.5 ? undefined : { ...labels('on', 'ignoring'), group },
    right: drawnChain(depth - 1),
  }
}

test('any chain is written so that it is read as the same one', () => {
  for (let run = 0; run < RUNS; run++) {
    const chain = drawnChain(3)
    const text = printPromql(chain)
    const shown = readPromql(text)
    if (!shown.ok) throw new Error(`seed ${SEED}: ${text} is not shown: ${shown.reason}`)
    expect(bare(shown.value), `seed ${SEED}: ${text}`).toEqual(bare(chain))
    expect(printPromql(shown.value)).toBe(text)
  }
})

test('any row of units and signs is shown and written again as it was', () => {
  const units = [
    'a',
    'b{job="x"}',
    '2',
    'rate(c[5m])',
    '(d - 1)',
    'sum by (le) (e)',
    'max_over_time(f[1h:5m])',
    'time()',
  ]
  const signs = ['+', '-', '*', '/', '%', '^', '==', '> bool', 'and', 'unless on (x)', '* on (x) group_right (z)']
  for (let run = 0; run < RUNS; run++) {
    const rest = several(6, () => `${drawn(signs)} ${drawn(units)}`)
    expectRoundTrip('promql', [drawn(units), ...rest].join(' '))
  }
})

test('what is not filled in yet is no part of the query', () => {
  const braces = { matchers: [{ label: 'job', op: '=', value: '' }], hasLastComma: false }
  expect(printPromql({ leaf: { metric: 'up', braces, range: '', modifiers: '' }, steps: [] })).toBe('up{}')
  const filters = [{ join: '&&', conditions: [{ kind: 'compare', field: 'name', op: '=', value: '' }] }] as const
  expect(printTraceql({ filters, relations: [], stages: [] })).toBe('{ }')
})

test('a value keeps its quotes where it stays the same, and is quoted where it does not', () => {
  expect(textOf('"a\\"b"')).toBe('a"b')
  expect(textOf('`a\\b`')).toBe('a\\b')
  expect(textOf("'it\\'s'")).toBe("it's")
  expect(literalOf('a', '`a`')).toBe('`a`')
  expect(literalOf('a"b', '')).toBe('"a\\"b"')
})

test('a comment stays beside what it stood beside, and before what was changed where it stood in that', () => {
  const changed = (former: string, query: string) => withComments(former, query, PROMQL)
  expect(changed('# why\nup # now', 'up{job="x"}')).toBe('# why\nup{job="x"} # now')
  expect(changed('sum( # all\nrate(x[5m]) # of x\n)', 'sum by (job) (rate(x[5m]))')).toBe(
    'sum by (job) ( # all\nrate(x[5m]) # of x\n)',
  )
  expect(changed('a + # b\nb', 'a')).toBe('a # b')
  expect(changed('up', 'down')).toBe('down')
})

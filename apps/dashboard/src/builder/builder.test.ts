import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Step, stepsWith } from './chain.ts'
import { LOGQL, printLogql, readLogql } from './logql.ts'
import { literalOf, textOf } from './matchers.ts'
import { PROMQL, printPromql, readPromql } from './promql.ts'
import { type Lexicon, type Shown, sameTokens } from './tokens.ts'
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
  const printed = print(shown.value as never)
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
    ['logql', '{app="shop"}'],
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
    ['promql', 'a / b', 'it combines two queries'],
    ['promql', 'a and on (x) b', 'it combines two queries'],
    ['promql', 'max_over_time(rate(x[5m])[1h:1m])', 'it has a subquery'],
    ['promql', 'x + 1 * 2', '“*” binds more tightly than what stands before it'],
    ['promql', 'up # comment', 'it has a comment'],
    ['promql', '-x', 'it begins with a sign'],
    ['promql', 'time()', 'time() asks for no series'],
    ['promql', 'up{job="x', 'a text in it has no end'],
    ['promql', 'up{job=}', 'a text in quotes is expected, not “}”'],
    ['promql', 'up{a="b" or c="d"}', 'it has alternatives in its braces'],
    ['logql', '{a="b"} | ', 'a stage is expected, not the end'],
    ['logql', 'sum(rate({a="b"}[1m])) / sum(rate({a="c"}[1m]))', 'it combines two queries'],
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
    expect(shown.length / queries.length, `${shown.length} of ${queries.length} ${name}`).toBeGreaterThan(0.5)
  }
})

test('a sign that binds more tightly than the one before it gets that in parentheses', () => {
  const sign = (text: string, number: string): Step => ({ kind: 'arithmetic', sign: text, isBool: false, number })
  const steps = [sign('+', '1'), sign('*', '2')].reduce<readonly Step[]>(stepsWith, [])
  const leaf = { metric: 'x', braces: undefined, range: '', modifiers: '' }
  expect(printPromql({ leaf, steps })).toBe('(x + 1) * 2')
  expect(printPromql({ leaf, steps: stepsWith([sign('*', '2')], sign('+', '1')) })).toBe('x * 2 + 1')
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

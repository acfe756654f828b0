import { expect, test } from 'vitest'
import { parseLogql } from './parser.ts'
import { formatPlan } from './print.ts'

/** The query in its written form; reading that gives the same plan. */
function check(query: string, want: string): void {
  const plan = parseLogql(query)
  if (!plan.ok) throw new Error(plan.error.message)
  const written = formatPlan(plan.value)
  expect(written).toBe(want)
  expect(parseLogql(written)).toEqual(plan)
}

test.each([
  ['{ a = "b" ,c=~"d|e"}', '{a="b", c=~"d|e"}'],
  ['{a="b"}|="x" or "y" != ip("10.0.0.0/8")', '{a="b"} |= "x" or "y" != ip("10.0.0.0/8")'],
  ['{a="b"} |> `<_> 200`|json|logfmt --strict', '{a="b"} |> "<_> 200" | json | logfmt --strict'],
  ['{a="b"}|json x="y[0]", z', '{a="b"} | json x="y[0]", z'],
  ['{a="b"}|logfmt --keep-empty c|unpack|decolorize', '{a="b"} | logfmt --keep-empty c | unpack | decolorize'],
  ['{a="b"}| x="1" or y>2 z<=3s', '{a="b"} | x="1" or y > 2 and z <= 3s'],
  ['{a="b"}| (x="1" or y>2) , z==2.5KiB', '{a="b"} | (x="1" or y > 2) and z == 2.5KiB'],
  ['{a="b"}| x=1 and (y=2 and z!=ip("::1"))', '{a="b"} | x == 1 and (y == 2 and z!=ip("::1"))'],
  [
    '{a="b"}|line_format "{{.x}}"|label_format p=q,r=`{{.s}}`',
    '{a="b"} | line_format "{{.x}}" | label_format p=q, r="{{.s}}"',
  ],
  ['{a="b"}|drop x,y="z"|keep w', '{a="b"} | drop x, y="z" | keep w'],
  ['{a="b"}|pattern `<x> "<y>"`|regexp "(?P<z>a)"', '{a="b"} | pattern "<x> \\"<y>\\"" | regexp "(?P<z>a)"'],
  ['rate(({a="b"}|="x")[90s] offset -5m)', 'rate({a="b"} |= "x" [1m30s] offset -5m)'],
  ['sum(rate({a="b"}[1d])) by (c,d)', 'sum by (c, d)(rate({a="b"} [1d]))'],
  ['topk(3,sum without()(rate({a="b"}[1s])))', 'topk(3, sum without ()(rate({a="b"} [1s])))'],
  [
    'quantile_over_time(.9,{a="b"}|json|unwrap duration(x)|__error__="" [5m]) by (c)',
    'quantile_over_time(0.9, {a="b"} | json | unwrap duration(x) | __error__="" [5m]) by (c)',
  ],
  ['1+2*3^2^2', '1 + 2 * 3 ^ 2 ^ 2'],
  ['(1+2)*3-(4-5)', '(1 + 2) * 3 - (4 - 5)'],
  ['(2^3)^2', '(2 ^ 3) ^ 2'],
  [
    'vector(1) > bool on(a) group_left(b) vector(-2) or vector(3)',
    'vector(1) > bool on (a) group_left (b) vector(-2) or vector(3)',
  ],
  ['label_replace(vector(1),"a","$1","b","(.*)")', 'label_replace(vector(1), "a", "$1", "b", "(.*)")'],
  [
    'variants(count_over_time({a="b"}[1m]),bytes_rate({a="b"}[1m])) of ({a="b"}[1m])',
    'variants(count_over_time({a="b"} [1m]), bytes_rate({a="b"} [1m])) of ({a="b"} [1m])',
  ],
])('%s', check)

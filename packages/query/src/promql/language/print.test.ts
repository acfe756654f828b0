import { expect, test } from 'vitest'
import { EXPERIMENTAL_OPTIONS } from '../options.ts'
import { exprToJson } from './json.ts'
import { formatDecimal, formatGeneral, formatOpenMetricsFloat, parseFloatText } from './number.ts'
import { parsePromql } from './parser.ts'
import { prettyExpr } from './print.ts'

function parse(query: string) {
  const parsed = parsePromql(query, EXPERIMENTAL_OPTIONS)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

test('short expressions stay on their line', () => {
  expect(prettyExpr(parse('sum(rate(x[5m]))by(job)'))).toBe('sum by (job) (rate(x[5m]))')
})

test('long expressions are broken where their parts are', () => {
  const query =
    'sum by (job) (rate(http_request_duration_seconds_count{code=~"5..",handler="/api/v1/query"}[5m])) ' +
    '/ ignoring (code) group_left () (sum(rate(http_request_duration_seconds_count{handler="/api/v1/query"}[5m])))'
  expect(prettyExpr(parse(query))).toBe(
    [
      '  sum by (job) (rate(http_request_duration_seconds_count{code=~"5..",handler="/api/v1/query"}[5m]))',
      '/ ignoring (code) group_left ()',
      '  (sum(rate(http_request_duration_seconds_count{handler="/api/v1/query"}[5m])))',
    ].join('\n'),
  )
  const call = `histogram_quantile(0.99, sum by (le) (rate(${'very_'.repeat(12)}long_seconds_bucket{a="b"}[5m])))`
  expect(prettyExpr(parse(call)).split('\n')).toEqual([
    'histogram_quantile(',
    '  0.99,',
    '  sum by (le) (',
    `    rate(${'very_'.repeat(12)}long_seconds_bucket{a="b"}[5m])`,
    '  )',
    ')',
  ])
})

test('the tree as JSON', () => {
  expect(exprToJson(parse('rate(x{a="b"}[5m] offset 1m) > bool on (c) -y @ end()'))).toEqual({
    type: 'binaryExpr',
    op: '>',
    lhs: {
      type: 'call',
      func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
      args: [
        {
          type: 'matrixSelector',
          name: 'x',
          range: 300_000,
          offset: 60_000,
          matchers: [
            { name: 'a', value: 'b', type: '=' },
            { name: '__name__', value: 'x', type: '=' },
          ],
          timestamp: null,
          startOrEnd: null,
          anchored: false,
          smoothed: false,
        },
      ],
    },
    rhs: {
      type: 'unaryExpr',
      op: '-',
      expr: {
        type: 'vectorSelector',
        name: 'y',
        offset: 0,
        matchers: [{ name: '__name__', value: 'y', type: '=' }],
        timestamp: null,
        startOrEnd: 'end',
        anchored: false,
        smoothed: false,
      },
    },
    matching: { card: 'one-to-one', labels: ['c'], on: true, include: [], fillValues: { lhs: null, rhs: null } },
    bool: true,
  })
})

test('numbers as Go writes them', () => {
  const check = (value: number, decimal: string, general: string, openMetrics: string) => {
    expect([formatDecimal(value), formatGeneral(value), formatOpenMetricsFloat(value)]).toEqual([
      decimal,
      general,
      openMetrics,
    ])
  }
  check(1, '1', '1', '1.0')
  check(-0, '-0', '-0', '-0.0')
  check(0.25, '0.25', '0.25', '0.25')
  check(1e-7, '0.0000001', '1e-07', '1e-07')
  check(1.5e22, '15000000000000000000000', '1.5e+22', '1.5e+22')
  check(Number.NaN, 'NaN', 'NaN', 'NaN')
  check(-Infinity, '-Inf', '-Inf', '-Inf')
})

test('bounds of buckets', () => {
  expect(['+Inf', '.2', '1e0', '-0.1', 'inf'].map(parseFloatText)).toEqual([Infinity, 0.2, 1, -0.1, Infinity])
  expect(['', 'x', '1,5', '0x'].map(parseFloatText)).toEqual([undefined, undefined, undefined, undefined])
})

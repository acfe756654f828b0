import { testSeed } from '@vantage/model/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quoteText } from '../../quote-text.ts'
import { parseLogql } from './parser.ts'
import type { Plan } from './plan.ts'
import { formatPlan } from './print.ts'

const seed = testSeed()
const RUNS = { seed, numRuns: 300 }

/** Text that likes to break out of quotes: whatever people may send, and what the language means something by. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed()),
  fc.constantFrom(
    '"',
    '`',
    '\\',
    '"} | json',
    '\\"} or vector(1) #',
    '{{.x}}',
    "'; drop",
    '# comment',
    '\n|= ""',
    '$1',
    '\u0000',
  ),
)

test(`texts never change the plan (seed ${seed})`, () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, (value, line, other) => {
      const query = `{app="x", path=${quoteText(value)}} |= ${quoteText(line)} != ${quoteText(other)} | user=${quoteText(value)}`
      const plan: Plan = {
        kind: 'selector',
        matchers: [
          { name: 'app', op: '=', value: 'x' },
          { name: 'path', op: '=', value },
        ],
        stages: [
          { kind: 'lineFilter', op: '|=', operands: [{ isIp: false, text: line }] },
          { kind: 'lineFilter', op: '!=', operands: [{ isIp: false, text: other }] },
          { kind: 'labelFilter', filter: { kind: 'string', matcher: { name: 'user', op: '=', value } } },
        ],
      }
      const parsed = parseLogql(query)
      expect(parsed).toEqual({ ok: true, value: plan })
      expect(parseLogql(formatPlan(plan))).toEqual({ ok: true, value: plan })
    }),
    RUNS,
  )
})

const PIECES = [
  '{a="b"}',
  '|=',
  '| json',
  '"x"',
  '[5m]',
  'rate(',
  ')',
  '(',
  'sum by (a)',
  '1',
  '- ',
  'or',
  'unwrap',
  '==',
  '2s',
  '{',
  '}',
  '`',
  ' ',
]

test(`any text is read or refused (seed ${seed})`, () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 20 }).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(anything, (text) => {
      const parsed = parseLogql(text)
      if (!parsed.ok) expect(parsed.error.message.length).toBeGreaterThan(0)
    }),
    { ...RUNS, numRuns: 2000 },
  )
})

const deep = (open: string, close: string, times: number): string => `${open.repeat(times)}1${close.repeat(times)}`

test.each([
  ['parentheses', deep('(', ')', 10_000), 'query.maxNesting'],
  ['operators', `1${'+1'.repeat(10_000)}`, 'operators and conditions'],
  ['conditions', `{a="b"} | ${'x="1" or '.repeat(5_000)} x="1"`, 'operators and conditions'],
  ['conditions inside each other', `{a="b"} | ${'('.repeat(5_000)}x="1"${')'.repeat(5_000)}`, 'query.maxNesting'],
  ['text', `{a="${'x'.repeat(70_000)}"}`, 'query.maxTextBytes'],
  ['patterns', `{a="b"} |~ "${'(x|y)'.repeat(2_000)}"`, 'query.maxRegexBytes'],
])('bounded: %s', (_, query, limit) => {
  const parsed = parseLogql(query)
  expect(parsed.ok ? '' : `${parsed.error.limit} ${parsed.error.message}`).toContain(limit)
})

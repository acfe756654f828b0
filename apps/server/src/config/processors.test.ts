import { expect, test } from 'vitest'
import { processorsSchema } from './processors.ts'

const NAMED = { name: 'p' }

const refused: [string, unknown, RegExp][] = [
  ['no kind', [NAMED], /Invalid/],
  ['an unknown kind', [{ ...NAMED, kind: 'shuffle' }], /Invalid/],
  ['an unknown key', [{ ...NAMED, kind: 'drop', wher: {} }], /wher/],
  ['an unknown selector', [{ ...NAMED, kind: 'drop', where: { level: 'x' } }], /level/],
  ['no name', [{ kind: 'drop' }], /name/],
  ['a name that is none', [{ name: 'a b', kind: 'drop' }], /want a name of letters/],
  [
    'a name twice',
    [
      { ...NAMED, kind: 'drop' },
      { ...NAMED, kind: 'drop' },
    ],
    /used once, got \\"p\\" twice/,
  ],
  ['an expression that is none', [{ ...NAMED, kind: 'drop', where: { match: '(' } }], /regular expression/],
  ['a percentage beyond 100', [{ ...NAMED, kind: 'sample', percent: 101 }], /100/],
  ['an unknown mask', [{ ...NAMED, kind: 'mask', what: ['name'] }], /what/],
  [
    'an expression without named groups',
    [{ ...NAMED, kind: 'parse', format: 'regex', pattern: '(a)' }],
    /named groups/,
  ],
  ['no expression', [{ ...NAMED, kind: 'parse', format: 'regex' }], /named groups/],
  ['a metric that is none', [{ ...NAMED, kind: 'derive', metric: 'a-b' }], /want the name of a metric/],
  ['more than 64', Array.from({ length: 65 }, (_, i) => ({ name: `p${i}`, kind: 'drop' })), /64/],
]
test.each(refused)('refused: %s', (_, value, message) => {
  const parsed = processorsSchema.safeParse(value)
  expect(parsed.success).toBe(false)
  expect(JSON.stringify(parsed.error?.issues)).toMatch(message)
})

test('what is left out has a default', () => {
  expect(processorsSchema.parse(undefined)).toEqual([])
  expect(processorsSchema.parse(Array.from({ length: 64 }, (_, i) => ({ name: `p${i}`, kind: 'drop' })))).toHaveLength(
    64,
  )
  expect(processorsSchema.parse([{ ...NAMED, kind: 'mask' }])).toEqual([
    {
      name: 'p',
      kind: 'mask',
      signals: new Set(['logs', 'spans']),
      where: { service: '', text: undefined, attributes: [], maxSeverity: 0 },
      what: ['card', 'email', 'token'],
      patterns: [],
      fields: new Set(),
    },
  ])
})

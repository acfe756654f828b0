import { compilePattern } from '@vantage/model'
import { expect, test } from 'vitest'
import { type RelabelRule, relabel } from './relabel.ts'

function rule(given: Partial<Omit<RelabelRule, 'pattern'>> & { regex?: string }): RelabelRule {
  const pattern = compilePattern(given.regex ?? '(.*)')
  if (!pattern.ok) throw new Error(pattern.error.message)
  return {
    action: 'replace',
    sourceLabels: [],
    separator: ';',
    modulus: 0,
    targetLabel: '',
    replacement: '$1',
    ...given,
    pattern: pattern.value,
  }
}

type Labels = Record<string, string>
const A = ['a']

const cases: [string, Parameters<typeof rule>[0][], Labels, Labels | undefined][] = [
  [
    'replace joins the sources',
    [{ sourceLabels: ['a', 'b'], targetLabel: 'c' }],
    { a: 'x', b: 'y' },
    { a: 'x', b: 'y', c: 'x;y' },
  ],
  [
    'replace without a match changes nothing',
    [{ sourceLabels: A, regex: 'no', targetLabel: 'c' }],
    { a: 'x' },
    { a: 'x' },
  ],
  ['an empty replacement removes the label', [{ sourceLabels: A, targetLabel: 'a', replacement: '' }], { a: 'x' }, {}],
  [
    'the target may be made from groups',
    [{ sourceLabels: A, regex: '(\\w)(\\d)', targetLabel: 'k_$1', replacement: '$2' }],
    { a: 'x7' },
    { a: 'x7', k_x: '7' },
  ],
  ['a pattern matches the whole value', [{ action: 'drop', sourceLabels: A, regex: 'x' }], { a: 'xy' }, { a: 'xy' }],
  ['drop', [{ action: 'drop', sourceLabels: A, regex: 'x.*' }], { a: 'xy' }, undefined],
  ['keep', [{ action: 'keep', sourceLabels: A, regex: 'y' }], { a: 'xy' }, undefined],
  ['keepequal', [{ action: 'keepequal', sourceLabels: A, targetLabel: 'b' }], { a: '1', b: '2' }, undefined],
  ['dropequal', [{ action: 'dropequal', sourceLabels: A, targetLabel: 'b' }], { a: '1', b: '1' }, undefined],
  ['lowercase', [{ action: 'lowercase', sourceLabels: A, targetLabel: 'b' }], { a: 'Ab' }, { a: 'Ab', b: 'ab' }],
  ['uppercase', [{ action: 'uppercase', sourceLabels: A, targetLabel: 'b' }], { a: 'Ab' }, { a: 'Ab', b: 'AB' }],
  [
    'labelmap keeps the old names',
    [{ action: 'labelmap', regex: '__meta_(.+)' }],
    { __meta_zone: 'a' },
    { __meta_zone: 'a', zone: 'a' },
  ],
  ['labeldrop', [{ action: 'labeldrop', regex: 't.*' }], { tmp: '1', a: '2' }, { a: '2' }],
  ['labelkeep', [{ action: 'labelkeep', regex: 'a' }], { tmp: '1', a: '2' }, { a: '2' }],
  // md5("foo") = acbd18db4cc2f85cedef654fccc4a4d8, its low 64 bits modulo 1000.
  [
    'hashmod',
    [{ action: 'hashmod', sourceLabels: A, targetLabel: 'h', modulus: 1000 }],
    { a: 'foo' },
    { a: 'foo', h: String(0xedef654fccc4a4d8n % 1000n) },
  ],
  [
    'rules follow each other',
    [
      { sourceLabels: A, targetLabel: 'b' },
      { action: 'drop', sourceLabels: ['b'], regex: 'x' },
    ],
    { a: 'x' },
    undefined,
  ],
]

test.each(cases)('%s', (_name, rules, given, wanted) => {
  const labels = new Map(Object.entries(given))
  const isKept = relabel(labels, rules.map(rule))
  expect(isKept ? Object.fromEntries(labels) : undefined).toEqual(wanted)
})

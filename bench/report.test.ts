import { expect, test } from 'vitest'
import { formatTable, replaceSection } from './report.ts'

test('a table is Markdown with padded columns', () => {
  const rows = [
    ['peer', 'RSS'],
    ['vantage', '9'],
  ]
  expect(formatTable({ title: 'Memory', rows })).toBe(
    'Memory:\n\n| peer    | RSS |\n| ------- | --- |\n| vantage | 9   |\n',
  )
})

const HEAD = '# Measured\n\nWords.\n'

test.each([
  ['the first section', HEAD, 'a', '## a\n\nnew\n', `${HEAD}\n## a\n\nnew\n`],
  ['another section', `${HEAD}\n## a\n\nold\n`, 'b', '## b\n\nnew\n', `${HEAD}\n## a\n\nold\n\n## b\n\nnew\n`],
  [
    'the same section again',
    `${HEAD}\n## a\n\nold\n\n## b\n\nkept\n`,
    'a',
    '## a\n\nnew\n',
    `${HEAD}\n## a\n\nnew\n\n## b\n\nkept\n`,
  ],
])('%s', (_, text, name, section, wanted) => {
  expect(replaceSection(text, name, section)).toBe(wanted)
})

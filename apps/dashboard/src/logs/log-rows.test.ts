import type { LogLine } from '@vantage/api/client'
import { describe, expect, test } from 'vitest'
import { logRows, markedParts, rowAtTop, rowsWith, rowTops, sortedRows, withNewer, withOlder } from './log-rows.ts'
import { logStateOf, sortAfterClick, withColumn } from './log-url.ts'
import { linesCsv, linesJson, linesText } from './logs-export.ts'
import { changeText, patternParts, patternRows, risingRows, varyingValues } from './pattern-model.ts'

const line = (timeNs: number, text: string, labels: Record<string, string> = {}): LogLine => ({
  timeNs: BigInt(timeNs),
  line: text,
  labels,
})
const keys = (rows: readonly { readonly key: string }[]) => rows.map(({ key }) => key)

test('rows of the table: numbers as numbers, both ways and back, what has none last', () => {
  const rows = logRows([line(4, 'd', { n: '10' }), line(3, 'c'), line(2, 'b', { n: '9' }), line(1, 'a', { n: '100' })])
  const texts = (search: string) =>
    sortedRows(rows, logStateOf(new URLSearchParams(search)).sort).map(({ line: text }) => text)
  expect(texts('sort=n')).toEqual(['b', 'd', 'a', 'c'])
  expect(texts('sort=-n')).toEqual(['a', 'd', 'b', 'c'])
  expect(texts('')).toEqual(['d', 'c', 'b', 'a'])
  expect(sortAfterClick(undefined, 'n')).toBe('n')
  expect(sortAfterClick({ column: 'n', isDescending: false }, 'n')).toBe('-n')
  expect(sortAfterClick({ column: 'n', isDescending: true }, 'n')).toBeNull()
})

describe('rows of lines', () => {
  test('have names; lines of one moment are told apart', () => {
    expect(keys(logRows([line(3, 'c'), line(2, 'b'), line(2, 'b'), line(1, 'a')]))).toEqual([
      '3.0',
      '2.0',
      '2.1',
      '1.0',
    ])
  })
  test('older pages overlap in the oldest moment: what is known comes once, equal lines as often as they are', () => {
    const rows = logRows([line(3, 'c'), line(2, 'x')])
    const more = withOlder(rows, [line(2, 'x'), line(2, 'y'), line(2, 'x'), line(1, 'a')])
    expect(more.map((row) => `${row.key} ${row.line}`)).toEqual(['3.0 c', '2.0 x', '2.1 y', '2.2 x', '1.0 a'])
    expect(withOlder(rows, [line(2, 'x')])).toBe(rows)
    expect(keys(withOlder([], [line(2, 'x')]))).toEqual(['2.0'])
  })
  test('newer lines stand in front, late ones in their place', () => {
    const rows = logRows([line(5, 'e'), line(1, 'a')])
    expect(withNewer(rows, [line(7, 'g'), line(6, 'f')]).map((row) => row.line)).toEqual(['g', 'f', 'e', 'a'])
    expect(withNewer(rows, [line(6, 'f'), line(3, 'c')]).map((row) => row.line)).toEqual(['f', 'e', 'c', 'a'])
  })
  test('tops of plain and of wrapped rows, and the row at a height', () => {
    const rows = logRows([line(3, 'x'.repeat(25)), line(2, 'a\nb'), line(1, '')])
    expect([...rowTops(rows, undefined)]).toEqual([0, 24, 48, 72])
    const tops = rowTops(rows, 10)
    expect([...tops]).toEqual([0, 60, 102, 126])
    expect([0, 59, 60, 125, 1e9].map((px) => rowAtTop(tops, px))).toEqual([0, 0, 1, 2, 2])
    expect(rowAtTop(rowTops([], undefined), 5)).toBe(0)
    expect(rowTops(logRows([line(1, 'x'.repeat(1e6))]), 10)[1]).toBe(20 * 18 + 6)
  })
  test('a text is found and marked in any letter case', () => {
    const rows = logRows([line(2, 'Card declined'), line(1, 'ok')])
    expect([rowsWith(rows, 'CARD'), rowsWith(rows, ' ')]).toEqual([[0], []])
    expect(markedParts('aXbxc', 'x').map(({ text, isMatch }) => (isMatch ? `[${text}]` : text))).toEqual([
      'a',
      '[X]',
      'b',
      '[x]',
      'c',
    ])
    expect(markedParts('a', '')).toEqual([{ text: 'a', isMatch: false }])
  })
})

test('the URL says tab, columns, the open line; what it cannot mean is left out', () => {
  const state = logStateOf(new URLSearchParams('tab=x&col=a&col=a&col=b&line=1.0&find=q&around=1&wrap=1'))
  expect(state).toEqual({
    tab: 'lines',
    isWrapped: true,
    columns: ['a', 'b'],
    line: '1.0',
    find: 'q',
    hasContext: true,
  })
  expect([withColumn(['a', 'b'], 'a'), withColumn(['a'], 'b')]).toEqual([['b'], ['a', 'b']])
})

test('lines as files: cells that spreadsheets would run are text', () => {
  const rows = logRows([line(1_500_000, '=1+1, "x"', { zone: 'a' })])
  expect(linesCsv(rows, ['zone'])).toBe(
    'time,unix_ns,zone,line\r\n1970-01-01T00:00:00.001Z,1500000,a,"\'=1+1, ""x"""\r\n',
  )
  expect(linesJson(rows)).toBe('{"timeNs":"1500000","labels":{"zone":"a"},"line":"=1+1, \\"x\\""}\n')
  expect(linesText(rows)).toBe('=1+1, "x"\n')
})

describe('patterns', () => {
  const of = (pattern: string, level: string, ...samples: [number, number][]) => ({
    pattern,
    level,
    samples: samples.map(([timeMs, count]) => ({ timeMs, count })),
  })
  test('the most frequent first, against the time before', () => {
    const rows = patternRows(
      [of('a <_>', 'info', [0, 1], [51_000, 2]), of('b <_>', 'error', [75_000, 9])],
      [of('a <_>', 'info', [0, 6]), of('b <_>', 'info', [0, 1])],
      { startMs: 0, endMs: 100_000 },
    )
    expect(rows.map(({ pattern, level, count, before, firstMs }) => [pattern, level, count, before, firstMs])).toEqual([
      ['b <_>', 'error', 9, 0, 75_000],
      ['a <_>', 'info', 3, 6, 0],
    ])
    expect([rows[0]?.trend[25], rows[1]?.trend[17], rows[1]?.trend.length]).toEqual([9, 2, 34])
  })
  test.each([
    [5, 0, 'new'],
    [10, 4, '2.5×'],
    [400, 10, '40×'],
    [5, 10, '−50\u202f%'],
    [12, 10, '+20\u202f%'],
    [10, 10, ''],
  ])('%d after %d is %s', (count, before, text) => {
    expect(changeText({ count, before })).toBe(text)
  })
  test('what varies is told from what does not, and its values are read from lines', () => {
    expect(patternParts('pay <_> of <_>').map(({ text }) => text)).toEqual(['pay ', '<_>', ' of ', '<_>'])
    const lines = [line(1, 'pay 3 of ann'), line(2, 'pay 3 of bob'), line(3, 'else')]
    expect(varyingValues('pay <_> of <_>', lines)).toEqual([
      { after: 'pay', values: [{ value: '3', count: 2 }], distinct: 1 },
      {
        after: ' of',
        values: [
          { value: 'ann', count: 1 },
          { value: 'bob', count: 1 },
        ],
        distinct: 2,
      },
    ])
    expect(varyingValues('<_> ok', [line(1, 'x ok ok'), line(2, 'ok')])[0]?.values).toEqual([
      { value: 'x ok', count: 1 },
    ])
  })
})

test('kinds of lines that are new or come twice as often, the most severe first', () => {
  const row = (pattern: string, level: 'error' | 'warn' | 'info', count: number, before: number) => {
    return { pattern, level, count, before, firstMs: 0, trend: [] }
  }
  const rows = [
    row('served', 'info', 500, 490),
    row('doubled', 'info', 20, 10),
    row('retry', 'warn', 9, 0),
    row('refused', 'error', 3, 1),
    row('declined', 'error', 7, 0),
    row('fewer', 'error', 1, 5),
  ]
  expect(risingRows(rows).map(({ pattern }) => pattern)).toEqual(['declined', 'refused', 'retry', 'doubled'])
})

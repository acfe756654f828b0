import { STATUS } from '@vantage/model'
import { describe, expect, test } from 'vitest'
import { receiverLines, refusalLines } from './intake-view.ts'
import { fixFor } from './refusal-fix.ts'
import { snippetsFor } from './snippets.ts'

test('every snippet names this server', () => {
  for (const snippet of snippetsFor({ origin: 'http://host:1234' })) {
    expect(snippet.text, snippet.id).toContain('http://host:1234/')
    expect(snippet.text, snippet.id).not.toContain('undefined')
  }
})

test('every cause has advice of its own', () => {
  const codes = Object.keys(STATUS).filter((code) => !['cancelled', 'conflict'].includes(code))
  expect(new Set(codes.map(fixFor)).size).toBe(codes.length)
})

describe('what the wait panel lists', () => {
  const batch = (receiver: string, atMs: number, firstMetric?: string) => ({
    signal: 'metrics',
    receiver,
    atMs,
    items: 2,
    series: undefined,
    firstMetric,
  })
  test('one line per receiver, the newest first', () => {
    const lines = receiverLines([batch('a', 5, 'new'), batch('b', 9), batch('a', 1, 'old')])
    expect(lines.map((line) => [line.receiver, line.items, line.firstMetric])).toEqual([
      ['b', 2, undefined],
      ['a', 4, 'new'],
    ])
  })
  test('the same refusal is counted once', () => {
    const refused = { receiver: 'a', atMs: 1, code: 'x', message: '<b>no</b>', count: 2 }
    expect(refusalLines([refused, refused, { ...refused, message: 'other' }]).map((one) => one.count)).toEqual([4, 2])
  })
})

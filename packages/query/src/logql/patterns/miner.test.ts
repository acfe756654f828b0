import { expect, test } from 'vitest'
import { filteringPattern, matchesPattern } from '../stages/pattern.ts'
import { PatternMiner } from './miner.ts'

function mine(lines: readonly string[]): [string, number][] {
  const miner = new PatternMiner()
  for (const line of lines) miner.add(line, 0n)
  return miner.templates().map(({ pattern, count }) => [pattern, count])
}

test('what differs becomes variable, the most frequent first', () => {
  const lines = [
    'user alice logged in from 10.0.0.1',
    'user bob logged in from 10.0.0.2',
    'cache miss key=abc123 took 5ms',
    'user carol logged in from 10.0.0.3',
    'cache miss key=xyz789 took 17ms',
  ]
  expect(mine(lines)).toEqual([
    ['user <_> logged in from <_>', 3],
    ['cache miss key=<_> took <_>', 2],
  ])
})

test('patterns are ones that lines can be filtered by', () => {
  const lines = ['a b=1 "c d"', 'a b=2 "c e"', '{"x":{"y":[1,2,3]}}', '', 'x'.repeat(5_000), '<<< >>>', '12 34 56']
  const miner = new PatternMiner()
  for (const line of lines) miner.add(line, 0n)
  const patterns = miner.templates().map(({ pattern }) => filteringPattern(pattern))
  for (const line of lines.filter((one) => one !== '')) {
    expect(
      patterns.some((parts) => matchesPattern(line, parts)),
      line.slice(0, 40),
    ).toBe(true)
  }
})

test('rows are counted by step, templates are bounded', () => {
  const miner = new PatternMiner()
  for (let i = 0; i < 6; i++) miner.add(`tick ${i}`, BigInt(i < 4 ? 0 : 10))
  expect(miner.templates()[0]?.samples).toEqual([
    [0n, 4],
    [10n, 2],
  ])
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  for (let i = 0; i < 26 ** 3; i++) {
    const word = `${letters[i % 26]}${letters[Math.floor(i / 26) % 26]}${letters[Math.floor(i / 676)]}`
    miner.add(`${word} ${word}${word} z`, 0n)
  }
  expect(miner.templates().length).toBeLessThanOrEqual(1_000)
})

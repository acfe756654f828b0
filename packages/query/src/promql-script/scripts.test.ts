import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MemoryTarget } from './memory-target.ts'
import { runScript } from './run.ts'

const DIR = join(import.meta.dirname, 'testdata')

test.each(readdirSync(DIR))('%s', async (name) => {
  const outcomes = await runScript(readFileSync(join(DIR, name), 'utf8'), new MemoryTarget())
  expect(outcomes.length).toBeGreaterThan(0)
  expect(outcomes.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
})

/** Stands for stores that take floats alone. */
class FloatsTarget extends MemoryTarget {
  override readonly storesHistograms = false
  override readonly storesStartTimes = false
}

test('what a script cannot mean counts as failed or is left out with its reason', async () => {
  const script = [
    'load 1m',
    '  broken{ 1 2',
    'eval instant at 0 broken',
    '  {} 1',
    'eval sometimes up',
    '',
    'clear',
    'load 1m',
    '  native {{count:1 sum:1}}',
    '  started 1',
    '  started@st -1m',
    '  plain 1',
    'eval instant at 0 native',
    '',
    'eval instant at 0 started',
    '',
    'eval instant at 0 plain',
    '  plain 2',
    '',
    'eval instant at 0 plain(',
    '  expect fail',
  ].join('\n')
  const outcomes = await runScript(script, new FloatsTarget())
  expect(outcomes.map(({ line, verdict }) => `${line} ${verdict}`)).toEqual([
    '3 fail',
    '5 fail',
    '13 left out',
    '15 left out',
    '17 fail',
    '20 pass',
  ])
})

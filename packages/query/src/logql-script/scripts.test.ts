import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runScript } from './run.ts'

const DIR = join(import.meta.dirname, '../logql/testdata')

test.each(readdirSync(DIR))('%s', (name) => {
  const outcomes = runScript(readFileSync(join(DIR, name), 'utf8'))
  expect(outcomes.length).toBeGreaterThan(0)
  expect(outcomes.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
})

test('what a script cannot mean counts as failed', () => {
  const script = [
    'load',
    '  {app="a"} no quotes @ 1s',
    'load',
    '  {app="a"} "fine" @ 1s',
    'eval instant at 10s count_over_time({app="a"}[1m])',
    '  {app="a"} 2',
    'eval instant at 10s count_over_time({app="a"}[1m])',
    '  {app="b"} 1',
    'eval instant at 10s count_over_time({app="a"}[1m])',
    '  {app="a"} one',
    'eval sometimes 1',
    'eval instant at 10s 1 +',
    '  expect fail msg: no such message',
    'eval instant at 10s 1',
    '  expect fail',
    'eval instant at 10s 1 + 1',
    '  2',
  ].join('\n')
  expect(runScript(script).map(({ line, verdict }) => `${line} ${verdict}`)).toEqual([
    '1 fail',
    '5 fail',
    '7 fail',
    '9 fail',
    '11 fail',
    '12 fail',
    '14 fail',
    '16 pass',
  ])
})

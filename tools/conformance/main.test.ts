import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Runs the command on a folder of its own with the given files; a folder's content is written as its files. */
function run(files: Readonly<Record<string, string | undefined>>, ...options: string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'conformance-'))
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) mkdirSync(join(dir, name))
    else writeFileSync(join(dir, name), content)
  }
  const main = join(import.meta.dirname, 'main.ts')
  const { status, stdout } = spawnSync(process.execPath, [main, 'promql', dir, ...options], { encoding: 'utf8' })
  return { status, lines: stdout.trimEnd().split('\n') }
}

test('floats and native histograms pass over HTTP', { timeout: 60_000 }, () => {
  const script = 'load 1m\n  m 1\n  h {{count:1 buckets:[1]}}\n\neval instant at 0 m\n  m 1\n\neval instant at 0 h\n'
  expect(run({ 'a.test': `${script}  h {{count:1 buckets:[1]}}\n` }, '--cases', '--http')).toEqual({
    status: 0,
    lines: ['a.test  2 of 2', 'a.test:5 pass', 'a.test:8 pass', '2 of 2'],
  })
})

test('a failed case shows what is wrong', () => {
  expect(run({ 'a.test': 'eval instant at 0 1 + 1\n  3\n' })).toEqual({
    status: 1,
    lines: ['a.test  0 of 1', '  a.test:1 fail (want scalar 3, got 2)', '0 of 1'],
  })
})

test('files that cannot be read count and fail', () => {
  const { status, lines } = run({ 'a.test': undefined, 'parse_cases.json': '[{' })
  expect([status, lines.at(-1)]).toEqual([1, '0 of 2'])
})

test('a folder without cases is no success', () => {
  expect(run({ 'readme.txt': 'nothing' })).toEqual({ status: 1, lines: ['0 of 0'] })
  expect(run({ 'a.test': '# nothing\n' })).toEqual({ status: 1, lines: ['a.test  0 of 0', '0 of 0'] })
})

test('parse cases are judged by validity', () => {
  const cases = [
    { input: 'up', valid: true },
    { input: 'up(', valid: false },
    { input: 'up)', valid: true },
  ]
  expect(run({ 'parse_cases.json': JSON.stringify(cases) }).lines.at(-1)).toBe('2 of 3')
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { serviceOf } from '@vantage/model'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { afterEach, expect, test } from 'vitest'
import type { RowDeletion } from './deletions.ts'
import { ColumnsHarness } from './testing/columns-harness.ts'
import { someLogs, someSpans } from './testing/rows.ts'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

function harness(): ColumnsHarness {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-columns-'))
  directories.push(directory)
  return new ColumnsHarness(directory, new NodeFileSystem())
}

const EVER = { startNs: -(2n ** 70n), endNs: 2n ** 70n }

function ofService(value: string, range = EVER): RowDeletion {
  return { matchers: [{ name: 'service_name', op: '=', value }], ...range }
}

test('a deletion hides what came before it, wherever it lies, and nothing that comes after', async () => {
  const one = harness()
  await one.open()
  one.applyLogs(someLogs(0, 30))
  await one.store.seal()
  one.applyLogs(someLogs(30, 30))
  one.delete('logs', ofService('web'))
  one.applyLogs(someLogs(60, 30))
  const kept = [...someLogs(0, 60).filter((row) => serviceOf(row.origin) !== 'web'), ...someLogs(60, 30)]
  const want = kept.map((row) => `${row.timeNs} ${row.body}`).sort()
  const check = (when: string): void => expect([when, one.dump().sort()]).toEqual([when, want])
  check('hot')
  await one.store.seal()
  check('sealed')
  await one.store.close()
  await one.open()
  check('opened again')
  for (let i = 0; i < 5; i++) await one.tick()
  check('made final')
  expect(one.store.files().reduce((sum, file) => sum + file.rows, 0)).toBe(want.length)
  await one.store.close()
})

test('a file of which nothing is left goes; one that no deletion names is not written anew', async () => {
  const one = harness()
  await one.open()
  one.applySpans(someSpans(0, 10).filter((span) => serviceOf(span.origin) === 'web'))
  await one.store.seal()
  one.applySpans(someSpans(20, 10).filter((span) => serviceOf(span.origin) === 'db'))
  await one.store.seal()
  const [, other] = one.store.files()
  one.delete('spans', ofService('web'))
  await one.store.seal()
  for (let i = 0; i < 4; i++) await one.tick()
  expect(one.store.files().map((file) => [file.fileName, file.rows])).toEqual([[other?.fileName, other?.rows]])
  await one.store.close()
})

test('deletions that cannot be are refused', async () => {
  const one = harness()
  await one.open()
  const codeOf = (deletion: RowDeletion): string => {
    const checked = one.store.checkDeletion('default', 'logs', deletion)
    return checked.ok ? 'ok' : checked.error.code
  }
  expect(codeOf(ofService('web'))).toBe('ok')
  expect(codeOf({ matchers: [], ...EVER })).toBe('bad_request')
  expect(codeOf(ofService('web', { startNs: 5n, endNs: 5n }))).toBe('bad_request')
  expect(codeOf({ matchers: [{ name: 'a', op: '=~', value: '(' }], ...EVER })).toBe('bad_request')
  const lines = (text: string, isPattern = false) =>
    codeOf({ ...ofService('web'), lines: [{ text, isWanted: true, isPattern }] })
  expect([lines('a'), lines('a+', true), lines(''), lines('(', true)]).toEqual([
    ...['ok', 'ok'],
    ...['bad_request', 'bad_request'],
  ])
  expect(codeOf({ ...ofService('web'), lines: [] })).toBe('bad_request')
  one.applyLogs(someLogs(0, 1))
  for (let i = 0; i < 256; i++) one.delete('logs', ofService('nobody'))
  expect(codeOf(ofService('web'))).toBe('too_many')
  await one.store.close()
})

/** Filters of lines, and which lines fulfil them. */
const LINES: readonly (readonly [RowDeletion['lines'], (line: string) => boolean])[] = [
  [undefined, () => true],
  [[{ text: 'word1', isWanted: true }], (line) => line.includes('word1')],
  [[{ text: 'word1', isWanted: false }], (line) => !line.includes('word1')],
  [[{ text: 'line [0-9]*[02468] of', isWanted: true, isPattern: true }], (line) => /line \d*[02468] of/.test(line)],
  [
    [
      { text: 'word', isWanted: true },
      { text: 'word1[12]$', isWanted: false, isPattern: true },
      { text: 'word7', isWanted: false },
    ],
    (line) => !/word1[12]$/.test(line) && !line.includes('word7'),
  ],
]

test('any order of rows, deletions, seals, merges and restarts leaves the same rows', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  for (let round = 0; round < 6; round++) {
    const one = harness()
    await one.open()
    let rows: ReturnType<typeof someLogs> = []
    for (let step = 0; step < 30; step++) {
      const what = random()
      if (what < 0.45) {
        const added = someLogs(step * 20, 1 + Math.floor(random() * 20))
        one.applyLogs(added)
        rows.push(...added)
      } else if (what < 0.6) {
        const service = ['web', 'cart', 'db'][Math.floor(random() * 3)] as string
        const startNs = 1_700_000_000_000_000_000n + BigInt(Math.floor(random() * 600)) * 1_000_000n
        const range = { startNs, endNs: startNs + 100_000_000n }
        const [lines, isGone] = LINES[Math.floor(random() * LINES.length)] as (typeof LINES)[number]
        one.delete('logs', { ...ofService(service, range), ...(lines === undefined ? {} : { lines }) })
        rows = rows.filter(
          (row) =>
            serviceOf(row.origin) !== service ||
            row.timeNs < range.startNs ||
            row.timeNs >= range.endNs ||
            !isGone(String(row.body)),
        )
      } else if (what < 0.8) await one.store.seal()
      else if (what < 0.9) await one.tick()
      else {
        await one.store.close()
        await one.open()
      }
      const want = rows.map((row) => `${row.timeNs} ${row.body}`).sort()
      expect([seed, round, step, one.dump().sort()]).toEqual([seed, round, step, want])
    }
    expect(one.problems).toEqual([])
    await one.store.close()
  }
}, 60_000)

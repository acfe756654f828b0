import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ColumnsHarness } from './testing/columns-harness.ts'
import { someLogs, someSpans } from './testing/rows.ts'

/** A volume that fails in the middle. */
class BrokenFiles extends NodeFileSystem {
  override link(): void {
    throw Object.assign(new Error('secret/path'), { code: 'EIO' })
  }
}

let folder: string
let harness: ColumnsHarness
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantage-snapshot-'))
  harness = new ColumnsHarness(join(folder, 'store'), new NodeFileSystem())
  await harness.open()
})
afterEach(async () => {
  await harness.store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What a store that is opened on the snapshot answers; it has no log. */
async function dumpOf(directory: string): Promise<string[]> {
  const copy = new ColumnsHarness(directory, new NodeFileSystem())
  await copy.open()
  try {
    expect(copy.problems).toEqual([])
    return copy.dump()
  } finally {
    await copy.store.close()
  }
}

/** Files of both signals, a deletion that is not final yet, rows in memory. */
async function fill(): Promise<void> {
  harness.applyLogs(someLogs(0, 60))
  harness.applySpans(someSpans(0, 40))
  await harness.store.seal()
  const matchers = [{ name: 'service_name', op: '=', value: 'cart' }] as const
  harness.delete('logs', { matchers, startNs: 0n, endNs: 2n ** 62n })
  harness.applyLogs(someLogs(60, 20))
  harness.applySpans(someSpans(40, 20))
}

test('a store that is opened on a snapshot answers as the one it was taken from, whatever comes after', async () => {
  await fill()
  const wanted = harness.dump()
  const directory = join(folder, 'copy')
  expect(await harness.store.snapshot(directory, false)).toBeUndefined()
  const files = readdirSync(join(directory, 'files'))
  expect(files.length).toBe(harness.store.files().length * 2)
  expect(files.map((name) => statSync(join(directory, 'files', name)).nlink)).toEqual(files.map(() => 2))
  harness.applyLogs(someLogs(80, 20))
  harness.delete('spans', {
    matchers: [{ name: 'service_name', op: '=', value: 'web' }],
    startNs: 0n,
    endNs: 2n ** 62n,
  })
  await harness.store.seal()
  await harness.tick()
  expect(await dumpOf(directory)).toEqual(wanted)
  expect(wanted.length).toBeGreaterThan(100)
})

test('without the head it holds what was sealed', async () => {
  harness.applyLogs(someLogs(0, 30))
  await harness.store.seal()
  const wanted = harness.dump()
  harness.applyLogs(someLogs(30, 30))
  expect(await harness.store.snapshot(join(folder, 'copy'), true)).toBeUndefined()
  expect(await dumpOf(join(folder, 'copy'))).toEqual(wanted)
})

test('seals and snapshots wait for each other', async () => {
  await fill()
  const wanted = harness.dump()
  const work = [
    harness.store.seal(),
    harness.store.snapshot(join(folder, 'one'), false),
    harness.store.seal(),
    harness.store.snapshot(join(folder, 'two'), true),
  ]
  expect(await Promise.all(work)).toEqual([undefined, undefined, undefined, undefined])
  expect(await dumpOf(join(folder, 'one'))).toEqual(wanted)
  expect(await dumpOf(join(folder, 'two'))).toEqual(wanted)
})

test('a failure is told without paths, and the store goes on', async () => {
  const broken = new ColumnsHarness(join(folder, 'broken'), new BrokenFiles())
  await broken.open()
  try {
    broken.applyLogs(someLogs(0, 5))
    const problem = await broken.store.snapshot(join(folder, 'copy'), false)
    expect(problem).toMatchObject({ code: 'unavailable', message: 'snapshot: it was not written (EIO)' })
    expect(broken.problems).toEqual(['the snapshot of logs and spans was not written: secret/path'])
    broken.applyLogs(someLogs(5, 5))
    await broken.store.seal()
    expect(broken.dump()).toHaveLength(10)
  } finally {
    await broken.store.close()
  }
  expect(await broken.store.snapshot(join(folder, 'late'), true)).toMatchObject({ code: 'unavailable' })
})

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { labels } from './testing/batches.ts'
import { row, StoreHarness } from './testing/store-harness.ts'

/** A volume without links. */
class UnlinkedFiles extends NodeFileSystem {
  override link(): void {
    throw Object.assign(new Error('no links here'), { code: 'EPERM' })
  }
}

/** A volume that fails in the middle. */
class BrokenFiles extends NodeFileSystem {
  override link(): void {
    throw Object.assign(new Error('secret/path'), { code: 'EIO' })
  }
}

const A = labels({ __name__: 'a' })
const B = labels({ __name__: 'b' })

let folder: string
let harness: StoreHarness
let now: number
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantage-snapshot-'))
  harness = new StoreHarness(join(folder, 'store'))
  await harness.open()
  now = harness.clock.nowMs()
})
afterEach(async () => {
  await harness.store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What a store that is opened on the snapshot answers; it has no log. */
async function dumpOf(directory: string): Promise<Map<string, Map<number, string>>> {
  const copy = new StoreHarness(directory)
  await copy.open()
  try {
    expect(copy.problems).toEqual([])
    return copy.dump()
  } finally {
    await copy.store.close()
  }
}

/** Two parts, a deletion of some samples, and samples in memory. */
async function fill(): Promise<void> {
  harness.apply([{ ...row(A, [now, 1], [now + 1000, 2]), startTimes: [now - 5, now - 5] }, row(B, [now, 3])])
  await harness.store.seal()
  harness.apply([row(A, [now + 2000, 4])])
  await harness.store.seal()
  harness.delete([{ name: '__name__', op: '=', value: 'a' }], now, now + 500)
  harness.apply([row(B, [now + 3000, 5])])
}

describe('a snapshot', () => {
  test.each([
    ['by links', new NodeFileSystem(), 2],
    ['by copies, where the volume has no links', new UnlinkedFiles(), 1],
  ])('answers as the store did, whatever comes after: %s', async (_name, files, names) => {
    harness.files = files
    await harness.reopen()
    await fill()
    const wanted = harness.dump()
    const directory = join(folder, 'copy')
    expect(await harness.store.snapshot(directory, false)).toBeUndefined()
    const links = readdirSync(join(directory, 'parts')).map((name) => statSync(join(directory, 'parts', name)).nlink)
    expect(links).toEqual([names, names, names])
    harness.apply([row(B, [now + 4000, 6])])
    harness.delete([{ name: '__name__', op: '=~', value: '.+' }], now, now + 9000)
    await harness.settle()
    expect(await dumpOf(directory)).toEqual(wanted)
  })

  test('without the head it holds what was sealed', async () => {
    harness.apply([row(A, [now, 1])])
    await harness.store.seal()
    const wanted = harness.dump()
    harness.apply([row(A, [now + 1000, 2])])
    expect(await harness.store.snapshot(join(folder, 'copy'), true)).toBeUndefined()
    expect(await dumpOf(join(folder, 'copy'))).toEqual(wanted)
    expect(harness.store.parts()).toHaveLength(1)
  })

  test('of an empty store is an empty store', async () => {
    expect(await harness.store.snapshot(join(folder, 'copy'), false)).toBeUndefined()
    expect(await dumpOf(join(folder, 'copy'))).toEqual(new Map())
  })

  test('a failure is told without paths, and the store goes on', async () => {
    harness.files = new BrokenFiles()
    await harness.reopen()
    harness.apply([row(A, [now, 1])])
    const problem = await harness.store.snapshot(join(folder, 'copy'), false)
    expect(problem).toMatchObject({ code: 'unavailable', message: 'snapshot: it was not written (EIO)' })
    expect(harness.problems).toEqual(['the snapshot was not written: secret/path'])
    harness.apply([row(A, [now + 1000, 2])])
    await harness.store.seal()
    expect(harness.dump().size).toBe(1)
  })

  test('waits for the seal that runs, and seals wait for it', async () => {
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
})

describe('clean tombstones', () => {
  const partsText = (): string =>
    readdirSync(join(folder, 'store', 'parts'))
      .map((name) => readFileSync(join(folder, 'store', 'parts', name)).length)
      .join()

  test('rewrites files until nothing deleted is left in them', async () => {
    await fill()
    const before = partsText()
    const wanted = harness.dump()
    expect(await harness.store.cleanTombstones('default')).toBeUndefined()
    expect(partsText()).not.toBe(before)
    expect(harness.store.parts().reduce((sum, part) => sum + part.sampleCount, 0)).toBe(4)
    expect(harness.dump()).toEqual(wanted)
    expect(await harness.store.cleanTombstones('default')).toBeUndefined()
    expect(await harness.store.cleanTombstones('nobody')).toBeUndefined()
    await harness.reopen()
    expect(harness.dump()).toEqual(wanted)
  })

  test('a file that cannot be rewritten is told', async () => {
    await fill()
    const [part] = harness.store.parts()
    rmSync(join(folder, 'store', 'parts', part?.fileName ?? ''))
    const problem = await harness.store.cleanTombstones('default')
    expect(problem).toMatchObject({ code: 'unavailable', retryAfterSeconds: 60 })
  })
})

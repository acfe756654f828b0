import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { NodeFileSystem } from '@vantage/bytes'
import { FaultError } from '@vantage/model'
import { logRowsOf, spansOf } from '@vantage/model/contract-tests'
import { FaultFileSystem, seededRandom, testSeed, testSet, unlimitedBudget } from '@vantage/model/testing'
import { afterEach, expect, test } from 'vitest'
import { MortalFiles } from '../metrics/testing/mortal-files.ts'
import { ColumnsHarness } from './testing/columns-harness.ts'
import { richLogs, richSpans } from './testing/rich-rows.ts'
import { someLogs, someSpans } from './testing/rows.ts'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-columns-'))
  directories.push(directory)
  return directory
}

function harness(options: ConstructorParameters<typeof ColumnsHarness>[2] = {}): ColumnsHarness {
  return new ColumnsHarness(newDirectory(), new NodeFileSystem(), options)
}

const DAY_MS = 24 * 3_600_000

test('rows without a time get the time they were observed, else the time they were received', async () => {
  const one = harness()
  await one.open()
  const [row] = someLogs(0, 1) as [ReturnType<typeof someLogs>[number]]
  one.applyLogs([
    { ...row, timeNs: 0n, observedTimeNs: 42n, body: 'observed' },
    { ...row, timeNs: 0n, body: 'received' },
    { ...row, timeNs: 7n, body: 'sent' },
  ])
  expect(one.dump()).toEqual(['0 received', '7 sent', '42 observed'])
  await one.store.close()
})

test('tenants see their own rows, sealed or not', async () => {
  const one = harness()
  await one.open()
  one.applyLogs(someLogs(0, 3), 'a')
  one.applyLogs(someLogs(10, 2), 'b')
  for (const round of ['hot', 'sealed']) {
    expect([round, one.dump('a').length, one.dump('b').length, one.dump('c').length]).toEqual([round, 3, 2, 0])
    await one.store.seal()
  }
  expect(one.store.files().map((file) => [file.tenant, file.rows, file.services])).toEqual([
    ['a', 3, ['cart', 'db', 'web']],
    ['b', 2, ['cart', 'db']],
  ])
  await one.store.close()
})

test('a row larger than any chunk, and rows of many chunks', async () => {
  const one = harness()
  await one.open()
  const rows = someLogs(0, 400)
  rows[200] = { ...(rows[200] as (typeof rows)[number]), body: 'x'.repeat(20_000_000) }
  one.applyLogs(rows)
  const hot = one.dump()
  expect(hot.length).toBe(400)
  await one.store.seal()
  expect(one.dump()).toEqual(hot)
  await one.store.close()
})

test('a full memory seals by itself, and who waits for room gets it', async () => {
  const one = harness({ hotBytesMax: 1024 * 1024 })
  await one.open()
  let waited = 0
  expect(one.store.crowding()).toBe(0)
  for (let i = 0; i < 60; i++) {
    if (!one.store.hasRoom()) {
      waited++
      expect(one.store.crowding()).toBe(1)
      await one.store.whenRoom()
    }
    one.applyLogs(someLogs(i * 100, 100))
  }
  expect(waited).toBeGreaterThan(0)
  expect(one.store.stats().seals).toBeGreaterThan(1)
  expect(one.store.stats().hotBytes).toBeLessThanOrEqual(2 * 1024 * 1024)
  expect(one.dump().length).toBe(6_000)
  await one.store.close()
})

test('rows are sealed after an hour, files of equal size merged, old ones dropped', async () => {
  const one = harness({ retention: { keepMs: { logs: DAY_MS, spans: 1000 * DAY_MS }, filters: [] } })
  await one.open()
  for (let hour = 0; hour < 5; hour++) {
    one.applyLogs(someLogs(hour * 50, 50))
    one.applySpans(someSpans(hour * 50, 50))
    await one.tick()
    expect(one.store.stats().hotLogs).toBe(50)
    one.clock.advance(3_600_001)
    await one.tick()
    expect(one.store.stats().hotLogs).toBe(0)
  }
  await one.tick()
  const { files, merges } = one.store.stats()
  expect([files, merges]).toEqual([4, 2])
  const before = one.dump()
  expect(before.length).toBe(500)
  one.clock.advance(30 * 60_000)
  await one.tick()
  expect(one.dump()).toEqual(before)
  for (let hour = 0; hour < 24; hour++) {
    one.clock.advance(3_600_000)
    await one.tick()
  }
  expect(one.dump().filter((line) => line.includes('line')).length).toBe(0)
  expect(one.dump().length).toBe(250)
  await one.store.close()
})

test('files that a pinned reader may see stay until it is done', async () => {
  const one = harness()
  await one.open()
  const pin = one.store.pin()
  for (let i = 0; i < 4; i++) {
    one.applyLogs(someLogs(i * 10, 10))
    await one.store.seal()
  }
  await one.tick()
  expect(one.store.stats().merges).toBe(1)
  expect(readdirSync(join(one.directory, 'files')).length).toBe(10)
  one.store.release(pin)
  await expect.poll(() => readdirSync(join(one.directory, 'files')).length).toBe(2)
  await one.store.close()
})

test('every field of any row comes back from files and from merged files as it did from memory', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const one = harness()
  await one.open()
  const read = () => {
    const range = { startNs: -(2n ** 63n), endNs: 2n ** 63n, direction: 'backward' } as const
    const logs = one.store.logReader().scan('default', { ...range, matchers: [], lineFilters: [] }, unlimitedBudget)
    const spans = one.store.spanReader().scan('default', { ...range, conditions: [], isAll: true }, unlimitedBudget)
    const rows = { logs: [] as ReturnType<typeof logRowsOf>, spans: [] as ReturnType<typeof spansOf> }
    // Block by block: each is valid until the next.
    for (const block of logs) rows.logs.push(...logRowsOf(block))
    for (const block of spans) rows.spans.push(...spansOf(block))
    return rows
  }
  const whole: ReturnType<typeof read> = { logs: [], spans: [] }
  for (const count of [1, 500, 17_000, 16_800]) {
    one.applyLogs(richLogs(random, count))
    one.applySpans(richSpans(random, Math.ceil(count / 20)))
    const hot = read()
    await one.store.seal()
    const sealed = read()
    expect([seed, sealed.logs.length, sealed.spans.length]).toEqual([seed, hot.logs.length, hot.spans.length])
    for (const signal of ['logs', 'spans'] as const) {
      const wrong = hot[signal].findIndex((row, i) => !isDeepStrictEqual(row, sealed[signal][i]))
      expect([seed, count, sealed[signal][wrong]]).toEqual([seed, count, hot[signal][wrong]])
    }
    Object.assign(whole, sealed)
  }
  for (let i = 0; i < 3; i++) await one.tick()
  expect(one.store.stats()).toMatchObject({ merges: 2, files: 2 })
  expect(isDeepStrictEqual(read(), whole)).toBe(true)
  await one.store.close()
}, 60_000)

/** Of so many steps one is tried, other ones in each run. */
const STRIDE = { test: 9, wide: 3, long: 1 }[testSet()]

/** Seals and merges of both signals; dies after `steps` changes to the disk. @returns changes made */
async function history(one: ColumnsHarness, steps: number): Promise<number> {
  const files = new MortalFiles(steps)
  one.files = files
  // The first steps make the directory: without it there is no store.
  await one.open()
  for (let i = 0; i < 5; i++) {
    one.applyLogs(someLogs(i * 20, 20))
    one.applySpans(someSpans(i * 20, 20))
    await one.store.seal()
    await one.tick()
    one.clock.advance(60_000)
  }
  await one.store.close()
  return files.changes
}

test('a crash at any step of sealing and merging loses nothing and leaves no stray file', async () => {
  const whole = harness()
  const changes = await history(whole, Number.MAX_SAFE_INTEGER)
  whole.files = new NodeFileSystem()
  await whole.open()
  expect(whole.store.stats().files).toBeLessThan(10)
  const expected = whole.dump()
  expect(expected.length).toBe(200)
  await whole.store.close()
  for (let steps = testSeed() % STRIDE; steps < changes; steps += STRIDE) {
    const one = harness()
    await history(one, steps)
    one.files = new NodeFileSystem()
    one.problems.length = 0
    await one.open()
    expect([steps, one.problems, one.dump()]).toEqual([steps, [], expected])
    const names = one.store.files().flatMap((file) => [`${file.fileName}.filters`, `${file.fileName}.parquet`])
    expect(readdirSync(join(one.directory, 'files')).sort()).toEqual(names.sort())
    await one.store.close()
  }
}, 60_000)

test('power loss after any seal: what the catalogue names is whole on the device', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  for (let round = 0; round < 12; round++) {
    let files = new FaultFileSystem({ seed: seed + round, shortWriteChance: 0.2 })
    const one = new ColumnsHarness(newDirectory(), files)
    await one.open()
    let rows = 0
    for (let i = 0; i < 8; i++) {
      one.applyLogs(someLogs(i * 15, 15))
      one.applySpans(someSpans(i * 15, 15))
      rows += 30
      if (random() < 0.6) await one.store.seal()
      if (random() < 0.5) await one.tick()
      if (random() < 0.3) files.failSyncAt = 1 + Math.floor(random() * 4)
      one.clock.advance(60_000)
      if (random() < 0.4) {
        await one.store.close()
        files = files.powerLoss(seed + round * 100 + i)
        one.files = files
        await one.open()
      }
      expect([seed, round, i, one.dump().length]).toEqual([seed, round, i, rows])
    }
    await one.store.close()
  }
}, 60_000)

test('a flipped bit anywhere is refused or changes nothing, and is never served', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const one = harness()
  await one.open()
  one.applyLogs(someLogs(0, 500))
  await one.store.seal()
  const expected = one.dump()
  await one.store.close()
  const directory = join(one.directory, 'files')
  let refused = 0
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    const whole = readFileSync(path)
    for (let round = 0; round < 40; round++) {
      const damaged = Buffer.from(whole)
      const at = Math.floor(random() * whole.length)
      damaged[at] = (whole[at] as number) ^ (1 << Math.floor(random() * 8))
      writeFileSync(path, round % 10 === 0 ? whole.subarray(0, at) : damaged)
      await one.open()
      try {
        expect([seed, name, at, one.dump()]).toEqual([seed, name, at, expected])
      } catch (error) {
        if (!(error instanceof FaultError)) throw error
        expect(error.fault.reason).toBe('corrupt_file')
        refused++
      }
      await one.store.close()
    }
    writeFileSync(path, whole)
  }
  expect(refused).toBeGreaterThan(30)
}, 60_000)

test('a seal that fails keeps its rows in memory and is tried again', async () => {
  const files = new MortalFiles(Number.MAX_SAFE_INTEGER)
  const one = new ColumnsHarness(newDirectory(), files)
  await one.open()
  one.applyLogs(someLogs(0, 10))
  files.left = 3
  await one.store.seal()
  expect(one.problems.length).toBe(1)
  expect(one.dump().length).toBe(10)
  files.left = Number.MAX_SAFE_INTEGER
  one.clock.advance(60_000)
  await one.tick()
  expect(one.store.stats()).toMatchObject({ hotLogs: 0, files: 1, failures: 1 })
  expect(one.dump().length).toBe(10)
  await one.store.close()
})

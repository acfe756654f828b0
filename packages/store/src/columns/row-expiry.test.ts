import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node modules lacks node:sqlite
import { DatabaseSync } from 'node:sqlite'
import { NodeFileSystem } from '@vantage/bytes'
import { NO_ORIGIN, type Origin } from '@vantage/model'
import type { ContractSpan } from '@vantage/model/contract-tests'
import { seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { afterEach, expect, test } from 'vitest'
import { ArchivedTraces } from './archived-traces.ts'
import type { RowRetention, RowRetentionFilter } from './row-expiry.ts'
import { ColumnsHarness } from './testing/columns-harness.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const EVERYWHEN = { startNs: -(2n ** 63n), endNs: 2n ** 63n }

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

async function open(retention: RowRetention): Promise<ColumnsHarness> {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-expiry-'))
  directories.push(directory)
  const one = new ColumnsHarness(directory, new NodeFileSystem(), { retention, sealAfterMs: 1_000 * DAY_MS })
  await one.open()
  return one
}

const of = (service: string): RowRetentionFilter['matchers'] => [{ name: 'service_name', op: '=', value: service }]

const KEEP: RowRetention = {
  keepMs: { logs: 5 * DAY_MS, spans: 5 * DAY_MS },
  filters: [
    { signal: 'logs', matchers: of('debug'), keepMs: DAY_MS },
    { signal: 'logs', matchers: [{ name: 'service_name', op: '=~', value: 'd.*' }], keepMs: 2 * DAY_MS },
    { signal: 'logs', matchers: of('audit'), keepMs: Number.POSITIVE_INFINITY },
    { signal: 'logs', tenant: 'a', matchers: [], keepMs: 9 * DAY_MS },
    { signal: 'spans', matchers: of('debug'), keepMs: 3 * DAY_MS },
  ],
}

const origin = (service: string): Origin => ({
  ...NO_ORIGIN,
  resource: [{ key: 'service.name', value: { kind: 'string', value: service } }],
})

const SERVICES = ['web', 'debug', 'data', 'audit']

/** One row of each service, now. */
function rows(one: ColumnsHarness, at = 0) {
  const timeNs = BigInt(one.clock.wallMs) * 1_000_000n + BigInt(at)
  return SERVICES.map((body) => ({ timeNs, body, origin: origin(body) }))
}

function spans(one: ColumnsHarness, traceId: string): ContractSpan[] {
  const startNs = BigInt(one.clock.wallMs) * 1_000_000n
  const times = { startNs, endNs: startNs + 1n }
  return SERVICES.map((name, i) => ({
    ...times,
    traceId,
    spanId: `${i + 1}`.padStart(16, '0'),
    name,
    origin: origin(name),
  }))
}

const bodies = (one: ColumnsHarness, tenant = 'default') => one.dump(tenant).map((line) => line.split(' ')[1])
const labels = (one: ColumnsHarness, tenant = 'default') =>
  one.store
    .logReader()
    .streams(tenant, [], EVERYWHEN, unlimitedBudget)
    .map((stream) => stream[stream.indexOf('service_name') + 1])

async function settle(one: ColumnsHarness): Promise<void> {
  for (let i = 0; i < 4; i++) await one.tick()
}

const storedRows = (one: ColumnsHarness) => one.store.files().reduce((sum, file) => sum + file.rows, 0)

test('rows go by the shortest period of the filters that take them, else by their tenant, else by default', async () => {
  const one = await open(KEEP)
  for (const tenant of ['default', 'a']) one.applyLogs(rows(one), tenant)
  one.applySpans(spans(one, 'a'.repeat(32)))
  await one.store.seal()
  const check = async (days: number, want: readonly string[], ofA: readonly string[], ofSpans: readonly string[]) => {
    one.clock.advance(one.clock.wallMs - START_MS > days * DAY_MS ? 0 : START_MS + days * DAY_MS - one.clock.wallMs)
    // At once after a restart, before anything is written anew, and when it is.
    await one.store.close()
    await one.open()
    for (const when of ['opened', 'settled', 'opened again']) {
      const found = bodies(one)
      expect([days, when, found.sort()]).toEqual([days, when, [...want, ...ofSpans].sort()])
      expect([days, when, labels(one).sort()]).toEqual([days, when, [...want].sort()])
      expect([days, when, bodies(one, 'a').sort()]).toEqual([days, when, [...ofA].sort()])
      await settle(one)
      if (when !== 'opened') continue
      expect([days, storedRows(one)]).toEqual([days, want.length + ofA.length + ofSpans.length])
      await one.store.close()
      await one.open()
    }
  }
  const START_MS = one.clock.wallMs
  await check(0.9, SERVICES, SERVICES, SERVICES)
  await check(1.1, ['web', 'data', 'audit'], ['web', 'data', 'audit'], SERVICES)
  await check(2.1, ['web', 'audit'], ['web', 'audit'], SERVICES)
  await check(3.1, ['web', 'audit'], ['web', 'audit'], ['web', 'data', 'audit'])
  await check(5.1, ['audit'], ['web', 'audit'], [])
  await check(9.1, ['audit'], ['audit'], [])
  await check(900, ['audit'], ['audit'], [])
  expect(one.problems).toEqual([])
  await one.store.close()
})

test('a file that is written anew once is left alone until another period is over', async () => {
  const one = await open(KEEP)
  one.applyLogs(rows(one))
  await one.store.seal()
  one.clock.advance(1.1 * DAY_MS)
  await settle(one)
  const [file] = one.store.files()
  expect(file?.rows).toBe(3)
  one.clock.advance(12 * HOUR_MS)
  await settle(one)
  expect(one.store.files()).toEqual([file])
  await one.store.close()
})

test('what arrived on one day is merged, not what arrived on several', async () => {
  const one = await open(KEEP)
  const dayMs = Math.ceil(one.clock.wallMs / DAY_MS) * DAY_MS
  one.clock.advance(dayMs - one.clock.wallMs)
  for (let day = 0; day < 2; day++) {
    for (let i = 0; i < 4; i++) {
      one.applyLogs([{ ...(rows(one, i)[0] as object), body: `${day}` } as never])
      await one.store.seal()
    }
    one.clock.advance(DAY_MS)
  }
  for (let i = 0; i < 4; i++) await settle(one)
  expect(one.store.files().map(({ rows }) => rows)).toEqual([4, 4])
  // The first day goes, though the second one is still wanted.
  one.clock.advance(dayMs + 5 * DAY_MS + HOUR_MS - one.clock.wallMs)
  await settle(one)
  expect(bodies(one)).toEqual(['1', '1', '1', '1'])
  await one.store.close()
})

test('a trace of the archive outlives its period, a restart and a snapshot; what is deleted goes all the same', async () => {
  const one = await open(KEEP)
  const [kept, other] = ['a'.repeat(32), 'b'.repeat(32)]
  one.applySpans([...spans(one, kept), ...spans(one, other)])
  const atNs = BigInt(one.clock.wallMs) * 1_000_000n
  const trace = { tenant: 'default', traceId: kept, startNs: atNs, endNs: atNs + 1n }
  expect(await one.store.archiveTrace(trace)).toBeUndefined()
  await one.store.seal()
  one.clock.advance(900 * DAY_MS)
  for (let round = 0; round < 2; round++) {
    await one.store.close()
    await one.open()
    expect(bodies(one).sort()).toEqual([...SERVICES].sort())
    await settle(one)
    expect(storedRows(one)).toBe(4)
    expect(bodies(one).sort()).toEqual([...SERVICES].sort())
  }
  const [file] = one.store.files()
  one.clock.advance(DAY_MS)
  await settle(one)
  expect(one.store.files()).toEqual([file])
  const copy = join(one.directory, 'copy')
  expect(await one.store.snapshot(copy, false)).toBeUndefined()
  const restored = new ColumnsHarness(copy, new NodeFileSystem(), one.options)
  restored.clock.wallMs = one.clock.wallMs + DAY_MS
  await restored.open()
  await settle(restored)
  expect(bodies(restored)).toHaveLength(4)
  await restored.store.close()
  one.delete('spans', { matchers: of('web'), ...EVERYWHEN })
  expect(bodies(one)).toHaveLength(3)
  await settle(one)
  expect(storedRows(one)).toBe(3)
  expect(await one.store.unarchiveTrace('default', kept)).toBe(true)
  expect(await one.store.unarchiveTrace('default', kept)).toBe(false)
  one.clock.advance(HOUR_MS)
  await settle(one)
  expect([bodies(one), readdirSync(join(one.directory, 'files'))]).toEqual([[], []])
  expect(one.problems).toEqual([])
  await one.store.close()
})

test('the archive of a tenant holds ten thousand traces', () => {
  const archive = new ArchivedTraces()
  const trace = (i: number, tenant = 'default') => ({ tenant, traceId: `${i}`, startNs: 0n, endNs: 1n })
  archive.load(Array.from({ length: 9_999 }, (_, i) => trace(i)))
  expect(archive.check(trace(9_999))).toBeUndefined()
  archive.add(trace(9_999))
  expect(archive.check(trace(10_000))).toMatchObject({ code: 'unprocessable' })
  expect(archive.check(trace(9_999))).toBeUndefined()
  expect(archive.check(trace(10_000, 'a'))).toBeUndefined()
})

test('a store of the first version is read, and keeps traces from then on', async () => {
  const one = await open(KEEP)
  const traceId = 'a'.repeat(32)
  one.applySpans(spans(one, traceId))
  await one.store.seal()
  await one.store.close()
  const catalogue = new DatabaseSync(join(one.directory, 'columns.sqlite'))
  catalogue.exec('DROP TABLE archived; PRAGMA user_version = 1')
  catalogue.close()
  await one.open()
  expect(bodies(one)).toHaveLength(4)
  const atNs = BigInt(one.clock.wallMs) * 1_000_000n
  expect(await one.store.archiveTrace({ tenant: 'default', traceId, startNs: atNs, endNs: atNs })).toBeUndefined()
  one.clock.advance(900 * DAY_MS)
  await one.store.close()
  await one.open()
  expect(bodies(one)).toHaveLength(4)
  await one.store.close()
})

test('many ask for traces to be kept at once', async () => {
  const one = await open(KEEP)
  const ids = Array.from({ length: 100 }, (_, i) => `${i}`.padStart(32, '0'))
  const kept = await Promise.all(
    ids.map((traceId) => one.store.archiveTrace({ tenant: 'default', traceId, startNs: 0n, endNs: 1n })),
  )
  expect(kept).toEqual(ids.map(() => undefined))
  await one.store.close()
})

const seed = testSeed()
test(`any history: what is written anew and merged shows rows for a day more at most, SEED=${seed}`, async () => {
  const random = seededRandom(seed)
  const pick = (count: number) => Math.floor(random() * count)
  const [busy, idle] = [await open(KEEP), await open(KEEP)]
  const history: { readonly atMs: number; readonly lines: ReadonlySet<string> }[] = []
  for (let step = 0; step < 14; step++) {
    const advanceMs = pick(20) * HOUR_MS
    const traceId = pick(1_000).toString(16).padStart(32, '0')
    const startNs = BigInt(busy.clock.wallMs + advanceMs) * 1_000_000n
    const isArchived = pick(4) === 0
    for (const one of [busy, idle]) {
      one.clock.advance(advanceMs)
      one.applyLogs(rows(one, step))
      one.applySpans(spans(one, traceId))
      if (isArchived) await one.store.archiveTrace({ tenant: 'default', traceId, startNs, endNs: startNs + 1n })
      await one.store.seal()
    }
    if (pick(2) === 0) await settle(busy)
    for (const one of [busy, idle]) {
      await one.store.close()
      await one.open()
    }
    const [shown, wanted] = [busy.dump(), idle.dump()]
    const missing = wanted.filter((line) => !shown.includes(line))
    expect([`SEED=${seed}`, step, missing]).toEqual([`SEED=${seed}`, step, []])
    const before = history.findLast(({ atMs }) => atMs <= busy.clock.wallMs - DAY_MS)
    const isLate = (line: string) =>
      before?.lines.has(line) === false && Number(line.split(' ')[0]) / 1e6 <= before.atMs
    expect([`SEED=${seed}`, step, shown.filter(isLate)]).toEqual([`SEED=${seed}`, step, []])
    history.push({ atMs: idle.clock.wallMs, lines: new Set(wanted) })
  }
  await settle(busy)
  expect(storedRows(busy)).toBeLessThan(storedRows(idle))
  for (const one of [busy, idle]) await one.store.close()
})

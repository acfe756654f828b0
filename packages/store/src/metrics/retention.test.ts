import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Labels, Matcher } from '@vantage/model'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ageFromMs, expiredToMs, type Keep, type Retention, SeriesKeeps, TenantRetention } from './retention.ts'
import type { SeriesIndex } from './series-index.ts'
import { labels } from './testing/batches.ts'
import { row, StoreHarness } from './testing/store-harness.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Noon. */
const BASE_MS = 19_700 * DAY_MS + 12 * HOUR_MS

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-retention-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const keep = (days: number): Keep => ({ rawMs: days * DAY_MS, tierMs: [0, 0] })
const dev: readonly Matcher[] = [{ name: 'env', op: '=', value: 'dev' }]
const small: readonly Matcher[] = [{ name: 'i', op: '=~', value: '[0-4]' }]

const RETENTION: Retention = {
  keep: keep(5),
  filters: [
    { matchers: dev, keep: keep(2) },
    { tenant: 'a', matchers: [], keep: keep(9) },
    { tenant: 'a', matchers: small, keep: keep(1) },
  ],
}

async function open(name: string, retention = RETENTION): Promise<StoreHarness> {
  const harness = new StoreHarness(join(directory, name), {}, retention)
  harness.clock.wallMs = BASE_MS
  await harness.open()
  return harness
}

/** An index of series `{env, i}` that only answers what matchers ask. */
function indexOf(series: readonly Readonly<Record<string, string>>[]): SeriesIndex {
  const names = ['env', 'i']
  const values = [...new Set(series.flatMap((one) => Object.values(one)))]
  const answers = {
    findName: (name: string) => names.indexOf(name),
    pairOfSeries: (at: number, name: number) => values.indexOf(series[at]?.[names[name] as string] ?? ''),
    pairValue: (pair: number) => values[pair] as string,
  }
  return answers as unknown as SeriesIndex
}

test('the shortest period of all filters that take a series counts, else the tenant, else the default', () => {
  const check = (tenant: string, series: Record<string, string>, wantDays: number): void => {
    const keeps = new SeriesKeeps(indexOf([series]), new TenantRetention(RETENTION, tenant))
    expect([tenant, series, keeps.keep(0).rawMs / DAY_MS]).toEqual([tenant, series, wantDays])
  }
  check('b', {}, 5)
  check('b', { env: 'dev' }, 2)
  check('b', { i: '3' }, 5)
  check('a', {}, 9)
  check('a', { env: 'dev' }, 2)
  check('a', { env: 'dev', i: '3' }, 1)
  check('a', { env: 'prod', i: '7' }, 9)
  expect(new TenantRetention(RETENTION, 'a').rawPeriodsMs()).toEqual([1, 2, 9].map((days) => days * DAY_MS))
})

test('what is over ends at a whole hour; what arrives late is kept from the day of its arrival', () => {
  const check = (nowMs: number, maxTimeMs: number, arrivedMs: number, want: number): void => {
    expect(expiredToMs(nowMs, DAY_MS, ageFromMs(maxTimeMs, arrivedMs))).toBe(want)
  }
  const none = Number.NEGATIVE_INFINITY
  check(BASE_MS + 90 * 60_000, BASE_MS, BASE_MS, none)
  check(BASE_MS + DAY_MS + 90 * 60_000, BASE_MS, BASE_MS, BASE_MS + HOUR_MS)
  check(BASE_MS + DAY_MS, BASE_MS, BASE_MS + DAY_MS, BASE_MS)
  check(BASE_MS + 36 * HOUR_MS - 1, BASE_MS - 90 * DAY_MS, BASE_MS, none)
  check(BASE_MS + 36 * HOUR_MS, BASE_MS - 90 * DAY_MS, BASE_MS, BASE_MS + 12 * HOUR_MS)
  check(Number.NEGATIVE_INFINITY, BASE_MS, BASE_MS, none)
})

const series = (env: string, i: number): Labels => labels({ __name__: 'm', env, i: String(i) })

test('series of a filter go first: masked at once, out of the file with the next upkeep, gone after a restart', async () => {
  const harness = await open('one')
  for (let i = 0; i < 3; i++) {
    harness.apply([row(series('dev', i), [BASE_MS + i, i]), row(series('prod', i), [BASE_MS + i, i])])
  }
  await harness.store.seal()
  const held = () => [...harness.dump().keys()].map((key) => (key.includes('dev') ? 'dev' : 'prod'))
  const bytes = () => harness.store.stats().partBytes
  const before = bytes()
  harness.clock.advance(2 * DAY_MS - HOUR_MS)
  await harness.settle()
  expect([held().length, bytes()]).toEqual([6, before])
  harness.clock.advance(2 * HOUR_MS)
  await harness.reopen()
  expect(held()).toEqual(['prod', 'prod', 'prod'])
  expect(bytes()).toBe(before)
  await harness.settle()
  expect(held()).toEqual(['prod', 'prod', 'prod'])
  expect([harness.store.stats().partSamples, harness.store.stats().parts]).toEqual([3, 1])
  await harness.reopen()
  expect(held()).toEqual(['prod', 'prod', 'prod'])
  harness.clock.advance(5 * DAY_MS)
  await harness.reopen()
  expect(held()).toEqual([])
  await harness.settle()
  expect([harness.store.stats().parts, readdirSync(join(directory, 'one/parts'))]).toEqual([0, []])
  expect(harness.problems).toEqual([])
  await harness.store.close()
})

test('a rewrite that finds nothing is not tried again', async () => {
  const harness = await open('one')
  harness.apply([row(series('prod', 1), [BASE_MS, 1])])
  await harness.store.seal()
  harness.clock.advance(3 * DAY_MS)
  await harness.settle()
  expect([harness.store.stats().parts, harness.store.stats().merges]).toEqual([1, 0])
  await harness.store.close()
})

test('an import is kept for its period from the day it arrived', async () => {
  const harness = await open('one')
  harness.apply([row(series('prod', 1), [BASE_MS - 400 * DAY_MS, 1], [BASE_MS - 399 * DAY_MS, 2])])
  await harness.store.seal()
  await harness.settle()
  harness.clock.advance(5 * DAY_MS)
  await harness.settle()
  expect(harness.dump().size).toBe(1)
  harness.clock.advance(DAY_MS)
  await harness.reopen()
  expect(harness.dump().size).toBe(0)
  await harness.settle()
  expect(harness.store.stats().parts).toBe(0)
  await harness.store.close()
})

test('answers never depend on whether files were merged, rewritten or dropped', async () => {
  const seed = testSeed()
  for (let history = 0; history < 2; history++) {
    const random = seededRandom(seed + history)
    const pick = (count: number) => Math.floor(random() * count)
    const busy = await open(`busy ${history}`)
    const idle = await open(`idle ${history}`)
    for (let step = 0; step < 60; step++) {
      const advanceMs = pick(5) * HOUR_MS + pick(HOUR_MS)
      const nowMs = busy.clock.wallMs + advanceMs
      const tenant = pick(2) === 0 ? 'a' : 'b'
      const rows = Array.from({ length: 1 + pick(4) }, () => {
        const lateMs = pick(8) === 0 ? pick(6 * DAY_MS) : pick(HOUR_MS)
        return row(series(pick(2) === 0 ? 'dev' : 'prod', pick(10)), [nowMs - lateMs, pick(100)])
      })
      const isSealed = pick(3) === 0
      for (const harness of [busy, idle]) {
        harness.clock.advance(advanceMs)
        harness.apply(rows, tenant)
        if (isSealed) await harness.store.seal()
      }
      if (pick(2) === 0) await busy.settle()
      if (pick(8) === 0) await busy.reopen()
      await busy.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
      if (busy.store.sealedTo('metrics-raw') > idle.store.sealedTo('metrics-raw')) await idle.store.seal()
      // The idle store learns the time from a restart alone.
      await idle.reopen()
      for (const one of ['a', 'b']) {
        const dumps = [busy, idle].map((harness) => [...harness.dump(undefined, undefined, one)].sort())
        expect([`SEED=${seed + history}`, step, dumps[0]]).toEqual([`SEED=${seed + history}`, step, dumps[1]])
      }
    }
    expect(busy.store.stats().parts).toBeLessThan(idle.store.stats().parts)
    await busy.store.close()
    await idle.store.close()
  }
})

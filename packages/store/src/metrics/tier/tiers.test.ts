import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import {
  BUCKET,
  BUCKET_COLUMNS,
  BucketColumns,
  labelsKey,
  type OpenFile,
  type OpenMode,
  SampleColumns,
  STALE_HIGH,
  STALE_LOW,
} from '@vantage/model'
import { seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ValueScratch } from '../codec/value-codec.ts'
import type { Keep, RetentionFilter } from '../retention.ts'
import { labels, type TestValue } from '../testing/batches.ts'
import { row, StoreHarness } from '../testing/store-harness.ts'
import { bucketEndMs, foldSamples } from './bucket-fold.ts'
import { decodeTierChunk, encodeTierChunk, TIER_CHUNK_BYTES_MAX } from './tier-chunk.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const BASE_MS = 19_700 * DAY_MS
const ALL = (1 << BUCKET_COLUMNS) - 1

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-tiers-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function samplesOf(samples: readonly (readonly [number, TestValue])[]): SampleColumns {
  const out = new SampleColumns()
  for (const [time, value] of samples) {
    out.push(time, typeof value === 'number' ? value : 0)
    if (typeof value === 'number') continue
    out.halves[(out.count - 1) * 2] = value.low
    out.halves[(out.count - 1) * 2 + 1] = value.high
  }
  return out
}

/** One object per bucket. */
function listBuckets(buckets: BucketColumns): Record<string, number>[] {
  return Array.from({ length: buckets.count }, (_, i) =>
    Object.fromEntries(
      Object.entries(BUCKET).map(([name, column]) => [name, (buckets.columns[column] as Float64Array)[i] as number]),
    ),
  )
}

test('samples fold into buckets that are open at the left and closed at the right', () => {
  const stale = { high: STALE_HIGH, low: STALE_LOW }
  const samples = samplesOf([
    [0, 5],
    [1, 7],
    [5, Number.NaN],
    [6, 3],
    [7, stale],
    [10, 4],
    [11, Number.NaN],
  ])
  const out = new BucketColumns(0)
  expect(foldSamples(samples, 10, out)).toBe(true)
  const base = {
    firstMs: 0,
    lastMs: 0,
    count: 1,
    first: 5,
    last: 5,
    min: 5,
    max: 5,
    sum: 5,
    compensation: 0,
    resets: 0,
  }
  const nan = { first: Number.NaN, last: Number.NaN, min: Number.NaN, max: Number.NaN, sum: Number.NaN }
  expect(listBuckets(out)).toEqual([
    base,
    {
      ...base,
      count: 4,
      firstMs: 1,
      lastMs: 10,
      first: 7,
      last: 4,
      min: 3,
      max: 7,
      sum: Number.NaN,
      compensation: Number.NaN,
    },
    { ...base, ...nan, firstMs: 11, lastMs: 11 },
  ])
  out.reset()
  foldSamples(samplesOf([[1, 9], [2, 4], [3, 5], [4, 1]]), 10, out) // biome-ignore format: one line reads best
  expect(listBuckets(out)).toEqual([
    { ...base, count: 4, firstMs: 1, lastMs: 4, first: 9, last: 1, min: 1, max: 9, sum: 19, resets: 14 },
  ])
  out.reset()
  foldSamples(samples, 0, out)
  expect([out.count, (out.columns[BUCKET.lastMs] as Float64Array)[3]]).toEqual([6, 6])
  expect(foldSamples(samplesOf([[1, 1e101]]), 10, out)).toBe(false)
  expect(foldSamples(samplesOf([[1, Number.NEGATIVE_INFINITY]]), 10, out)).toBe(false)
})

test('chunks of buckets come back bit for bit, but for the last bits of sums', () => {
  const seed = testSeed()
  const bytes = new Uint8Array(TIER_CHUNK_BYTES_MAX + 1000)
  for (let run = 0; run < 300; run++) {
    const random = seededRandom(seed + run)
    const pick = (count: number) => Math.floor(random() * count)
    const samples: [number, number][] = []
    const kind = pick(4)
    for (let i = 0, time = BASE_MS; i < 1 + pick(3000); i++) {
      time += 1 + pick(20_000)
      const value = [i, random(), 7, random() < 0.1 ? Number.NaN : (random() - 0.5) * 10 ** pick(200)][kind] as number
      samples.push([time, value])
    }
    const buckets = new BucketColumns(0)
    foldSamples(samplesOf(samples), 5 * MINUTE_MS, buckets)
    const count = Math.min(buckets.count, 384)
    const ends = Float64Array.from({ length: count }, (_, i) =>
      bucketEndMs((buckets.columns[BUCKET.lastMs] as Float64Array)[i] as number, 5 * MINUTE_MS),
    )
    encodeTierChunk(buckets, 0, count, 5 * MINUTE_MS, bytes, new ValueScratch())
    const from = pick(count)
    const to = from + 1 + pick(count - from)
    const wanted = run % 3 === 0 ? ALL : pick(ALL + 1)
    const out = new BucketColumns(0)
    expect(decodeTierChunk(bytes, 0, ends, from, to, wanted, out)).toBe(true)
    for (let c = 0; c < BUCKET_COLUMNS; c++) {
      if ((wanted & (1 << c)) === 0) continue
      if (c === BUCKET.sum || c === BUCKET.compensation) continue
      const want = (buckets.halves[c] as Uint32Array).subarray(from * 2, to * 2)
      const got = (out.halves[c] as Uint32Array).subarray(0, (to - from) * 2)
      expect([`SEED=${seed + run}`, c, [...got]]).toEqual([`SEED=${seed + run}`, c, [...want]])
    }
    const sums = (1 << BUCKET.sum) | (1 << BUCKET.compensation)
    for (let i = 0; i < to - from && (wanted & sums) === sums; i++) {
      const [sum, rest, gotSum, gotRest] = [buckets, out].flatMap(({ columns }, which) =>
        [BUCKET.sum, BUCKET.compensation].map(
          (c) => (columns[c] as Float64Array)[which === 0 ? from + i : i] as number,
        ),
      ) as [number, number, number, number]
      // The difference of two pairs, taken so that nothing is lost to rounding.
      const isClose = Math.abs(sum - gotSum + (rest - gotRest)) <= Math.abs(sum) * 2 ** -65
      expect([`SEED=${seed + run}`, i, sum, isClose || Number.isNaN(sum)]).toEqual([`SEED=${seed + run}`, i, sum, true])
    }
  }
})

const KEEP: Keep = { rawMs: 3 * DAY_MS, tierMs: [6 * DAY_MS, 9 * DAY_MS] }

async function open(keep = KEEP, filters: readonly RetentionFilter[] = []): Promise<StoreHarness> {
  const harness = new StoreHarness(join(directory, 'store'), {}, { keep, filters })
  harness.clock.wallMs = BASE_MS
  await harness.open()
  return harness
}

const counter = (host: string) => labels({ __name__: 'm_total', host })

/** A sample at the half of every minute for `hours`, sealed. */
async function fill(harness: StoreHarness, hours: number, hosts: readonly string[] = ['a', 'b']): Promise<void> {
  const fromMs = harness.clock.wallMs
  harness.clock.advance(hours * HOUR_MS)
  for (const [i, host] of hosts.entries()) {
    const samples = Array.from(
      { length: hours * 60 },
      (_, n) => [fromMs + n * MINUTE_MS + 30_000, ((fromMs - BASE_MS) / MINUTE_MS + n) * (i + 1)] as const,
    )
    harness.apply([row(counter(host), ...samples)])
  }
  await harness.store.seal()
}

/** What a whole-bucket read of one series says; undefined where samples are to be read. */
function readBuckets(harness: StoreHarness, host: string, bucketMs: number, fromMs: number, toMs: number) {
  const scan = { matchers: [{ name: 'host', op: '=', value: host } as const], startMs: fromMs + 1, endMs: toMs }
  const selection = harness.store.reader().select('default', scan, unlimitedBudget)
  const out = new BucketColumns(0)
  if (selection.count === 0 || selection.readBuckets?.(0, bucketMs, fromMs, toMs, ALL, out) !== true) return undefined
  return { rows: listBuckets(out), work: out.work, reducedToMs: selection.reducedToMs }
}

const files = () => readdirSync(join(directory, 'store/parts')).map((name) => name.replace(/^.*?\./, ''))

test('tiers come once a day is over, live beside their part, and are gone with the last of it', async () => {
  const harness = await open()
  const check = (want: readonly string[]): void => expect(files().sort()).toEqual(want)
  await fill(harness, 12)
  await harness.settle()
  check(['part'])
  await fill(harness, 12)
  await fill(harness, 1)
  await harness.settle()
  check(['1h.tier', '5m.tier', 'part', 'part'])
  expect(harness.store.stats()).toMatchObject({ tiers: 2, tierBuckets: 2 * (288 + 24), parts: 2 })
  const day = readBuckets(harness, 'b', HOUR_MS, BASE_MS, BASE_MS + DAY_MS)
  expect(day?.rows.length).toBe(24)
  expect(day?.work).toBe(24)
  expect(day?.rows[3]).toMatchObject({ count: 60, first: 360, last: 478, resets: 0, min: 360, max: 478, sum: 25_140 })
  await harness.reopen()
  expect(readBuckets(harness, 'b', HOUR_MS, BASE_MS, BASE_MS + DAY_MS)).toEqual(day)
  harness.clock.advance(3 * DAY_MS)
  await harness.settle()
  check(['1h.tier', '1h.tier', '5m.tier', '5m.tier', 'part'])
  harness.clock.advance(3 * DAY_MS - HOUR_MS)
  await harness.settle()
  check(['1h.tier', '1h.tier', '5m.tier'])
  harness.clock.advance(3 * DAY_MS)
  await harness.settle()
  check(['1h.tier'])
  harness.clock.advance(DAY_MS)
  await harness.reopen()
  await harness.settle()
  check([])
  expect(harness.problems).toEqual([])
  await harness.store.close()
})

test('of what is over the last sample of each bucket is left, first of five minutes, then of an hour', async () => {
  const harness = await open()
  await fill(harness, 24)
  await fill(harness, 1)
  await harness.settle()
  const times = () => [
    ...(harness
      .dump()
      .get(labelsKey(counter('a')))
      ?.keys() ?? []),
  ]
  const every = (stepMs: number, fromMs: number, toMs: number) =>
    Array.from({ length: (toMs - fromMs) / stepMs }, (_, i) => fromMs + (i + 1) * stepMs - 30_000)
  const end = BASE_MS + 25 * HOUR_MS
  expect(times()).toEqual(every(MINUTE_MS, BASE_MS, end))
  harness.clock.wallMs = BASE_MS + 3 * DAY_MS + 90 * MINUTE_MS
  harness.clock.elapsedMs += 3 * DAY_MS
  await harness.reopen()
  const hour = BASE_MS + HOUR_MS
  expect(times()).toEqual([...every(5 * MINUTE_MS, BASE_MS, hour), ...every(MINUTE_MS, hour, end)])
  await harness.settle()
  harness.clock.wallMs = BASE_MS + 6 * DAY_MS + 2 * HOUR_MS
  await harness.reopen()
  await harness.settle()
  const two = BASE_MS + 2 * HOUR_MS
  const ends = [...every(HOUR_MS, BASE_MS, two), ...every(5 * MINUTE_MS, two, end)]
  expect(times()).toEqual(ends)
  expect(harness.store.stats().parts).toBe(0)
  const half = readBuckets(harness, 'a', 0, BASE_MS, BASE_MS + 4 * HOUR_MS + 30 * MINUTE_MS)
  expect(half?.rows.map((one) => one['lastMs'])).toEqual(ends.slice(0, 2 + 30))
  expect(half?.rows[0]).toMatchObject({ count: 60, first: 0, last: 59 })
  expect(half?.reducedToMs).toBe(BASE_MS + DAY_MS)
  await harness.store.close()
})

test('what a deletion touches is gone at once: beside parts, and from what is left of them', async () => {
  const harness = await open()
  await fill(harness, 24)
  await fill(harness, 1)
  await harness.settle()
  const fromMs = BASE_MS + 10 * HOUR_MS + 40_000
  const holes = () => {
    const found = readBuckets(harness, 'a', HOUR_MS, BASE_MS, BASE_MS + DAY_MS)
    return found?.rows.map((one) => one['count']).flatMap((count, i) => (count === 60 ? [] : [`${i}:${count}`]))
  }
  const matchers = [{ name: 'host', op: '=', value: 'a' } as const]
  expect(holes()).toEqual([])
  harness.delete(matchers, fromMs, fromMs + MINUTE_MS)
  expect(readBuckets(harness, 'a', HOUR_MS, BASE_MS, BASE_MS + DAY_MS)).toBeUndefined()
  expect(harness.dump().get(labelsKey(counter('a')))?.size).toBe(25 * 60 - 1)
  await harness.settle()
  expect(holes()).toEqual(['10:59'])
  expect(harness.store.stats()).toMatchObject({ tiers: 2, deletions: 0 })
  harness.clock.advance(4 * DAY_MS)
  await harness.settle()
  expect(harness.store.stats()).toMatchObject({ parts: 0, tiers: 4 })
  const left = () => [...harness.dump()].map(([, samples]) => samples.size)
  expect(left()).toEqual([300, 300])
  harness.delete(matchers, fromMs, fromMs + MINUTE_MS)
  expect(left()).toEqual([299, 300])
  await harness.reopen()
  expect(left()).toEqual([299, 300])
  await harness.settle()
  await harness.store.seal()
  expect(harness.store.stats()).toMatchObject({ deletions: 0, tierBuckets: 2 * (288 + 24 + 12 + 1) - 2 })
  expect(left()).toEqual([299, 300])
  harness.delete(matchers, 0, BASE_MS + 100 * DAY_MS)
  await harness.settle()
  await harness.reopen()
  expect(left()).toEqual([300])
  expect(harness.problems).toEqual([])
  await harness.store.close()
})

test('late samples send their bucket back to the samples, and no other', async () => {
  const harness = await open()
  await fill(harness, 24)
  await fill(harness, 1)
  await harness.settle()
  harness.apply([row(counter('a'), [BASE_MS + 5 * HOUR_MS + 30_500, 1e6])])
  const check = (): void => {
    const found = readBuckets(harness, 'a', HOUR_MS, BASE_MS, BASE_MS + DAY_MS)
    expect(found?.rows.map((one) => one['count'])).toEqual(Array.from({ length: 24 }, (_, i) => (i === 5 ? 61 : 60)))
    expect(found?.rows[5]?.['max']).toBe(1e6)
    expect(found?.work).toBe(23 + 61)
  }
  check()
  await harness.store.seal()
  check()
  await harness.reopen()
  check()
  await harness.store.close()
})

test('tiers of a part that lost series to retention answer for the others as before', async () => {
  const short: Keep = { rawMs: DAY_MS, tierMs: [2 * DAY_MS, 2 * DAY_MS] }
  const matchers = [{ name: 'host', op: '=', value: 'a' } as const]
  const harness = await open(KEEP, [{ matchers, keep: short }])
  await fill(harness, 24, ['a', 'b', 'c'])
  await fill(harness, 1, ['a', 'b', 'c'])
  await harness.settle()
  const read = (host: string) => readBuckets(harness, host, HOUR_MS, BASE_MS + 2 * HOUR_MS, BASE_MS + DAY_MS)
  const before = ['b', 'c'].map(read)
  const buckets = harness.store.stats().tierBuckets
  harness.clock.advance(DAY_MS)
  await harness.settle()
  expect(harness.store.stats()).toMatchObject({ parts: 2, tiers: 2, partSamples: 2 * 24 * 60 + 3 * 60 })
  expect(harness.dump().get(labelsKey(counter('a')))?.size).toBe(276)
  expect(['b', 'c'].map(read)).toEqual(before.map((one) => ({ ...one, work: 22 })))
  harness.clock.advance(DAY_MS)
  await harness.settle()
  expect(harness.dump().has(labelsKey(counter('a')))).toBe(false)
  expect(harness.store.stats().tierBuckets).toBe((buckets / 3) * 2 + 2 * 13)
  expect(['b', 'c'].map((host) => read(host)?.rows)).toEqual(before.map((one) => one?.rows))
  await harness.store.close()
})

test('gauges keep no resets, and infinite values no sums: samples answer what asks for them', async () => {
  const harness = await open()
  const value = (host: string, n: number): number => {
    if (host === 'gauge') return n % 3
    return host === 'wild' && n === 700 ? Number.POSITIVE_INFINITY : n - (n % 100 === 0 ? 50 : 0)
  }
  const hosts = ['counter', 'gauge', 'wild']
  const times = Array.from({ length: 1440 }, (_, n) => BASE_MS + n * MINUTE_MS + 1)
  harness.clock.advance(DAY_MS)
  for (const host of hosts)
    harness.apply([row(counter(host), ...times.map((time, n) => [time, value(host, n)] as const))])
  await harness.store.seal()
  await fill(harness, 1)
  await harness.settle()
  const check = (column: keyof typeof BUCKET, want: readonly string[]): void => {
    const wanted = 1 << BUCKET[column]
    const scan = {
      matchers: [{ name: 'host', op: '=~', value: hosts.join('|') } as const],
      startMs: BASE_MS,
      endMs: BASE_MS + DAY_MS,
    }
    const selection = harness.store.reader().select('default', scan, unlimitedBudget)
    const read = hosts.filter((_, i) =>
      selection.readBuckets?.(i, HOUR_MS, BASE_MS, scan.endMs, wanted, new BucketColumns()),
    )
    expect([column, read]).toEqual([column, want])
  }
  check('max', hosts)
  check('last', hosts)
  check('sum', ['counter', 'gauge'])
  check('resets', ['counter'])
  await harness.store.close()
})

test('a tier that cannot be believed is not: samples answer, and without them the query fails', async () => {
  const harness = await open()
  await fill(harness, 24)
  await fill(harness, 1)
  await harness.settle()
  await harness.store.close()
  for (const name of readdirSync(join(directory, 'store/parts'))) {
    if (!name.endsWith('.tier')) continue
    const path = join(directory, 'store/parts', name)
    const bytes = readFileSync(path)
    bytes[bytes.length - 30] = (bytes[bytes.length - 30] as number) ^ 1
    writeFileSync(path, bytes)
  }
  await harness.open()
  expect(readBuckets(harness, 'a', HOUR_MS, BASE_MS, BASE_MS + DAY_MS)).toBeUndefined()
  expect(harness.dump().size).toBe(2)
  await harness.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  expect(harness.problems.join()).toMatch(/1h\.tier: footer: checksum differs/)
  harness.clock.wallMs = BASE_MS + 4 * DAY_MS + 2 * HOUR_MS
  await harness.reopen()
  expect(() => harness.dump()).toThrow(/checksum differs/)
  await harness.store.close()
})

/** No tier can be written. */
class TierlessFiles extends NodeFileSystem {
  override open(path: string, mode: OpenMode): OpenFile {
    if (mode === 'create' && path.endsWith('.tier')) throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
    return super.open(path, mode)
  }
}

test('what is over stays while its tiers cannot be written, but not for ever', async () => {
  const harness = await open()
  await fill(harness, 24)
  await fill(harness, 1)
  const run = async (days: number): Promise<void> => {
    for (let i = 0; i < days * 24; i++) {
      harness.clock.advance(HOUR_MS)
      await harness.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
    }
  }
  const reopen = async (lent: NodeFileSystem): Promise<void> => {
    harness.files = lent
    await harness.reopen()
  }
  await reopen(new TierlessFiles())
  await run(5)
  expect(harness.store.stats()).toMatchObject({ parts: 2, tiers: 0 })
  expect(harness.problems.at(-1)).toMatch(/no room/)
  expect(harness.dump().size).toBe(0)
  await reopen(new NodeFileSystem())
  await run(1)
  expect(harness.store.stats()).toMatchObject({ parts: 0, tiers: 2 })
  expect(harness.dump().size).toBe(2)
  await fill(harness, 24)
  await reopen(new TierlessFiles())
  await run(7)
  expect(harness.store.stats().parts).toBe(1)
  await run(1.5)
  expect(harness.store.stats().parts).toBe(0)
  await harness.store.close()
})

test('a flipped bit anywhere in a tier is refused and never changes a value', async () => {
  const harness = await open()
  await fill(harness, 24)
  await fill(harness, 1)
  await harness.settle()
  const before = readBuckets(harness, 'b', 5 * MINUTE_MS, BASE_MS, BASE_MS + DAY_MS)
  await harness.store.close()
  const name = readdirSync(join(directory, 'store/parts')).find((one) => one.endsWith('5m.tier')) as string
  const path = join(directory, 'store/parts', name)
  const whole = readFileSync(path)
  const random = seededRandom(testSeed())
  for (let run = 0; run < 80; run++) {
    const bytes = Buffer.from(whole)
    const at = Math.floor(random() * bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8))
    writeFileSync(path, bytes)
    await harness.open()
    try {
      const found = readBuckets(harness, 'b', 5 * MINUTE_MS, BASE_MS, BASE_MS + DAY_MS)
      if (found !== undefined) expect([at, found]).toEqual([at, before])
    } catch (error) {
      expect([at, (error as Error).message]).toEqual([at, expect.stringMatching(/refused/)])
    }
    await harness.store.close()
  }
})

test('a tier that is not kept is not written, and the coarser one takes its place', async () => {
  const harness = await open({ rawMs: 3 * DAY_MS, tierMs: [0, 9 * DAY_MS] })
  await fill(harness, 24)
  await fill(harness, 1)
  await harness.settle()
  expect(files().sort()).toEqual(['1h.tier', 'part', 'part'])
  harness.clock.advance(3 * DAY_MS)
  await harness.settle()
  expect([...harness.dump()].map(([, samples]) => samples.size)).toEqual([25, 25])
  await harness.store.close()
})

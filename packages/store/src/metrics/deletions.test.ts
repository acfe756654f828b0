import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node modules lacks node:sqlite
import { DatabaseSync } from 'node:sqlite'
import { type Histogram, type LogRecord, labelsKey, type Matcher, PAYLOAD_FORMATS, SampleColumns } from '@vantage/model'
import { randomHistogram } from '@vantage/model/contract-tests'
import { seededRandom, unlimitedBudget } from '@vantage/model/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TOMBSTONES_MAX } from './limits.ts'
import { labels } from './testing/batches.ts'
import { row, StoreHarness } from './testing/store-harness.ts'
import { deletionRecord, readDeletion } from './tombstones.ts'

let directory: string
let harness: StoreHarness
let now: number
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-delete-'))
  harness = new StoreHarness(directory)
  await harness.open()
  now = harness.clock.nowMs()
})
afterEach(async () => {
  await harness.store.close()
  rmSync(directory, { recursive: true, force: true })
})

const host = (value: string) => labels({ __name__: 'up', host: value })
const matcher = (name: string, op: Matcher['op'], value: string): Matcher[] => [{ name, op, value }]
const histogram = (i: number): Histogram => randomHistogram(seededRandom(1), seededRandom(i))

/** host → times since `now`. */
function times(): Record<string, number[]> {
  const found: Record<string, number[]> = {}
  for (const [key, samples] of harness.dump()) {
    const name = ['a', 'b', 'c', 'f', 'h'].find((one) => labelsKey(host(one)) === key) as string
    found[name] = [...samples.keys()].map((time) => time - now).sort((a, b) => a - b)
  }
  return found
}

function names(): string[] {
  const range = { startMs: 0, endMs: 1e14 }
  return harness.store.reader().labelValues('default', 'host', [], range, unlimitedBudget)
}

/** The same after a restart, when it is in a part, when it is final, and after a restart then. */
async function check(want: Record<string, number[]>): Promise<void> {
  const steps: [string, () => Promise<void>][] = [
    ['at once', async () => {}],
    ['replayed', () => harness.reopen()],
    ['sealed', () => harness.store.seal()],
    ['sealed and reopened', () => harness.reopen()],
    ['final', () => harness.settle()],
    ['final and reopened', () => harness.reopen()],
  ]
  for (const [step, go] of steps) {
    await go()
    expect([step, times()]).toEqual([step, want])
    expect([step, names()]).toEqual([step, Object.keys(want).sort()])
  }
  expect(harness.problems).toEqual([])
  expect(harness.store.stats().deletions).toBe(0)
  const files = harness.store.parts().map((part) => part.fileName)
  expect(readdirSync(join(directory, 'parts')).sort()).toEqual([...files].sort())
}

const three = (name: string) => row(host(name), [now, 1], [now + 1000, 2], [now + 2000, 3])

test('deletes a range of the series that match, in memory', async () => {
  harness.apply([three('a'), three('b')])
  harness.delete(matcher('host', '=', 'a'), now + 500, now + 1500)
  await check({ a: [0, 2000], b: [0, 1000, 2000] })
})

test('deletes in files too, whole series with their labels', async () => {
  harness.apply([three('a'), three('b')])
  await harness.store.seal()
  harness.apply([row(host('a'), [now + 3000, 4]), row(host('c'), [now + 3000, 4])])
  harness.delete(matcher('host', '=~', 'a|c'), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
  await check({ b: [0, 1000, 2000] })
})

test('covers what came before it, never what comes after', async () => {
  harness.apply([three('a')])
  harness.delete(matcher('host', '=', 'a'), now, now + 2000)
  expect(times()).toEqual({})
  harness.apply([row(host('a'), [now + 1000, 9]), row(host('b'), [now, 1])])
  await check({ a: [1000], b: [0] })
})

test('nothing left means no file', async () => {
  harness.apply([three('a')])
  await harness.store.seal()
  harness.delete(matcher('__name__', '=', 'up'), now, now + 5000)
  await check({})
  expect(harness.store.parts()).toEqual([])
  harness.apply([row(host('a'), [now + 1, 1])])
  harness.delete(matcher('__name__', '=', 'up'), now, now + 5000)
  await check({})
  expect([harness.store.parts(), harness.store.sealedTo('metrics-raw')]).toEqual([[], 4])
})

test('a deletion that names nothing in a file leaves the file as it is', async () => {
  harness.apply([three('a')])
  await harness.store.seal()
  const before = harness.store.parts()
  harness.delete(matcher('host', '=', 'z'), now, now + 5000)
  harness.delete(matcher('host', '=', 'a'), now + 10, now + 20)
  await check({ a: [0, 1000, 2000] })
  const names = harness.store.parts().map((part) => part.fileName)
  // The second range holds no sample of the series, but may: only a rewrite can tell.
  expect(names.length).toBe(before.length)
})

test('histograms and exemplars go with the floats', async () => {
  const exemplar = (timeMs: number) => ({ labels: ['trace_id', `t${timeMs}`], value: 1, timeMs })
  const histograms = [0, 1000, 2000].map((at) => [now + at, histogram(at)] as const)
  const exemplars = [exemplar(now), exemplar(now + 1000)]
  harness.apply([
    { ...row(host('h')), histograms, exemplars },
    { ...row(host('f'), [now + 1, 1]), histograms },
  ])
  harness.delete(matcher('host', '=~', 'h|f'), now + 1, now + 1500)
  await check({ h: [0, 2000], f: [0, 2000] })
  const scan = { matchers: [], startMs: 0, endMs: 1e14 }
  const left = harness.store.reader().exemplars('default', scan, unlimitedBudget)
  expect(left.map((one) => one.exemplars)).toEqual([[exemplar(now)]])
})

test('parts that are merged lose what deletions between and after them cover', async () => {
  for (let seal = 0; seal < 9; seal++) {
    const at = now + seal * 1000
    harness.apply([row(host('a'), [at, seal]), row(host('b'), [at, seal])])
    await harness.store.seal()
    if (seal === 3) harness.delete(matcher('host', '=', 'a'), now, now + 9000)
    if (seal === 6) harness.delete(matcher('host', '=', 'b'), now + 5000, now + 9000)
  }
  await check({ a: [4000, 5000, 6000, 7000, 8000], b: [0, 1000, 2000, 3000, 4000, 7000, 8000] })
  expect(harness.store.parts().length).toBeLessThan(9)
})

test('takes every kind of matcher, absent labels included', async () => {
  const zoned = (name: string, zone: string) => row(labels({ __name__: 'up', host: name, zone }), [now, 1])
  const cases: [Matcher[], string[]][] = [
    [matcher('host', '=', 'a'), ['b', 'c']],
    [matcher('host', '!=', 'a'), ['a']],
    [matcher('host', '=~', '[ab]'), ['c']],
    [matcher('host', '!~', '[ab]'), ['a', 'b']],
    [matcher('zone', '=', ''), ['a']],
    [matcher('zone', '!=', ''), ['b', 'c']],
    [matcher('zone', '=~', 'z|'), []],
    [matcher('missing', '=', ''), []],
    [matcher('missing', '=', 'x'), ['a', 'b', 'c']],
    [
      [...matcher('zone', '=', ''), ...matcher('host', '!=', 'b')],
      ['a', 'b'],
    ],
  ]
  for (const [isSealed, [matchers, want]] of cases.flatMap((one) => [[false, one] as const, [true, one] as const])) {
    harness.apply([zoned('a', 'z'), row(host('b'), [now, 1]), row(host('c'), [now, 1])])
    if (isSealed) await harness.store.seal()
    harness.delete(matchers, now, now)
    expect([matchers, isSealed, names()]).toEqual([matchers, isSealed, want])
    harness.delete(matcher('__name__', '=', 'up'), now, now)
    expect(names()).toEqual([])
  }
})

test('tenants do not share deletions', async () => {
  harness.apply([three('a')])
  harness.apply([three('a')], 'other')
  harness.delete(matcher('host', '=', 'a'), now, now + 2000, 'other')
  expect(harness.dump(undefined, undefined, 'other').size).toBe(0)
  await check({ a: [0, 1000, 2000] })
})

test('a selection that began before the deletion still reads', () => {
  harness.apply([three('a')])
  const reader = harness.store.reader()
  const selection = reader.select('default', { matchers: [], startMs: 0, endMs: 1e14 }, unlimitedBudget)
  harness.delete(matcher('host', '=', 'a'), now, now + 2000)
  const out = new SampleColumns()
  selection.read(0, 0, 1e14, out)
  expect([out.count, times()]).toEqual([3, {}])
})

test('what cannot be a deletion is refused by name', () => {
  const refusal = (matchers: readonly Matcher[], startMs: number, endMs: number): string => {
    const checked = harness.store.checkDeletion('default', { matchers, startMs, endMs })
    return checked.ok ? 'ok' : `${checked.error.code} ${checked.error.message}`
  }
  const a = matcher('host', '=', 'a')
  expect(refusal([], 0, 1)).toBe('bad_request delete: want at least one matcher, got none')
  expect(refusal(a, 2, 1)).toBe('bad_request delete: want start <= end, got 2 and 1')
  expect(refusal(a, Number.NaN, 1)).toMatch(/^bad_request delete: want start/)
  expect(refusal(matcher('host', '=~', '('), 0, 1)).toMatch(/^bad_request regular expression/)
  harness.apply([three('a')])
  for (let i = 0; i < TOMBSTONES_MAX; i++) {
    expect(refusal(a, 0, 1)).toBe('ok')
    harness.delete(a, now, now)
  }
  expect(refusal(a, 0, 1)).toMatch(/^too_many delete: 256 deletions wait/)
})

test('the log record comes back, and one that is damaged is refused', () => {
  const deletion = { matchers: [...matcher('ü', '!~', 'a|"b"'), ...matcher('x', '=', '')], startMs: -5, endMs: 7 }
  const record = deletionRecord('default', deletion, now)
  expect(record).toMatchObject({ format: PAYLOAD_FORMATS.seriesDeletion, verdict: undefined })
  expect(readDeletion(record)).toEqual({ ok: true, value: deletion })
  const payload = Buffer.from(record.payload)
  for (let length = 0; length < payload.length; length++) {
    expect(readDeletion({ ...record, payload: payload.subarray(0, length) } as LogRecord).ok).toBe(false)
  }
  for (const text of [
    'null',
    '[]',
    '{"matchers":[["a","~","b"]],"startMs":0,"endMs":1}',
    '{"matchers":[],"startMs":0}',
  ]) {
    expect([text, readDeletion({ ...record, payload: Buffer.from(text) }).ok]).toEqual([text, false])
  }
})

const DAY_MS = 86_400_000
const TO_VERSION_2 = 'ALTER TABLE parts DROP COLUMN age_from_ms; DROP TABLE tiers; PRAGMA user_version = 2;'
const TO_VERSION_1 = `${TO_VERSION_2} ALTER TABLE parts DROP COLUMN deleted_to; PRAGMA user_version = 1`

test.each([
  [1, TO_VERSION_1],
  [2, TO_VERSION_2],
])('a catalogue of version %i is taken over', async (_, back) => {
  harness.apply([three('a')])
  await harness.store.seal()
  await harness.store.close()
  const database = new DatabaseSync(join(directory, 'catalogue.sqlite'))
  database.exec(back)
  database.close()
  await harness.open()
  expect(harness.store.parts()[0]).toMatchObject({
    fromOffset: 0,
    toOffset: 1,
    deletedTo: 1,
    ageFromMs: Math.floor(now / DAY_MS) * DAY_MS,
  })
  harness.delete(matcher('host', '=', 'a'), now, now)
  await check({ a: [1000, 2000] })
})

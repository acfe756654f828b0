import { expect, test } from 'vitest'
import type { PartRow } from './catalogue/protocol.ts'
import type { TenantHead } from './head/tenant-head.ts'
import { PageCache } from './part/page-cache.ts'
import { PinBook } from './pins.ts'
import { ageFromMs, DEFAULT_RETENTION, TenantRetention } from './retention.ts'
import { TestClock } from './testing/store-harness.ts'
import { chooseMerge, expiredParts, MergePlan, RetentionClock } from './upkeep.ts'

const DAY_MS = 86_400_000

/** `day:bytes` in log order. */
function parts(text: string): PartRow[] {
  return text.split(' ').map((one, id) => {
    const [day, bytes] = one.split(':').map(Number) as [number, number]
    const maxTimeMs = day * DAY_MS + 5
    const rest = { tenant: 't', fileName: `part ${id}`, level: 0, seriesCount: 1, sampleCount: 1, checksum: 0 }
    return {
      id,
      maxTimeMs,
      minTimeMs: 0,
      fromOffset: id,
      toOffset: id + 1,
      deletedTo: id + 1,
      bytes,
      arrivedMs: maxTimeMs,
      ageFromMs: day * DAY_MS,
      ...rest,
    }
  })
}

test('merges neighbours of one day, once it is over or eight are there', () => {
  const check = (text: string, want: readonly number[]): void => {
    expect([text, chooseMerge(parts(text)).map((part) => part.id)]).toEqual([text, want])
  }
  check('1:1', [])
  check('1:1 1:1', [])
  check('1:1 1:1 2:1', [0, 1])
  check('1:1 2:1 2:1 3:1', [1, 2])
  check('1:1 2:1 1:1 2:1', [])
  check('1:1 1:1 1:1 1:1 1:1 1:1 1:1', [])
  check('1:1 1:1 1:1 1:1 1:1 1:1 1:1 1:1', [0, 1, 2, 3, 4, 5, 6, 7])
  check('1:2000000000 1:2000000000 2:1', [])
  check('1:2000000000 1:1 2:1', [0, 1])
  const quiet = (nowMs: number) => chooseMerge(parts('1:1 1:1'), undefined, nowMs).length
  expect([quiet(2 * DAY_MS + 5), quiet(2 * DAY_MS + 6)]).toEqual([0, 2])
})

test('parts of a merge that failed rest, and are never jumped over', () => {
  const plan = new MergePlan((tenant) => new TenantRetention(DEFAULT_RETENTION, tenant), {
    hasTiers: () => false,
    mayGo: () => true,
  })
  const head = { tombstones: [{ matchers: [], startMs: 0, endMs: 10 * DAY_MS, offset: 4 }] } as unknown as TenantHead
  const heads = new Map([['t', head]])
  const all = parts('1:1 1:1 1:1 2:1 2:1 3:1')
  const check = (nowMs: number, want: readonly number[] | undefined): readonly PartRow[] => {
    const due = plan.next(heads, () => all, nowMs, 0)?.parts
    expect([nowMs, due?.map((part) => part.id)]).toEqual([nowMs, want])
    return due ?? []
  }
  check(0, [0, 1, 2])
  plan.rest(all.slice(0, 3), 'part 1: page 0: checksum differs', 0)
  plan.rest(check(1, [3, 4]), 'disk full', 1)
  // No neighbours are left, so the deletion is made final one by one.
  plan.rest(check(2, [0]), 'disk full', 2)
  plan.rest(check(3, [2]), 'disk full', 3)
  check(4, undefined)
  check(600_000, [1])
  check(600_003, [0, 1, 2])
})

test('retention asks for the newest sample and for the arrival', () => {
  const [part] = parts('1:1') as [PartRow]
  const check = (maxTimeMs: number, arrivedMs: number, nowMs: number, want: number): void => {
    const one = { ...part, maxTimeMs, arrivedMs, ageFromMs: ageFromMs(maxTimeMs, arrivedMs) }
    expect([maxTimeMs, arrivedMs, nowMs, expiredParts([one], nowMs, DAY_MS).length]).toEqual([
      maxTimeMs,
      arrivedMs,
      nowMs,
      want,
    ])
  }
  const HOUR_MS = 3_600_000
  check(HOUR_MS, HOUR_MS, DAY_MS + HOUR_MS - 1, 0)
  check(HOUR_MS, HOUR_MS, DAY_MS + HOUR_MS, 0)
  check(HOUR_MS, HOUR_MS, DAY_MS + HOUR_MS + 1, 1)
  check(HOUR_MS + 1, HOUR_MS, DAY_MS + HOUR_MS + 1, 0)
  check(HOUR_MS, 2 * HOUR_MS, DAY_MS + 2 * HOUR_MS, 0)
  check(0, 9 * DAY_MS + 1, 11 * DAY_MS - 1, 0)
  check(0, 9 * DAY_MS + 1, 11 * DAY_MS, 1)
})

test('a jump of the wall clock counts after two readings that agree', () => {
  const clock = new TestClock()
  const retention = new RetentionClock(clock)
  clock.advance(1000)
  expect(retention.believedMs()).toBe(clock.wallMs)
  clock.wallMs += 400 * DAY_MS
  expect(retention.believedMs()).toBeUndefined()
  clock.advance(599_999)
  expect(retention.believedMs()).toBeUndefined()
  clock.advance(1)
  expect(retention.believedMs()).toBe(clock.wallMs)
  clock.wallMs -= 2 * DAY_MS
  expect(retention.believedMs()).toBeUndefined()
  clock.wallMs += 2 * DAY_MS
  expect(retention.believedMs()).toBe(clock.wallMs)
})

test('the oldest pin says what may be used again', () => {
  const pins = new PinBook()
  expect(pins.oldest > pins.current).toBe(true)
  const first = pins.pin()
  const second = pins.pin()
  expect([pins.oldest, pins.current]).toEqual([1, 2])
  pins.release(first)
  expect(pins.oldest).toBe(2)
  const third = pins.pin()
  pins.release(second)
  expect(pins.oldest).toBe(3)
  pins.release(third)
  expect(pins.oldest > pins.current).toBe(true)
  expect(() => pins.release(third)).toThrow('BUG')
  expect(pins.pin().epoch).toBe(4)
  expect(pins.oldest).toBe(4)
})

test('the page cache keeps what is used and never more than its bytes', () => {
  const cache = new PageCache(8 * 32 * 1024)
  const slot = { bytes: new Uint8Array(0), at: 0 }
  const touch = (key: number): boolean => {
    const isKnown = cache.find(key, slot)
    if (!isKnown) {
      cache.claim(key, slot)
      slot.bytes[slot.at] = key
    }
    expect(slot.bytes[slot.at]).toBe(key)
    return isKnown
  }
  for (let key = 0; key < 8; key++) expect(touch(key)).toBe(false)
  for (let key = 0; key < 8; key++) expect(touch(key)).toBe(true)
  for (let key = 8; key < 100; key++) {
    expect(touch(key)).toBe(false)
    expect(touch(key)).toBe(true)
  }
  expect(cache.byteLength).toBeLessThanOrEqual(64 * 32 * 1024)
})

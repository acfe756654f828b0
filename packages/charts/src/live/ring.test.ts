import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { valueAt } from './legend.ts'
import { RING_SAMPLES_MAX } from './limits.ts'
import { SampleRing } from './ring.ts'

const BASE_MS = 1_795_231_273_138

/** The contiguous run as plain pairs. */
function contents(ring: SampleRing): readonly (readonly [number, number])[] {
  const out: [number, number][] = []
  for (let i = ring.first; i < ring.first + ring.count; i++) {
    out.push([ring.baseMs + (ring.times[i] as number), ring.values[i] as number])
  }
  return out
}

describe('a ring keeps the newest samples in one run', () => {
  test('any stream equals the tail of a plain list', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 60 }), (steps) => {
        // Ten minutes per step: the ring of eight never needs to grow, offsets are rebased often.
        const ring = new SampleRing(8)
        const plain: [number, number][] = []
        let timeMs = BASE_MS
        steps.forEach((step, i) => {
          timeMs += 600_000 + step
          ring.push(timeMs, i)
          plain.push([timeMs, i])
        })
        expect(contents(ring)).toEqual(plain.slice(-8))
        expect(ring.first + ring.count).toBeLessThanOrEqual(ring.times.length)
      }),
    )
  })

  test('whole milliseconds stay exact over days', () => {
    const ring = new SampleRing(4)
    for (let i = 0; i < 400; i++) ring.push(BASE_MS + i * 600_001, i)
    expect(contents(ring).at(-1)).toEqual([BASE_MS + 399 * 600_001, 399])
  })

  test('it grows while it holds less than five minutes, and no further than its limit', () => {
    const ring = new SampleRing(8)
    for (let i = 0; i < 20_000; i++) ring.push(BASE_MS + i * 16, i)
    expect(ring.capacity).toBe(32_768)
    for (let i = 0; i < 40_000; i++) ring.push(BASE_MS + 320_000 + i, i)
    expect(ring.capacity).toBe(RING_SAMPLES_MAX)
    expect(contents(ring)).toHaveLength(RING_SAMPLES_MAX)
  })

  test('older samples are dropped, the same time replaces', () => {
    const ring = new SampleRing(8)
    ring.push(BASE_MS, 1)
    ring.push(BASE_MS + 10, 2)
    expect(ring.push(BASE_MS + 5, 3)).toBe(false)
    expect(ring.push(BASE_MS + 10, 4)).toBe(true)
    expect(contents(ring)).toEqual([
      [BASE_MS, 1],
      [BASE_MS + 10, 4],
    ])
    expect(ring.lastValue).toBe(4)
  })
})

describe('reading by time', () => {
  const ring = new SampleRing(8)
  // 45 s apart: eight samples are more than five minutes, so the ring stays at eight.
  for (let i = 0; i < 12; i++) ring.push(BASE_MS + i * 45_000, i)
  const check = (offsetMs: number, index: number) =>
    test(`first sample at or after ${offsetMs} ms`, () =>
      expect(ring.indexAt(BASE_MS + offsetMs) - ring.first).toBe(index))
  check(-1, 0)
  check(180_000, 0)
  check(180_001, 1)
  check(495_000, 7)
  check(495_001, 8)

  test('a value is that of the newest sample not after the time', () => {
    expect(valueAt(ring, BASE_MS + 250_000)).toBe(5)
    expect(valueAt(ring, undefined)).toBe(11)
    expect(valueAt(ring, BASE_MS)).toBeNaN()
  })
})

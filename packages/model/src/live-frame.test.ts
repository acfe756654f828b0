import { expect, test } from 'vitest'
import { decodeLiveFrame, encodeLiveFrame, liveFrameBytes, liveFrameCapacity } from './live-frame.ts'

test('a frame reads back bit by bit', () => {
  const samples = {
    count: 3,
    baseMs: 1_700_000_000_000,
    refs: Uint32Array.of(1, 7, 4_000_000_000),
    offsetsMs: Float32Array.of(0, 16.5, 250),
    values: Float64Array.of(-0, Number.NaN, 1e300),
  }
  const back = decodeLiveFrame(encodeLiveFrame(samples))
  expect(back?.count).toBe(3)
  expect([...(back?.refs ?? [])]).toEqual([1, 7, 4_000_000_000])
  expect([...(back?.offsetsMs ?? [])]).toEqual([0, 16.5, 250])
  expect(Object.is(back?.values[0], -0)).toBe(true)
  expect(back?.values[1]).toBeNaN()
  expect(back?.values[2]).toBe(1e300)
})

test('bytes that are no frame are refused', () => {
  expect(decodeLiveFrame(new ArrayBuffer(3))).toBeUndefined()
  const cut = encodeLiveFrame({
    count: 1,
    baseMs: 0,
    refs: Uint32Array.of(1),
    offsetsMs: Float32Array.of(1),
    values: Float64Array.of(1),
  })
  expect(decodeLiveFrame(cut.slice(0, 30))).toBeUndefined()
  new Uint8Array(cut)[0] = 9
  expect(decodeLiveFrame(cut)).toBeUndefined()
})

test('the capacity of a frame never exceeds its bytes', () => {
  for (const bytes of [64, 1000, 65_536]) expect(liveFrameBytes(liveFrameCapacity(bytes))).toBeLessThanOrEqual(bytes)
})

import { describe, expect, test } from 'vitest'
import { NativeBuffer, NativeMemory, nativeMemory } from './native-memory.ts'

const PAGE = 64 * 1024

describe('blocks', () => {
  test('are apart, and come back by size', () => {
    const memory = new NativeMemory()
    const a = memory.allocate(PAGE)
    const b = memory.allocate(2 * PAGE)
    const c = memory.allocate(PAGE)
    expect([b - a, c - b]).toEqual([PAGE, 2 * PAGE])
    memory.free(a, PAGE)
    expect(memory.allocate(2 * PAGE)).toBe(c + PAGE)
    expect(memory.allocate(PAGE)).toBe(a)
  })

  test('end with the address space', () => {
    const memory = new NativeMemory()
    let count = 0
    while (memory.allocate(1024 * PAGE) >= 0) count++
    expect(count).toBe(7)
    expect(memory.allocate(2048 * PAGE)).toBe(-1)
  })

  test('an address is told from memory of others', () => {
    const memory = new NativeMemory()
    expect(memory.addressOf(memory.bytes.subarray(100))).toBe(100)
    expect(memory.addressOf(new Uint8Array(8))).toBe(-1)
  })
})

describe('a buffer', () => {
  test('grows with its contents, gives its block back, and is of the heap where it is huge', () => {
    const native = nativeMemory()
    const buffer = new NativeBuffer()
    const first = native?.addressOf(buffer.bytes) as number
    buffer.bytes.set([1, 2, 3])
    buffer.reserve(100_000, 3)
    expect([...buffer.bytes.subarray(0, 3)]).toEqual([1, 2, 3])
    expect(buffer.view.getUint8(2)).toBe(3)
    expect(native?.addressOf(new NativeBuffer().bytes)).toBe(first)
    buffer.reserve(17 * 1024 * 1024)
    expect(native?.addressOf(buffer.bytes)).toBe(-1)
    buffer.trim(PAGE)
    expect(native?.addressOf(buffer.bytes)).toBeGreaterThan(0)
  })
})

test('equal: every length and every place of a difference', () => {
  const memory = new NativeMemory()
  const { kernels, bytes } = memory
  const a = memory.allocate(PAGE) + 3
  const b = memory.allocate(PAGE) + 7
  for (let i = 0; i < 100; i++) bytes[a + i] = bytes[b + i] = (i * 37) & 0xff
  for (let length = 0; length <= 100; length++) {
    expect(kernels.equal(a, b, length)).toBe(1)
    for (let at = 0; at < 100; at++) {
      bytes[b + at] = (bytes[b + at] as number) ^ 0x80
      expect(kernels.equal(a, b, length)).toBe(at < length ? 0 : 1)
      bytes[b + at] = (bytes[b + at] as number) ^ 0x80
    }
  }
})

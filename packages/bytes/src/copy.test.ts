import { expect, test } from 'vitest'
import { copyBytes } from './copy.ts'

const MEMORIES = {
  plain: (size: number) => new Uint8Array(size),
  shared: (size: number) => new Uint8Array(new SharedArrayBuffer(size)),
  'part of shared': (size: number) => new Uint8Array(new SharedArrayBuffer(size + 100), 37, size),
  buffer: (size: number) => Buffer.alloc(size),
}
const PAIRS = Object.keys(MEMORIES).flatMap((source) =>
  Object.keys(MEMORIES).map((target) => [source, target] as const),
)

test.each(PAIRS)('from %s to %s', (from, to) => {
  const source = MEMORIES[from as keyof typeof MEMORIES](300).map((_, i) => i * 7)
  for (const [start, end, at] of [
    [0, 300, 0],
    [0, 0, 5],
    [3, 4, 299],
    [1, 290, 10],
    [17, 117, 3],
    [300, 300, 0],
  ] as const) {
    const target = MEMORIES[to as keyof typeof MEMORIES](300).fill(9)
    const want = new Uint8Array(300).fill(9)
    want.set(source.slice(start, end), at)
    copyBytes(source, start, end, target, at)
    expect([...target]).toEqual([...want])
  }
})

test('within one memory, over itself', () => {
  const bytes = MEMORIES.shared(100).map((_, i) => i)
  copyBytes(bytes, 0, 90, bytes, 10)
  expect([...bytes.subarray(8, 13), bytes[99]]).toEqual([8, 9, 0, 1, 2, 89])
})

import { NativeBuffer, nativeMemory } from '@vantage/bytes'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { expect } from 'vitest'

/** What tests of SIMD loops share: the plain reader is their referee, the same bytes must give it the same batch. */

const random = seededRandom(testSeed())
const native = new NativeBuffer()

export const chance = (share: number): boolean => random() < share
export const upTo = (end: number): number => Math.floor(random() * end)
export const oneOf = <Item>(items: readonly Item[]): Item => items[upTo(items.length)] as Item

/** The body in the memory that the loops reach; until the next call. */
export function inNative(body: Uint8Array): Uint8Array {
  native.reserve(body.length)
  native.bytes.set(body)
  expect(nativeMemory()?.addressOf(native.bytes)).toBeGreaterThan(0)
  return native.bytes
}

/**
 * Reads many bodies both ways, whole ones, broken ones and cut ones.
 * @param decoded everything of a batch that the store reads
 */
export function compareWithReferee(
  cases: number,
  request: () => Uint8Array,
  decoded: (body: Uint8Array, length: number) => unknown,
): void {
  let read = 0
  for (let i = 0; i < cases; i++) {
    const body = request()
    for (let flips = chance(0.5) || body.length === 0 ? 0 : 1 + upTo(3); flips > 0; flips--) {
      body[upTo(body.length)] = upTo(256)
    }
    const length = chance(0.9) ? body.length : upTo(body.length)
    const plain = decoded(body, length) as { times?: number[] }
    expect(decoded(inNative(body), length)).toEqual(plain)
    read += plain.times?.length ?? 0
  }
  expect(read).toBeGreaterThan(cases)
}

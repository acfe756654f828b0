import { seededRandom, testSeed } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { NativeNeedleWalk, type NeedleWalk, needleWalk, PlainNeedleWalk } from './needle-search.ts'

function placesOf(walk: NeedleWalk, bytes: Buffer, from: number): number[] {
  const places: number[] = []
  walk.begin(bytes)
  for (let at = walk.next(from); at >= 0; at = walk.next(at + 1)) places.push(at)
  return places
}

function allPlaces(bytes: Buffer, needle: Buffer, from: number): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(needle, from); at >= 0; at = bytes.indexOf(needle, at + 1)) places.push(at)
  return places
}

/** Both ways to look for it. */
function walks(needle: Buffer): NeedleWalk[] {
  const native = needleWalk(needle)
  expect(native).toBeInstanceOf(NativeNeedleWalk)
  return [native, new PlainNeedleWalk(needle)]
}

test.each([
  ['a', 'abracadabra', [0, 3, 5, 7, 10]],
  ['abra', 'abracadabra', [0, 7]],
  ['aa', 'aaaa', [0, 1, 2]],
  ['abracadabra', 'abracadabra', [0]],
  ['abracadabras', 'abracadabra', []],
  ['ä ö', 'ä öä ö', [0, 5]],
  ['x', '', []],
])('%j in %j', (needle, text, want) => {
  for (const walk of walks(Buffer.from(needle))) expect(placesOf(walk, Buffer.from(text), 0)).toEqual(want)
})

const seed = testSeed()

test(`any needle is found at all of its places, across windows and from anywhere (seed ${seed})`, () => {
  const random = seededRandom(seed)
  const pick = (below: number) => Math.floor(random() * below)
  for (let i = 0; i < 60; i++) {
    const letters = [2, 3, 250][pick(3)] as number
    const bytes = Buffer.from(Array.from({ length: pick(200_000) }, () => pick(letters)))
    const length = 1 + pick([3, 20, 300][pick(3)] as number)
    const needle = Buffer.from(Array.from({ length }, () => pick(letters)))
    // Some lie across the ends of windows, some at the very end.
    for (const at of [65_536, 131_072, bytes.length]) needle.copy(bytes, Math.max(0, at - 1 - pick(length + 1)))
    if (bytes.length > length) needle.copy(bytes, bytes.length - length)
    const from = pick(1_000)
    const want = allPlaces(bytes, needle, from)
    for (const walk of walks(needle)) expect(placesOf(walk, bytes, from)).toEqual(want)
  }
})

test('more of them than one look gives', () => {
  const bytes = Buffer.alloc(100_000, 'x')
  for (const walk of walks(Buffer.from('xx'))) expect(placesOf(walk, bytes, 0)).toHaveLength(99_999)
})

test('walks of two needles take turns', () => {
  const [a, b] = [needleWalk(Buffer.from('one')), needleWalk(Buffer.from('two'))]
  const bytes = Buffer.from('one two one two')
  for (let i = 0; i < 2; i++) {
    expect(placesOf(a, bytes, 0)).toEqual([0, 8])
    expect(placesOf(b, bytes, 0)).toEqual([4, 12])
  }
})

test('bytes that differ between two walks are looked at anew', () => {
  const bytes = Buffer.from('a needle here')
  for (const walk of walks(Buffer.from('needle'))) {
    bytes.write('needle', 2)
    expect(placesOf(walk, bytes, 0)).toEqual([2])
    bytes.write('nothin', 2)
    expect(placesOf(walk, bytes, 0)).toEqual([])
  }
})

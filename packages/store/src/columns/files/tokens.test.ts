import { array, assert, constantFrom, integer, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { BloomBuilder, mayHoldKey } from './bloom.ts'
import { addTokens, allTokens, enclosedTokens } from './tokens.ts'

function filterOf(...lines: readonly string[]): Uint8Array {
  const bloom = new BloomBuilder(256 * 1024)
  for (const line of lines) {
    const bytes = Buffer.from(line)
    addTokens(bytes, 0, bytes.length, bloom)
  }
  return bloom.fold()
}

function mayHold(filter: Uint8Array, hashes: readonly number[]): boolean {
  return hashes.every((hash) => mayHoldKey(filter, hash))
}

test('a search skips by whole words only', () => {
  const filter = filterOf('Order 17 of user-99 FAILED: Größe', 'other words')
  const check = (needle: string, want: boolean): void => {
    expect([needle, mayHold(filter, enclosedTokens(Buffer.from(needle)))]).toEqual([needle, want])
  }
  check(' 17 ', true)
  check(' 18 ', false)
  check('18', true)
  check('rder 17 o', true)
  check('rder 18 o', false)
  check(' failed:', true)
  check('-99 FAILED: Grö', true)
  check('-98 FAILED: Grö', false)
  check(' Größ', true)
  check(' Größe ', true)
  check(' Grösse ', false)
  check('', true)
  expect(mayHold(filter, allTokens(Buffer.from('other words')))).toBe(true)
  expect(mayHold(filter, allTokens(Buffer.from('another word')))).toBe(false)
})

test('no text that holds the needle is ever skipped', () => {
  const piece = constantFrom('a', 'Z', '9', ' ', '-', ':', 'ü', '☃', 'word', '\n')
  const text = array(piece, { maxLength: 40 }).map((parts) => parts.join(''))
  assert(
    property(
      text,
      integer({ min: 0, max: 40 }),
      integer({ min: 0, max: 40 }),
      string(),
      (line, from, length, other) => {
        const needle = line.slice(from, from + length)
        expect(mayHold(filterOf(other, line), enclosedTokens(Buffer.from(needle)))).toBe(true)
        expect(mayHold(filterOf(line), allTokens(Buffer.from(line)))).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('a folded filter holds every key, and few others', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `request ${i} took ${i * 7}ms`)
  const filter = filterOf(...lines)
  expect(filter.length).toBeLessThan(256 * 1024)
  for (let i = 0; i < 20_000; i += 37) expect(mayHold(filter, enclosedTokens(Buffer.from(` ${i} `)))).toBe(true)
  let wrong = 0
  for (let i = 0; i < 10_000; i++) if (mayHold(filter, enclosedTokens(Buffer.from(` absent${i} `)))) wrong++
  expect(wrong).toBeLessThan(400)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileSearch, type SearchPattern } from './search-pattern.ts'
import { seededRandom } from './testing/index.ts'

function compiled(text: string): SearchPattern {
  const pattern = compileSearch(text)
  if (!pattern.ok) throw new Error(pattern.error.message)
  return pattern.value
}

function inBytes(pattern: SearchPattern, text: string): boolean | undefined {
  const bytes = Buffer.from(`<${text}>`)
  return pattern.testBytes(bytes, 1, bytes.length - 1)
}

test.each([
  ['timeout after [0-9]+ms', 'a timeout after 30ms came', true],
  ['timeout after [0-9]+ms', 'a timeout after ms came', false],
  ['(?i)HALF (open|closed)', 'circuit breaker half Open', true],
  ['^a+$', 'aaaa', true],
  ['^a+$', 'aaba', false],
  ['b$', 'ab', true],
  ['^b', 'ab', false],
  ['a.c', 'a\nc', false],
  ['(?s)a.c', 'a\nc', true],
  ['x*', 'abc', true],
  ['a{2,3}b', 'aab', true],
  // Only the program itself can tell.
  ['b', 'äb', undefined],
  ['\\bb', 'a b', undefined],
  ['(?m)^b', 'a\nb', undefined],
  ['^$', '', undefined],
  // A match in front of what it does not know is one.
  ['b', 'bä', true],
])('%s in %j: %s', (text, line, want) => {
  expect(inBytes(compiled(text), line)).toBe(want)
})

test('a pattern of too many states is left to the program, for good', () => {
  const next = seededRandom(1)
  const text = Array.from({ length: 4_000 }, () => (next() < 0.5 ? 'a' : 'b')).join('')
  const search = compiled('a[ab]{40}c')
  expect([inBytes(search, 'ab'), inBytes(search, text), inBytes(search, 'ab')]).toEqual([false, undefined, undefined])
})

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '(?:ab|b)', '(a|)', '(?i:B)', '^', '$', 'é')
const piece = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}')).map(([one, times]) => {
  return one === '^' || one === '$' ? one : one + times
})
const pattern = fc
  .array(fc.array(piece, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 })
  .map((alternatives) => alternatives.map((pieces) => pieces.join('')).join('|'))
const line = fc.string({ unit: fc.constantFrom('a', 'b', 'B', 'c', '1', '\n', ' ', 'é'), maxLength: 12 })

test('what bytes tell is what the text tells', () => {
  let told = 0
  fc.assert(
    fc.property(pattern, fc.array(line, { minLength: 1, maxLength: 8 }), (text, lines) => {
      const search = compiled(text)
      for (const one of lines) {
        const found = inBytes(search, one)
        if (found === undefined) continue
        told++
        expect(`${one}: ${found}`).toBe(`${one}: ${search.test(one)}`)
      }
    }),
    { numRuns: 2_000 },
  )
  expect(told).toBeGreaterThan(1_000)
})

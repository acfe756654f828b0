import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JSON_TOKENS, JsonReader, parseInt64, parseNumber } from './json-reader.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Builds the value from tokens, as JSON.parse would, or returns the error. */
function read(text: string | Uint8Array): unknown {
  const bytes = typeof text === 'string' ? bytesOf(text) : text
  const reader = new JsonReader()
  if (!reader.start(bytes, 0, bytes.length)) return new Error(`${reader.error} at ${reader.errorAt}`)
  const root: unknown[] = []
  const stack: { add: (value: unknown) => void }[] = [{ add: (value) => root.push(value) }]
  let key = ''
  while (true) {
    const token = reader.next()
    const top = stack[stack.length - 1] as { add: (value: unknown) => void }
    if (token === JSON_TOKENS.bad) return new Error(`${reader.error} at ${reader.errorAt}`)
    if (token === JSON_TOKENS.end) return root[0]
    if (token === JSON_TOKENS.key) key = reader.text()
    else if (token === JSON_TOKENS.objectStart) {
      const object: Record<string, unknown> = Object.create(null)
      top.add(object)
      stack.push({ add: (value) => (object[key] = value) })
    } else if (token === JSON_TOKENS.arrayStart) {
      const array: unknown[] = []
      top.add(array)
      stack.push({ add: (value) => array.push(value) })
    } else if (token === JSON_TOKENS.objectEnd || token === JSON_TOKENS.arrayEnd) stack.pop()
    else if (token === JSON_TOKENS.string) top.add(reader.text())
    else if (token === JSON_TOKENS.number) top.add(reader.number())
    else top.add(token === JSON_TOKENS.yes ? true : token === JSON_TOKENS.no ? false : null)
  }
}

describe('JsonReader', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const want: unknown = JSON.parse(text)
        expect(JSON.stringify(read(text))).toBe(JSON.stringify(want).replaceAll(/\\ud[89ab]../g, (m) => m))
      }),
      { numRuns: 500 },
    )
  })

  const same = [
    '""',
    '"a\\u00e9\\n\\"\\\\\\/"',
    '"\\ud83d\\ude00"',
    '-0.5e-3',
    '1e300',
    '123456789012345678',
    '0.1',
    '3.4028234663852886e38',
    ' [ ] ',
    '{ }',
    '[[],{}]',
    '{"a":{"b":[1,2,{"c":null}]}}',
    '"ü☃😀"',
    '[true,false,null]',
  ]
  test.each(same)('%s', (text) => expect(JSON.stringify(read(text))).toBe(JSON.stringify(JSON.parse(text))))

  test('a lone surrogate escape becomes U+FFFD', () => expect(read('"a\\ud800b"')).toBe('a\ufffdb'))

  const refused = [
    '',
    ' ',
    '[',
    ']',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '{a:1}',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '-',
    'tru',
    'nul',
    'NaN',
    '"',
    '"\\x"',
    '"\\u12g4"',
    '"\n"',
    '1 1',
    '[}',
    '{]',
    "'a'",
    '[,1]',
    '//',
    '"\\',
  ]
  test.each(refused)('refuses %j as JSON.parse does', (text) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(read(text)).toBeInstanceOf(Error)
  })

  test('depth 64 is read, 65 is refused', () => {
    expect(read('['.repeat(64) + ']'.repeat(64))).toBeInstanceOf(Array)
    expect(read('['.repeat(65) + ']'.repeat(65))).toEqual(new Error('want at most 64 levels at 64'))
  })

  test('bytes that are not UTF-8 are refused', () => {
    expect(read(Uint8Array.from([0x22, 0xff, 0x22]))).toBeInstanceOf(Error)
  })

  test('any bytes end in a value or an error', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      'a',
      '1',
      '-',
      '.',
      'e',
      '\\',
      'u',
      'true',
      'null',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('')
        let want: unknown
        try {
          want = JSON.parse(text)
        } catch {
          expect(read(text)).toBeInstanceOf(Error)
          return
        }
        expect(JSON.stringify(read(text))).toBe(JSON.stringify(want))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('numbers', () => {
  test('doubles are correctly rounded', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(17), (value, digits) => {
        for (const text of [String(value), value.toExponential(digits), value.toPrecision(digits + 1)]) {
          const bytes = bytesOf(text.replace('e+', 'e'))
          expect(Object.is(parseNumber(bytes, 0, bytes.length), Number(text))).toBe(true)
        }
      }),
    )
  })

  const integers: readonly (readonly [string, bigint | undefined])[] = [
    ['0', 0n],
    ['-0', 0n],
    ['18446744073709551615', 18446744073709551615n],
    ['18446744073709551616', undefined],
    ['-9223372036854775808', -9223372036854775808n],
    ['-9223372036854775809', undefined],
    ['-4294967296', -4294967296n],
    ['4294967296', 4294967296n],
    ['-1', -1n],
    ['', undefined],
    ['-', undefined],
    ['1.0', undefined],
    ['1e3', undefined],
    ['99999999999999999999', undefined],
  ]
  test.each(integers)('int64 %s', (text, want) => {
    const bytes = bytesOf(text)
    const halves = { low: 0, high: 0 }
    expect(parseInt64(bytes, 0, bytes.length, halves)).toBe(want !== undefined)
    if (want !== undefined) {
      expect((BigInt(halves.high) << 32n) | BigInt(halves.low)).toBe(BigInt.asUintN(64, want))
    }
  })
})

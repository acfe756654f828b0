import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDecimal } from './number.ts'

const encoder = new TextEncoder()

function parse(text: string): number | undefined {
  const out = new Float64Array(1)
  const bytes = encoder.encode(`<${text}>`)
  return parseDecimal(bytes, 1, bytes.length - 1, out) ? out[0] : undefined
}

describe('parseDecimal', () => {
  const good: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['-0', -0],
    ['+1', 1],
    ['.5', 0.5],
    ['5.', 5],
    ['0042', 42],
    ['1e3', 1000],
    ['1E+05', 100_000],
    ['1.1e-4', 1.1e-4],
    ['123456789012345', 123456789012345],
    ['9007199254740993', 9007199254740992],
    ['0.1234567890123456789', 0.12345678901234568],
    ['1e22', 1e22],
    ['1e23', 1e23],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['5e-324', 5e-324],
    ['1e-400', 0],
    [`${'0'.repeat(400)}1`, 1],
  ]
  test.each(good)('%s', (text, value) => {
    expect(parse(text)).toBe(value)
  })

  const bad = [
    ...['', '+', '-', '.', '-.', 'e5', '1e', '1e+', '1.2.3', '1_000', '0x1', '1e400', '-1e400'],
    ...['Inf', 'NaN', ' 1', '1 ', '1a', '--1', '1e5.0', '1e9999999999'],
  ]
  test.each(bad)('refuses %j', (text) => {
    expect(parse(text)).toBeUndefined()
  })

  test('agrees with the language on every double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(20), (value, digits) => {
        for (const text of [String(value), value.toExponential(digits), value.toPrecision(digits + 1)]) {
          // Rounded up, the largest doubles are infinite.
          expect(parse(text)).toBe(Number.isFinite(Number(text)) ? Number(text) : undefined)
        }
      }),
    )
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'

const POLYNOMIAL = 0x82f63b78

/** Bit by bit, as the polynomial says. */
function slowCrc(bytes: Uint8Array, crc = 0): number {
  let sum = ~crc
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1
  }
  return ~sum >>> 0
}

/** RFC 3720 appendix B.4. */
test.each([
  ['32 bytes of 0', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ff', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 ascending bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['32 descending bytes', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
])('%s', (_name, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum)
})

test('any range, in one piece or two, as bit by bit', () => {
  const ranges = fc.record({
    bytes: fc.uint8Array({ maxLength: 300 }),
    skipped: fc.nat({ max: 20 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(ranges, ({ bytes, skipped, share }) => {
      const from = Math.min(skipped, bytes.length)
      const middle = from + Math.floor(share * (bytes.length - from))
      const wanted = slowCrc(bytes.subarray(from))
      expect(crc32c(bytes, from)).toBe(wanted)
      expect(crc32c(bytes, middle, bytes.length, crc32c(bytes, from, middle))).toBe(wanted)
    }),
    { numRuns: 500 },
  )
})

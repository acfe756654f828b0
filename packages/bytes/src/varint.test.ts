import { describe, expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'
import {
  ByteCursor,
  readVarint,
  readVarint64,
  readVarintSigned,
  readZigzag,
  varintLength,
  writeVarint,
  writeVarint64,
  writeVarintSigned,
  writeZigzag,
} from './varint.ts'

/** Bytes as protoc writes them. */
const VARINTS: readonly (readonly [bigint, readonly number[]])[] = [
  [0n, [0]],
  [1n, [1]],
  [127n, [0x7f]],
  [128n, [0x80, 0x01]],
  [300n, [0xac, 0x02]],
  [(1n << 28n) - 1n, [0xff, 0xff, 0xff, 0x7f]],
  [1n << 28n, [0x80, 0x80, 0x80, 0x80, 0x01]],
  [1n << 32n, [0x80, 0x80, 0x80, 0x80, 0x10]],
  [1n << 35n, [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  [1n << 63n, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  [(1n << 64n) - 1n, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
]

describe('varint', () => {
  test.each(VARINTS)('%s', (value, bytes) => {
    const low = Number(value & 0xffffffffn)
    const high = Number(value >> 32n)
    const out = new Uint8Array(12)
    expect([...out.subarray(0, writeVarint64(out, 0, low, high))]).toEqual(bytes)
    const cursor = new ByteCursor(Uint8Array.from(bytes))
    expect(readVarint64(cursor)).toBe(true)
    expect([cursor.low, cursor.high, cursor.at]).toEqual([low, high, bytes.length])
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      expect([...out.subarray(0, writeVarint(out, 0, Number(value)))]).toEqual(bytes)
      expect(varintLength(Number(value))).toBe(bytes.length)
      expect(readVarint(new ByteCursor(Uint8Array.from(bytes)))).toBe(Number(value))
    }
  })

  const numbers = [0, 1, -1, 63, -64, 64, 2 ** 31, -(2 ** 31), 2 ** 32 + 5, -(2 ** 40) - 3, 2 ** 51, -(2 ** 51)]
  test.each(numbers)('signed and zigzag %d', (value) => {
    const out = new Uint8Array(12)
    const signed = new ByteCursor(out, 0, writeVarintSigned(out, 0, value))
    expect(readVarintSigned(signed)).toBe(value)
    const zigzag = new ByteCursor(out, 0, writeZigzag(out, 0, value))
    expect(readZigzag(zigzag)).toBe(value)
  })

  const bad: readonly (readonly number[])[] = [[], [0x80], Array(10).fill(0x80), Array(11).fill(0xff)]
  test.each(bad.map((bytes) => [bytes]))('refuses %j', (bytes) => {
    const cursor = new ByteCursor(Uint8Array.from(bytes))
    expect(readVarint64(cursor)).toBe(false)
    expect(cursor.isBad).toBe(true)
  })
})

describe('crc32c', () => {
  // RFC 3720, appendix B.4.
  const check = (bytes: Uint8Array, want: number) => expect(crc32c(bytes)).toBe(want)
  test('vectors of RFC 3720', () => {
    check(new Uint8Array(32), 0x8a9136aa)
    check(new Uint8Array(32).fill(0xff), 0x62a8ab43)
    check(
      Uint8Array.from({ length: 32 }, (_, i) => i),
      0x46dd794e,
    )
    check(
      Uint8Array.from({ length: 32 }, (_, i) => 31 - i),
      0x113fdb5c,
    )
    check(new TextEncoder().encode('123456789'), 0xe3069283)
    check(new Uint8Array(0), 0)
  })
  test('a stream in parts', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 31) & 0xff)
    for (const cut of [0, 1, 7, 8, 9, 500, 999, 1000]) {
      expect(crc32c(bytes, cut, 1000, crc32c(bytes, 0, cut))).toBe(crc32c(bytes))
    }
  })
})

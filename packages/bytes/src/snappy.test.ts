import fc from 'fast-check'
import * as referee from 'snappy'
import { describe, expect, test } from 'vitest'
import { NativeBuffer, nativeMemory } from './native-memory.ts'
import { ReusableBuffer, SLOP_BYTES } from './reusable-buffer.ts'
import { snappyDecompress } from './snappy.ts'
import { packFragment, snappyCompress, snappyMaxCompressedLength, snappyPackInto } from './snappy-pack.ts'
import { writeVarint } from './varint.ts'

const MAX_BYTES = 1 << 20

const plainOut = new ReusableBuffer()
const nativeOut = new NativeBuffer()
const nativeIn = new NativeBuffer()

/** By both loops, which must agree, on bytes and on words. */
function unpack(block: Uint8Array, maxBytes = MAX_BYTES) {
  nativeIn.reserve(block.length)
  nativeIn.bytes.set(block)
  const ways = [
    [plainOut, block],
    [nativeOut, block],
    [nativeOut, nativeIn.bytes],
  ] as const
  const [plain, native, inPlace] = ways.map(([out, input]) => {
    const result = snappyDecompress(input, 0, block.length, out, maxBytes)
    return result.ok ? new Uint8Array(out.bytes.subarray(0, result.value)) : result.error
  })
  expect(inPlace).toEqual(plain)
  expect(native).toEqual(plain)
  return plain as Exclude<typeof plain, undefined>
}

test('the SIMD loop is the one that is compared', () => {
  expect(nativeMemory()?.addressOf(nativeOut.bytes)).toBeGreaterThan(0)
  expect(nativeMemory()?.addressOf(plainOut.bytes)).toBe(-1)
})

function repeat(bytes: Uint8Array, times: number): Uint8Array {
  return new Uint8Array(Buffer.concat(Array.from({ length: times }, () => bytes)))
}

/** Bytes that pack: words from a small dictionary between noise. */
const packable = fc
  .array(fc.oneof(fc.constantFrom('job="api"', '__name__', 'aaaaaaaaaaaaaaaa', 'xy'), fc.string({ maxLength: 40 })), {
    maxLength: 400,
  })
  .map((words) => new TextEncoder().encode(words.join('')))

describe('snappy', () => {
  test('reads what the reference packs, and the reference reads what we pack', () => {
    fc.assert(
      fc.property(fc.oneof(packable, fc.uint8Array({ maxLength: 3000 })), (bytes) => {
        expect(unpack(new Uint8Array(referee.compressSync(Buffer.from(bytes))))).toEqual(bytes)
        const packed = snappyCompress(bytes)
        expect(unpack(packed)).toEqual(bytes)
        if (bytes.length > 0)
          expect(new Uint8Array(referee.uncompressSync(Buffer.from(packed)) as Buffer)).toEqual(bytes)
      }),
      { numRuns: 300 },
    )
  })

  test('bodies over one 64 KiB block', () => {
    const bytes = new TextEncoder().encode(
      Array.from({ length: 30_000 }, (_, i) => `series_${i % 977}{le="${i % 13}"}`).join(''),
    )
    const packed = snappyCompress(bytes)
    expect(packed.length).toBeLessThan(bytes.length / 3)
    expect(unpack(packed)).toEqual(bytes)
    expect(unpack(new Uint8Array(referee.compressSync(Buffer.from(bytes))))).toEqual(bytes)
  })

  test('the plain and the SIMD packer write the same bytes', () => {
    const fragment = 1 << 16
    const noise = fc.uint8Array({ maxLength: 3000 })
    const long = fc.tuple(packable, fc.integer({ min: 1, max: 40 })).map(([bytes, times]) => repeat(bytes, times))
    fc.assert(
      fc.property(fc.oneof(packable, noise, long), fc.nat(20), (bytes, outAt) => {
        const native = new Uint8Array(outAt + 5 + snappyMaxCompressedLength(bytes.length))
        const plain = new Uint8Array(native.length)
        const nativeEnd = snappyPackInto(bytes, native, outAt)
        let to = writeVarint(plain, outAt, bytes.length)
        for (let from = 0; from < bytes.length; from += fragment) {
          to = packFragment(bytes, from, Math.min(bytes.length, from + fragment), plain, to)
        }
        expect(to).toBe(nativeEnd)
        expect(Buffer.from(native).equals(Buffer.from(plain))).toBe(true)
        expect(unpack(native.subarray(outAt, nativeEnd))).toEqual(bytes)
      }),
      { numRuns: 500 },
    )
  })

  test('never writes beyond the declared length and the slop', () => {
    fc.assert(
      fc.property(packable, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (bytes, flips) => {
        const block = snappyCompress(bytes)
        for (const [at, value] of flips) block[at % block.length] = value
        const result = unpack(block)
        expect(result instanceof Uint8Array || result.message.startsWith('snappy: ')).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  const refused: readonly (readonly [string, readonly number[], string])[] = [
    ['empty input', [], 'malformed'],
    ['length only', [5], 'malformed'],
    ['endless length', [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 'malformed'],
    ['declared over the cap', [0x81, 0x80, 0x40, 0], 'too_large'],
    ['cannot unfold that far', [0xff, 0xff, 0x3f, 0], 'malformed'],
    ['literal past the input', [4, 3 << 2, 1, 2], 'malformed'],
    ['literal past the length', [1, 1 << 2, 1, 2], 'malformed'],
    ['copy before the start', [8, 0, 7, 0x01 | (0 << 2), 2], 'malformed'],
    ['copy of distance 0', [8, 0, 7, 0x01, 0], 'malformed'],
    ['copy past the length', [4, 0, 7, 0x01 | (7 << 2), 1], 'malformed'],
    ['cut offset', [8, 0, 7, 0x02], 'malformed'],
    ['too short', [8, 0, 7], 'malformed'],
    ['literal of 4 GiB', [8, 63 << 2, 0xff, 0xff, 0xff, 0xff, 1], 'malformed'],
  ]
  test.each(refused)('refuses %s', (_, block, kind) => {
    expect(unpack(Uint8Array.from(block))).toMatchObject({ kind })
  })

  test('the cap itself is allowed', () => {
    const bytes = new Uint8Array(1000)
    expect(unpack(snappyCompress(bytes), 1000)).toEqual(bytes)
    expect(unpack(snappyCompress(bytes), 999)).toMatchObject({ kind: 'too_large' })
    expect(SLOP_BYTES).toBeGreaterThanOrEqual(16)
  })
})

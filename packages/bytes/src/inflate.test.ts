import { constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type InflateEncoding, Inflater } from './inflate.ts'
import { ReusableBuffer } from './reusable-buffer.ts'
import { isUtf8Range, utf8Text } from './utf8.ts'

const BODY = new TextEncoder().encode('resource_metrics '.repeat(20_000))

async function inflate(encoding: InflateEncoding, packed: Uint8Array, maxBytes: number, chunkBytes = 1000) {
  const into = new ReusableBuffer()
  const inflater = new Inflater(encoding, maxBytes, into)
  for (let at = 0; at < packed.length; at += chunkBytes) {
    const failure = await inflater.write(packed.subarray(at, at + chunkBytes))
    if (failure !== undefined) return failure
  }
  return (await inflater.end()) ?? into.bytes.slice(0, inflater.length)
}

describe('Inflater', () => {
  const packers: readonly (readonly [InflateEncoding, (body: Uint8Array) => Uint8Array])[] = [
    ['gzip', (body) => gzipSync(body)],
    ['deflate', (body) => deflateSync(body)],
    ['zstd', (body) => zstdCompressSync(body)],
  ]
  test.each(packers)('%s: whole, capped, cut, empty, wrong', async (encoding, pack) => {
    const packed = pack(BODY)
    expect(await inflate(encoding, packed, BODY.length)).toEqual(BODY)
    expect(await inflate(encoding, packed, BODY.length, 7)).toEqual(BODY)
    expect(await inflate(encoding, packed, BODY.length - 1)).toMatchObject({ kind: 'too_large' })
    expect(await inflate(encoding, packed.subarray(0, packed.length - 9), BODY.length)).toMatchObject({
      kind: 'malformed',
    })
    expect(await inflate(encoding, pack(new Uint8Array(0)), 10)).toEqual(new Uint8Array(0))
    expect(await inflate(encoding, new TextEncoder().encode('plain text'), 100)).toMatchObject({ kind: 'malformed' })
  })

  test('a zstd frame that wants a window over 8 MiB is refused', async () => {
    const params = { [constants.ZSTD_c_windowLog]: 24, [constants.ZSTD_c_compressionLevel]: 1 }
    const big = new Uint8Array(20 << 20)
    for (let i = 0; i < big.length; i += 97) big[i] = i
    const packed = zstdCompressSync(big, { params })
    expect(await inflate('zstd', packed, big.length, 65536)).toMatchObject({ kind: 'malformed' })
  })
})

describe('UTF-8', () => {
  const cases: readonly (readonly [string, readonly number[], boolean])[] = [
    ['ASCII', [0x41, 0], true],
    ['two, three, four bytes', [0xc3, 0xa9, 0xe2, 0x98, 0x83, 0xf0, 0x9f, 0x98, 0x80], true],
    ['highest', [0xf4, 0x8f, 0xbf, 0xbf], true],
    ['above the highest', [0xf4, 0x90, 0x80, 0x80], false],
    ['overlong /', [0xc0, 0xaf], false],
    ['overlong three', [0xe0, 0x9f, 0xbf], false],
    ['overlong four', [0xf0, 0x8f, 0xbf, 0xbf], false],
    ['surrogate', [0xed, 0xa0, 0x80], false],
    ['cut', [0xe2, 0x98], false],
    ['lone continuation', [0x80], false],
    ['bad continuation', [0xe2, 0x98, 0x41], false],
  ]
  test.each(cases)('%s', (_, bytes, want) => {
    const array = Uint8Array.from(bytes)
    expect(isUtf8Range(array, 0, array.length)).toBe(want)
    expect(isUtf8Range(array, 0, array.length)).toBe(!utf8Text(array, 0, array.length).includes('\ufffd'))
  })
})

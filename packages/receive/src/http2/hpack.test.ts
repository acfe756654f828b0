import { seededRandom, testSeed } from '@vantage/model/testing'
import { describe, expect, test } from 'vitest'
import { encodeField, HpackDecoder, STATUS_200 } from './hpack.ts'

/** @returns the fields as `name: value`, or the outcome where it is not ok */
function read(decoder: HpackDecoder, hex: string): string[] | string {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const fields: string[] = []
  const outcome = decoder.decode(bytes, 0, bytes.length, (name, value) => fields.push(`${name}: ${value}`))
  return outcome === 'ok' ? fields : outcome
}

const EXAMPLE = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com']

describe('HpackDecoder', () => {
  // RFC 7541 appendix C.3 and C.4: three requests on one connection, plain and Huffman-coded.
  test.each([
    [
      'plain',
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    [
      'Huffman',
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ])('the examples of RFC 7541, %s', (_, first, second, third) => {
    const decoder = new HpackDecoder(4096)
    expect(read(decoder, first)).toEqual(EXAMPLE)
    expect(read(decoder, second)).toEqual([...EXAMPLE, 'cache-control: no-cache'])
    const last = [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com']
    expect(read(decoder, third)).toEqual([...last, 'custom-key: custom-value'])
  })

  test('a smaller table forgets the oldest entries', () => {
    const decoder = new HpackDecoder(4096)
    read(decoder, '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')
    expect(read(decoder, '20 be')).toBe('bad')
    const fresh = new HpackDecoder(4096)
    expect(read(fresh, '3f e1 1f 82')).toEqual([':method: GET'])
  })

  test.each([
    ['index 0', '80'],
    ['an index that is not there', 'be'],
    ['a table larger than announced', '3f e2 1f'],
    ['a change of the table behind a field', '82 20'],
    ['a cut integer', 'ff'],
    ['an endless integer', 'ff ff ff ff ff ff ff'],
    ['a cut text', '40 0a 61'],
    ['no value', '40 01 61'],
    ['padding of zeros', '00 81 18 81 00'],
    ['the end of a string inside it', '00 84 ff ff ff ff 00'],
    ['padding longer than 7 bits', '00 82 1f ff 00'],
  ])('refuses %s', (_, hex) => {
    expect(read(new HpackDecoder(4096), hex)).toBe('bad')
  })

  test('a list may be so long, and no byte longer', () => {
    const block = Buffer.concat([encodeField('a', 'x'.repeat(100)), encodeField('b', '')]).toString('hex')
    const exact = 1 + 100 + 32 + 1 + 32
    expect(read(new HpackDecoder(exact), block)).toHaveLength(2)
    expect(read(new HpackDecoder(exact - 1), block)).toBe('overflow')
  })

  test('reads what we write, and whatever else without an exception', () => {
    const random = seededRandom(testSeed())
    const upTo = (end: number) => Math.floor(random() * end)
    const text = () => String.fromCharCode(...Array.from({ length: upTo(300) }, () => 0x20 + upTo(0x5f)))
    for (let i = 0; i < 200; i++) {
      const fields = Array.from({ length: upTo(6) }, () => [text(), text()] as const)
      const block = Buffer.concat([STATUS_200, ...fields.map(([name, value]) => encodeField(name, value))])
      const want = fields.map(([name, value]) => `${name}: ${value}`)
      expect(read(new HpackDecoder(1 << 20), block.toString('hex'))).toEqual([':status: 200', ...want])
    }
    let good = 0
    for (let i = 0; i < 20_000; i++) {
      const noise = Buffer.from(Array.from({ length: upTo(40) }, () => upTo(256)))
      if (Array.isArray(read(new HpackDecoder(4096), noise.toString('hex')))) good++
    }
    expect(good).toBeLessThan(20_000)
  })
})

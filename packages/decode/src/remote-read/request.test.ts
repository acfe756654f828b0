import { ProtobufWriter, snappyCompress } from '@vantage/bytes'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ReadForm, readReadRequest } from './request.ts'

/** A ReadRequest of queries with matchers `[type, name, value]`. */
function request(...queries: { from: number; to: number; matchers: [number, string, string][] }[]): Uint8Array {
  const out = new ProtobufWriter()
  for (const { from, to, matchers } of queries) {
    const query = out.open(0x0a)
    out.signed(0x08, from)
    out.signed(0x10, to)
    for (const [type, name, value] of matchers) {
      const matcher = out.open(0x1a)
      out.varint(0x08, type)
      out.text(0x12, name)
      out.text(0x1a, value)
      out.close(matcher)
    }
    out.close(query)
  }
  out.bytes(0x12, Uint8Array.of(1, 0))
  return snappyCompress(out.finish())
}

test('queries become scans', () => {
  const read = readReadRequest(
    request({
      from: -5,
      to: 10,
      matchers: [
        [0, 'a', 'b'],
        [3, 'c', 'd.*'],
      ],
    }),
    4096,
  )
  expect(read).toEqual({
    ok: true,
    value: {
      scans: [
        {
          startMs: -5,
          endMs: 10,
          matchers: [
            { name: 'a', op: '=', value: 'b' },
            { name: 'c', op: '!~', value: 'd.*' },
          ],
        },
      ],
      forms: ['streamed', 'sampled'],
    },
  })
})

test.each<[string, readonly number[], readonly ReadForm[] | undefined]>([
  ['nothing said', [], ['sampled']],
  ['packed', [0x12, 2, 1, 0], ['streamed', 'sampled']],
  ['one by one', [0x10, 0, 0x10, 1], ['sampled', 'streamed']],
  ['what we do not know is passed over', [0x12, 2, 7, 1], ['streamed']],
  ['nothing that we know', [0x10, 7], undefined],
])('accepted forms: %s', (_name, fields, want) => {
  const read = readReadRequest(snappyCompress(Uint8Array.from(fields)), 64)
  expect(read.ok ? read.value.forms : undefined).toEqual(want)
  if (!read.ok) expect(read.error.message).toMatch(/want SAMPLES or STREAMED_XOR_CHUNKS/)
})

test.each<[string, Uint8Array, RegExp]>([
  ['no snappy', Uint8Array.of(0xff, 0xff), /snappy/],
  ['an unknown matcher', request({ from: 0, to: 1, matchers: [[4, 'a', 'b']] }), /malformed LabelMatcher/],
  ['a bad pattern', request({ from: 0, to: 1, matchers: [[2, 'a', '(']] }), /regular expression/],
  ['a pattern over the limit', request({ from: 0, to: 1, matchers: [[2, 'a', `${'x?'.repeat(40)}`]] }), /at most 64/],
  [
    '65 queries',
    request(...Array.from({ length: 65 }, () => ({ from: 0, to: 1, matchers: [] }))),
    /at most 64 queries/,
  ],
])('refused: %s', (_name, body, message) => {
  const read = readReadRequest(body, 64)
  expect(read.ok ? '' : read.error.message).toMatch(message)
})

test('no bytes break it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readReadRequest(bytes, 64)
      readReadRequest(snappyCompress(bytes), 64)
    }),
  )
})

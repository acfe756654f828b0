import { ProtobufWriter } from '@vantage/bytes'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJaegerRequest } from './query-request.ts'

function queryOf(write: (out: ProtobufWriter) => void): Uint8Array {
  const out = new ProtobufWriter()
  const mark = out.open(0x0a)
  write(out)
  out.close(mark)
  return out.finish()
}

function putTime(out: ProtobufWriter, tag: number, seconds: number, nanos: number): void {
  const mark = out.open(tag)
  out.signed(0x08, seconds)
  out.signed(0x10, nanos)
  out.close(mark)
}

const found: [string, (out: ProtobufWriter) => void, Record<string, string>][] = [
  ['nothing', () => {}, {}],
  ['zeros are absent', (out) => out.varint(0x40, 0), {}],
  [
    'a time shortly after 1970 is still in ns',
    (out) => putTime(out, 0x22, 0, 7),
    { start_time_min: '0000000000000007' },
  ],
  ['a duration', (out) => putTime(out, 0x3a, 1, 5), { duration_max: '1000000005ns' }],
  ['unknown members are passed over', (out) => out.text(0x7a, 'x'), {}],
]
test.each(found)('a search: %s', (_, write, expected) => {
  const request = readJaegerRequest('find', queryOf(write))
  if (!request.ok) throw new Error(request.error.message)
  const named = Object.entries(expected).map(([name, value]) => [`query.${name}`, value])
  expect([...request.value]).toEqual(named)
})

test('tags, whatever their names are', () => {
  const write = (out: ProtobufWriter) => {
    for (const [key, value] of [
      ['__proto__', 'a'],
      ['b', ''],
    ] as const) {
      const entry = out.open(0x1a)
      out.text(0x0a, key)
      if (value !== '') out.text(0x12, value)
      out.close(entry)
    }
  }
  const request = readJaegerRequest('find', queryOf(write))
  expect(request.ok && request.value.get('query.attributes')).toBe('{"__proto__":"a","b":""}')
})

const refused: [string, Uint8Array, RegExp][] = [
  ['a cut message', Buffer.of(0x0a, 5, 1), /malformed message at offset/],
  ['no UTF-8', queryOf((out) => out.bytes(0x0a, Buffer.of(0xff))), /query\.service_name: want UTF-8/],
  ['a time before 1970', queryOf((out) => putTime(out, 0x22, -1, 0)), /want none before 1970/],
  ['a time beyond 64 bits', queryOf((out) => putTime(out, 0x22, 2 ** 40, 0)), /below 2\^63 ns/],
  ['a structured filter', queryOf((out) => out.text(0x52, '')), /structured filters are not served/],
]
test.each(refused)('refused: %s', (_, message, expected) => {
  expect(readJaegerRequest('find', message)).toMatchObject({
    ok: false,
    error: { code: 'bad_request', message: expect.stringMatching(expected) },
  })
})

test('no bytes break it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (message) => {
      for (const kind of ['empty', 'trace-v2', 'trace-v3', 'find', 'operations', 'dependencies'] as const) {
        const request = readJaegerRequest(kind, message)
        expect(request.ok || request.error.code === 'bad_request').toBe(true)
      }
    }),
  )
})

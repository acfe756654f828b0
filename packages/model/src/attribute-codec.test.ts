import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeAttributes,
  decodeEvents,
  decodeLinks,
  decodeValue,
  encodeAttributes,
  encodeEvents,
  encodeLinks,
  encodeValue,
} from './attribute-codec.ts'
import { type AnyValue, valueText } from './attributes.ts'

const { value: anyValue } = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant<AnyValue>({ kind: 'empty' }),
    fc.string({ unit: 'grapheme' }).map((value): AnyValue => ({ kind: 'string', value })),
    fc.boolean().map((value): AnyValue => ({ kind: 'bool', value })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): AnyValue => ({ kind: 'int', value })),
    fc.double().map((value): AnyValue => ({ kind: 'double', value })),
    fc.uint8Array({ maxLength: 40 }).map((value): AnyValue => ({ kind: 'bytes', value })),
    fc.array(tie('value'), { maxLength: 4 }).map((values): AnyValue => ({ kind: 'array', values })),
    fc
      .array(fc.record({ key: fc.string(), value: tie('value') }), { maxLength: 4 })
      .map((entries): AnyValue => ({ kind: 'map', entries })),
  ),
}))

test('what is written is read', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: fc.string(), value: anyValue }), { maxLength: 8 }), (attributes) => {
      const bytes = encodeAttributes(attributes)
      expect(decodeAttributes(bytes, 0, bytes.length)).toEqual(attributes)
    }),
  )
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encodeValue(value)
      expect(decodeValue(bytes, 0, bytes.length)).toEqual(value)
    }),
  )
})

test('texts and bytes of any length are read as they were written, one call after another', () => {
  const texts = [48, 49, 127, 128, 16_383, 16_384, 1_500_000].flatMap((size) => {
    return ['a'.repeat(size), `${'a'.repeat(size - 1)}ä`, '€'.repeat(size)]
  })
  for (const one of [...texts, '', 'short']) {
    const inner: AnyValue = { kind: 'string', value: one }
    const raw: AnyValue = { kind: 'bytes', value: new Uint8Array(one.length).fill(7) }
    const attributes = [
      { key: one, value: inner },
      { key: 'k', value: { kind: 'array', values: [inner, raw] } as const },
    ]
    const bytes = encodeAttributes(attributes)
    expect(decodeAttributes(bytes, 0, bytes.length)).toEqual(attributes)
  }
})

test('what cannot be written leaves nothing behind', () => {
  let value: AnyValue = { kind: 'empty' }
  for (let i = 0; i < 200_000; i++) value = { kind: 'array', values: [value] }
  expect(() => encodeValue(value)).toThrow(RangeError)
  expect(encodeValue({ kind: 'bool', value: true })).toEqual(Uint8Array.of(0x10, 1))
})

test('events that are written are read', () => {
  const event = fc.record({
    timeUnixNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    name: fc.string(),
    attributes: fc.array(fc.record({ key: fc.string(), value: anyValue }), { maxLength: 3 }),
    droppedAttributes: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 5 }), (events) => {
      const bytes = encodeEvents(events)
      expect(decodeEvents(bytes, 0, bytes.length)).toEqual(events)
    }),
  )
})

test('links that are written are read', () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom('0', '7', 'f'), minLength: length, maxLength: length })
  const link = fc.record({
    traceId: hex(32),
    spanId: hex(16),
    traceState: fc.string(),
    attributes: fc.array(fc.record({ key: fc.string(), value: anyValue }), { maxLength: 3 }),
    droppedAttributes: fc.nat(),
    flags: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(link, { maxLength: 5 }), (links) => {
      const bytes = encodeLinks(links)
      expect(decodeLinks(bytes, 0, bytes.length)).toEqual(links)
    }),
  )
})

test('bytes in shared memory are read', () => {
  const bytes = encodeAttributes([{ key: 'k', value: { kind: 'string', value: 'ä' } }])
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3))
  shared.set(bytes, 3)
  expect(decodeAttributes(shared, 3, shared.length)).toEqual([{ key: 'k', value: { kind: 'string', value: 'ä' } }])
})

test('no bytes break it or make it read on', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const read of [decodeAttributes, decodeValue, decodeEvents, decodeLinks]) read(bytes, 0, bytes.length)
    }),
    { numRuns: 2_000 },
  )
})

describe('text of a value', () => {
  const cases: [AnyValue, string][] = [
    [{ kind: 'empty' }, ''],
    [{ kind: 'string', value: '"a"' }, '"a"'],
    [{ kind: 'bool', value: true }, 'true'],
    [{ kind: 'int', value: -(2n ** 63n) }, '-9223372036854775808'],
    [{ kind: 'double', value: 0.1 }, '0.1'],
    [{ kind: 'double', value: Number.NEGATIVE_INFINITY }, '-Infinity'],
    [{ kind: 'bytes', value: Uint8Array.of(255, 0) }, '/wA='],
    [{ kind: 'array', values: [{ kind: 'int', value: 1n }, { kind: 'empty' }] }, '[1,null]'],
    [{ kind: 'map', entries: [{ key: 'a', value: { kind: 'bool', value: false } }] }, '{"a":false}'],
  ]
  test.each(cases.map(([value, text]): [string, AnyValue] => [text, value]))('%s', (text, value) => {
    expect(valueText(value)).toBe(text)
  })
})

import { readFileSync } from 'node:fs'
import { decodeAttributes, decodeEvents, type Fault, hexText, SpanBatch, systemClock, valueText } from '@vantage/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RECORD_LIMITS } from '../limits.ts'
import { ipText } from './ip-text.ts'
import { ZipkinJsonDecoder } from './json.ts'
import { ZipkinProtobufDecoder } from './protobuf.ts'

function run(text: string, decoder = new ZipkinJsonDecoder()): SpanBatch | Fault {
  return runBytes(Buffer.from(text), decoder)
}

function runBytes(
  body: Uint8Array,
  decoder: ZipkinJsonDecoder | ZipkinProtobufDecoder,
  batch = new SpanBatch(),
): SpanBatch | Fault {
  decoder.start(body, body.length, batch)
  for (;;) {
    const outcome = decoder.step(Number.POSITIVE_INFINITY, systemClock)
    if (outcome === 'done') return batch
    if (outcome !== 'more') return outcome
  }
}

function attributesOf(batch: SpanBatch, row: number): Record<string, string> {
  const { attributes } = batch.columns
  const all = decodeAttributes(attributes.bytes, attributes.from[row] as number, attributes.to[row] as number)
  return Object.fromEntries(all.map(({ key, value }) => [key, valueText(value)]))
}

const SPAN = {
  traceId: '5982fe77008310cc80f1da5e10147517',
  parentId: '90394f6bcffb5d13',
  id: '67fae42571535f60',
  kind: 'SERVER',
  name: '/m/n/2.6.1',
  timestamp: 1516781775726000,
  duration: 26000,
  localEndpoint: { serviceName: 'apple', ipv4: '10.0.0.1', port: 80 },
  remoteEndpoint: { serviceName: 'banana', ipv6: '::1' },
  annotations: [{ timestamp: 1516781775726001, value: 'a1' }],
  tags: { 'http.path': '/api', error: 'späte Antwort' },
  shared: true,
}

test('a span with every field', () => {
  const batch = run(
    JSON.stringify([SPAN, { traceId: 'cc80f1da5e10147517'.slice(2), id: '0000000000000001' }]),
  ) as SpanBatch
  const { columns } = batch
  expect(columns.count).toBe(2)
  expect(hexText(columns.traceIds, 0, 16)).toBe(SPAN.traceId)
  expect(hexText(columns.spanIds, 0, 8)).toBe(SPAN.id)
  expect(hexText(columns.parentSpanIds, 0, 8)).toBe(SPAN.parentId)
  expect([columns.kinds[0], columns.statusCodes[0]]).toEqual([2, 2])
  expect([columns.startTimes[0], columns.endTimes[0]]).toEqual([1516781775726000000n, 1516781775752000000n])
  expect(attributesOf(batch, 0)).toEqual({
    'http.path': '/api',
    error: 'späte Antwort',
    'net.host.ip': '10.0.0.1',
    'net.host.port': '80',
    'peer.service': 'banana',
    'net.peer.ip': '::1',
    'zipkin.shared': 'true',
  })
  const { events, names } = columns
  expect(decodeEvents(events.bytes, events.from[0] as number, events.to[0] as number)).toEqual([
    { timeUnixNs: 1516781775726001000n, name: 'a1', attributes: [], droppedAttributes: 0 },
  ])
  expect(Buffer.from(names.bytes.subarray(names.from[0], names.to[0])).toString()).toBe('/m/n/2.6.1')
  expect(batch.originOf(0).resource).toEqual([{ key: 'service.name', value: { kind: 'string', value: 'apple' } }])
  expect(batch.originOf(columns.origins[1] as number).resource).toEqual([])
  // A trace id of 64 bits is filled up in front.
  expect(hexText(columns.traceIds, 16, 32)).toBe('000000000000000080f1da5e10147517')
})

const refused: [string, object, string][] = [
  ['no id', { traceId: SPAN.traceId }, 'invalid_id'],
  ['a trace id of zeros', { ...SPAN, traceId: '0'.repeat(32) }, 'invalid_id'],
  ['a parent that is no hex', { ...SPAN, parentId: 'x' }, 'invalid_id'],
  ['a time that is none', { ...SPAN, timestamp: 1.5 }, 'invalid_value'],
  ['a duration that is none', { ...SPAN, duration: -1 }, 'invalid_value'],
]
test.each(refused)('refused: %s', (_, span, reason) => {
  const batch = run(JSON.stringify([span, SPAN])) as SpanBatch
  expect(batch.refused).toMatchObject([{ reason, count: 1 }])
  expect(batch.columns.count).toBe(1)
})

test.each([['{}'], ['1'], ['[1]'], ['[[]]'], ['["a"]'], ['[{"traceId":]'], ['[{"a":"\\u00x"}]'], ['']])(
  'no array of spans: %s',
  (text) => {
    expect(run(text)).toMatchObject({ code: 'bad_request' })
  },
)

test('no JSON breaks it', () => {
  const decoder = new ZipkinJsonDecoder()
  const nearly = fc.record({
    traceId: fc.constantFrom(SPAN.traceId, 'x'),
    id: fc.constantFrom(SPAN.id, 1),
    tags: fc.jsonValue(),
  })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.array(fc.oneof(nearly, fc.jsonValue())).map((all) => JSON.stringify(all)),
      ),
      (text) => {
        const outcome = run(text, decoder)
        expect(outcome instanceof SpanBatch || outcome.code === 'bad_request').toBe(true)
      },
    ),
    { numRuns: 1_000 },
  )
})

/** Everything that a batch says of its rows. */
function rowsOf(batch: SpanBatch | Fault): unknown[] {
  if (!(batch instanceof SpanBatch)) throw new Error(batch.message)
  const { columns } = batch
  const bytes = (ranges: typeof columns.names, row: number) => ranges.bytes.slice(ranges.from[row], ranges.to[row])
  return Array.from({ length: columns.count }, (_, row) => ({
    ids: [
      hexText(columns.traceIds, row * 16, row * 16 + 16),
      hexText(columns.spanIds, row * 8, row * 8 + 8),
      hexText(columns.parentSpanIds, row * 8, row * 8 + 8),
    ],
    times: [columns.startTimes[row], columns.endTimes[row]],
    kinds: [columns.kinds[row], columns.statusCodes[row]],
    texts: [columns.names, columns.statusMessages, columns.attributes, columns.events].map((one) =>
      Buffer.from(bytes(one, row)).toString('hex'),
    ),
    origin: batch.originOf(columns.origins[row] as number),
  }))
}

const vector = (name: string) => readFileSync(new URL(`vectors/${name}`, import.meta.url))

describe('protobuf', () => {
  test('a client writes the same rows in both forms', () => {
    const fromJson = rowsOf(runBytes(vector('py-zipkin-1.2.8.json'), new ZipkinJsonDecoder()))
    const fromProtobuf = rowsOf(runBytes(vector('py-zipkin-1.2.8.bin'), new ZipkinProtobufDecoder()))
    expect(fromProtobuf).toEqual(fromJson)
    expect(fromJson).toHaveLength(3)
  })

  test('cut anywhere, it is a fault or the whole spans before', () => {
    const whole = vector('py-zipkin-1.2.8.bin')
    const decoder = new ZipkinProtobufDecoder()
    const counts = new Set<number>()
    for (let length = 0; length < whole.length; length++) {
      const outcome = runBytes(whole.subarray(0, length), decoder)
      if (outcome instanceof SpanBatch) counts.add(outcome.columns.count)
      else expect(outcome.code).toBe('bad_request')
    }
    expect([...counts]).toEqual([0, 1, 2])
  })

  const span = (...fields: string[]) => {
    const body = Buffer.from(fields.join(''), 'hex')
    return Buffer.concat([Buffer.of(0x0a, body.length), body])
  }
  const TRACE = '0a080000000000000001'
  const ID = '1a080000000000000002'
  const refused: [string, Buffer, string][] = [
    ['no trace id', span(ID), 'invalid_id'],
    ['a trace id of 4 bytes', span('0a0401020304', ID), 'invalid_id'],
    ['an id of zeros', span(TRACE, '1a080000000000000000'), 'invalid_id'],
    ['a parent of 2 bytes', span(TRACE, ID, '12020001'), 'invalid_id'],
    ['a name that is not UTF-8', span(TRACE, ID, '2a01ff'), 'invalid_utf8'],
    ['a time beyond 64 bits of ns', span(TRACE, ID, '31ffffffffffffffff'), 'invalid_value'],
    ['a duration beyond them', span(TRACE, ID, '38ffffffffffffffffff01'), 'invalid_value'],
  ]
  test.each(refused)('refused: %s', (_, bytes, reason) => {
    const batch = runBytes(Buffer.concat([bytes, span(TRACE, ID)]), new ZipkinProtobufDecoder()) as SpanBatch
    expect(batch.refused).toMatchObject([{ reason, count: 1 }])
    expect(batch.columns.count).toBe(1)
    expect(batch.verdict.bits()).toEqual(Uint8Array.of(1))
    const again = new SpanBatch()
    again.reset(batch.verdict.bits())
    expect(rowsOf(runBytes(Buffer.concat([bytes, span(TRACE, ID)]), new ZipkinProtobufDecoder(), again))).toEqual(
      rowsOf(batch),
    )
  })
})

test.each([
  ['01020304', '1.2.3.4'],
  ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
  ['00000000000000000000000000000000', '::'],
  ['00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
  ['00010000000300040005000600070008', '1:0:3:4:5:6:7:8'],
  ['0102', ''],
])('address %s', (hex, text) => {
  const bytes = Buffer.from(hex, 'hex')
  expect(ipText(bytes, 0, bytes.length)).toBe(text)
})

describe('limits', () => {
  const tagged = (tags: Record<string, string>) => JSON.stringify([{ traceId: SPAN.traceId, id: SPAN.id, tags }])
  const decoder = () => new ZipkinJsonDecoder({ ...RECORD_LIMITS, maxAttributes: 2, maxAttributeBytes: 4 })
  test('attributes at the limit and one more', () => {
    expect((run(tagged({ a: '1', b: '2' }), decoder()) as SpanBatch).columns.count).toBe(1)
    const over = run(tagged({ a: '1', b: '2', c: '3' }), decoder()) as SpanBatch
    expect([over.columns.count, over.refused]).toMatchObject([0, [{ reason: 'too_many_attributes', count: 1 }]])
  })
  test('a value at the limit stays, one byte more is cut on a character', () => {
    const at = run(tagged({ a: 'abcd' }), decoder()) as SpanBatch
    expect([attributesOf(at, 0), at.warnings]).toEqual([{ a: 'abcd' }, []])
    const over = run(tagged({ a: 'abcä' }), decoder()) as SpanBatch
    expect([attributesOf(over, 0), over.warnings]).toEqual([
      { a: 'abc' },
      ['attribute values longer than 4 bytes were cut'],
    ])
  })
})

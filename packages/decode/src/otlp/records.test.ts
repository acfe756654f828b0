import {
  type AnyValue,
  type Attribute,
  BODY_KIND,
  type ByteRanges,
  decodeAttributes,
  decodeEvents,
  decodeLinks,
  decodeValue,
  type Fault,
  hexText,
  LogBatch,
  NO_ORIGIN,
  SpanBatch,
  systemClock,
} from '@vantage/model'
import fc from 'fast-check'
import { loadSync } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { OtlpJsonDecoder } from './json.ts'
import { LOGS_REQUEST, TRACES_REQUEST } from './json-schema.ts'
import { OtlpLogsDecoder } from './logs.ts'
import { OtlpTracesDecoder } from './spans.ts'

const root = loadSync(new URL('../../proto/otlp-records.proto', import.meta.url).pathname)
const LogsRequest = root.lookupType('vantage.test.records.LogsRequest')
const TracesRequest = root.lookupType('vantage.test.records.TracesRequest')
const encode = (type: typeof LogsRequest, message: object) =>
  new Uint8Array(type.encode(type.fromObject(message)).finish())
const FOREVER = Number.POSITIVE_INFINITY

interface Decoder<Batch> {
  start(body: Uint8Array, length: number, batch: Batch): void
  step(deadlineMs: number, clock: typeof systemClock): 'more' | 'done' | Fault
}

function run<Batch>(decoder: Decoder<Batch>, body: Uint8Array, batch: Batch): Batch | Fault {
  decoder.start(body, body.length, batch)
  for (;;) {
    const outcome = decoder.step(FOREVER, systemClock)
    if (outcome === 'done') return batch
    if (outcome !== 'more') return outcome
  }
}

const decodeLogs = (body: Uint8Array, decoder = new OtlpLogsDecoder()) => run(decoder, body, new LogBatch())
const decodeSpans = (body: Uint8Array, decoder = new OtlpTracesDecoder()) => run(decoder, body, new SpanBatch())
const textOf = (ranges: ByteRanges, row: number) =>
  Buffer.from(ranges.bytes.subarray(ranges.from[row], ranges.to[row])).toString()
const attributesOf = (ranges: ByteRanges, row: number) =>
  decodeAttributes(ranges.bytes, ranges.from[row] as number, ranges.to[row] as number)

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const text = (value: string): AnyValue => ({ kind: 'string', value })
const wireText = (key: string, value: string) => ({ key, value: { stringValue: value } })

const RESOURCE = { attributes: [wireText('service.name', 'shop')], droppedAttributesCount: 2 }
const SCOPE = { name: 'lib', version: '1.2', attributes: [wireText('s', 't')], droppedAttributesCount: 1 }
const ORIGIN = {
  resource: [{ key: 'service.name', value: text('shop') }],
  resourceDroppedCount: 2,
  resourceSchemaUrl: 'http://r',
  scopeName: 'lib',
  scopeVersion: '1.2',
  scope: [{ key: 's', value: text('t') }],
  scopeDroppedCount: 1,
  scopeSchemaUrl: 'http://s',
  kind: 'resource',
}

const LOG = {
  timeUnixNano: '1700000000123456789',
  observedTimeUnixNano: '1700000000223456789',
  severityNumber: 17,
  severityText: 'ERROR',
  body: { stringValue: 'payment fäiled' },
  attributes: [wireText('a', 'b'), { key: 'n', value: { intValue: '-5' } }],
  droppedAttributesCount: 3,
  flags: 0x80000001,
  eventName: 'exception',
}

function logRequest(record: object): object {
  const scopeLogs = [{ scope: SCOPE, logRecords: [record], schemaUrl: 'http://s' }]
  return { resourceLogs: [{ resource: RESOURCE, scopeLogs, schemaUrl: 'http://r' }] }
}

describe('a log record with every field', () => {
  const cases: [string, () => LogBatch | Fault][] = [
    [
      'protobuf',
      () => decodeLogs(encode(LogsRequest, logRequest({ ...LOG, traceId: bytesOf(TRACE), spanId: bytesOf(SPAN) }))),
    ],
    [
      'JSON',
      () => {
        const body = Buffer.from(JSON.stringify(logRequest({ ...LOG, traceId: TRACE, spanId: SPAN })))
        return run(new OtlpJsonDecoder(LOGS_REQUEST, new OtlpLogsDecoder()), body, new LogBatch())
      },
    ],
  ]
  test.each(cases)('%s', (_, decode) => {
    const batch = decode() as LogBatch
    const { columns } = batch
    expect(columns.count).toBe(1)
    expect(columns.times[0]).toBe(1700000000123456789n)
    expect(columns.observedTimes[0]).toBe(1700000000223456789n)
    expect(columns.severities[0]).toBe(17)
    expect(columns.flags[0]).toBe(0x80000001)
    expect(columns.droppedAttributes[0]).toBe(3)
    expect(hexText(columns.traceIds, 0, 16)).toBe(TRACE)
    expect(hexText(columns.spanIds, 0, 8)).toBe(SPAN)
    expect(columns.bodyKinds[0]).toBe(BODY_KIND.text)
    expect(textOf(columns.bodies, 0)).toBe('payment fäiled')
    expect(textOf(columns.severityTexts, 0)).toBe('ERROR')
    expect(textOf(columns.eventNames, 0)).toBe('exception')
    expect(attributesOf(columns.attributes, 0)).toEqual([
      { key: 'a', value: text('b') },
      { key: 'n', value: { kind: 'int', value: -5n } },
    ])
    expect(batch.originOf(columns.origins[0] as number)).toEqual(ORIGIN)
    expect(batch.refused).toEqual([])
  })
})

test('an empty record, and a body that is no text', () => {
  const map = { kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } }
  const batch = decodeLogs(
    encode(LogsRequest, { resourceLogs: [{ scopeLogs: [{ logRecords: [{}, { body: map }] }] }] }),
  ) as LogBatch
  expect([batch.columns.count, batch.columns.bodyKinds[0], batch.columns.bodyKinds[1]]).toEqual([
    2,
    BODY_KIND.none,
    BODY_KIND.value,
  ])
  const { bodies } = batch.columns
  expect(decodeValue(bodies.bytes, bodies.from[1] as number, bodies.to[1] as number)).toEqual({
    kind: 'map',
    entries: [{ key: 'k', value: { kind: 'bool', value: true } }],
  })
  expect(batch.originOf(0)).toEqual(NO_ORIGIN)
})

const deep = Array.from({ length: 16 }).reduce<object>((inner) => ({ arrayValue: { values: [inner] } }), {
  intValue: 1,
})
const refusedLogs: [string, object, string][] = [
  ['a short trace id', { traceId: Uint8Array.of(1) }, 'invalid_id'],
  [
    '129 attributes',
    { attributes: Array.from({ length: 129 }, (_, i) => wireText(`k${i}`, '')) },
    'too_many_attributes',
  ],
  ['values in values', { attributes: [{ key: 'a', value: deep }] }, 'nested_too_deep'],
]
test.each(refusedLogs)('refused: %s', (_, record, reason) => {
  const scopeLogs = [{ logRecords: [record, { severityText: 'kept' }] }]
  const batch = decodeLogs(encode(LogsRequest, { resourceLogs: [{ scopeLogs }] })) as LogBatch
  expect(batch.refused).toMatchObject([{ reason, count: 1 }])
  expect(batch.columns.count).toBe(1)
  expect(textOf(batch.columns.severityTexts, 0)).toBe('kept')
})

test('a text that is not UTF-8 is refused', () => {
  const body = encode(LogsRequest, { resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityText: 'ABC' }] }] }] })
  body[body.length - 1] = 0xff
  expect((decodeLogs(body) as LogBatch).refused).toMatchObject([{ reason: 'invalid_utf8' }])
})

test('long lines and values are cut on a code point, with a warning', () => {
  const limits = { maxAttributes: 10, maxAttributeBytes: 20, maxLineBytes: 5 }
  const record = { body: { stringValue: 'abcdä' }, attributes: [wireText('k', 'ä'.repeat(15)), wireText('l', 'm')] }
  const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: [wireText('x', 'y')] }, record] }] }] }
  const batch = decodeLogs(encode(LogsRequest, request), new OtlpLogsDecoder(limits)) as LogBatch
  expect(textOf(batch.columns.bodies, 1)).toBe('abcd')
  expect(attributesOf(batch.columns.attributes, 0)).toEqual([{ key: 'x', value: text('y') }])
  expect(attributesOf(batch.columns.attributes, 1)).toEqual([
    { key: 'k', value: text('ä'.repeat(10)) },
    { key: 'l', value: text('m') },
  ])
  expect(batch.warnings).toHaveLength(2)
})

const SPAN_FIELDS = {
  traceState: 'a=b',
  name: 'GET /',
  kind: 2,
  startTimeUnixNano: '1700000000000000001',
  endTimeUnixNano: '1700000000000000002',
  attributes: [{ key: 'd', value: { doubleValue: 1 } }],
  droppedAttributesCount: 1,
  events: [
    { timeUnixNano: '5', name: 'e', attributes: [wireText('x', 'y')], droppedAttributesCount: 4 },
    { timeUnixNano: '6', name: 'f' },
  ],
  droppedEventsCount: 2,
  droppedLinksCount: 3,
  status: { message: 'böse', code: 2 },
  flags: 257,
}

function spanRequest(span: object): object {
  const scopeSpans = [{ scope: SCOPE, spans: [span], schemaUrl: 'http://s' }]
  return { resourceSpans: [{ resource: RESOURCE, scopeSpans, schemaUrl: 'http://r' }] }
}

describe('a span with every field', () => {
  const link = { traceState: 'l', attributes: [wireText('p', 'q')], droppedAttributesCount: 7, flags: 1 }
  const cases: [string, () => SpanBatch | Fault][] = [
    [
      'protobuf',
      () => {
        const ids = { traceId: bytesOf(TRACE), spanId: bytesOf(SPAN) }
        const span = { ...SPAN_FIELDS, ...ids, parentSpanId: bytesOf('0102030405060708'), links: [{ ...link, ...ids }] }
        return decodeSpans(encode(TracesRequest, spanRequest(span)))
      },
    ],
    [
      'JSON',
      () => {
        const ids = { traceId: TRACE, spanId: SPAN }
        const span = { ...SPAN_FIELDS, ...ids, parentSpanId: '0102030405060708', links: [{ ...link, ...ids }] }
        const body = Buffer.from(JSON.stringify(spanRequest(span)))
        return run(new OtlpJsonDecoder(TRACES_REQUEST, new OtlpTracesDecoder()), body, new SpanBatch())
      },
    ],
  ]
  test.each(cases)('%s', (_, decode) => {
    const batch = decode() as SpanBatch
    const { columns } = batch
    expect([columns.count, columns.kinds[0], columns.statusCodes[0], columns.flags[0]]).toEqual([1, 2, 2, 257])
    expect([columns.startTimes[0], columns.endTimes[0]]).toEqual([1700000000000000001n, 1700000000000000002n])
    expect([columns.droppedAttributes[0], columns.droppedEvents[0], columns.droppedLinks[0]]).toEqual([1, 2, 3])
    expect(hexText(columns.traceIds, 0, 16)).toBe(TRACE)
    expect(hexText(columns.spanIds, 0, 8)).toBe(SPAN)
    expect(hexText(columns.parentSpanIds, 0, 8)).toBe('0102030405060708')
    expect([textOf(columns.names, 0), textOf(columns.traceStates, 0)]).toEqual(['GET /', 'a=b'])
    expect(textOf(columns.statusMessages, 0)).toBe('böse')
    expect(attributesOf(columns.attributes, 0)).toEqual([{ key: 'd', value: { kind: 'double', value: 1 } }])
    const { events, links } = columns
    expect(decodeEvents(events.bytes, events.from[0] as number, events.to[0] as number)).toEqual([
      { timeUnixNs: 5n, name: 'e', attributes: [{ key: 'x', value: text('y') }], droppedAttributes: 4 },
      { timeUnixNs: 6n, name: 'f', attributes: [], droppedAttributes: 0 },
    ])
    expect(decodeLinks(links.bytes, links.from[0] as number, links.to[0] as number)).toEqual([
      {
        traceId: TRACE,
        spanId: SPAN,
        traceState: 'l',
        attributes: [{ key: 'p', value: text('q') }],
        droppedAttributes: 7,
        flags: 1,
      },
    ])
    expect(batch.originOf(columns.origins[0] as number)).toEqual(ORIGIN)
  })
})

const ids = { traceId: bytesOf(TRACE), spanId: bytesOf(SPAN) }
const refusedSpans: [string, object, string][] = [
  ['no trace id', { spanId: ids.spanId }, 'invalid_id'],
  ['a span id of zeros', { ...ids, spanId: new Uint8Array(8) }, 'invalid_id'],
  ['a parent of 7 bytes', { ...ids, parentSpanId: new Uint8Array(7) }, 'invalid_id'],
  ['a link without ids', { ...ids, links: [{ traceId: Uint8Array.of(1) }] }, 'invalid_id'],
  [
    'an event with values in values',
    { ...ids, events: [{ attributes: [{ key: 'a', value: deep }] }] },
    'nested_too_deep',
  ],
]
test.each(refusedSpans)('refused: %s', (_, span, reason) => {
  const spans = [span, { ...ids, name: 'kept' }]
  const batch = decodeSpans(encode(TracesRequest, { resourceSpans: [{ scopeSpans: [{ spans }] }] })) as SpanBatch
  expect(batch.refused).toMatchObject([{ reason, count: 1 }])
  expect(batch.columns.count).toBe(1)
  expect(textOf(batch.columns.names, 0)).toBe('kept')
})

test('attributes and events that lie apart are gathered', () => {
  const body = encode(TracesRequest, { resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, name: 'first' }] }] }] })
  const first = { ...ids, attributes: [wireText('a', '1')], events: [{ name: 'e1' }] }
  const second = { attributes: [wireText('b', '2')], events: [{ name: 'e2' }] }
  const Span = root.lookupType('vantage.test.records.Span')
  // A message written twice is one message with the fields of both.
  const span = Buffer.concat([encode(Span, first), encode(Span, second)])
  const scope = Buffer.concat([Buffer.of(0x12, span.length), span])
  const resource = Buffer.concat([Buffer.of(0x12, scope.length), scope])
  const batch = decodeSpans(Buffer.concat([body, Buffer.of(0x0a, resource.length), resource])) as SpanBatch
  const { columns } = batch
  expect(columns.count).toBe(2)
  expect(attributesOf(columns.attributes, 0)).toEqual([])
  expect(attributesOf(columns.attributes, 1)).toEqual([
    { key: 'a', value: text('1') },
    { key: 'b', value: text('2') },
  ])
  const { events } = columns
  const names = decodeEvents(events.bytes, events.from[1] as number, events.to[1] as number).map(({ name }) => name)
  expect(names).toEqual(['e1', 'e2'])
})

test('any attributes come out as the reference wrote them', () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((one): [object, AnyValue] => [{ stringValue: one }, text(one)]),
    fc.double().map((one): [object, AnyValue] => [{ doubleValue: one }, { kind: 'double', value: one }]),
    fc.boolean().map((one): [object, AnyValue] => [{ boolValue: one }, { kind: 'bool', value: one }]),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((one): [object, AnyValue] => [{ intValue: String(one) }, { kind: 'int', value: one }]),
  )
  const attributes = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), value), { maxLength: 10 })
  fc.assert(
    fc.property(fc.array(attributes, { maxLength: 10 }), (records) => {
      const logRecords = records.map((pairs) => ({ attributes: pairs.map(([key, [wire]]) => ({ key, value: wire })) }))
      const batch = decodeLogs(encode(LogsRequest, { resourceLogs: [{ scopeLogs: [{ logRecords }] }] })) as LogBatch
      expect(batch.columns.count).toBe(records.length)
      records.forEach((pairs, row) => {
        const want: Attribute[] = pairs.map(([key, [, one]]) => ({ key, value: one }))
        expect(attributesOf(batch.columns.attributes, row)).toEqual(want)
      })
    }),
  )
})

test('no bytes break the decoders', () => {
  const good = encode(TracesRequest, spanRequest({ ...SPAN_FIELDS, ...ids }))
  const damaged = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 })
    .map((flips) => flips.reduce((bytes, [at, byte]) => bytes.fill(byte, at, at + 1), good.slice()))
  const logs = new OtlpLogsDecoder()
  const spans = new OtlpTracesDecoder()
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (body) => {
      for (const outcome of [decodeLogs(body, logs), decodeSpans(body, spans)]) {
        expect(outcome instanceof LogBatch || outcome instanceof SpanBatch || outcome.code === 'bad_request').toBe(true)
      }
    }),
    { numRuns: 3_000 },
  )
})

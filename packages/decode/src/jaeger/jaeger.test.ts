import { readFileSync } from 'node:fs'
import {
  type Attributes,
  decodeAttributes,
  decodeEvents,
  decodeLinks,
  type Fault,
  hexText,
  SPAN_KINDS,
  SpanBatch,
  STATUS_CODES,
  systemClock,
  valueText,
} from '@vantage/model'
import { describe, expect, test } from 'vitest'
import { RECORD_LIMITS } from '../limits.ts'
import { JaegerProtobufDecoder } from './protobuf.ts'
import { JaegerThriftDecoder } from './thrift.ts'

type Decoder = JaegerThriftDecoder | JaegerProtobufDecoder

function run(body: Uint8Array, decoder: Decoder, batch = new SpanBatch()): SpanBatch | Fault {
  decoder.start(body, body.length, batch)
  for (;;) {
    const outcome = decoder.step(0, systemClock)
    if (outcome === 'done') return batch
    if (outcome !== 'more') return outcome
  }
}

const record = (attributes: Attributes) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, `${value.kind} ${valueText(value)}`]))

function spansOf(outcome: SpanBatch | Fault) {
  if (!(outcome instanceof SpanBatch)) throw new Error(outcome.message)
  const { columns } = outcome
  return Array.from({ length: columns.count }, (_, row) => {
    const read = <Of>(column: typeof columns.names, of: (bytes: Uint8Array, from: number, to: number) => Of) =>
      of(column.bytes, column.from[row] as number, column.to[row] as number)
    const text = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString()
    const origin = outcome.originOf(columns.origins[row] as number)
    return {
      traceId: hexText(columns.traceIds, row * 16, row * 16 + 16),
      spanId: hexText(columns.spanIds, row * 8, row * 8 + 8),
      parentSpanId: hexText(columns.parentSpanIds, row * 8, row * 8 + 8),
      name: read(columns.names, text),
      kind: SPAN_KINDS[columns.kinds[row] as number],
      status: STATUS_CODES[columns.statusCodes[row] as number],
      message: read(columns.statusMessages, text),
      state: read(columns.traceStates, text),
      flags: columns.flags[row],
      startUs: ((columns.startTimes[row] as bigint) + 500n) / 1_000n,
      tookUs: ((columns.endTimes[row] as bigint) - (columns.startTimes[row] as bigint) + 500n) / 1_000n,
      attributes: record(read(columns.attributes, decodeAttributes)),
      events: read(columns.events, decodeEvents).map(({ name, attributes, timeUnixNs }) => [
        name,
        (timeUnixNs + 500n) / 1_000n,
        record(attributes),
      ]),
      links: read(columns.links, decodeLinks).map(({ traceId, spanId, attributes }) => [
        traceId,
        spanId,
        record(attributes),
      ]),
      resource: record(origin.resource),
      scope: [origin.scopeName, origin.scopeVersion],
    }
  })
}

const vector = (name: string) => readFileSync(new URL(`vectors/${name}`, import.meta.url))
const THRIFT = vector('opentelemetry-jaeger-thrift-1.21.0.bin')
const PROTOBUF = vector('opentelemetry-jaeger-proto-grpc-1.21.0.bin')

const ROOT = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'a1b2c3d400001001',
  parentSpanId: '0000000000000000',
  name: 'GET /cart',
  kind: 'server',
  status: 'error',
  message: 'späte Antwort',
  state: '',
  flags: 1,
  startUs: 1_700_000_000_000_000n,
  tookUs: 7_000n,
  attributes: {
    'http.method': 'string GET',
    'http.status_code': 'int 500',
    ratio: 'double 0.25',
    cached: 'bool false',
    list: "string ('a', 'b')",
    'service.name': 'string cart',
    'host.name': 'string h1',
    replicas: 'int 3',
  },
  events: [['exception', 1_700_000_000_006_000n, { 'exception.type': 'string E' }]],
  links: [],
  resource: { 'service.name': 'string cart', 'host.name': 'string h1', replicas: 'int 3' },
  scope: ['shop-lib', '1.2.3'],
}
const CHILD = {
  ...ROOT,
  spanId: 'a1b2c3d400001002',
  parentSpanId: 'a1b2c3d400001001',
  name: 'SELECT',
  kind: 'client',
  status: 'unset',
  message: '',
  startUs: ROOT.startUs + 1_000n,
  tookUs: 4_000n,
  attributes: {
    'db.system': 'string pg',
    'service.name': 'string cart',
    'host.name': 'string h1',
    replicas: 'int 3',
  },
  events: [['row locked', 1_700_000_000_002_000n, { 'lock.id': 'int -7' }]],
  links: [['5982fe77008310cc80f1da5e10147517', '67fae42571535f60', { 'opentracing.ref_type': 'string follows_from' }]],
}

const forms: [string, Buffer, () => Decoder][] = [
  ['Thrift', THRIFT, () => new JaegerThriftDecoder()],
  ['protobuf', PROTOBUF, () => new JaegerProtobufDecoder()],
]
describe.each(forms)('%s', (_, bytes, decoder) => {
  test('what an exporter says is there, each in its place', () => {
    expect(spansOf(run(bytes, decoder()))).toEqual([CHILD, ROOT])
  })

  test('cut anywhere, it is a fault or the whole spans before', () => {
    const one = decoder()
    for (let length = 0; length < bytes.length; length++) {
      const outcome = run(bytes.subarray(0, length), one)
      if (outcome instanceof SpanBatch) expect(outcome.columns.count).toBeLessThan(2)
      else expect(outcome.code).toBe('bad_request')
    }
  })

  test('attributes at the limit and one more', () => {
    const limited = (maxAttributes: number) => {
      const limits = { ...RECORD_LIMITS, maxAttributes }
      return run(
        bytes,
        decoder() instanceof JaegerThriftDecoder ? new JaegerThriftDecoder(limits) : new JaegerProtobufDecoder(limits),
      ) as SpanBatch
    }
    expect([limited(8).columns.count, limited(8).refused]).toEqual([2, []])
    expect([limited(7).columns.count, limited(7).refused]).toMatchObject([
      1,
      [{ reason: 'too_many_attributes', count: 1 }],
    ])
  })

  test('a refused span stays refused, and its place is kept', () => {
    const bad = Buffer.from(bytes)
    // The name of the first span.
    bad[bad.indexOf('SELECT')] = 0xff
    const first = run(bad, decoder()) as SpanBatch
    expect([first.refused, first.verdict.bits()]).toMatchObject([[{ reason: 'invalid_utf8' }], Uint8Array.of(1)])
    expect(spansOf(first)).toEqual([ROOT])
    const again = new SpanBatch()
    again.reset(first.verdict.bits())
    expect(spansOf(run(bytes, decoder(), again))).toEqual([ROOT])
  })
})

/** Writes Thrift's binary protocol. */
const thrift = {
  field: (type: number, id: number, value: Buffer) => Buffer.concat([Buffer.of(type, 0, id), value]),
  text: (text: string) => Buffer.concat([thrift.i32(text.length), Buffer.from(text)]),
  i32: (value: number) => {
    const out = Buffer.alloc(4)
    out.writeInt32BE(value)
    return out
  },
  i64: (value: bigint) => {
    const out = Buffer.alloc(8)
    out.writeBigInt64BE(value)
    return out
  },
  struct: (...fields: Buffer[]) => Buffer.concat([...fields, Buffer.of(0)]),
  list: (type: number, ...all: Buffer[]) => Buffer.concat([Buffer.of(type), thrift.i32(all.length), ...all]),
}
const { field, text, i32, i64, struct, list } = thrift
const PROCESS = field(12, 1, struct(field(11, 1, text('cart'))))
const span = (...fields: Buffer[]) =>
  struct(field(10, 1, i64(1n)), field(10, 2, i64(0n)), field(10, 3, i64(2n)), field(11, 5, text('op')), ...fields)
const batchOf = (...spans: Buffer[]) => struct(PROCESS, field(15, 2, list(12, ...spans)))
const tag = (key: string, ...value: Buffer[]) => struct(field(11, 1, text(key)), ...value)
const bool = (value: boolean) => field(2, 5, Buffer.of(value ? 1 : 0))

describe('Thrift by hand', () => {
  const only = (...fields: Buffer[]) => spansOf(run(batchOf(span(...fields)), new JaegerThriftDecoder()))[0]
  test('the parent is said, or referred to', () => {
    const reference = (kind: number, low: bigint, id: bigint) =>
      struct(field(8, 1, i32(kind)), field(10, 2, i64(low)), field(10, 3, i64(0n)), field(10, 4, i64(id)))
    const follows = reference(1, 1n, 3n)
    const child = reference(0, 1n, 4n)
    const foreign = reference(0, 9n, 5n)
    expect(only(field(10, 4, i64(7n)))).toMatchObject({ parentSpanId: '0000000000000007', links: [] })
    expect(only(field(15, 6, list(12, follows, child, foreign)))).toMatchObject({
      parentSpanId: '0000000000000004',
      links: [
        ['00000000000000000000000000000001', '0000000000000003', { 'opentracing.ref_type': 'string follows_from' }],
        ['00000000000000000000000000000009', '0000000000000005', { 'opentracing.ref_type': 'string child_of' }],
      ],
    })
  })

  const tags: [string, Buffer, object][] = [
    ['error=true', tag('error', bool(true)), { status: 'error', attributes: {} }],
    ['error="true"', tag('error', field(11, 3, text('true'))), { status: 'error', attributes: {} }],
    ['error=false', tag('error', bool(false)), { status: 'unset', attributes: { error: 'bool false' } }],
    ['a kind', tag('span.kind', field(11, 3, text('Consumer'))), { kind: 'consumer', attributes: {} }],
    ['no kind', tag('span.kind', field(11, 3, text('x'))), { attributes: { 'span.kind': 'string x' } }],
    ['OK', tag('otel.status_code', field(11, 3, text('OK'))), { status: 'ok', attributes: {} }],
    ['a state', tag('w3c.tracestate', field(11, 3, text('a=b'))), { state: 'a=b', attributes: {} }],
    ['bytes', tag('b', field(11, 7, text('ab'))), { attributes: { b: 'bytes YWI=' } }],
    ['nothing', tag('n'), { attributes: { n: 'empty ' } }],
    [
      'an unknown field of a map',
      tag('m', field(13, 99, Buffer.concat([Buffer.of(11, 8), i32(1), text('k'), i32(1)]))),
      {},
    ],
  ]
  test.each(tags)('tag: %s', (_, one, expected) => {
    expect(only(field(15, 10, list(12, one)))).toMatchObject(expected)
  })

  const refused: [string, Buffer, string][] = [
    ['ids of zeros', struct(field(11, 5, text('op'))), 'invalid_id'],
    ['a span id of zeros', struct(field(10, 1, i64(1n))), 'invalid_id'],
    ['a time before 1970', span(field(10, 8, i64(-1n))), 'invalid_value'],
    ['a time beyond 64 bits of ns', span(field(10, 8, i64(2n ** 62n))), 'invalid_value'],
    ['a duration below zero', span(field(10, 9, i64(-1n))), 'invalid_value'],
  ]
  test.each(refused)('refused: %s', (_, one, reason) => {
    const batch = run(batchOf(one, span()), new JaegerThriftDecoder()) as SpanBatch
    expect(batch.refused).toMatchObject([{ reason, count: 1 }])
    expect(batch.columns.count).toBe(1)
  })

  const nested = (depth: number): Buffer => (depth === 0 ? struct() : struct(field(12, 50, nested(depth - 1))))
  const malformed: [string, Buffer][] = [
    ['spans before their process', struct(field(15, 2, list(12, span())), PROCESS)],
    [
      'a list that says more than there is',
      struct(PROCESS, field(15, 2, Buffer.concat([Buffer.of(12), i32(1_000_000)]))),
    ],
    ['a list of a negative length', struct(PROCESS, field(15, 2, Buffer.concat([Buffer.of(12), i32(-1)])))],
    ['spans that are texts', struct(PROCESS, field(15, 2, list(11, text('x'))))],
    ['an unknown type', struct(PROCESS, field(9, 2, Buffer.of(0)))],
    ['no bytes', Buffer.alloc(0)],
  ]
  test.each(malformed)('malformed: %s', (_, body) => {
    expect(run(body, new JaegerThriftDecoder())).toMatchObject({ code: 'bad_request' })
  })

  test('values 64 deep are read over, 65 are malformed', () => {
    const decode = (depth: number) => run(struct(PROCESS, field(12, 9, nested(depth - 1))), new JaegerThriftDecoder())
    expect(decode(64)).toMatchObject({ columns: { count: 0 } })
    expect(decode(65)).toMatchObject({ code: 'bad_request' })
  })
})

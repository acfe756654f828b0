import { decodeAttributes, type Fault, hexText, LogBatch, systemClock } from '@vantage/model'
import fc from 'fast-check'
import { loadSync } from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { LokiPushDecoder } from './push.ts'
import { LokiPushJsonDecoder } from './push-json.ts'
import { parseStreamLabels } from './stream-labels.ts'

const root = loadSync(new URL('../../proto/loki-push.proto', import.meta.url).pathname)
const PushRequest = root.lookupType('vantage.test.loki.PushRequest')
const FOREVER = Number.POSITIVE_INFINITY

function run(decoder: LokiPushDecoder | LokiPushJsonDecoder, body: Uint8Array): LogBatch | Fault {
  const batch = new LogBatch()
  decoder.start(body, body.length, batch)
  for (;;) {
    const outcome = decoder.step(FOREVER, systemClock)
    if (outcome === 'done') return batch
    if (outcome !== 'more') return outcome
  }
}

interface Row {
  readonly ns: bigint
  readonly line: string
  readonly metadata: Readonly<Record<string, string>>
}
type Streams = readonly { readonly labels: Readonly<Record<string, string>>; readonly rows: readonly Row[] }[]

function asProtobuf(streams: Streams): Uint8Array {
  const wire = streams.map(({ labels, rows }) => ({
    labels: `{${Object.entries(labels)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(', ')}}`,
    entries: rows.map(({ ns, line, metadata }) => ({
      timestamp: { seconds: String(ns / 1_000_000_000n), nanos: Number(ns % 1_000_000_000n) },
      line,
      structuredMetadata: Object.entries(metadata).map(([name, value]) => ({ name, value })),
    })),
  }))
  return new Uint8Array(PushRequest.encode(PushRequest.fromObject({ streams: wire })).finish())
}

function asJson(streams: Streams): Uint8Array {
  const wire = streams.map(({ labels, rows }) => ({
    values: rows.map(({ ns, line, metadata }) => [String(ns), line, metadata]),
    stream: labels,
  }))
  return Buffer.from(JSON.stringify({ streams: wire }))
}

/** What a batch holds, in the form the requests are written in. */
function streamsOf(batch: LogBatch): object[] {
  const { columns } = batch
  return Array.from({ length: columns.count }, (_, row) => {
    const { bodies, attributes } = columns
    const metadata = decodeAttributes(attributes.bytes, attributes.from[row] as number, attributes.to[row] as number)
    const origin = batch.originOf(columns.origins[row] as number)
    return {
      labels: Object.fromEntries(
        origin.resource.map(({ key, value }) => [key, value.kind === 'string' && value.value]),
      ),
      ns: columns.times[row],
      line: Buffer.from(bodies.bytes.subarray(bodies.from[row], bodies.to[row])).toString(),
      metadata: Object.fromEntries(metadata.map(({ key, value }) => [key, value.kind === 'string' && value.value])),
    }
  })
}

const forms: [string, (streams: Streams) => LogBatch | Fault][] = [
  ['protobuf', (streams) => run(new LokiPushDecoder(), asProtobuf(streams))],
  ['JSON', (streams) => run(new LokiPushJsonDecoder(new LokiPushDecoder()), asJson(streams))],
]

describe.each(forms)('%s', (_, decode) => {
  test('streams, times, lines, metadata; a stream without a service gets one from its labels', () => {
    const rows = [
      { ns: 1_700_000_000_123_456_789n, line: 'a "b"\n', metadata: { user: 'ä', empty: '' } },
      { ns: 1n, line: '', metadata: {} },
    ]
    const batch = decode([
      { labels: { app: 'shop', x: 'a"b\\' }, rows },
      { labels: { service_name: 's' }, rows: [{ ns: 2n, line: 'c', metadata: {} }] },
    ]) as LogBatch
    expect(streamsOf(batch)).toEqual([
      { labels: { app: 'shop', x: 'a"b\\', service_name: 'shop' }, ...rows[0] },
      { labels: { app: 'shop', x: 'a"b\\', service_name: 'shop' }, ...rows[1] },
      { labels: { service_name: 's' }, ns: 2n, line: 'c', metadata: {} },
    ])
  })

  test('ids become columns', () => {
    const metadata = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'B7AD6B7169203331' }
    const batch = decode([{ labels: { a: 'b' }, rows: [{ ns: 1n, line: 'x', metadata }] }]) as LogBatch
    expect(hexText(batch.columns.traceIds, 0, 16)).toBe(metadata.trace_id)
    expect(streamsOf(batch)).toMatchObject([{ metadata: { span_id: 'B7AD6B7169203331' } }])
  })

  test('no stream, and a stream without labels', () => {
    expect(decode([])).toMatchObject({ code: 'unprocessable' })
    expect(decode([{ labels: {}, rows: [] }])).toMatchObject({ code: 'unprocessable' })
  })

  test('any text', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((one) => one.toWellFormed())
    const row = fc.record({
      ns: fc.bigInt({ min: 0n, max: 2n ** 62n }),
      line: text,
      metadata: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), text, { maxKeys: 3 }),
    })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), text, (rows, value) => {
        const labels = { service_name: 's', ...(value === '' ? {} : { v: value }) }
        const batch = decode([{ labels, rows }]) as LogBatch
        expect(streamsOf(batch)).toEqual(rows.map((one) => ({ labels, ...one, metadata: { ...one.metadata } })))
      }),
      { numRuns: 50 },
    )
  })
})

const badJson: [string, string, RegExp][] = [
  ['not an object', '[]', /want an object/],
  ['a time that is none', '{"streams":[{"stream":{"a":"b"},"values":[["x","l"]]}]}', /unix ns/],
  ['a line that is none', '{"streams":[{"stream":{"a":"b"},"values":[["1",2]]}]}', /line as a string/],
  ['too short an entry', '{"streams":[{"stream":{"a":"b"},"values":[["1"]]}]}', /\[time, line\]/],
  ['a label that is no string', '{"streams":[{"stream":{"a":1},"values":[]}]}', /string for a label/],
  ['metadata that is no object', '{"streams":[{"stream":{"a":"b"},"values":[["1","l",[]]]}]}', /want an object/],
]
test.each(badJson)('bad JSON: %s', (_, text, message) => {
  const outcome = run(new LokiPushJsonDecoder(new LokiPushDecoder()), Buffer.from(text))
  expect(outcome).toMatchObject({ code: 'bad_request', message: expect.stringMatching(message) })
})

const labelTexts: [string, [string, string][] | RegExp][] = [
  ['{}', []],
  ['{a="b"}', [['a', 'b']]],
  [
    '{ a = "b\\n\\u00e4" , c=`d"`, }',
    [
      ['a', 'b\nä'],
      ['c', 'd"'],
    ],
  ],
  ['a="b"', /want \{name="value"/],
  ['{a="b" c="d"}', /want , or \}/],
  ['{="b"}', /label name/],
  ['{a="b\\q"}', /quoted value/],
  ['{a=b}', /quoted value/],
]
test.each(labelTexts)('labels %s', (text, want) => {
  const parsed = parseStreamLabels(text)
  if (want instanceof RegExp)
    expect(parsed).toMatchObject({ ok: false, error: { message: expect.stringMatching(want) } })
  else expect(parsed).toEqual({ ok: true, value: want })
})

test('what was refused when it came is refused again on replay', () => {
  const rows = [0, 1, 2].map((i) => ({ ns: BigInt(i), line: `line ${i}`, metadata: {} }))
  const body = asProtobuf([{ labels: { service_name: 's' }, rows }])
  const batch = new LogBatch()
  batch.reset(Uint8Array.of(0b010))
  const decoder = new LokiPushDecoder()
  decoder.start(body, body.length, batch)
  expect(decoder.step(FOREVER, systemClock)).toBe('done')
  expect(streamsOf(batch)).toMatchObject([{ line: 'line 0' }, { line: 'line 2' }])
})

test('no bytes break it', () => {
  const decoders = [new LokiPushDecoder(), new LokiPushJsonDecoder(new LokiPushDecoder())]
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (body) => {
        for (const decoder of decoders) {
          const outcome = run(decoder, body)
          expect(outcome instanceof LogBatch || ['bad_request', 'unprocessable'].includes(outcome.code)).toBe(true)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})

import { decodeAttributes, decodeEvents, type Fault, hexText, SpanBatch, systemClock, valueText } from '@vantage/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ZipkinJsonDecoder } from './decode.ts'

function run(text: string, decoder = new ZipkinJsonDecoder()): SpanBatch | Fault {
  const body = Buffer.from(text)
  const batch = new SpanBatch()
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

test.each([['{}'], ['1'], ['[1]'], ['[[]]'], ['["a"]'], ['[{"traceId":]'], ['']])('no array of spans: %s', (text) => {
  expect(run(text)).toMatchObject({ code: 'bad_request' })
})

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

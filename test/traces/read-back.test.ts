import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runTracesJob, type TracesJob } from '../../packages/api/src/index.ts'
import { OtlpJsonDecoder, OtlpTracesDecoder, TRACES_REQUEST } from '../../packages/decode/src/otlp/index.ts'
import { type Fault, SpanBatch, systemClock } from '../../packages/model/src/index.ts'
import { MemorySpans, unlimitedBudget } from '../../packages/model/src/testing/index.ts'

/** What goes in as OTLP comes out as OTLP: decoders, reader contract and both encoders together. */

const CHECKOUT = resolve(import.meta.dirname, '../..')
const FOLDER = process.env['VANTAGE_CONFORMANCE'] ?? join(CHECKOUT, '../shared/conformance')
const EXAMPLE = join(FOLDER, 'otlp/examples/trace.json')
const TRACE_ID = '5b8efff798038103d269b633813fc60c'

const SPAN = {
  traceId: TRACE_ID,
  spanId: 'eee19b7ec3c1b174',
  traceState: 'a=1,b=2',
  parentSpanId: 'eee19b7ec3c1b173',
  flags: 769,
  name: 'fäiled',
  kind: 5,
  startTimeUnixNano: '1700000000000000001',
  endTimeUnixNano: '1700000001000000002',
  attributes: [
    { key: 's', value: { stringValue: 'x' } },
    { key: 'empty', value: { stringValue: '' } },
    { key: 'i', value: { intValue: '-9007199254740993' } },
    { key: 'd', value: { doubleValue: 0.1 } },
    { key: 'nan', value: { doubleValue: 'NaN' } },
    { key: 'b', value: { boolValue: false } },
    { key: 'y', value: { bytesValue: 'AP8=' } },
    { key: 'l', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '2' }] } } },
    { key: 'm', value: { kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } } },
  ],
  droppedAttributesCount: 1,
  events: [
    {
      timeUnixNano: '1700000000000000003',
      name: 'e',
      attributes: [{ key: 'k', value: { stringValue: 'v' } }],
      droppedAttributesCount: 2,
    },
    { timeUnixNano: '1700000000000000004', name: 'f', attributes: [] },
  ],
  droppedEventsCount: 3,
  links: [
    {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceState: 'c=3',
      attributes: [{ key: 'k', value: { intValue: '1' } }],
      droppedAttributesCount: 4,
      flags: 256,
    },
  ],
  droppedLinksCount: 5,
  status: { code: 2, message: 'no' },
}

const RESOURCE_SPANS = [
  {
    resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }], droppedAttributesCount: 6 },
    scopeSpans: [
      {
        scope: {
          name: 'lib',
          version: '1',
          attributes: [{ key: 'k', value: { stringValue: 'v' } }],
          droppedAttributesCount: 7,
        },
        spans: [SPAN],
        schemaUrl: 'http://scope',
      },
      {
        scope: {},
        spans: [
          {
            traceId: TRACE_ID,
            spanId: 'eee19b7ec3c1b175',
            name: '',
            kind: 0,
            startTimeUnixNano: '1700000000000000009',
            endTimeUnixNano: '0',
            attributes: [],
            events: [],
            links: [],
            status: {},
          },
        ],
      },
    ],
    schemaUrl: 'http://resource',
  },
]

interface Decoder {
  start(body: Uint8Array, length: number, batch: SpanBatch): void
  step(deadlineMs: number, clock: typeof systemClock): 'more' | 'done' | Fault
}

function stored(decoder: Decoder, body: Uint8Array): MemorySpans {
  const batch = new SpanBatch()
  decoder.start(body, body.length, batch)
  for (;;) {
    const outcome = decoder.step(Number.POSITIVE_INFINITY, systemClock)
    if (outcome === 'done') break
    if (outcome !== 'more') throw new Error(outcome.message)
  }
  const memory = new MemorySpans()
  memory.appendBatch('default', batch)
  return memory
}

function storedJson(resourceSpans: unknown): MemorySpans {
  const body = new TextEncoder().encode(JSON.stringify({ resourceSpans }))
  return stored(new OtlpJsonDecoder(TRACES_REQUEST, new OtlpTracesDecoder()), body)
}

function ask(memory: MemorySpans, job: TracesJob): Uint8Array {
  const answer = runTracesJob(job, 'default', memory, unlimitedBudget)
  if (!answer.ok) throw new Error(answer.error.message)
  return answer.value
}

function batchesOf(memory: MemorySpans, traceId: string): unknown {
  const body = ask(memory, { kind: 'trace', traceId, form: 'otlp-json' })
  return (JSON.parse(new TextDecoder().decode(body)) as { batches: unknown }).batches
}

test('every member of a trace survives JSON in, JSON out', () => {
  expect(batchesOf(storedJson(RESOURCE_SPANS), TRACE_ID)).toEqual(RESOURCE_SPANS)
})

test('and protobuf out, which our own decoder reads', () => {
  const protobuf = ask(storedJson(RESOURCE_SPANS), { kind: 'trace', traceId: TRACE_ID, form: 'otlp-protobuf' })
  expect(batchesOf(stored(new OtlpTracesDecoder(), protobuf), TRACE_ID)).toEqual(RESOURCE_SPANS)
})

test.skipIf(!existsSync(EXAMPLE))(`the example of the specification reads back (${EXAMPLE})`, () => {
  const { resourceSpans } = JSON.parse(readFileSync(EXAMPLE, 'utf8')) as {
    resourceSpans: { scopeSpans: { spans: { traceId: string; name: string; attributes: unknown }[] }[] }[]
  }
  const [wanted] = resourceSpans[0]?.scopeSpans[0]?.spans ?? []
  const read = batchesOf(storedJson(resourceSpans), wanted?.traceId.toLowerCase() ?? '') as typeof resourceSpans
  const [got] = read[0]?.scopeSpans[0]?.spans ?? []
  expect([got?.name, got?.attributes]).toEqual([wanted?.name, wanted?.attributes])
})
